"""Whether text could name a secret's field, in compiled code: where it could, masking is left to the reference.

Invariant: false only where ``Masker.mask_text`` and the masking of values without a key change nothing; see
``secret_notations``, whose list this is. It may be true where nothing is hidden.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.scanner.compiling import compiled, entry
from fix_transforms.fix.scanner.loads import get
from fix_transforms.fix.secret_notations import RAW_DATA, SECRET_TAGS

_SECRETS = (*sorted(SECRET_TAGS), RAW_DATA)
_EQUALS, _COLON, _BLANK, _TAB = 61, 58, 32, 9
_QUOTE, _APOSTROPHE, _BACKSLASH, _CLOSING, _CLOSING_SQUARE, _UNDERLINE = 34, 39, 92, 41, 93, 95
_POINT, _PERCENT, _AMPERSAND = 62, 37, 38
_ZERO, _THREE = 48, 51


@compiled
def _is_secret_tag(work: np.ndarray, start: int, at: int) -> bool:
    """Whether the run of digits that ends at ``at`` is a secret's tag, whatever zeros stand before it."""
    number, power = 0, 1
    while at >= start and 48 <= get(work, at) <= 57:
        digit = int(get(work, at)) - 48
        if digit and power > 1000:
            return False
        number += digit * power
        power = min(power * 10, 10_000)
        at -= 1
    return number in _SECRETS and not _is_fraction(work, start, at)


@compiled
def _is_fraction(work: np.ndarray, start: int, at: int) -> bool:
    """Whether what stands at ``at`` makes the digits after it a fraction: a point, or a comma after ``:59``."""
    if at < start:
        return False
    if get(work, at) == 46:
        return True
    return bool(
        at - 3 >= start and get(work, at) == 44 and get(work, at - 3) == _COLON and 48 <= get(work, at - 2) <= 53
    )


@compiled
def _ends_a_name(work: np.ndarray, start: int, at: int) -> bool:
    """Whether the letters up to ``at`` end in ``word``, ``swd``, ``pwd`` or ``name``, in either case."""
    if at - 2 < start:
        return False
    last, middle, first = get(work, at) | 32, get(work, at - 1) | 32, get(work, at - 2) | 32
    if last == 100:  # d
        return bool((middle == 114 and first == 111) or (middle == 119 and first in (115, 112)))
    return bool(last == 101 and middle == 109 and first == 97)  # e, m, a


@compiled
def _is_quoted(work: np.ndarray, mark: int, end: int) -> bool:
    """Whether a quote follows the mark, one blank aside."""
    after = mark + 1
    if after < end and get(work, after) == _BLANK:
        after += 1
    return after < end and get(work, after) in (_QUOTE, _APOSTROPHE, _BACKSLASH)


@compiled
def _before_blanks(work: np.ndarray, start: int, mark: int) -> int:
    """Index of what stands before the mark, blanks aside; less than ``start`` where nothing does."""
    at = mark - 1
    while at >= start and get(work, at) in (_BLANK, _TAB):
        at -= 1
    return at


@compiled
def colon_marks_secret(work: np.ndarray, start: int, colon: int, end: int) -> bool:
    """Whether the colon at ``colon`` in ``work[start:end]`` could stand between a secret's name and its value."""
    if _is_quoted(work, colon, end):
        return True
    at = _before_blanks(work, start, colon)
    if at < start:
        return False
    byte = get(work, at)
    if 48 <= byte <= 57:
        return _is_secret_tag(work, start, at)
    if byte == _CLOSING_SQUARE:
        return at > start and _is_secret_tag(work, start, at - 1)
    return byte in (_QUOTE, _APOSTROPHE, _BACKSLASH, _CLOSING) or _ends_a_name(work, start, at)


@compiled
def sign_marks_field(work: np.ndarray, start: int, sign: int, end: int) -> bool:
    """Whether the ``=`` at ``sign`` in ``work[start:end]`` could belong to a field, a secret's or any other.

    Only one that follows a word surely does not: ``limit=5``, and not ``password=``, ``44=5`` or ``tag="554"``.
    """
    at = _before_blanks(work, start, sign)
    if at < start or _is_quoted(work, sign, end):
        return True
    is_letter = 97 <= get(work, at) | 32 <= 122
    return not (is_letter or get(work, at) == _UNDERLINE) or _ends_a_name(work, start, at)


@compiled
def is_rare_mark(byte: int) -> bool:
    """Whether it may begin an escape of ``=``, or end a tag of markup."""
    return byte in (_POINT, _PERCENT, _AMPERSAND, _BACKSLASH)


@compiled
def rare_mark_names_secret(work: np.ndarray, start: int, mark: int, end: int) -> bool:
    """Whether what ``is_rare_mark`` found at ``mark`` is such an escape, or ends a tag that names a secret."""
    byte = get(work, mark)
    if byte == _POINT:
        return _ends_a_name(work, start, mark - 1)
    if mark + 2 >= end:
        return False
    following, next_but_one = get(work, mark + 1), get(work, mark + 2)
    if byte == _PERCENT:
        return bool(following == _THREE and next_but_one | 32 == 100)  # %3D
    if byte == _AMPERSAND:
        return following in (35, 101)  # &#61; and &equals;
    if following == 117:  # \u003d
        return (
            mark + 4 < end and get(work, mark + 4) == _THREE and next_but_one == _ZERO and get(work, mark + 3) == _ZERO
        )
    return bool(following == 120 and next_but_one == _THREE)  # \x3d


@compiled
def may_name_secret(work: np.ndarray, start: int, end: int) -> bool:
    """Whether ``work[start:end]`` could name a secret's field."""
    for index in range(start, end):
        byte = get(work, index)
        if byte == _EQUALS and sign_marks_field(work, start, index, end):
            return True
        if byte == _COLON and colon_marks_secret(work, start, index, end):
            return True
        if is_rare_mark(byte) and rare_mark_names_secret(work, start, index, end):
            return True
    return False


@entry
def names_secret(text: np.ndarray) -> bool:
    """``may_name_secret`` of a whole array of bytes."""
    return may_name_secret(text, 0, len(text))

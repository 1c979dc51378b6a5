"""Whether text could name a secret's field, in compiled code: where it could, masking is left to the reference.

Invariant: what finds no mark in text has nothing that ``Masker.mask_text`` would change; what finds none of those of
values has nothing that the masking of values without a key would change. See ``secret_notations``, whose list this is.
A mark may be found where nothing is hidden.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.loads import get
from fix_transforms.fix.secret_notations import RAW_DATA, SECRET_TAGS

_SECRETS = (*sorted(SECRET_TAGS), RAW_DATA)
_EQUALS, _COLON, _BLANK, _TAB = 61, 58, 32, 9
_QUOTE, _APOSTROPHE, _BACKSLASH, _CLOSING, _CLOSING_SQUARE, _UNDERLINE = 34, 39, 92, 41, 93, 95
_POINT, _PERCENT, _AMPERSAND, _COMMA = 62, 37, 38, 44
_ZERO, _THREE = 48, 51
_LOWER = 32


def _spelled(word: bytes) -> int:
    """The number that ``_ending`` gives for a word of three or four bytes."""
    return int.from_bytes(bytes(byte | _LOWER for byte in word), "big")


#: How names end after which a sign or colon may stand before a secret: Password, pwd, Username, token, api_key,
#: secretKey, secret, passphrase.
_ENDINGS = tuple(
    _spelled(word)
    for word in (b"word", b"name", b"oken", b"cret", b"rase", b"ikey", b"tkey", b"skey", b"_key", b"-key", b" key")
)
_SHORT_ENDINGS = (_spelled(b"swd"), _spelled(b"pwd"))
_DATA, _ZATION = _spelled(b"data"), (_spelled(b"tion"), _spelled(b"za"))
#: How names of fields end that a table shows: those of secrets, and Signature, SecureData, RawData.
_FIELD_ENDINGS = (_spelled(b"word"), _spelled(b"name"), _spelled(b"ture"), _DATA)
_BEARER = (_spelled(b"bear"), _spelled(b"er"))


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
        at - 3 >= start
        and get(work, at) == _COMMA
        and get(work, at - 3) == _COLON
        and 48 <= get(work, at - 2) <= 53
        and 48 <= get(work, at - 1) <= 57
    )


@compiled
def _ending(work: np.ndarray, start: int, at: int) -> int:
    """The last four letters up to ``at``, in lower case, as a number: fewer where the text starts."""
    number = 0
    for back in range(4):
        if at - back >= start:
            number |= (int(get(work, at - back)) | _LOWER) << 8 * back
    return number


@compiled
def _ends_a_name(work: np.ndarray, start: int, at: int) -> bool:
    """Whether the letters up to ``at``, in either case, end a name that may stand before a secret."""
    ending = _ending(work, start, at)
    if ending in _ENDINGS or ending & 0xFFFFFF in _SHORT_ENDINGS:
        return True
    if ending == _DATA:  # RawData, raw_data
        return at - 4 >= start and get(work, at - 4) | _LOWER in (119, 127)
    return ending == _ZATION[0] and _ending(work, start, at - 4) & 0xFFFF == _ZATION[1]  # Authorization


@compiled
def _is_before_tag(work: np.ndarray, mark: int, end: int) -> bool:
    """Whether a secret's tag follows the mark, one blank aside, whatever zeros stand before it."""
    after, number = mark + 1, 0
    if after < end and get(work, after) == _BLANK:
        after += 1
    while after < end and 48 <= get(work, after) <= 57:
        number = min(number * 10 + int(get(work, after)) - 48, 10_000)
        after += 1
    return number in _SECRETS


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
    if _is_quoted(work, colon, end) or _is_before_tag(work, colon, end):
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

    Only one that follows a word surely does not: ``limit=5``, and not ``password=``, ``44=5``, ``tag="554"`` or
    ``tag=554``.
    """
    at = _before_blanks(work, start, sign)
    if at < start or _is_quoted(work, sign, end) or _is_before_tag(work, sign, end):
        return True
    is_letter = 97 <= get(work, at) | 32 <= 122
    return not (is_letter or get(work, at) == _UNDERLINE) or _ends_a_name(work, start, at)


@compiled
def _comma_marks_secret(work: np.ndarray, start: int, comma: int) -> bool:
    """Whether the comma follows a secret's tag, in quotes or not, one blank aside."""
    at = comma - 1
    if at >= start and get(work, at) == _BLANK:
        at -= 1
    if at >= start and get(work, at) in (_QUOTE, _APOSTROPHE):
        at -= 1
        while at >= start and get(work, at) == _BACKSLASH:
            at -= 1
    return _is_secret_tag(work, start, at)


@compiled
def rare_mark_names_secret(work: np.ndarray, start: int, mark: int, end: int) -> bool:
    """Whether the mark begins an escape of ``=``, ends a tag of markup that names a secret, or follows a secret's tag.

    Marks are ``>``, ``%``, ``&``, a backslash and ``,``.
    """
    byte = get(work, mark)
    if byte == _COMMA:
        return _comma_marks_secret(work, start, mark)
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
def column_marks_secret(work: np.ndarray, start: int, mark: int) -> bool:
    """Whether a secret's tag or the name of its field is in the column that a ``|`` or two blanks at ``mark`` end."""
    at = _before_blanks(work, start, mark)
    if at >= start and get(work, at) in (_CLOSING, _CLOSING_SQUARE):
        at = _before_blanks(work, start, at)
    if at >= start and 48 <= get(work, at) <= 57:
        return _is_secret_tag(work, start, at)
    return _ending(work, start, at) in _FIELD_ENDINGS


@compiled
def is_bearer(work: np.ndarray, start: int, mark: int, end: int) -> bool:
    """Whether the ``b`` at ``mark`` begins ``Bearer`` and a blank."""
    return bool(
        mark + 6 < end
        and get(work, mark + 6) == _BLANK
        and _ending(work, start, mark + 3) == _BEARER[0]
        and _ending(work, start, mark + 5) & 0xFFFF == _BEARER[1]
    )

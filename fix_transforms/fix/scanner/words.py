"""Words that the pass looks up: the shape of what stands before a message, and what its groups depend on.

Invariant: lines of one shape say the same about direction: a shape is the words without clock, every number as one
zero, and no number tells direction. Where a session is named, its numbers stay.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.scanner.arrays import WORD_BYTES, Lexicon, Tables
from fix_transforms.fix.scanner.compiling import Number, compiled, entry
from fix_transforms.fix.scanner.loads import (
    below_mask,
    equal_mask,
    get,
    high_mask,
    mask_below,
    range_mask,
    trailing_zeros,
)
from fix_transforms.fix.scanner.secret_marks import (
    colon_marks_secret,
    column_marks_secret,
    is_bearer,
    rare_mark_names_secret,
    sign_marks_field,
)

#: BeginString, ApplVerID, MsgType; and where versions depend on the session, SenderCompID and TargetCompID.
LAYOUT_TAGS = (8, 1128, 35, 49, 56)
MSG_TYPE = 35
ALWAYS_ASKED = 3
#: What follows each of their values in a word; a field that is not there is not the same as an empty one.
ENDED, MISSING = 1, 2
#: A word is not known, or cannot be: it is too long.
UNKNOWN, UNTELLABLE = -2, -3

_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_ZERO, _FIVE, _NINE = np.uint8(48), np.uint8(53), np.uint8(57)
_BLANK, _DELETE = np.uint8(32), np.uint8(127)
_COLON, _SIGN, _SHAFT, _POINT = np.uint8(58), np.uint8(61), np.uint8(45), np.uint8(62)
_PERCENT, _AMPERSAND, _BACKSLASH, _COMMA = np.uint8(37), np.uint8(38), np.uint8(92), np.uint8(44)
_LINE, _B, _LARGE_B = np.uint8(124), np.uint8(98), np.uint8(66)


@compiled
def is_plain(work: np.ndarray, start: Number, end: Number) -> Number:
    """Printable ASCII in which nothing can be masked and no field stands."""
    for index in range(start, min(start + 3, end)):
        if get(work, index) == _COLON and colon_marks_secret(work, start, index, end):
            return False
    block = start
    while block < end:
        inside = mask_below(end - block)
        if (high_mask(work, block) | below_mask(work, block, _BLANK) | equal_mask(work, block, _DELETE)) & inside:
            return False
        signs = equal_mask(work, block, _SIGN) & inside
        while signs:
            if sign_marks_field(work, start, block + np.int64(trailing_zeros(signs)), end):
                return False
            signs &= signs - np.uint64(1)
        if colons_name_secret(work, start, block, end):
            return False
        if rare_marks_name_secret(work, start, block, end, inside) or _is_row(work, start, block, end, inside):
            return False
        block += 64
    return True


@entry
def is_plain_text(work: np.ndarray, size: Number) -> Number:
    """``is_plain`` of the first ``size`` bytes, for Python."""
    return is_plain(work, 0, size)


@compiled
def _is_row(work: np.ndarray, start: Number, block: Number, end: Number, inside: Number) -> Number:
    """Whether one of the 64 bytes at ``block`` may end a column that names a secret, or begin ``Bearer``.

    ``work[start:end]`` is the text around them. Of several blanks the first one is looked at.
    """
    blanks = equal_mask(work, block, _BLANK)
    columns = blanks & equal_mask(work, block + 1, _BLANK) & ~(blanks << np.uint64(1))
    columns = (columns | equal_mask(work, block, _LINE)) & inside
    while columns:
        if column_marks_secret(work, start, block + np.int64(trailing_zeros(columns))):
            return True
        columns &= columns - np.uint64(1)
    schemes = (equal_mask(work, block, _B) | equal_mask(work, block, _LARGE_B)) & inside
    while schemes:
        if is_bearer(work, start, block + np.int64(trailing_zeros(schemes)), end):
            return True
        schemes &= schemes - np.uint64(1)
    return False


@compiled
def rare_marks_name_secret(work: np.ndarray, start: Number, block: Number, end: Number, inside: Number) -> Number:
    """Whether one of the 64 bytes at ``block`` that ``inside`` selects is a mark that may name a secret's field.

    ``work[start:end]`` is the text around them.
    """
    ends_tag, percent = equal_mask(work, block, _POINT), equal_mask(work, block, _PERCENT)
    ampersand, backslash = equal_mask(work, block, _AMPERSAND), equal_mask(work, block, _BACKSLASH)
    marks = (ends_tag | percent | ampersand | backslash | equal_mask(work, block, _COMMA)) & inside
    while marks:
        if rare_mark_names_secret(work, start, block + np.int64(trailing_zeros(marks)), end):
            return True
        marks &= marks - np.uint64(1)
    return False


@compiled
def colons_name_secret(work: np.ndarray, start: Number, block: Number, end: Number) -> Number:
    """Whether a colon among the 64 bytes after the third at ``block`` may stand before a secret.

    One in a clock does not, and nearly all colons do. ``work[start:end]`` is the text around them; what its first three
    bytes are, no block tells: before a message's fields they are no colons.
    """
    size = end - block - 3
    if size <= 0:
        return False
    colons = equal_mask(work, block + 3, _COLON) & mask_below(size)
    if colons == 0:
        return False
    is_clock = range_mask(work, block + 4, _ZERO, _NINE) & range_mask(work, block + 2, _ZERO, _NINE)
    is_clock &= range_mask(work, block + 1, _ZERO, _FIVE) & ~range_mask(work, block, _ZERO, _NINE)
    colons &= ~is_clock
    while colons:
        if colon_marks_secret(work, start, block + 3 + np.int64(trailing_zeros(colons)), end):
            return True
        colons &= colons - np.uint64(1)
    return False


@compiled
def _names_session(work: np.ndarray, start: Number, end: Number) -> Number:
    """Whether ``->`` stands in it: then its numbers may be part of a name."""
    block = start
    while block < end:
        found = equal_mask(work, block, _POINT) & mask_below(end - block)
        while found:
            index = block + np.int64(trailing_zeros(found))
            found &= found - np.uint64(1)
            if index > start and get(work, index - 1) == _SHAFT:
                return True
        block += 64
    return False


@compiled
def _spell(work: np.ndarray, start: Number, end: Number, spelled: np.ndarray, length: Number, exact: Number) -> Number:
    """Append bytes with each run of digits as one zero; -1 when they do not fit."""
    for index in range(start, end):
        byte = get(work, index)
        if not exact and 48 <= byte <= 57:
            if length and get(spelled, length - 1) == _ZERO:
                continue
            byte = _ZERO
        if length == WORD_BYTES:
            return -1
        spelled[length] = byte
        length += 1
    return length


@compiled
def find_word(spelled: np.ndarray, length: Number, lexicon: Lexicon) -> Number:
    """Number of a word, or ``UNKNOWN``, with what it takes to add it in ``lexicon.missing``."""
    value = _FNV_OFFSET
    for index in range(length):
        value = (value ^ np.uint64(get(spelled, index))) * _FNV_PRIME
    bucket = np.int64(value & np.uint64(len(lexicon.buckets) - 1))
    while lexicon.buckets[bucket]:
        known = np.int64(lexicon.buckets[bucket]) - 1
        if _is_same(lexicon.words[known], lexicon.lengths[known], spelled, length):
            return known
        bucket = (bucket + 1) & (len(lexicon.buckets) - 1)
    lexicon.missing[0] = length
    lexicon.missing[1] = bucket
    return UNKNOWN


@compiled
def _is_same(word: np.ndarray, word_length: Number, spelled: np.ndarray, length: Number) -> Number:
    if word_length != length:
        return False
    for index in range(length):
        if get(word, index) != get(spelled, index):
            return False
    return True


@compiled
def shape_of(
    work: np.ndarray, start: Number, gap_start: Number, gap_end: Number, end: Number, tables: Tables
) -> Number:
    """Number of the shape of ``work[start:end]`` without its clock; ``UNKNOWN`` or ``UNTELLABLE``."""
    exact = _names_session(work, start, end)
    length = _spell(work, start, gap_start, tables.spelled, 0, exact)
    if length >= 0:
        length = _spell(work, gap_end, end, tables.spelled, length, exact)
    return UNTELLABLE if length < 0 else find_word(tables.spelled, length, tables.prefixes)


@compiled
def layout_of(work: np.ndarray, count: Number, by_session: Number, tables: Tables) -> Number:
    """Number of the word of what a message's groups depend on: the values of ``LAYOUT_TAGS``, each with its end."""
    length = 0
    for place in range(len(LAYOUT_TAGS)):
        if place >= ALWAYS_ASKED and not by_session:
            break
        is_missing = True
        for field in range(count):
            if tables.tags[field] == LAYOUT_TAGS[place]:
                start = tables.starts[field]
                length = _spell(work, start, start + tables.lengths[field], tables.spelled, length, True)
                is_missing = False
                break
        if length < 0 or length == WORD_BYTES:
            return UNTELLABLE
        tables.spelled[length] = MISSING if is_missing else ENDED
        length += 1
    return find_word(tables.spelled, length, tables.layouts)

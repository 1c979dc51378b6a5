"""One message in compiled code: its header, where its body ends, its checksum, and SOH put back.

Invariant: ``OK`` only where ``frame_search`` finds the same message by BodyLength(9), with a checksum that adds
up and nothing in it that might be a message of its own.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.scanner import MESSAGE_BYTES
from fix_transforms.fix.scanner.arrays import Tables
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.loads import SLACK, byte_sum, equal_mask, get, load_u64, mask_below, trailing_zeros

OK, LEAVE, LEAVE_FRAME, NEW_DELIMITER, NEW_PREFIX, NEW_LAYOUT = range(6)

#: Where ``open_envelope`` puts its findings.
END, WIRE_START, WIRE_END, DELIMITER, FREE = range(5)

_SOH = np.uint8(1)
_BEGIN_BYTES = 16
_WIDEST = 8
_LENGTH_DIGITS = 9
_TRAILER = 7  # 10=ddd and its delimiter
_WORD = np.uint64(0xFFFFFFFFFFFFFFFF)
_ENDS = np.zeros(256, np.bool_)
_ENDS[[ord(c) for c in " \t\n\r\x0b\x0c\x00\"')]}>,<;|"]] = True


@compiled
def _is_digit(byte: Number) -> Number:
    return 48 <= byte <= 57


@compiled
def _begin_end(work: np.ndarray, start: Number) -> Number:
    """Where the value of BeginString(8) ends: after ``8=FIX`` and letters, digits and points."""
    position = start + 5
    while position - start - 5 <= _BEGIN_BYTES:
        byte = get(work, position)
        if not (48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 46):
            return position
        position += 1
    return -1


@compiled
def delimiter_width(work: np.ndarray, begin_end: Number) -> Number:
    """How many bytes stand between BeginString(8) and ``9=``; 0 when it does not follow."""
    for width in range(1, _WIDEST):
        if get(work, begin_end + width) == 57 and get(work, begin_end + width + 1) == 61:
            return width
    return 0


@compiled
def _known_delimiter(work: np.ndarray, index: Number, width: Number, tables: Tables) -> Number:
    word = load_u64(work, index) & (_WORD >> np.uint64((8 - width) * 8))
    for known in range(tables.delimiter_count[0]):
        if tables.delimiters[known] == word:
            return known
    return -1


@compiled
def _declared(work: np.ndarray, start: Number) -> tuple[Number, Number]:
    """BodyLength(9) and where its digits end."""
    total: Number = 0
    position = start
    while _is_digit(get(work, position)) and position - start < _LENGTH_DIGITS:
        total = total * 10 + np.int64(get(work, position)) - 48
        position += 1
    return total, position


@compiled
def _starts_field(work: np.ndarray, index: Number) -> Number:
    """Whether ``[0-9]{1,6}=`` stands here."""
    position = index
    while position - index < 6 and _is_digit(get(work, position)):
        position += 1
    return position > index and get(work, position) == 61


@compiled
def _copy_restored(work: np.ndarray, start: Number, end: Number, free: Number, delimiter: Number) -> None:
    """Copy with SOH for a one-byte delimiter wherever a field starts after it, or the copy ends."""
    for place in range(end - start):
        work[free + place] = get(work, start + place)
    block = start
    while block < end:
        mask = equal_mask(work, block, np.uint8(delimiter))
        mask &= mask_below(end - block)
        while mask:
            index = block + np.int64(trailing_zeros(mask))
            mask &= mask - np.uint64(1)
            if index + 1 == end or _starts_field(work, index + 1):
                work[free + index - start] = _SOH
        block += 64


@compiled
def _copy_spelled_out(
    work: np.ndarray, start: Number, end: Number, free: Number, wanted: Number, delimiter: Number, width: Number
) -> Number:
    """Copy ``wanted`` bytes with SOH for a delimiter of several bytes; where reading ended, -1 if it does not fit."""
    mask = _WORD >> np.uint64((8 - width) * 8)
    position, place = start, free
    while place < free + wanted:
        if position + width >= end:
            return -1
        if load_u64(work, position) & mask == delimiter:
            work[place] = _SOH
            position += width
        else:
            work[place] = get(work, position)
            position += 1
        place += 1
    return position


@compiled
def _close(work: np.ndarray, body_end: Number, word: Number, width: Number) -> tuple[Number, Number]:
    """CheckSum(10) after the body: its value and where the message ends; -1 where that is not plain."""
    if not (get(work, body_end) == 49 and get(work, body_end + 1) == 48 and get(work, body_end + 2) == 61):
        return -1, 0
    value: Number = 0
    for place in range(3, 6):
        byte = get(work, body_end + place)
        if not _is_digit(byte):
            return -1, 0
        value = value * 10 + np.int64(byte) - 48
    if load_u64(work, body_end + 6) & (_WORD >> np.uint64((8 - width) * 8)) == word:
        return value, body_end + 6 + width
    return (value, body_end + 6) if _ENDS[get(work, body_end + 6)] else (-1, 0)


@compiled
def open_envelope(  # noqa: C901 - one decision after the other, and no call is free
    work: np.ndarray, start: Number, end: Number, tables: Tables, found: np.ndarray
) -> Number:
    """Frame the message at ``start`` and put SOH back.

    Args:
        work: The block, and free space after it.
        start: Index of ``8=FIX``.
        end: Where the block ends.
        tables: The delimiters known so far.
        found: int64 array; ``FREE`` goes in and out, the others out.
    """
    begin_end = _begin_end(work, start)
    width = delimiter_width(work, begin_end) if begin_end > 0 else 0
    if width == 0 or begin_end + SLACK > end:
        return LEAVE
    known = _known_delimiter(work, begin_end, width, tables)
    if known < 0:
        return NEW_DELIMITER
    if tables.delimiter_widths[known] != width:
        return LEAVE
    word = tables.delimiters[known]
    declared, digits_end = _declared(work, begin_end + width + 2)
    head_end = digits_end + width
    mask = _WORD >> np.uint64((8 - width) * 8)
    if digits_end == begin_end + width + 2 or load_u64(work, digits_end) & mask != word:
        return LEAVE
    free = found[FREE]
    header = head_end - start - 2 * (width - 1)
    if (
        declared == 0
        or declared > MESSAGE_BYTES
        or head_end + declared + _TRAILER + width > end
        or free + header + declared + SLACK > len(work)
    ):
        return LEAVE
    if width == 1:
        body_end = head_end + declared
        if get(work, body_end - 1) != np.uint8(word):
            return LEAVE
    else:
        body_end = _copy_spelled_out(work, start, end, free, header + declared, word, width)
        if body_end < 0 or body_end + _TRAILER + width > end or get(work, free + header + declared - 1) != _SOH:
            return LEAVE
    written, found[END] = _close(work, body_end, word, width)
    if written < 0:
        return LEAVE
    found[DELIMITER] = known
    if width == 1 and word == np.uint64(1) and found[END] == body_end + _TRAILER:
        found[WIRE_START], found[WIRE_END] = start, found[END]
    else:
        if width == 1:
            _copy_restored(work, start, body_end, free, word)
        _add_trailer(work, body_end, free + header + declared)
        found[WIRE_START], found[WIRE_END] = free, free + header + declared + _TRAILER
        found[FREE] = found[WIRE_END]
    return OK if byte_sum(work, found[WIRE_START], found[WIRE_END] - _TRAILER) == written else LEAVE_FRAME


@compiled
def _add_trailer(work: np.ndarray, body_end: Number, place: Number) -> None:
    for offset in range(6):
        work[place + offset] = get(work, body_end + offset)
    work[place + 6] = _SOH

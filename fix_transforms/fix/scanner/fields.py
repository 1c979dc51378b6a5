"""The fields of one restored message, told apart and written into a row of typed columns.

Invariant: a row is written whole or its slots are as before. What the reference might read differently (odd
tags, bytes outside ASCII, what could be a field or a secret's name inside a value) is not read here.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.scanner import FIELDS
from fix_transforms.fix.scanner.arrays import Rows, Tables
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.layout import ASIDE, FLAG, INSTANT, NUMBER, PRICE, REPEATED, TAG_LIMIT, TEXT
from fix_transforms.fix.scanner.loads import equal_mask, high_mask, load_u64, trailing_zeros
from fix_transforms.fix.scanner.secret_marks import sign_marks_field
from fix_transforms.fix.scanner.values import eight_digits, read_day, read_decimal, read_instant, read_integer
from fix_transforms.fix.scanner.words import is_secret_colon

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONES = np.uint64(0x0101010101010101)
_TOPS = np.uint64(0x8080808080808080)
_EQUALS = np.uint64(0x3D3D3D3D3D3D3D3D)
_EQUALS_SIGN, _COLON = np.uint8(61), np.uint8(58)
_LINE_END = np.uint8(10)
_SOH = np.uint8(1)
#: Longest tag read here: TAG_LIMIT has five digits.
_TAG_DIGITS = 5
_INLINE = 12
#: How much of a word is kept, by bytes.
_KEPT = np.array([(1 << 8 * kept) - 1 for kept in range(9)], dtype=np.uint64)


@compiled
def _tag_at(work: np.ndarray, index: Number) -> tuple[Number, Number]:
    """Tag and its digits at ``index``; -1 where no plain tag and ``=`` stand."""
    word = load_u64(work, index)
    found = word ^ _EQUALS
    zero = (found - _ONES) & ~found & _TOPS
    if zero == 0 or word & np.uint64(0xFF) == np.uint64(48):
        return -1, 0
    digits = np.int64(trailing_zeros(zero) >> np.uint64(3))
    if digits == 0 or digits > _TAG_DIGITS:
        return -1, 0
    is_number, tag = eight_digits(word, digits)
    return (np.int64(tag), digits) if is_number and tag < np.uint64(TAG_LIMIT) else (-1, 0)


@compiled
def split_fields(work: np.ndarray, start: Number, end: Number, tables: Tables) -> tuple[Number, Number]:
    """Tell the fields of a message apart.

    Returns:
        How many there are and the union of their roles, with ``REPEATED``; -1 for a message that the reference has to read.
    """
    count, signs = 0, 0
    roles: Number = 0
    field = start
    block = start
    repeated = False
    strange = np.uint64(0)
    serial = tables.serial[0] + 1
    tables.serial[0] = serial
    while block < end:
        inside = _ALL if end - block >= 64 else _ALL >> np.uint64(64 - (end - block))
        mask = equal_mask(work, block, _SOH) & inside
        strange |= (equal_mask(work, block, _LINE_END) | high_mask(work, block)) & inside
        signs += _ones(equal_mask(work, block, _EQUALS_SIGN) & inside)
        colons = equal_mask(work, block, _COLON) & inside
        while colons:
            if is_secret_colon(work, start, block + np.int64(trailing_zeros(colons)), end):
                return -1, 0
            colons &= colons - np.uint64(1)
        while mask:
            stop = block + np.int64(trailing_zeros(mask))
            mask &= mask - np.uint64(1)
            tag, digits = _tag_at(work, field)
            if tag < 1 or count == FIELDS:
                return -1, 0
            tables.tags[count] = tag
            tables.starts[count] = field + digits + 1
            tables.lengths[count] = stop - field - digits - 1
            roles |= tables.roles[tag]
            repeated |= tables.stamps[tag] == serial
            tables.stamps[tag] = serial
            count += 1
            field = stop + 1
        block += 64
    if strange or roles & ASIDE or (signs != count and not _signs_are_text(work, count, tables)):
        return -1, 0
    return count, roles | (REPEATED if repeated else 0)


@compiled
def _signs_are_text(work: np.ndarray, count: Number, tables: Tables) -> Number:
    """Whether every ``=`` inside a value is surely no field's."""
    for field in range(count):
        start = tables.starts[field]
        end = start + tables.lengths[field]
        for index in range(start, end):
            if work[index] == _EQUALS_SIGN and sign_marks_field(work, start, index, end):
                return False
    return True


@compiled
def _ones(word: Number) -> Number:
    """How many bits are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * _ONES) >> np.uint64(56))


@compiled
def write_view(
    work: np.ndarray, start: Number, length: Number, views: np.ndarray, place: Number, block: Number
) -> None:
    """Write an Arrow string view at ``views[place]``: length, then the text itself or its start, buffer and offset."""
    first = load_u64(work, start)
    if length > _INLINE:
        views[place] = np.uint64(length) | (first << np.uint64(32))
        views[place + 1] = np.uint64(block) | (np.uint64(start) << np.uint64(32))
        return
    rest = load_u64(work, start + 4)
    views[place] = np.uint64(length) | ((first & _KEPT[min(length, 4)]) << np.uint64(32))
    views[place + 1] = rest & _KEPT[max(length - 4, 0)]


@compiled
def _write(
    work: np.ndarray, start: Number, length: Number, kind: Number, words: np.ndarray, place: Number, date: np.ndarray
) -> Number:
    """Write one value that is no text; false where the reference has to judge it."""
    if kind == PRICE:
        fits, words[place], words[place + 1] = read_decimal(work, start, length)
        return fits
    if kind == INSTANT:
        fits, nanoseconds, digits = read_instant(work, start, length, date)
        words[place], words[place + 1] = np.uint64(nanoseconds), np.uint64(digits)
        return fits
    if kind == NUMBER:
        fits, number = read_integer(work, start, length)
        words[place] = np.uint64(number)
        return fits
    if kind == FLAG:
        words[place] = np.uint64(1 if work[start] == 89 else 0)
        return length == 1 and (work[start] == 89 or work[start] == 78)
    fits, days = read_day(work, start, length)
    words[place] = np.uint64(days)
    return fits


@compiled
def repeats_outside(count: Number, tables: Tables) -> Number:
    """Whether a tag stands more than once outside of groups."""
    serial = tables.serial[0] + 1
    tables.serial[0] = serial
    for field in range(count):
        if not tables.grouped[field]:
            tag = tables.tags[field]
            if tables.stamps[tag] == serial:
                return True
            tables.stamps[tag] = serial
    return False


@compiled
def _column(slot: Number, rows: Rows) -> Number:
    """The column of a slot, a new one when it is seen first."""
    column = rows.columns[slot]
    if column < 0:
        column = rows.columns[-1]
        rows.columns[slot] = column
        rows.columns[-1] = column + 1
    return column


@compiled
def write_fields(work: np.ndarray, count: Number, tables: Tables, rows: Rows, row: Number, block: Number) -> Number:
    """Write the values of a message into a row; those inside repeating groups have no column.

    Args:
        work: The bytes.
        count: Fields that ``split_fields`` found.
        tables: They are in here.
        rows: To write to.
        row: Which row.
        block: Number of the Arrow buffer that ``work`` is.

    Returns:
        False, with the row as before, when a value needs the reference.
    """
    capacity = len(rows.start)
    for field in range(count):
        slot = np.int64(tables.slots[tables.tags[field]])
        if slot < 0 or tables.grouped[field]:
            continue
        first = _column(slot, rows) * capacity
        place, kind = 2 * (first + row), tables.kinds[slot]
        if kind == TEXT:
            write_view(work, tables.starts[field], tables.lengths[field], rows.words, place, block)
        elif not _write(work, tables.starts[field], tables.lengths[field], kind, rows.words, place, tables.date):
            _take_back(field, tables, rows, row)
            return False
        for empty in range(first + rows.filled[slot], first + row):
            rows.valid[empty] = 0
            rows.words[2 * empty] = 0
            rows.words[2 * empty + 1] = 0
        rows.valid[first + row] = 1
        rows.filled[slot] = row + 1
    return True


@compiled
def _take_back(count: Number, tables: Tables, rows: Rows, row: Number) -> None:
    for field in range(count):
        slot = tables.slots[tables.tags[field]]
        if slot >= 0 and rows.filled[slot] > row:
            rows.filled[slot] = row


__all__ = ["repeats_outside", "split_fields", "write_fields", "write_view"]

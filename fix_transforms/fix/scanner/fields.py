"""The fields of one restored message, told apart and written into a row of typed columns.

Invariant: a row is written whole or its slots are as before. What the reference might read differently (odd
tags, bytes outside ASCII, what could be a field or a secret's name inside a value) is not read here.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.arrow_buffers import INLINE
from fix_transforms.fix.scanner import FIELDS
from fix_transforms.fix.scanner.arrays import GUESS, GUESSES, Rows, Tables
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.layout import (
    ASIDE,
    FLAG,
    INSTANT,
    KIND,
    KIND_SHIFT,
    NUMBER,
    PRICE,
    REPEATED,
    SLOT,
    TAG_LIMIT,
    TEXT,
    kinds,
)
from fix_transforms.fix.scanner.loads import (
    equal_mask,
    get,
    high_mask,
    load_u64,
    mask_below,
    ones,
    put,
    trailing_zeros,
    will_put,
)
from fix_transforms.fix.scanner.secret_marks import sign_marks_field
from fix_transforms.fix.scanner.values import eight_digits, read_day, read_decimal, read_instant, read_integer
from fix_transforms.fix.scanner.words import is_secret_colon, rare_marks_name_secret

_ONES = np.uint64(0x0101010101010101)
_TOPS = np.uint64(0x8080808080808080)
_EQUALS = np.uint64(0x3D3D3D3D3D3D3D3D)
_EQUALS_SIGN, _COLON = np.uint8(61), np.uint8(58)
_LINE_END = np.uint8(10)
_SOH = np.uint8(1)
#: Longest tag read here: TAG_LIMIT has five digits.
_TAG_DIGITS = 5
#: Rows ahead whose memory is fetched: columns are more streams than a processor foresees by itself.
_AHEAD = 8
#: A guess at a field: the word of its tag and ``=``, how much of a word that is, what the tag comes to, and its plan.
_WORD, _MASK, _MEANING, _PLAN = range(4)
#: What a tag comes to, by bits: the tag, its digits, and where to guess at the field that follows it.
_TAG, _DIGITS, _DIGITS_SHIFT, _NEXT_SHIFT = np.uint64(0xFFFF), np.uint64(0xFF), np.uint64(16), np.uint64(24)
#: MsgType(35) is the third field.
_BEFORE_BODY = 3
#: Whether a slot holds string views.
_IS_TEXT = np.array([kind == TEXT for kind in kinds()])
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
def _place_after(tag: Number, kind: Number) -> Number:
    """Where to guess at the field that follows a tag in messages of a kind."""
    return (tag * 37 + kind * 131) & (GUESSES - 1)


@compiled
def _guessed(work: np.ndarray, index: Number, place: Number, kind: Number, tables: Tables) -> Number:
    """Whether a plain tag stands at ``index``: what followed the same tag before, or what is kept there now."""
    guesses, first = tables.guesses, place * GUESS
    word = load_u64(work, index)
    if word & get(guesses, first + _MASK) == get(guesses, first + _WORD):
        return True
    tag, digits = _tag_at(work, index)
    if tag < 1:
        return False
    mask = get(_KEPT, digits + 1)
    put(guesses, first + _WORD, word & mask)
    put(guesses, first + _MASK, mask)
    after = np.uint64(_place_after(tag, kind)) << _NEXT_SHIFT
    put(guesses, first + _MEANING, np.uint64(tag) | np.uint64(digits) << _DIGITS_SHIFT | after)
    put(guesses, first + _PLAN, np.uint64(get(tables.plans, tag)))
    return True


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
    place: Number = 0
    kind: Number = 0
    while block < end:
        inside = mask_below(end - block)
        mask = equal_mask(work, block, _SOH) & inside
        strange |= (equal_mask(work, block, _LINE_END) | high_mask(work, block)) & inside
        signs += ones(equal_mask(work, block, _EQUALS_SIGN) & inside)
        colons = equal_mask(work, block, _COLON) & inside
        while colons:
            if is_secret_colon(work, start, block + np.int64(trailing_zeros(colons)), end):
                return -1, 0
            colons &= colons - np.uint64(1)
        if rare_marks_name_secret(work, start, block, end, inside):
            return -1, 0
        while mask:
            stop = block + np.int64(trailing_zeros(mask))
            mask &= mask - np.uint64(1)
            if count == FIELDS or not _guessed(work, field, place, kind, tables):
                return -1, 0
            meaning = get(tables.guesses, place * GUESS + _MEANING)
            plan = np.int32(get(tables.guesses, place * GUESS + _PLAN))
            tag, digits = np.int64(meaning & _TAG), np.int64(meaning >> _DIGITS_SHIFT & _DIGITS)
            put(tables.tags, count, np.int32(tag))
            put(tables.planned, count, plan)
            put(tables.starts, count, field + digits + 1)
            put(tables.lengths, count, stop - field - digits - 1)
            roles |= plan
            repeated |= get(tables.stamps, tag) == serial
            put(tables.stamps, tag, serial)
            count += 1
            place = np.int64(meaning >> _NEXT_SHIFT)
            if count == _BEFORE_BODY:
                kind = np.int64(get(work, stop - 1))
                place = _place_after(tag, kind)
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
def write_view(
    work: np.ndarray, start: Number, length: Number, views: np.ndarray, place: Number, block: Number
) -> None:
    """Write an Arrow string view at ``views[place]``: length, then the text itself or its start, buffer and offset."""
    first, rest = load_u64(work, start), load_u64(work, start + 4)
    kept, kept_rest = get(_KEPT, min(length, 4)), get(_KEPT, max(min(length, INLINE) - 4, 0))
    elsewhere = np.uint64(block) | np.uint64(start) << np.uint64(32)
    put(views, place, np.uint64(length) | (first & kept) << np.uint64(32))
    put(views, place + 1, elsewhere if length > INLINE else rest & kept_rest)


@compiled
def _write(
    work: np.ndarray, start: Number, length: Number, kind: Number, words: np.ndarray, place: Number, date: np.ndarray
) -> Number:
    """Write one value that is no text; false where the reference has to judge it."""
    first, second = np.uint64(0), np.uint64(0)
    if kind == PRICE:
        fits, first, second = read_decimal(work, start, length)
    elif kind == INSTANT:
        fits, nanoseconds, digits = read_instant(work, start, length, date)
        first, second = np.uint64(nanoseconds), np.uint64(digits)
    elif kind == NUMBER:
        fits, number = read_integer(work, start, length)
        first = np.uint64(number)
    elif kind == FLAG:
        first = np.uint64(1 if get(work, start) == 89 else 0)
        fits = length == 1 and (get(work, start) == 89 or get(work, start) == 78)
    else:
        fits, days = read_day(work, start, length)
        first = np.uint64(days)
    put(words, place, first)
    put(words, place + 1, second)
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
def _open_column(slot: Number, rows: Rows, row: Number) -> Number:
    """Where the column starts that a slot gets when it is first seen, in this row."""
    capacity = len(rows.start)
    first: Number = rows.columns[-1] * capacity
    rows.columns[slot] = first
    rows.columns[-1] += 1
    for place in range(first, first + capacity):
        put(rows.valid, place, np.uint8(0))
    for word in range(2 * first, 2 * (first + row)):
        put(rows.words, word, np.uint64(0))
    return first


@compiled
def void_missing(rows: Rows, start: Number, stop: Number) -> None:
    """Clear the views of rows without a value in an open column: what memory held before must not be taken for one.

    A number that no row has is never looked at, whatever it is.
    """
    for slot in range(len(_IS_TEXT)):
        first = get(rows.columns, slot)
        if first < 0 or not _IS_TEXT[slot]:
            continue
        place, end = first + start, first + stop
        while place < end:
            if place + 8 <= end and load_u64(rows.valid, place) == _ONES:
                place += 8
                continue
            if get(rows.valid, place) == 0:
                put(rows.words, 2 * place, np.uint64(0))
                put(rows.words, 2 * place + 1, np.uint64(0))
            place += 1


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
    for field in range(count):
        plan = get(tables.planned, field)
        slot = np.int64(plan & SLOT) - 1
        if slot < 0 or get(tables.grouped, field):
            continue
        first = get(rows.columns, slot)
        if first < 0:
            first = _open_column(slot, rows, row)
        start, length, place = get(tables.starts, field), get(tables.lengths, field), first + row
        kind = plan >> KIND_SHIFT & KIND
        if kind == TEXT:
            write_view(work, start, length, rows.words, 2 * place, block)
        elif not _write(work, start, length, kind, rows.words, 2 * place, tables.date):
            _take_back(field, tables, rows, row)
            return False
        put(rows.valid, place, np.uint8(1))
        will_put(rows.words, 2 * (place + _AHEAD))
    return True


@compiled
def _take_back(count: Number, tables: Tables, rows: Rows, row: Number) -> None:
    for field in range(count):
        slot = np.int64(tables.planned[field] & SLOT) - 1
        if slot >= 0 and not tables.grouped[field]:
            rows.valid[rows.columns[slot] + row] = 0


__all__ = ["repeats_outside", "split_fields", "void_missing", "write_fields", "write_view"]

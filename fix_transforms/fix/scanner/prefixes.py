"""What stands before a message on its line: its clock and its shape, kept for the lines to come.

Most lines of a log start as the one before did, but for the seconds and their fraction: then these digits are all
that is read anew.

Invariant: what is taken from a line before is what reading the prefix by itself would give.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.scanner.arrays import PREFIX_FACTS, PREFIX_TEXT, PREFIXES, Rows, Tables
from fix_transforms.fix.scanner.cells import write_view
from fix_transforms.fix.scanner.clock_slots import (
    CLOCK,
    CLOCK_END,
    CLOCK_START,
    FRACTION_DIGITS,
    IMPOSSIBLE_CLOCK,
    MINUTE_KEY,
    NANOSECONDS,
    NO_CLOCK,
    SECONDS_AT,
)
from fix_transforms.fix.scanner.clocks import find_clock
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.envelopes import LEAVE_FRAME, NEW_PREFIX, OK
from fix_transforms.fix.scanner.loads import get, mask_below, other_mask, put, range_mask
from fix_transforms.fix.scanner.values import eight_digits_at, read_fraction
from fix_transforms.fix.scanner.words import UNKNOWN, is_plain, shape_of

#: What is kept of a prefix.
_LENGTH, _VARYING, _SECONDS, _DIGITS, _MINUTE, _SHAPE = range(6)
_SECOND = 1_000_000_000
_LONGEST_FRACTION = 9
_ZERO, _FIVE, _NINE = np.uint8(48), np.uint8(53), np.uint8(57)
_POINT, _COMMA = 46, 44

_BLANK = np.zeros(256, np.bool_)
_BLANK[[ord(c) for c in " \t\r\x00"]] = True


@compiled
def take_prefix(
    work: np.ndarray, start: Number, end: Number, tables: Tables, rows: Rows, row: Number, block: Number, learns: Number
) -> Number:
    """Write what stands before a message.

    Args:
        work: The bytes.
        start: Where the line starts, or the segment before ends.
        end: Where the message starts.
        tables: What is known so far.
        rows: To write to.
        row: Which row.
        block: Number of the Arrow buffer that ``work`` is.
        learns: Whether new shapes may be asked for.

    Returns:
        ``OK``, ``LEAVE_FRAME`` or ``NEW_PREFIX``.
    """
    while start < end and _BLANK[get(work, start)]:
        start += 1
    while start < end and _BLANK[get(work, end - 1)]:
        end -= 1
    write_view(work, start, end - start, rows.prefix, 2 * row, block)
    if start == end:
        put(rows.clock, row, np.int8(NO_CLOCK))
        put(rows.shape, row, np.int32(-1))
        return OK
    kept = (end - start + get(work, end - 1)) & (PREFIXES - 1)
    if _is_like(work, start, end, kept, tables):
        return _take_again(work, start, kept, tables, rows, row)
    return _read(work, start, end, kept, tables, rows, row, learns)


@compiled
def _is_like(work: np.ndarray, start: Number, end: Number, kept: Number, tables: Tables) -> Number:
    """Whether the prefix is one that is kept, but for the digits of the seconds and of their fraction."""
    facts = kept * PREFIX_FACTS
    if get(tables.prefix_facts, facts + _LENGTH) != end - start:
        return False
    varying = np.uint64(get(tables.prefix_facts, facts + _VARYING))
    others = other_mask(work, start, tables.prefix_texts, kept * PREFIX_TEXT) & mask_below(end - start)
    digits = range_mask(work, start, _ZERO, _NINE)
    tens = get(work, start + get(tables.prefix_facts, facts + _SECONDS))
    return (others & ~varying) | (varying & ~digits) == 0 and tens <= _FIVE


@compiled
def _take_again(work: np.ndarray, start: Number, kept: Number, tables: Tables, rows: Rows, row: Number) -> Number:
    facts = kept * PREFIX_FACTS
    seconds = start + get(tables.prefix_facts, facts + _SECONDS)
    digits = get(tables.prefix_facts, facts + _DIGITS)
    _, fraction = read_fraction(work, seconds + 3, digits)
    put(rows.clock, row, np.int8(CLOCK))
    put(rows.minute, row, get(tables.prefix_facts, facts + _MINUTE))
    put(rows.nanoseconds, row, eight_digits_at(work, seconds, 2) * _SECOND + fraction)
    put(rows.digits, row, np.int8(digits))
    put(rows.shape, row, np.int32(get(tables.prefix_facts, facts + _SHAPE)))
    return OK


@compiled
def _read(
    work: np.ndarray,
    start: Number,
    end: Number,
    kept: Number,
    tables: Tables,
    rows: Rows,
    row: Number,
    learns: Number,
) -> Number:
    if not is_plain(work, start, end):
        return LEAVE_FRAME
    found = find_clock(work, start, end, tables.clock)
    gap_start, gap_end = end, end
    if found == CLOCK or found == IMPOSSIBLE_CLOCK:
        gap_start, gap_end = tables.clock[CLOCK_START], tables.clock[CLOCK_END]
    shape = shape_of(work, start, gap_start, gap_end, end, tables)
    if shape == UNKNOWN and learns:
        return NEW_PREFIX
    if shape < 0 or tables.prefixes.values[shape]:
        return LEAVE_FRAME
    put(rows.clock, row, np.int8(found))
    put(rows.minute, row, tables.clock[MINUTE_KEY])
    put(rows.nanoseconds, row, tables.clock[NANOSECONDS])
    put(rows.digits, row, np.int8(tables.clock[FRACTION_DIGITS]))
    put(rows.shape, row, np.int32(shape))
    if found == CLOCK:
        _keep(work, start, end, kept, shape, tables)
    return OK


@compiled
def _keep(work: np.ndarray, start: Number, end: Number, kept: Number, shape: Number, tables: Tables) -> None:
    """Keep a prefix whose seconds and fraction may be any: what they are changes nothing else that was found.

    That is not so where they may be the tag of a secret, before a colon: then no fraction, which follows a point or
    comma. Before ``=`` no digits are plain at all.
    """
    digits, seconds = tables.clock[FRACTION_DIGITS], tables.clock[SECONDS_AT]
    mark = get(work, seconds + 2)
    if end - start > PREFIX_TEXT or digits > _LONGEST_FRACTION or (digits > 0 and mark != _POINT and mark != _COMMA):
        return
    facts = kept * PREFIX_FACTS
    varying = np.uint64(3) << np.uint64(seconds - start)
    if digits > 0:
        varying |= mask_below(digits) << np.uint64(seconds - start + 3)
    put(tables.prefix_facts, facts + _LENGTH, end - start)
    put(tables.prefix_facts, facts + _VARYING, np.int64(varying))
    put(tables.prefix_facts, facts + _SECONDS, seconds - start)
    put(tables.prefix_facts, facts + _DIGITS, digits)
    put(tables.prefix_facts, facts + _MINUTE, tables.clock[MINUTE_KEY])
    put(tables.prefix_facts, facts + _SHAPE, shape)
    for place in range(PREFIX_TEXT):
        put(tables.prefix_texts, kept * PREFIX_TEXT + place, get(work, start + place))


__all__ = ["take_prefix"]

"""How the fields of a message are written: a step per value, kept for the messages to come that have the same fields.

A message type of one engine with so many fields nearly always has the same tags in the same order. Then comparing
the tags with those of the last one is all that telling its fields apart takes.

Invariant: a template is taken only where every tag stands as in the message that it was made of, MsgType(35) has the
same value, and no tag of it takes another look: none that may count a group, is a secret, or stands twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fix_transforms.fix.scanner.arrays import STEPS, TEMPLATE_FIELDS, TEMPLATES, Rows, Tables
from fix_transforms.fix.scanner.cells import open_column, read_flag, write_view
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.decimals import DECIMALS, short_decimals
from fix_transforms.fix.scanner.layout import (
    COUNTER,
    DAY,
    FLAG,
    INSTANT,
    KIND,
    KIND_SHIFT,
    KINDS,
    NUMBER,
    PRICE,
    REPEATED,
    SLOT,
    TEXT,
)
from fix_transforms.fix.scanner.loads import get, load_u64, put, will_put
from fix_transforms.fix.scanner.values import read_day, read_decimal, read_instant, read_integer

if TYPE_CHECKING:
    from collections.abc import Callable

#: The steps of a message that has no template.
ONCE = TEMPLATES
#: MsgType(35) is the third field; its tag and ``=`` take three bytes.
_MSG_TYPE_FIELD, _MSG_TYPE_TAG, _MSG_TYPE_START = 2, 35, 3
_WORD = 8
_DASH = 45
_ONE_DIGIT = np.uint64(48)
#: What is in a step, by bits: the field, where its value starts after the end of the field before, slot, and column.
_FIELD, _BYTE, _SKIP_SHIFT, _SLOT_SHIFT, _FIRST_SHIFT = 0xFFFF, 0xFF, 16, 24, 32
#: Messages in a row with other fields before a template that was of use is given up.
_TRUST = 4
#: Rows ahead whose memory is fetched: columns are more streams than a processor foresees by itself.
_AHEAD = 8
#: How much of a word is kept, by bytes.
_KEPT = np.array([(1 << 8 * kept) - 1 for kept in range(_WORD + 1)], dtype=np.uint64)


@compiled
def _place_of(work: np.ndarray, count: Number, tables: Tables) -> Number:
    """Where the template of such messages is kept: told by how MsgType(35) begins and the number of fields."""
    kind = get(work, get(tables.ends, _MSG_TYPE_FIELD) + _MSG_TYPE_START + 1)
    return (np.int64(kind) * 37 + count) & (TEMPLATES - 1)


@compiled
def template_of(work: np.ndarray, count: Number, tables: Tables) -> Number:
    """The template of a message whose ``count`` fields ``find_ends`` has found; -1 where there is none."""
    if count <= _MSG_TYPE_FIELD or count > TEMPLATE_FIELDS:
        return -1
    place = _place_of(work, count, tables)
    if get(tables.template_fields, place) != count:
        return -1
    other, sign = np.uint64(0), 2 * TEMPLATE_FIELDS * place
    for field in range(count):
        word = load_u64(work, get(tables.ends, field) + 1)
        other |= (word & get(tables.signs, sign + 2 * field)) ^ get(tables.signs, sign + 2 * field + 1)
    if other == 0:
        put(tables.trust, place, np.int8(_TRUST))
        return place
    return -1


@compiled
def learn(work: np.ndarray, count: Number, roles: Number, tables: Tables) -> Number:
    """Plan the steps of a message that ``name_fields`` has read: as a template where it may be one.

    Returns:
        Where the steps are.
    """
    place = ONCE
    if not roles & (COUNTER | REPEATED) and _MSG_TYPE_FIELD < count <= TEMPLATE_FIELDS:
        start = get(tables.ends, _MSG_TYPE_FIELD) + 1
        size = get(tables.ends, _MSG_TYPE_FIELD + 1) + 1 - start
        if get(tables.tags, _MSG_TYPE_FIELD) == _MSG_TYPE_TAG and size <= _WORD:
            place = _place_of(work, count, tables)
            trust = get(tables.trust, place)
            if trust > 0 and get(tables.template_fields, place) > 0:
                put(tables.trust, place, np.int8(trust - 1))
                place = ONCE
            else:
                _keep_signs(work, place, count, size, tables)
    _plan_steps(place, count, tables)
    return place


@compiled
def _keep_signs(work: np.ndarray, place: Number, count: Number, type_size: Number, tables: Tables) -> None:
    """Keep what tells the fields: each tag with ``=``, and all of MsgType(35)."""
    put(tables.template_fields, place, count)
    for field in range(count):
        start = get(tables.ends, field) + 1
        size = type_size if field == _MSG_TYPE_FIELD else get(tables.starts, field) - start
        sign = 2 * (TEMPLATE_FIELDS * place + field)
        put(tables.signs, sign, get(_KEPT, size))
        put(tables.signs, sign + 1, load_u64(work, start) & get(_KEPT, size))


@compiled
def _plan_steps(place: Number, count: Number, tables: Tables) -> None:
    """Plan a step for each field that has a column; those inside repeating groups have none."""
    for kind in range(KINDS):
        put(tables.step_counts, place * KINDS + kind, 0)
    for field in range(count):
        plan = get(tables.planned, field)
        slot = np.int64(plan & SLOT)
        if slot == 0 or get(tables.grouped, field):
            continue
        kind = place * KINDS + np.int64(plan >> KIND_SHIFT & KIND)
        skip = get(tables.starts, field) - get(tables.ends, field)
        taken = get(tables.step_counts, kind)
        step = np.uint64(field | skip << _SKIP_SHIFT | (slot - 1) << _SLOT_SHIFT)
        put(tables.steps, kind * STEPS + taken, step)
        put(tables.step_counts, kind, taken + 1)
    put(tables.bound, place, np.uint8(0))


@compiled
def _bind(place: Number, tables: Tables, rows: Rows, row: Number) -> None:
    """Look up the columns of all steps in the store that is being written."""
    for kind in range(KINDS):
        first_step, stop = _steps(place, kind, tables)
        for at in range(first_step, stop):
            step = get(tables.steps, at) & np.uint64(0xFFFFFFFF)
            slot = np.int64(step >> np.uint64(_SLOT_SHIFT))
            first = get(rows.columns, slot)
            if first < 0:
                first = open_column(slot, rows, row)
            put(tables.steps, at, step | np.uint64(first) << np.uint64(_FIRST_SHIFT))
    put(tables.bound, place, np.uint8(1))


@compiled
def write_row(work: np.ndarray, place: Number, tables: Tables, rows: Rows, row: Number, block: Number) -> Number:
    """Write the values of a message into a row.

    Args:
        work: The bytes.
        place: Where its steps are.
        tables: They and the ends of its fields are in here.
        rows: To write to.
        row: Which row.
        block: Number of the Arrow buffer that ``work`` is.

    Returns:
        False, with the row as before, when a value needs the reference.
    """
    if not get(tables.bound, place):
        _bind(place, tables, rows, row)
    # Texts between: what was written a moment ago piece by piece is not there yet to be read as a whole.
    are_short = _look_up_prices(work, place, tables)
    _write_texts(work, place, tables, rows, row, block)
    all_fit = _write_prices(are_short, work, place, tables, rows, row)
    all_fit &= _write_numbers(read_integer, NUMBER, work, place, tables, rows, row)
    all_fit &= _write_numbers(read_flag, FLAG, work, place, tables, rows, row)
    all_fit &= _write_numbers(read_day, DAY, work, place, tables, rows, row)
    all_fit &= _write_instants(work, place, tables, rows, row)
    if not all_fit:
        _take_back(place, tables, rows, row)
    return all_fit


@compiled
def _steps(place: Number, kind: Number, tables: Tables) -> tuple[Number, Number]:
    """The first step of a kind, and the one after the last."""
    first = (place * KINDS + kind) * STEPS
    return first, first + get(tables.step_counts, place * KINDS + kind)


@compiled
def _write_texts(work: np.ndarray, place: Number, tables: Tables, rows: Rows, row: Number, block: Number) -> None:
    first, stop = _steps(place, TEXT, tables)
    for at in range(first, stop):
        start, length, column = _value(at, tables)
        write_view(work, start, length, rows.words, 2 * (column + row), block)
        put(rows.valid, column + row, np.uint8(1))
        will_put(rows.words, 2 * (column + row + _AHEAD))


@compiled
def _look_up_prices(work: np.ndarray, place: Number, tables: Tables) -> Number:
    """Put the decimals of a message side by side; whether they can be read at once: few and short, without a sign."""
    first, stop = _steps(place, PRICE, tables)
    if stop - first > DECIMALS:
        return False
    for lane in range(DECIMALS):
        put(tables.decimals, lane, _ONE_DIGIT)
        put(tables.decimal_lengths, lane, 1)
    strange = False
    for at in range(first, stop):
        start, length, _ = _value(at, tables)
        strange |= length <= 0 or length > _WORD or get(work, start) == _DASH
        put(tables.decimals, at - first, load_u64(work, start))
        put(tables.decimal_lengths, at - first, length)
    return not strange


@compiled
def _write_prices(
    are_short: Number, work: np.ndarray, place: Number, tables: Tables, rows: Rows, row: Number
) -> Number:
    """Write decimals, at once where ``_look_up_prices`` has found that they can be, and else one by one."""
    first, stop = _steps(place, PRICE, tables)
    all_fit = True
    if are_short:
        all_fit = short_decimals(tables.decimals, tables.decimal_lengths)
        for at in range(first, stop):
            _put_price(at, get(tables.decimals, at - first), np.uint64(0), tables, rows, row)
        return all_fit
    for at in range(first, stop):
        start, length, _ = _value(at, tables)
        fits, low, high = read_decimal(work, start, length)
        all_fit &= fits
        _put_price(at, low, high, tables, rows, row)
    return all_fit


@compiled
def _put_price(at: Number, low: Number, high: Number, tables: Tables, rows: Rows, row: Number) -> None:
    cell = (np.int64(get(tables.steps, at)) >> _FIRST_SHIFT) + row
    put(rows.words, 2 * cell, low)
    put(rows.words, 2 * cell + 1, high)
    put(rows.valid, cell, np.uint8(1))
    will_put(rows.words, 2 * (cell + _AHEAD))


@compiled
def _write_numbers(
    read: Callable[..., Any], kind: Number, work: np.ndarray, place: Number, tables: Tables, rows: Rows, row: Number
) -> Number:
    """Write what a compiled function reads as one number."""
    first, stop = _steps(place, kind, tables)
    all_fit = True
    for at in range(first, stop):
        start, length, column = _value(at, tables)
        fits, number = read(work, start, length)
        all_fit &= fits
        _put_number(rows, column, row, number)
    return all_fit


@compiled
def _write_instants(work: np.ndarray, place: Number, tables: Tables, rows: Rows, row: Number) -> Number:
    first, stop = _steps(place, INSTANT, tables)
    all_fit = True
    for at in range(first, stop):
        start, length, column = _value(at, tables)
        fits, nanoseconds, digits = read_instant(work, start, length, tables.instant)
        all_fit &= fits
        _put_number(rows, column, row, nanoseconds)
        put(rows.words, 2 * column + len(rows.start) + row, np.uint64(digits))
    return all_fit


@compiled
def _value(at: Number, tables: Tables) -> tuple[Number, Number, Number]:
    """Start and length of the value of a step, and the first entry of its column."""
    step = np.int64(get(tables.steps, at))
    field = step & _FIELD
    start = get(tables.ends, field) + (step >> _SKIP_SHIFT & _BYTE)
    return start, get(tables.ends, field + 1) - start, step >> _FIRST_SHIFT


@compiled
def _put_number(rows: Rows, column: Number, row: Number, number: Number) -> None:
    """Write a number, and say that the row has one."""
    put(rows.words, 2 * column + row, np.uint64(number))
    put(rows.valid, column + row, np.uint8(1))


@compiled
def _take_back(place: Number, tables: Tables, rows: Rows, row: Number) -> None:
    for kind in range(KINDS):
        first, stop = _steps(place, kind, tables)
        for at in range(first, stop):
            _, _, column = _value(at, tables)
            put(rows.valid, column + row, np.uint8(0))


__all__ = ["ONCE", "learn", "template_of", "write_row"]

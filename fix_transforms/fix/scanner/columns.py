"""What the compiled pass wrote, as Polars columns: string views over the input, nothing copied but numbers.

Invariant: the columns are those that ``frames`` makes of the same messages, in the declared types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from fix_transforms.fix.coercion import nulls
from fix_transforms.fix.frames import TAG_COLUMNS, parsed_schema
from fix_transforms.fix.scanner.clocks import CLOCK, TICKS, minute_of
from fix_transforms.fix.scanner.layout import DAY, FLAG, INSTANT, NUMBER, PRICE, SLOT_TAGS, kinds
from fix_transforms.tables import FIX_MESSAGES
from fix_transforms.tables.spec import DECIMAL, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.profiles import DetectedProfile
    from fix_transforms.fix.scanner.arrays import Events, Rows
    from fix_transforms.fix.scanner.blocks import Store
    from fix_transforms.tables import Column
    from fix_transforms.tables.spec import DataType

_SCHEMA = parsed_schema(FIX_MESSAGES)
_MICROSECOND = 1000
_VIEW = 2


def text(name: str, views: np.ndarray, valid: np.ndarray | None, blocks: Sequence[np.ndarray]) -> pl.Series:
    """String views as a column; the blocks stay alive with it."""
    buffers = [_bitmap(valid), pa.py_buffer(views), *(pa.py_buffer(block) for block in blocks)]
    found = pl.from_arrow(pa.Array.from_buffers(pa.string_view(), len(views) // _VIEW, buffers))
    assert isinstance(found, pl.Series)
    return found.alias(name)


def _bitmap(valid: np.ndarray | None) -> pa.Buffer | None:
    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))


_ARROW: dict[DataType, pa.DataType] = {
    pl.Date: pa.date32(), pl.Int8: pa.int8(), pl.Int64: pa.int64(), TIMESTAMP: pa.timestamp("us", "UTC"),
}  # fmt: skip


def _masked(name: str, dtype: DataType, values: np.ndarray, valid: np.ndarray | None) -> pl.Series:
    """Numbers as a column of the declared type."""
    kind = _ARROW[dtype]
    found = pl.from_arrow(pa.Array.from_buffers(kind, len(values), [_bitmap(valid), pa.py_buffer(values)]))
    assert isinstance(found, pl.Series)
    return found.alias(name)


def tag_columns(store: Store, start: int, stop: int) -> dict[str, pl.Series]:
    """The columns that are read from tags, for a range of rows."""
    found: dict[str, pl.Series] = {}
    rows, capacity = store.rows, len(store.rows.start)
    for slot, tag in enumerate(SLOT_TAGS):
        columns, filled = TAG_COLUMNS[tag], int(rows.filled[slot])
        first = int(rows.columns[slot]) * capacity
        if filled <= start:
            found.update({column.name: nulls(column, stop - start) for column in columns})
            continue
        if filled < stop:
            rows.valid[first + filled : first + stop] = 0
            rows.words[_VIEW * (first + filled) : _VIEW * (first + stop)] = 0
            rows.filled[slot] = stop
        valid = rows.valid[first + start : first + stop]
        words = rows.words[_VIEW * (first + start) : _VIEW * (first + stop)]
        found.update(_values(columns, int(kinds()[slot]), words, None if valid.all() else valid, store.blocks))
    return found


def _values(
    columns: Sequence[Column], kind: int, words: np.ndarray, valid: np.ndarray | None, blocks: Sequence[np.ndarray]
) -> dict[str, pl.Series]:
    """One tag's words as its columns."""
    column = columns[0]
    if kind == PRICE:
        buffers = [_bitmap(valid), pa.py_buffer(words)]
        decimals = pa.Array.from_buffers(pa.decimal128(DECIMAL.precision, DECIMAL.scale), len(words) // _VIEW, buffers)
        found = pl.from_arrow(decimals)
        assert isinstance(found, pl.Series)
        return {column.name: found.alias(column.name)}
    if kind not in (NUMBER, DAY, FLAG, INSTANT):
        return {column.name: text(column.name, words, valid, blocks)}
    numbers = words[::_VIEW].astype(np.int64)
    if kind == INSTANT:
        facets: dict[str, np.ndarray] = {
            "value": numbers // _MICROSECOND,
            "ns": numbers,
            "digits": words[1::_VIEW].astype(np.int8),
        }
        return {c.name: _masked(c.name, c.dtype, facets[c.facet], valid) for c in columns}
    if kind == FLAG:
        flags = pa.Array.from_buffers(pa.bool_(), len(numbers), [_bitmap(valid), _bitmap(numbers.astype(np.uint8))])
        found = pl.from_arrow(flags)
        assert isinstance(found, pl.Series)
        return {column.name: found.alias(column.name)}
    values = numbers.astype(np.int32) if kind == DAY else numbers
    return {column.name: _masked(column.name, column.dtype, values, valid)}


def clock_columns(profile: DetectedProfile, entries: Rows | Events, start: int, stop: int) -> dict[str, pl.Series]:
    """``log_time`` and its facets; the calendar is asked once per minute."""
    found, minutes = entries.clock[start:stop], entries.minute[start:stop]
    nanoseconds, digits = entries.nanoseconds[start:stop].copy(), entries.digits[start:stop].astype(np.int8)
    valid = ((found == CLOCK) | (found == TICKS)).astype(np.uint8)
    is_clock = found == CLOCK
    if is_clock.any():
        keys, which = np.unique(minutes[is_clock], return_inverse=True)
        seconds = [profile.minute(*minute_of(int(key))) for key in keys]
        known = np.array([second is not None for second in seconds])
        starts = np.array([second or 0 for second in seconds], dtype=np.int64) * 1_000_000_000
        nanoseconds[is_clock] += starts[which]
        valid[is_clock] = known[which]
    mask = None if valid.all() else valid
    return {
        "log_time": _masked("log_time", _SCHEMA["log_time"], nanoseconds // _MICROSECOND, mask),
        "log_time_ns": _masked("log_time_ns", _SCHEMA["log_time_ns"], nanoseconds, mask),
        "log_time_digits": _masked("log_time_digits", _SCHEMA["log_time_digits"], digits, mask),
    }

"""What the compiled pass wrote, as Arrow arrays: string views over the input, nothing copied but numbers.

Invariant: the columns are those that ``frames`` makes of the same messages, in the declared types. Nothing here asks
Polars: a hundred small columns of a chunk would take it longer than the pass took for the messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from fix_transforms.fix.arrow_buffers import INLINE, VIEW, flags, numbers, text
from fix_transforms.fix.frames import TAG_COLUMNS
from fix_transforms.fix.scanner.arrays import ROWS
from fix_transforms.fix.scanner.clock_slots import CLOCK, TICKS
from fix_transforms.fix.scanner.clocks import minute_of
from fix_transforms.fix.scanner.layout import DAY, FLAG, INSTANT, NUMBER, PRICE, SLOT_TAGS, TEXT, kinds
from fix_transforms.tables.spec import DECIMAL, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.profiles import DetectedProfile
    from fix_transforms.fix.scanner.arrays import Events, Rows
    from fix_transforms.fix.scanner.stores import Store
    from fix_transforms.tables import Column
    from fix_transforms.tables.spec import DataType

Arrays = dict[str, pa.Array]

_MICROSECOND = 1_000
_SECOND = 1_000_000_000

_ARROW: dict[DataType, pa.DataType] = {
    pl.String: pa.string_view(), pl.Boolean: pa.bool_(), pl.Date: pa.date32(), pl.Int8: pa.int8(),
    pl.Int64: pa.int64(), TIMESTAMP: pa.timestamp("us", "UTC"),
    DECIMAL: pa.decimal128(DECIMAL.precision, DECIMAL.scale),
}  # fmt: skip


# ---- arrays of one type ----


def named(codes: np.ndarray, names: Sequence[str | None]) -> pa.Array:
    """Numbers as what they stand for: mostly one and the same."""
    if (codes == codes[0]).all():
        return _repeated(names[codes[0]]).slice(0, len(codes))
    spelled = [(name or "").encode() for name in names]
    views, start = np.zeros((len(names), VIEW), np.uint64), 0
    for view, name in zip(views, spelled, strict=True):
        first, rest = int.from_bytes(name[:4], "little"), int.from_bytes(name[4:INLINE], "little")
        view[:] = len(name) | first << 32, rest if len(name) <= INLINE else start << 32
        start += len(name)
    known = np.array([name is not None for name in names])
    valid = None if known.all() else known[codes]
    return text(views[codes].reshape(-1), valid, [np.frombuffer(b"".join(spelled), np.uint8)])


@lru_cache(maxsize=64)
def _repeated(name: str | None) -> pa.Array:
    """A text in every row of a store."""
    column = pl.Series([name], dtype=pl.String).new_from_index(0, ROWS)
    return column.to_arrow(compat_level=pl.CompatLevel.newest())


# ---- instants ----


@dataclass(frozen=True, slots=True)
class Instants:
    """Times of a range of rows.

    Attributes:
        nanoseconds: int64, since 1970-01-01 UTC.
        digits: int8: decimals of the second, as written.
        valid: uint8, or none where every row has one.
    """

    nanoseconds: np.ndarray
    digits: np.ndarray
    valid: np.ndarray | None

    def facet(self, column: Column) -> pa.Array:
        """The part of it that a column declares."""
        if column.facet == "value":
            return numbers(self.nanoseconds // _MICROSECOND, _ARROW[column.dtype], self.valid)
        return numbers(self.nanoseconds if column.facet == "ns" else self.digits, None, self.valid)


def clock_instants(profile: DetectedProfile, entries: Rows | Events, start: int, stop: int) -> Instants:
    """The clocks of lines; the calendar is asked once per minute, and minutes come in runs."""
    found, minutes = entries.clock[start:stop], entries.minute[start:stop]
    nanoseconds, digits = entries.nanoseconds[start:stop], entries.digits[start:stop]
    is_clock = found == CLOCK
    if is_clock.all():
        starts, exists = _minutes(profile, minutes)
        return Instants(nanoseconds + starts, digits, exists)
    nanoseconds, valid = nanoseconds.copy(), (is_clock | (found == TICKS)).astype(np.uint8)
    if is_clock.any():
        starts, exists = _minutes(profile, minutes[is_clock])
        nanoseconds[is_clock] += starts
        if exists is not None:
            valid[is_clock] = exists
    return Instants(nanoseconds, digits, None if _are_all(valid) else valid)


def _minutes(profile: DetectedProfile, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """When each minute starts, int64 epoch nanoseconds, and whether there is such a minute, uint8; none if all are."""
    runs, lengths = runs_of(keys)
    distinct, which = np.unique(runs, return_inverse=True)
    seconds = [profile.minute(*minute_of(key)) for key in distinct.tolist()]
    starts = np.array([second or 0 for second in seconds], np.int64) * _SECOND
    exists = np.array([second is not None for second in seconds], np.uint8)
    return np.repeat(starts[which], lengths), None if exists.all() else np.repeat(exists[which], lengths)


def _are_all(valid: np.ndarray) -> bool:
    """Whether all of these zeros and ones, of a byte each, are ones: as flags, numpy counts them many at a time."""
    return int(np.count_nonzero(valid.view(np.bool_))) == len(valid)


def runs_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each run of equal values once, and how long it is."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    return values[starts], np.diff(starts, append=len(values))


def tag_instants(store: Store, tag: int, start: int, stop: int) -> Instants | None:
    """The times that a tag has in a range of rows; none where no row has one."""
    slot = SLOT_TAGS.index(tag)
    return _instants(*_words(store, slot, start, stop)) if store.rows.columns[slot] >= 0 else None


def _instants(words: np.ndarray, valid: np.ndarray | None) -> Instants:
    return Instants(words[0].view(np.int64), words[1].astype(np.int8), valid)


# ---- tags ----


def tag_columns(store: Store, start: int, stop: int) -> Arrays:
    """The columns that are read from tags, for a range of rows; none of tags that no row has."""
    arrays: Arrays = {}
    for slot in np.flatnonzero(store.rows.columns[:-1] >= 0).tolist():
        arrays.update(
            _typed(TAG_COLUMNS[SLOT_TAGS[slot]], kinds()[slot], *_words(store, slot, start, stop), store.blocks)
        )
    return arrays


def _words(store: Store, slot: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray | None]:
    """What was written for a slot with a column, and which rows have it; none where all have.

    The words are uint64 [row * 2] of texts and decimals, else uint64 [2, row]: numbers and digits.
    """
    rows, first = store.rows, int(store.rows.columns[slot])
    capacity, valid = len(rows.start), rows.valid[first + start : first + stop]
    is_whole = rows.counts[first // capacity] == store.row or _are_all(valid)
    words = rows.words[VIEW * first : VIEW * (first + capacity)]
    if kinds()[slot] in (TEXT, PRICE):
        return words[VIEW * start : VIEW * stop], None if is_whole else valid
    return words.reshape(VIEW, capacity)[:, start:stop], None if is_whole else valid


def _typed(
    columns: Sequence[Column], kind: int, words: np.ndarray, valid: np.ndarray | None, blocks: Sequence[np.ndarray]
) -> Arrays:
    """One tag's words as its columns."""
    column = columns[0]
    if kind == INSTANT:
        instants = _instants(words, valid)
        return {each.name: instants.facet(each) for each in columns}
    if kind == PRICE:
        return {column.name: numbers(words.reshape(-1, 2), _ARROW[DECIMAL], valid)}
    if kind not in (NUMBER, DAY, FLAG):
        return {column.name: text(words, valid, blocks)}
    values = words[0]
    if kind == FLAG:
        return {column.name: flags(values.astype(np.uint8), valid)}
    return {column.name: numbers(values.astype(np.int32) if kind == DAY else values, _ARROW[column.dtype], valid)}

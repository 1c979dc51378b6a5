"""Market data entries out of the unfolded groups of a chunk, column by column.

Invariant: one row per instance of NoMDEntries(268) that says anything about a market, in the order of the messages;
no row depends on another message. Values are typed as in ``fix_messages``: exact or null, and told when they did not fit.

What an entry does not say (FIX 4.4 volume 3, "Market Data - Incremental Refresh"): a new entry without instrument and
without MDEntryRefID is about the instrument of the entry before it; otherwise instrument and currency are the
message's. An entry time without a date is on the day that brings it nearest to SendingTime, or to the log's clock without one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from fix_transforms.fix.coercion import Coerced, nulls
from fix_transforms.fix.entry_times import entry_times
from fix_transforms.fix.frames import DATES, empty_frame, parsed_schema
from fix_transforms.fix.plain_values import coerced, spread, taken
from fix_transforms.tables import MARKET_DATA_ENTRIES

if TYPE_CHECKING:
    from fix_transforms.tables import Column

NO_MD_ENTRIES = 268
#: An entry has at least one of MDUpdateAction, MDEntryType, MDEntryPx, MDEntrySize.
_TELLING = (279, 269, 270, 271)
#: Symbol, SecurityID, SecurityIDSource, SecurityType, SecurityExchange: which instrument it is.
_SYMBOL, _SECURITY_ID = 55, 48
_INSTRUMENT = (_SYMBOL, _SECURITY_ID, 22, 167, 207)
_CURRENCY = 15
_UPDATE_ACTION, _NEW, _REF_ID = 279, "0", 280
_DATE, _TIME, _TRANSACT_TIME = 272, 273, 60
#: Tags that only the message has.
_OF_MESSAGE = ("msg_type", "sender_comp_id", "target_comp_id", "md_req_id")
_SENDING_TIME = ("sending_time", "sending_time_ns", "sending_time_digits")


@cache
def _tag_columns() -> dict[int, tuple[Column, ...]]:
    """The columns that are read from fields of an entry, by tag."""
    of_message = (*_OF_MESSAGE, *_SENDING_TIME)
    found = MARKET_DATA_ENTRIES.tag_columns()
    return {tag: columns for tag, columns in found.items() if columns[0].name not in of_message}


@cache
def _columns() -> tuple[Column, ...]:
    parsed = parsed_schema(MARKET_DATA_ENTRIES)
    return tuple(column for column in MARKET_DATA_ENTRIES.columns if column.name in parsed)


@cache
def _kinds() -> np.ndarray:
    """What kind of field a tag is, by tag: its place in ``_tag_columns``, and for all others, what is not there."""
    tags = list(_tag_columns())
    kinds = np.full(max(tags) + 2, len(tags), np.uint8)
    kinds[tags] = np.arange(len(tags))
    return kinds


@dataclass(frozen=True, slots=True)
class _Entries:
    """Where the fields of each entry stand.

    Attributes:
        values: Text of all fields.
        fields: By tag, for each entry the number of its first field of that tag, -1 without; only tags that occur.
        message: For each entry, the row of its message.
        first: The number of the first entry of that message.
    """

    values: pl.Series
    fields: dict[int, np.ndarray]
    message: np.ndarray
    first: np.ndarray

    def has(self, tag: int) -> np.ndarray:
        """Which entries have a field of this tag."""
        found = self.fields.get(tag)
        return np.zeros(len(self.first), np.bool_) if found is None else found >= 0

    def text(self, tag: int, entries: np.ndarray | None = None) -> pl.Series:
        """The value of some entries, ascending, or of each; null without."""
        height = len(self.first) if entries is None else len(entries)
        if tag not in self.fields:
            return pl.Series([None], dtype=pl.String).new_from_index(0, height)
        found = self.fields[tag]
        return taken(self.values, found if height == len(found) else found[entries])


def market_data_frame(groups: pl.DataFrame, messages: pl.DataFrame) -> pl.DataFrame:
    """The frame of ``market_data_entries``.

    Args:
        groups: The chunk's frame of ``fix_group_fields``, in the order of the file.
        messages: The chunk's frame of ``fix_messages``, in the same order.
    """
    entries = _entries(groups, messages["message_index"].to_numpy()) if groups.height else None
    if entries is None:
        return empty_frame(MARKET_DATA_ENTRIES)
    entries = _with_carried_instruments(entries)
    height = len(entries.first)
    typed = _typed(entries, messages)
    columns = {name: column for each in typed.values() for name, column in each.columns.items()}
    columns |= _of_messages(entries, columns, messages)
    columns["entry_index"] = pl.Series((np.arange(height) - entries.first).astype(np.int32))
    columns["coercion_errors"] = _error_lists({tag: each.errors for tag, each in typed.items()}, height)
    return pl.DataFrame(
        {
            column.name: columns[column.name] if column.name in columns else nulls(column, height)
            for column in _columns()
        }
    )


def _entries(groups: pl.DataFrame, messages: np.ndarray) -> _Entries | None:
    """The entries that tell something of a market, if any does.

    Args:
        groups: As for ``market_data_frame``.
        messages: Index of each message.
    """
    inside = groups["counter_tag"] == NO_MD_ENTRIES
    if not inside.any():
        return None
    fields = groups.select("message_index", "path", "instance", "depth", "tag", "value")
    fields = fields if inside.all() else fields.filter(inside)
    starts = _starts(fields)
    first = np.flatnonzero(starts)
    found = _first_fields(fields["tag"].to_numpy(), np.cumsum(starts, dtype=np.int32) - np.int32(1), len(first))
    tells = np.zeros(len(first), np.bool_)
    for tag in found.keys() & set(_TELLING):
        tells |= found[tag] >= 0
    if not tells.any():
        return None
    index = fields["message_index"].to_numpy()[first]
    if not tells.all():
        kept = {tag: rows[tells] for tag, rows in found.items()}
        found, index = {tag: rows for tag, rows in kept.items() if (rows >= 0).any()}, index[tells]
    heads = np.flatnonzero(_changes(index))
    lengths = np.diff(heads, append=len(index))
    message = np.searchsorted(messages, index[heads])
    return _Entries(fields["value"].rechunk(), found, np.repeat(message, lengths), np.repeat(heads, lengths))


def _starts(fields: pl.DataFrame) -> np.ndarray:
    """Which fields are the first of their instance: where the message or the path changes."""
    starts = _changes(fields["message_index"].to_numpy())
    starts |= _changes(fields["instance"].to_numpy())
    if (fields["depth"] > 1).any():  # else the path is the counter and the instance
        starts |= fields["path"].ne_missing(fields["path"].shift(1)).to_numpy()
    return starts


def _changes(values: np.ndarray) -> np.ndarray:
    """Where a value is not that before it; the first has none before it."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


def _first_fields(tags: np.ndarray, entry: np.ndarray, height: int) -> dict[int, np.ndarray]:
    """By tag that occurs: for each entry, the number of the first field that has it, or -1.

    Args:
        tags: Tag of each field.
        entry: The entry of each field.
        height: How many entries there are.
    """
    asked = list(_tag_columns())
    kinds = np.take(_kinds(), tags, mode="clip")
    occurring = np.flatnonzero(np.bincount(kinds, minlength=len(asked))[: len(asked)])
    # One table with a row per tag that occurs and one more for all others, filled at once and from behind: of the
    # fields of one tag in one entry the first is written last, and stays.
    rows = np.full(len(asked) + 1, len(occurring) * height)
    rows[occurring] = np.arange(len(occurring)) * height
    places = np.take(rows, kinds)
    places += entry
    table = np.full((len(occurring) + 1) * height, -1, np.int32)
    table[places[::-1]] = np.arange(len(tags) - 1, -1, -1, dtype=np.int32)
    return {asked[kind]: table[row * height : (row + 1) * height] for row, kind in enumerate(occurring)}


def _with_carried_instruments(entries: _Entries) -> _Entries:
    """New entries that name no instrument get the fields that name that of the entry before."""
    names_one = entries.has(_SYMBOL) | entries.has(_SECURITY_ID)
    before = np.maximum.accumulate(np.where(names_one, np.arange(len(names_one)), -1))
    heirs = np.flatnonzero((before >= entries.first) & ~names_one & ~entries.has(_REF_ID))
    heirs = heirs[(entries.text(_UPDATE_ACTION, heirs).fill_null(_NEW) == _NEW).to_numpy()]
    if not len(heirs):
        return entries
    carried = {tag: rows.copy() for tag, rows in entries.fields.items() if tag in _INSTRUMENT}
    for rows in carried.values():
        own = rows[heirs]
        rows[heirs] = np.where(own < 0, rows[before[heirs]], own)
    return replace(entries, fields=entries.fields | carried)


def _typed(entries: _Entries, messages: pl.DataFrame) -> dict[int, Coerced]:
    """The columns of every tag that occurs, from the entries' own fields."""
    declared, height = _tag_columns(), len(entries.first)
    typed: dict[int, Coerced] = {}
    for tag in entries.fields.keys() - {_TIME}:
        column = declared[tag][0]
        if column.dtype == pl.String:
            typed[tag] = Coerced({column.name: entries.text(tag)}, [])
        else:
            rows = np.flatnonzero(entries.has(tag))
            typed[tag] = spread(coerced(declared[tag], entries.text(tag, rows)), rows, height)
    if _TIME in entries.fields:
        rows = np.flatnonzero(entries.has(_TIME))
        times, dates, sent = (
            entries.text(_TIME, rows),
            entries.text(_DATE, rows),
            _sent(messages, entries.message[rows]),
        )
        day = declared[_DATE][0]
        days = taken(typed[_DATE].columns[day.name], rows) if _DATE in typed else nulls(day, len(rows))
        typed[_TIME] = spread(entry_times(declared[_TIME], times, dates, days, sent), rows, height)
    return typed


def _sent(messages: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """When messages were sent, or logged where they do not say."""
    return messages.select(
        sent_on=pl.coalesce("sending_time", "log_time").dt.date(),
        sent_ns=pl.coalesce("sending_time_ns", "log_time_ns"),
    ).rechunk()[rows]


def _of_messages(entries: _Entries, own: dict[str, pl.Series], messages: pl.DataFrame) -> dict[str, pl.Series]:
    """Columns of the message, and those that are the message's where an entry has none of its own.

    Args:
        entries: With what they inherit.
        own: What is in their fields, by column.
        messages: The frame of ``fix_messages``.
    """
    shared = {
        column.name: entries.has(tag)
        for tag in (*_INSTRUMENT, _CURRENCY, _TRANSACT_TIME)
        for column in _tag_columns()[tag]
    }
    asked = [name for name, has in shared.items() if not has.all() and messages[name].null_count() < messages.height]
    needed = messages.select("message_index", *DATES, *_OF_MESSAGE, *_SENDING_TIME, *asked)
    found = needed.rechunk()[entries.message].to_dict()
    return {
        name: own[name].zip_with(pl.Series(shared[name]), column) if name in own else column
        for name, column in found.items()
    }


def _error_lists(errors: dict[int, list[int]], height: int) -> pl.Series:
    """Per entry, the tags whose value did not fit, ascending."""
    tags = np.repeat(np.array(list(errors), np.int32), [len(rows) for rows in errors.values()])
    rows = np.array([row for rows in errors.values() for row in rows], np.int64)
    stops = np.cumsum(np.bincount(rows, minlength=height))
    offsets = np.concatenate(([0], stops)).astype(np.int64)
    kind = pa.large_list(pa.int32())
    lists = pa.array(tags[np.lexsort((tags, rows))])
    return pl.Series(pa.Array.from_buffers(kind, height, [None, pa.py_buffer(offsets)], children=[lists]))

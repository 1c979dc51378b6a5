"""Scanned messages and lines as the frames that the reference path makes of them.

Invariant: a frame of scanned rows has the declared schema, so that it can be put beside rows of the reference
and ordered by where they were found.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fix_transforms.fix.delimiters import delimiter_name
from fix_transforms.fix.frames import DATES, FIRST_DAY, LAST_DAY, empty_frame, parsed_schema
from fix_transforms.fix.scanner.arrays import ROWS
from fix_transforms.fix.scanner.columns import clock_columns, tag_columns, text
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, LOG_EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.profiles import DetectedProfile
    from fix_transforms.fix.scanner.blocks import Store
    from fix_transforms.fix.segments import Scanned

DECODER = "scanner"
_GROUP_NUMBERS = ("position", "counter_tag", "instance", "depth", "tag")

#: What is the same for every scanned message; what is not, the reference reads.
_SAME = {
    "framing": "body_length",
    "checksum_status": "ok",
    "body_length_ok": True,
    "decoder": DECODER,
    "raw_encoding": "utf-8",
    "duplicate_tags": [],
    "coercion_errors": [],
    "validation_errors": None,
}


def message_rows(taken: Sequence[tuple[Scanned, int]], profile: DetectedProfile) -> pl.DataFrame:
    """The frame of ``fix_messages``.

    Args:
        taken: Stretches of one store, in order, each with the index of its first message.
        profile: Of the file.
    """
    store = taken[0][0].store
    start, stop = taken[0][0].row, taken[-1][0].row_stop
    height = stop - start
    schema = parsed_schema(FIX_MESSAGES)
    rows = store.rows
    index = np.zeros(height, np.int64)
    kept = np.zeros(height, np.bool_)
    for piece, first in taken:
        index[piece.row - start : piece.row_stop - start] = np.arange(first, first + piece.row_stop - piece.row)
        kept[piece.row - start : piece.row_stop - start] = True
    starts, ends = rows.start[start:stop], rows.end[start:stop]
    series = tag_columns(store, start, stop) | clock_columns(profile, rows, start, stop)
    series |= {
        "message_index": pl.Series(index),
        "byte_offset": pl.Series(starts),
        "byte_length": pl.Series(ends - starts),
        "line_number": pl.Series(rows.line[start:stop]),
        "raw": text("raw", rows.raw[2 * start : 2 * stop], None, store.blocks),
        "log_prefix": _prefixes(store, start, stop),
        "delimiter": _named(rows.delimiter[start:stop], [delimiter_name(found) for found in store.delimiters]),
    }
    series["direction"] = _directions(store, start, stop, series, profile)
    series |= _dates(series) | {column.name: column.slice(0, height) for column in _same()}
    frame = _declared(series, schema)
    return (frame if kept.all() else frame.filter(pl.Series(kept))).select(schema.names())


@cache
def _same() -> list[pl.Series]:
    """Columns that are the same for every scanned message, as long as a store."""
    schema = parsed_schema(FIX_MESSAGES)
    one = pl.DataFrame([pl.Series(name, [value], dtype=schema[name]) for name, value in _SAME.items()])
    return [column.new_from_index(0, ROWS) for column in one]


def _dates(series: dict[str, pl.Series]) -> dict[str, pl.Series]:
    """``DATES`` as ``frames.dated`` derives them: days come in runs, so that the calendar is asked once for each."""
    days = np.zeros(len(series["sending_time"]), np.int32)
    for name in ("log_time", "sending_time"):
        found = series[name].dt.date().to_physical().fill_null(-1).to_numpy()
        days = np.where((found >= FIRST_DAY) & (found <= LAST_DAY), found, days)
    distinct, which = np.unique(days, return_inverse=True)
    dates = pl.Series(distinct).cast(pl.Date)
    places = pl.Series(which)
    return {"trading_date": dates.gather(places), "trading_month": dates.dt.month_start().gather(places)}


def _declared(series: dict[str, pl.Series], schema: pl.Schema) -> pl.DataFrame:
    """Columns of the declared types under their names."""
    found = [column if column.dtype == schema[name] else column.cast(schema[name]) for name, column in series.items()]
    return pl.DataFrame([column.alias(name) for name, column in zip(series, found, strict=True)])


def group_rows(taken: Sequence[tuple[Scanned, int]], messages: pl.DataFrame) -> pl.DataFrame:
    """The frame of ``fix_group_fields`` of the messages that ``message_rows`` made a frame of.

    Args:
        taken: As for ``message_rows``.
        messages: What it returned for them.
    """
    groups, schema = taken[0][0].store.groups, parsed_schema(FIX_GROUP_FIELDS)
    used = groups.message[: groups.state[0]]
    start, stop = np.searchsorted(used, [taken[0][0].row, taken[-1][0].row_stop])
    if start == stop:
        return empty_frame(FIX_GROUP_FIELDS)
    rows, part, views = groups.rows, slice(start, stop), slice(2 * start, 2 * stop)
    place, kept = _places(taken, used[part])
    series = {
        "message_index": messages["message_index"].gather(place),
        **{name: messages[name].gather(place) for name in DATES},
        **{name: pl.Series(getattr(rows, name)[part]) for name in _GROUP_NUMBERS},
        **{name: pl.Series(getattr(rows, name)[part]).cast(pl.Boolean) for name in ("is_known", "count_ok")},
        "path": text("path", groups.path[views], None, [rows.paths]),
        "value": text("value", groups.value[views], None, taken[0][0].store.blocks),
    }
    frame = _declared(series, schema)
    return (frame if kept.all() else frame.filter(pl.Series(kept))).select(schema.names())


def _places(taken: Sequence[tuple[Scanned, int]], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's message stands in the frame of messages, and whether it stands there at all."""
    first, last = taken[0][0].row, taken[-1][0].row_stop
    kept = np.zeros(last - first, np.bool_)
    for piece, _ in taken:
        kept[piece.row - first : piece.row_stop - first] = True
    places = np.maximum(np.cumsum(kept) - 1, 0)
    return places[rows - first], kept[rows - first]


def event_rows(taken: Sequence[Scanned], profile: DetectedProfile) -> pl.DataFrame:
    """The frame of ``log_events`` of stretches of one store, in order."""
    store = taken[0].store
    start, stop = taken[0].event, taken[-1].event_stop
    schema, events = parsed_schema(LOG_EVENTS), store.events
    kept = np.zeros(stop - start, np.bool_)
    for piece in taken:
        kept[piece.event - start : piece.event_stop - start] = True
    starts, ends = events.start[start:stop], events.end[start:stop]
    series = clock_columns(profile, events, start, stop) | {
        "byte_offset": pl.Series(starts),
        "byte_length": pl.Series(ends - starts),
        "line_number": pl.Series(events.line[start:stop]),
        "text": text("text", events.text[2 * start : 2 * stop], None, store.blocks),
    }
    frame = _declared(series, schema)
    return (frame if kept.all() else frame.filter(pl.Series(kept))).select(schema.names())


def _prefixes(store: Store, start: int, stop: int) -> pl.Series:
    views = store.rows.prefix[2 * start : 2 * stop]
    present = (store.rows.shape[start:stop] >= 0).astype(np.uint8)
    return text("log_prefix", views, None if present.all() else present, store.blocks)


def _named(codes: np.ndarray, names: Sequence[str]) -> pl.Series:
    """Numbers as what they stand for."""
    first = int(codes[0])
    if (codes == first).all():
        return pl.Series([names[first]]).new_from_index(0, len(codes))
    return pl.Series(names).gather(pl.Series(codes))


def _directions(
    store: Store, start: int, stop: int, series: dict[str, pl.Series], profile: DetectedProfile
) -> pl.Series:
    """What the profile says of each shape of prefix, and of the message's CompIDs where that matters."""
    shapes = store.rows.shape[start:stop]
    words = [*store.shapes, ""]
    if not profile.asks_comp_ids and not any("->" in shape for shape in store.shapes):
        known = [profile.direction(shape, None, None) for shape in words]
        return pl.Series(known, dtype=pl.String).gather(pl.Series(np.where(shapes < 0, len(words) - 1, shapes)))
    asked = pl.DataFrame({
        "shape": shapes, "sender": series["sender_comp_id"], "target": series["target_comp_id"],
    })  # fmt: skip
    distinct = asked.unique()
    answers = [profile.direction(words[shape], sender, target) for shape, sender, target in distinct.iter_rows()]
    answered = distinct.with_columns(direction=pl.Series(answers, dtype=pl.String))
    return asked.join(answered, on=["shape", "sender", "target"], how="left", nulls_equal=True, maintain_order="left")[
        "direction"
    ]

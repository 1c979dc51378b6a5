"""Scanned messages and lines as the frames that the reference path makes of them.

Invariant: a frame of scanned rows has the declared schema, so that it can be put beside rows of the reference
and ordered by where they were found.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from fix_transforms.fix.arrow_buffers import flags, numbers, text
from fix_transforms.fix.coercion import nulls_of
from fix_transforms.fix.delimiters import delimiter_name
from fix_transforms.fix.frames import DATES, FIRST_DAY, LAST_DAY, TAG_COLUMNS, empty_frame, parsed_schema
from fix_transforms.fix.scanner.arrays import ROWS
from fix_transforms.fix.scanner.columns import clock_instants, named, runs_of, tag_columns, tag_instants
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, LOG_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fix_transforms.fix.profiles import DetectedProfile
    from fix_transforms.fix.scanner.columns import Arrays, Instants
    from fix_transforms.fix.scanner.stores import Store
    from fix_transforms.fix.segments import Scanned
    from fix_transforms.tables import Table

DECODER = "scanner"
_GROUP_NUMBERS = ("position", "counter_tag", "instance", "depth", "tag")
_SENDING_TIME = next(tag for tag, columns in TAG_COLUMNS.items() if columns[0].name == "sending_time")
_DAY_NS = 86_400 * 10**9

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
    rows = store.rows
    firsts, shifts = [piece.row for piece, _ in taken], [index - piece.row for piece, index in taken]
    index = np.arange(start, stop)
    index += shifts[0] if len(taken) == 1 else np.repeat(shifts, np.diff([*firsts, stop]))
    clock = clock_instants(profile, rows, start, stop)
    sent = tag_instants(store, _SENDING_TIME, start, stop)
    arrays = tag_columns(store, start, stop) | _clock_columns(FIX_MESSAGES, clock)
    arrays |= {
        "message_index": numbers(index),
        "byte_offset": numbers(rows.start[start:stop]),
        "byte_length": numbers(rows.end[start:stop] - rows.start[start:stop]),
        "line_number": numbers(rows.line[start:stop]),
        "raw": text(rows.raw[2 * start : 2 * stop], None, store.blocks),
        "log_prefix": _prefixes(store, start, stop),
        "delimiter": named(rows.delimiter[start:stop], [delimiter_name(found) for found in store.delimiters]),
    }
    arrays["direction"] = _directions(store, start, stop, arrays, profile)
    arrays |= _dates((clock, sent), stop - start)
    frame = pl.DataFrame(_batch(arrays))
    frame = frame.hstack(_rest(frozenset(arrays)).head(stop - start))[parsed_schema(FIX_MESSAGES).names()]
    return _only(frame, _kept(((piece.row, piece.row_stop) for piece, _ in taken), start, stop))


@cache
def _same() -> pl.DataFrame:
    """Columns as they are where no message of a store is read into them: null, if not ``_SAME``. As long as a store."""
    schema = parsed_schema(FIX_MESSAGES)
    return pl.DataFrame([
        pl.Series(name, [_SAME[name]], dtype=dtype).new_from_index(0, ROWS) if name in _SAME else nulls_of(name, dtype, ROWS)
        for name, dtype in schema.items()
    ])  # fmt: skip


@lru_cache(maxsize=64)
def _rest(names: frozenset[str]) -> pl.DataFrame:
    """The columns of ``_same`` but these."""
    return _same()[[name for name in _same().columns if name not in names]]


def _kept(pieces: Iterable[tuple[int, int]], start: int, stop: int) -> np.ndarray:
    """Which rows of a range belong to one of its pieces, which are in order."""
    kept = np.ones(stop - start, np.bool_)
    reached = start
    for first, last in pieces:
        if first > reached:
            kept[reached - start : first - start] = False
        reached = last
    kept[reached - start :] = False
    return kept


def _batch(arrays: Arrays) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))


def _only(frame: pl.DataFrame, kept: np.ndarray) -> pl.DataFrame:
    return frame if kept.all() else frame.filter(pl.Series(kept))


def _clock_columns(table: Table, clock: Instants) -> Arrays:
    """``log_time`` and its facets."""
    return {column.name: clock.facet(column) for column in table.columns if column.name.startswith("log_time")}


def _dates(times: Sequence[Instants | None], height: int) -> Arrays:
    """``DATES`` as ``frames`` derives them; days come in runs."""
    days = _days(times, height)
    first, lengths = runs_of(days)
    months = first.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
    dates = (days, np.repeat(months, lengths))
    return {name: numbers(values, pa.date32()) for name, values in zip(DATES, dates, strict=True)}


def _days(times: Sequence[Instants | None], height: int) -> np.ndarray:
    """Days since 1970-01-01, int32, of the later of the times if that counts, else of the one before."""
    one = _one_day(times[-1])
    if one is not None:
        return np.full(height, one, np.int32)
    days = np.zeros(height, np.int32)
    for time in times:
        if time is not None:
            found = (time.nanoseconds // _DAY_NS).astype(np.int32)
            counts = (found >= FIRST_DAY) & (found <= LAST_DAY)
            days = np.where(counts if time.valid is None else counts & (time.valid != 0), found, days)
    return days


def _one_day(time: Instants | None) -> int | None:
    """The day that counts of every row, if it is one: mostly so, and the first and the last instant tell."""
    if time is None or time.valid is not None:
        return None
    first, last = (int(end // _DAY_NS) for end in (time.nanoseconds.min(), time.nanoseconds.max()))
    return first if first == last and FIRST_DAY <= first <= LAST_DAY else None


def group_rows(taken: Sequence[tuple[Scanned, int]], messages: pl.DataFrame) -> pl.DataFrame:
    """The frame of ``fix_group_fields`` of the messages that ``message_rows`` made a frame of.

    Args:
        taken: As for ``message_rows``.
        messages: What it returned for them.
    """
    groups = taken[0][0].store.groups
    used = groups.message[: groups.state[0]]
    start, stop = np.searchsorted(used, [taken[0][0].row, taken[-1][0].row_stop])
    if start == stop:
        return empty_frame(FIX_GROUP_FIELDS)
    rows, part, views = groups.rows, slice(start, stop), slice(2 * start, 2 * stop)
    place, kept = _places(taken, used[part])
    days = {name: _spread(messages[name].to_physical().to_numpy(), place) for name in DATES}
    arrays = {
        "message_index": numbers(_spread(messages["message_index"].to_numpy(), place)),
        **{name: numbers(found, pa.date32()) for name, found in days.items()},
        **{name: numbers(getattr(rows, name)[part]) for name in _GROUP_NUMBERS},
        **{name: flags(getattr(rows, name)[part]) for name in ("is_known", "count_ok")},
        "path": text(groups.path[views], None, [rows.paths]),
        "value": text(groups.value[views], None, taken[0][0].store.blocks),
    }
    return _only(pl.DataFrame(_batch(arrays))[parsed_schema(FIX_GROUP_FIELDS).names()], kept)


def _places(taken: Sequence[tuple[Scanned, int]], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's message stands in the frame of messages, and whether it stands there at all."""
    first = taken[0][0].row
    kept = _kept(((piece.row, piece.row_stop) for piece, _ in taken), first, taken[-1][0].row_stop)
    if kept.all():
        return rows - first, np.ones(len(rows), np.bool_)
    places = np.maximum(np.cumsum(kept) - 1, 0)
    return places[rows - first], kept[rows - first]


def _spread(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """``values[place]`` without looking up one by one what is the same everywhere, or one more each time."""
    steps = np.diff(values)
    if not steps.any():
        return np.full(len(place), values[0])
    found: np.ndarray = place + values[0] if (steps == 1).all() else values[place]
    return found.astype(values.dtype, copy=False)


def event_rows(taken: Sequence[Scanned], profile: DetectedProfile) -> pl.DataFrame:
    """The frame of ``log_events`` of stretches of one store, in order."""
    store = taken[0].store
    start, stop = taken[0].event, taken[-1].event_stop
    events = store.events
    arrays = _clock_columns(LOG_EVENTS, clock_instants(profile, events, start, stop)) | {
        "byte_offset": numbers(events.start[start:stop]),
        "byte_length": numbers(events.end[start:stop] - events.start[start:stop]),
        "line_number": numbers(events.line[start:stop]),
        "text": text(events.text[2 * start : 2 * stop], None, store.blocks),
    }
    frame = pl.DataFrame(_batch(arrays))[parsed_schema(LOG_EVENTS).names()]
    return _only(frame, _kept(((piece.event, piece.event_stop) for piece in taken), start, stop))


def _prefixes(store: Store, start: int, stop: int) -> pa.Array:
    views = store.rows.prefix[2 * start : 2 * stop]
    present = store.rows.shape[start:stop] >= 0
    return text(views, None if present.all() else present, store.blocks)


def _directions(store: Store, start: int, stop: int, arrays: Arrays, profile: DetectedProfile) -> pa.Array:
    """What the profile says of each shape of prefix, and of the message's CompIDs where that matters."""
    shapes = store.rows.shape[start:stop]
    words = [*store.shapes, ""]
    shapes = np.where(shapes < 0, len(words) - 1, shapes)
    names_session = any("->" in shape and profile.spoken(shape) is None for shape in store.shapes)
    if not profile.asks_comp_ids and not names_session:
        return named(shapes, [profile.direction(shape, None, None) for shape in words])
    sender, target = (
        pl.Series(arrays[name]) if name in arrays else _same()[name].head(stop - start)
        for name in ("sender_comp_id", "target_comp_id")
    )
    asked = pl.DataFrame({"shape": shapes, "sender": sender, "target": target})
    distinct = asked.unique()
    answers = [profile.direction(words[shape], sender, target) for shape, sender, target in distinct.iter_rows()]
    answered = distinct.with_columns(direction=pl.Series(answers, dtype=pl.String))
    joined = asked.join(answered, on=["shape", "sender", "target"], how="left", nulls_equal=True, maintain_order="left")
    return joined["direction"].to_arrow(compat_level=pl.CompatLevel.newest())

"""Rows of one chunk into frames with the declared columns and types.

Invariant: the list of tags and columns is that of the table declarations, and every frame has exactly the
declared schema without ``LINEAGE``, which ``with_lineage`` adds to give exactly the declared schema.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from fix_transforms.errors import SchemaMismatchError
from fix_transforms.fix.coercion import absent, coerce_all
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, TABLES
from fix_transforms.tables.render.to_polars import polars_schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fix_transforms.tables import Table

#: Rows of a chunk, at most. No power of two: columns of that length would share one set of the processor's cache.
CHUNK_ROWS = 60_000

#: Columns that say which file and batch a row came with: the same for every row of a file.
LINEAGE = ("file_id", "batch_id", "ingested_at")

#: Columns that say which day a message belongs to, the same in every table of rows of messages.
DATES = ("trading_date", "trading_month")

#: The tag → columns map, from the declaration.
TAG_COLUMNS = FIX_MESSAGES.tag_columns()
#: Columns of ``fix_messages`` that are filled as they are found, not read from a tag.
FOUND_COLUMNS = tuple(
    column.name
    for column in FIX_MESSAGES.columns
    if column.tag is None and column.name not in (*LINEAGE, *DATES, "coercion_errors")
)

#: Days outside these count as none: 1990-01-01 and 2100-12-31, as days since 1970-01-01.
FIRST_DAY, LAST_DAY = 7_305, 47_846


@cache
def _parsed_schema(name: str) -> pl.Schema:
    table = next(table for table in TABLES if table.name == name)
    return pl.Schema({name: dtype for name, dtype in polars_schema(table).items() if name not in LINEAGE})


def parsed_schema(table: Table) -> pl.Schema:
    """The declared schema without the lineage columns: what the parser gives."""
    return _parsed_schema(table.name)


@cache
def _empty_frame(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema=_parsed_schema(name))


def empty_frame(table: Table) -> pl.DataFrame:
    """The frame of a table without rows; made once, for most chunks have some."""
    return _empty_frame(table.name)


def frame_of(table: Table, columns: dict[str, list[object]]) -> pl.DataFrame:
    """Lists into a frame of the table."""
    schema = parsed_schema(table)
    if not any(columns.values()):
        return empty_frame(table)
    return pl.DataFrame({name: pl.Series(name, columns[name], dtype=dtype) for name, dtype in schema.items()})


def message_frame(found: dict[str, list[object]], values: dict[int, list[str | None]]) -> pl.DataFrame:
    """The typed frame of ``fix_messages``.

    Args:
        found: A list per column of ``FOUND_COLUMNS``; times as epoch nanoseconds. That of ``validation_errors`` is
            empty where validation was not asked for.
        values: A list per tag of ``TAG_COLUMNS``: the text of its first value outside groups, or none; up to the last
            message that has one.
    """
    schema = parsed_schema(FIX_MESSAGES)
    height = len(found["raw"])
    if not height:
        return empty_frame(FIX_MESSAGES)
    if not found["validation_errors"]:  # not asked for
        found = found | {"validation_errors": [None] * height}
    plain = [name for name in FOUND_COLUMNS if name not in ("log_time", "duplicate_tags")]
    series = {name: pl.Series(name, found[name], dtype=schema[name]) for name in plain}
    series["duplicate_tags"] = _tags("duplicate_tags", dict(enumerate(found["duplicate_tags"])), height)  # type: ignore[arg-type]
    series["log_time"] = _microseconds("log_time", found["log_time_ns"])
    texts = {
        tag: pl.Series(texts + [None] * (height - len(texts)), dtype=pl.String)
        for tag, texts in values.items()
        if texts
    }
    coerced = coerce_all(TAG_COLUMNS, texts)
    errors: dict[int, list[int]] = {}
    for tag, columns in TAG_COLUMNS.items():
        read = coerced.get(tag) or absent(columns, height)
        series.update(read.columns)
        for row in read.errors:
            errors.setdefault(row, []).append(tag)
    series["coercion_errors"] = _tags("coercion_errors", errors, height)
    days = pl.DataFrame(series).with_columns(trading_date=_trading_date())
    return days.with_columns(trading_month=pl.col("trading_date").dt.month_start()).select(schema.names())


def _tags(name: str, found: Mapping[int, list[int]], height: int) -> pl.Series:
    """Tags per row, ascending; most rows have none."""
    lists: list[list[int]] = [[]]
    which = [0] * height
    for row, tags in found.items():
        if tags:
            which[row] = len(lists)
            lists.append(sorted(tags))
    return pl.Series(name, lists, dtype=parsed_schema(FIX_MESSAGES)[name]).gather(which)


def group_frame(rows: dict[str, list[object]], message_rows: list[int], messages: pl.DataFrame) -> pl.DataFrame:
    """The frame of ``fix_group_fields``.

    Args:
        rows: A list per column, without ``DATES``.
        message_rows: For each row, the row of its message in the chunk.
        messages: The chunk's frame of ``fix_messages``.
    """
    schema = parsed_schema(FIX_GROUP_FIELDS)
    if not message_rows:
        return empty_frame(FIX_GROUP_FIELDS)
    dates = {name: messages[name].gather(message_rows) for name in DATES}
    found = {name: pl.Series(name, rows[name], dtype=schema[name]) for name in schema if name not in DATES}
    return pl.DataFrame(found | dates).select(schema.names())


def event_frame(table: Table, rows: dict[str, list[object]]) -> pl.DataFrame:
    """The frame of ``log_events``, whose times are given as epoch nanoseconds."""
    schema = parsed_schema(table)
    if not rows["byte_offset"]:
        return empty_frame(table)
    series = {name: pl.Series(name, rows[name], dtype=dtype) for name, dtype in schema.items() if name != "log_time"}
    series["log_time"] = _microseconds("log_time", rows["log_time_ns"])
    return pl.DataFrame(series).select(schema.names())


def with_lineage(
    frame: pl.DataFrame, table: Table, *, file_id: str, batch_id: str, ingested_at: datetime
) -> pl.DataFrame:
    """The frame with the declared schema and order of its table.

    Raises:
        SchemaMismatchError: The frame is not what the parser gives for this table.
    """
    declared = polars_schema(table)
    lineage = {"file_id": file_id, "batch_id": batch_id, "ingested_at": ingested_at}
    added = [pl.lit(value, dtype=declared[name]).alias(name) for name, value in lineage.items() if name in declared]
    whole = frame.with_columns(added)
    missing = [name for name in declared if name not in whole.columns]
    if missing or len(whole.columns) != len(declared):
        raise SchemaMismatchError(
            "frame is not the table's", where=table.name, got=whole.columns, expected=list(declared)
        )
    whole = whole.select(declared.names())
    if whole.schema != declared:
        raise SchemaMismatchError("frame is not the table's", where=table.name, got=whole.schema, expected=declared)
    return whole


def _microseconds(name: str, nanoseconds: list[object]) -> pl.Series:
    return (pl.Series(name, nanoseconds, dtype=pl.Int64) // 1000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _trading_date() -> pl.Expr:
    """UTC date of SendingTime, else of the log's clock, else 1970-01-01; absurd years count as none."""
    first, last = (pl.lit(day, pl.Int32).cast(pl.Date) for day in (FIRST_DAY, LAST_DAY))
    days = [pl.col(name).dt.date() for name in ("sending_time", "log_time")]
    return pl.coalesce(
        *(pl.when(day.is_between(first, last)).then(day) for day in days), pl.lit(0, pl.Int32).cast(pl.Date)
    )

"""FIX values as text into typed columns, a column at a time.

Invariant: a value is either exactly what was written or null. Nothing is rounded: a price with an eleventh
significant decimal does not fit, a time keeps its first digits. What did not fit is told, value by value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fix_transforms.tables.spec import DECIMAL, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.tables import Column

# 18 digits before the point and 10 after it, however many zeros stand around them (FIX float: no exponent, no +).
_DECIMAL = r"^-?(?:0*[0-9]{1,18}(?:\.(?:[0-9]{0,10}0*)?)?|0*\.[0-9]{1,10}0*)$"
_INTEGER = r"^-?[0-9]+$"
_DATE = r"^[0-9]{8}$"
# UTCTimestamp, with and without separators; a one-digit hour and second 60 are seen in real logs.
_SEPARATED = r"^([0-9]{8})-([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{0,12}))?$"
_RUN_TOGETHER = r"^([0-9]{8})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{0,12})$"

_NANOSECONDS = 1_000_000_000
_DAY = 86_400
#: Epoch seconds that still fit into Int64 nanoseconds (until 2262).
_LAST_NS_SECOND = 9_223_372_035


@dataclass(frozen=True, slots=True)
class Coerced:
    """The columns of one tag, and the rows where a value did not fit."""

    columns: dict[str, pl.Series]
    errors: list[int]


def coerce(columns: Sequence[Column], values: list[str | None] | pl.Series) -> Coerced:
    """The values of one tag as the columns that are read from it."""
    missing = values.null_count() if isinstance(values, pl.Series) else values.count(None)
    if missing == len(values):  # most tags of most chunks
        return Coerced({column.name: nulls(column, len(values)) for column in columns}, [])
    text = pl.Series(values, dtype=pl.String)
    if any(column.facet != "value" or column.dtype == TIMESTAMP for column in columns):
        return _instant(columns, text)
    column = columns[0]
    found = _plain(column, text).alias(column.name)
    if column.dtype == pl.String:
        return Coerced({column.name: found}, [])
    return Coerced({column.name: found}, _lost(text, found))


def nulls(column: Column, height: int) -> pl.Series:
    """A column without values."""
    return pl.Series(column.name, [None], dtype=column.dtype).new_from_index(0, height)


def _lost(text: pl.Series, found: pl.Series) -> list[int]:
    """Rows that had a value and have none now."""
    if text.null_count() == found.null_count():
        return []
    return (text.is_not_null() & found.is_null()).arg_true().to_list()


def _plain(column: Column, text: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        return text
    if column.dtype == pl.Boolean:
        return text.replace_strict({"Y": True, "N": False}, default=None, return_dtype=pl.Boolean)
    if column.dtype == DECIMAL:
        return _where(text, _DECIMAL).cast(DECIMAL, strict=False)
    if column.dtype == pl.Date:
        return _date(_where(text, _DATE))
    return _where(text, _INTEGER).cast(column.dtype, strict=False)


def _where(text: pl.Series, pattern: str) -> pl.Series:
    return text.to_frame("text").select(pl.when(pl.col("text").str.contains(pattern)).then(pl.col("text")))["text"]


def _date(text: pl.Series) -> pl.Series:
    """YYYYMMDD of a day that exists; year 0 does not."""
    found = text.str.to_date("%Y%m%d", strict=False)
    return found.to_frame("day").select(pl.when(pl.col("day").dt.year() > 0).then(pl.col("day")))["day"]


def _instant(columns: Sequence[Column], text: pl.Series) -> Coerced:
    """UTCTimestamp as microseconds, nanoseconds and digits, each truncated."""
    parts = pl.coalesce(
        pl.when(pl.col("text").str.contains(_SEPARATED)).then(pl.col("text").str.extract_groups(_SEPARATED)),
        pl.when(pl.col("text").str.contains(_RUN_TOGETHER)).then(pl.col("text").str.extract_groups(_RUN_TOGETHER)),
    ).struct.rename_fields(["day", "hour", "minute", "second", "fraction"])
    read = (
        text.to_frame("text")
        .select(parts.alias("parts"))
        .unnest("parts")
        .with_columns(
            pl.col("day").str.to_date("%Y%m%d", strict=False),
            pl.col("hour", "minute", "second").cast(pl.Int64),
            pl.col("fraction").fill_null(""),
        )
        .select(
            seconds=pl.when(
                pl.col("day").dt.year() > 0, pl.col("hour") < 24, pl.col("minute") < 60, pl.col("second") <= 60
            ).then(
                pl.col("day").cast(pl.Int32).cast(pl.Int64) * _DAY
                + pl.col("hour") * 3600
                + pl.col("minute") * 60
                + pl.col("second")
            ),
            nanos=pl.col("fraction").str.slice(0, 9).str.pad_end(9, "0").cast(pl.Int64),
            digits=pl.col("fraction").str.len_bytes().cast(pl.Int8),
        )
    )
    fits_ns = pl.col("seconds").abs() <= _LAST_NS_SECOND
    facets = read.select(
        value=(pl.col("seconds") * 1_000_000 + pl.col("nanos") // 1000).cast(TIMESTAMP),
        ns=pl.when(fits_ns).then(pl.col("seconds") * _NANOSECONDS + pl.col("nanos")),
        digits=pl.when(pl.col("seconds").is_not_null()).then(pl.col("digits")),
    )
    return Coerced(
        {column.name: facets[column.facet].alias(column.name) for column in columns},
        _lost(text, facets["ns"]),
    )

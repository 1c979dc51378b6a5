"""FIX values as text into typed columns, a column at a time.

Invariant: a value is either exactly what was written or null. Nothing is rounded: a price with an eleventh
significant decimal does not fit, a time keeps its first digits. What did not fit is told, value by value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from fix_transforms.tables.spec import DECIMAL, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fix_transforms.tables import Column
    from fix_transforms.tables.spec import DataType

# 18 digits before the point and 10 after it, however many zeros stand around them (FIX float: no exponent, no +).
_DECIMAL = r"^-?(?:0*[0-9]{1,18}(?:\.(?:[0-9]{0,10}0*)?)?|0*\.[0-9]{1,10}0*)$"
_INTEGER = r"^-?[0-9]+$"
_DATE = r"^[0-9]{8}$"
# UTCTimestamp, with and without separators; a one-digit hour and second 60 are seen in real logs.
_SEPARATED = r"^([0-9]{8})-([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{0,12}))?$"
_RUN_TOGETHER = r"^([0-9]{8})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{0,12})$"

#: Rows of a column that is kept for ``nulls``: as many as a chunk may have.
_MANY_ROWS = 65_536

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
        return absent(columns, len(values))
    text = pl.Series(values, dtype=pl.String)
    return _coerced(columns, text, _read(_kind(columns), text))


def coerce_all(columns: Mapping[int, Sequence[Column]], texts: Mapping[int, pl.Series]) -> dict[int, Coerced]:
    """The values of several tags: those of one type together, for chunks may be small and no call is free.

    Args:
        columns: The columns of every tag.
        texts: The values of each tag that has any; all of one length.
    """
    alike: dict[DataType, list[int]] = {}
    for tag in texts:
        alike.setdefault(_kind(columns[tag]), []).append(tag)
    coerced: dict[int, Coerced] = {}
    for kind, tags in alike.items():
        if kind == pl.String:
            coerced.update({tag: _coerced(columns[tag], texts[tag], {"value": texts[tag]}) for tag in tags})
            continue
        found, start = _read(kind, pl.concat([texts[tag] for tag in tags])), 0
        for tag in tags:
            text = texts[tag]
            own = {facet: values.slice(start, len(text)) for facet, values in found.items()}
            coerced[tag] = _coerced(columns[tag], text, own)
            start += len(text)
    return coerced


def absent(columns: Sequence[Column], height: int) -> Coerced:
    """The columns of a tag without values."""
    return Coerced({column.name: nulls(column, height) for column in columns}, [])


def _kind(columns: Sequence[Column]) -> DataType:
    """The type that decides how the values of a tag are read."""
    is_instant = any(column.facet != "value" or column.dtype == TIMESTAMP for column in columns)
    return TIMESTAMP if is_instant else columns[0].dtype


def _read(kind: DataType, text: pl.Series) -> dict[str, pl.Series]:
    """Values by facet."""
    return _instant(text) if kind == TIMESTAMP else {"value": _plain(kind, text)}


def _coerced(columns: Sequence[Column], text: pl.Series, found: dict[str, pl.Series]) -> Coerced:
    read = {column.name: found[column.facet].alias(column.name) for column in columns}
    return Coerced(read, _lost(text, found.get("ns", found["value"])))


def nulls(column: Column, height: int) -> pl.Series:
    """A column without values."""
    return nulls_of(column.name, column.dtype, height)


def nulls_of(name: str, dtype: DataType, height: int) -> pl.Series:
    """A series without values: the start of one that is made once, unless it is longer than chunks are."""
    if height <= _MANY_ROWS:
        return _nulls(dtype).head(height).alias(name)
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, height)


@cache
def _nulls(dtype: DataType) -> pl.Series:
    return pl.Series([None], dtype=dtype).new_from_index(0, _MANY_ROWS)


def _lost(text: pl.Series, found: pl.Series) -> list[int]:
    """Rows that had a value and have none now."""
    if text.null_count() == found.null_count():
        return []
    return (text.is_not_null() & found.is_null()).arg_true().to_list()


def _plain(kind: DataType, text: pl.Series) -> pl.Series:
    if kind == pl.String:
        return text
    if kind == pl.Boolean:
        return text.replace_strict({"Y": True, "N": False}, default=None, return_dtype=pl.Boolean)
    if kind == DECIMAL:
        return _where(text, _DECIMAL).cast(DECIMAL, strict=False)
    if kind == pl.Date:
        return _date(_where(text, _DATE))
    return _where(text, _INTEGER).cast(kind, strict=False)


def _where(text: pl.Series, pattern: str) -> pl.Series:
    return text.to_frame("text").select(pl.when(pl.col("text").str.contains(pattern)).then(pl.col("text")))["text"]


def _date(text: pl.Series) -> pl.Series:
    """YYYYMMDD of a day that exists; year 0 does not."""
    found = text.str.to_date("%Y%m%d", strict=False)
    return found.to_frame("day").select(pl.when(pl.col("day").dt.year() > 0).then(pl.col("day")))["day"]


def _instant(text: pl.Series) -> dict[str, pl.Series]:
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
    return facets.to_dict()

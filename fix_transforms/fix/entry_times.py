"""MDEntryTime(273) of market data entries as an instant, with the date of the entry or of its message.

Invariant: an entry time without a date is on the day that brings it nearest to when the message was sent; where
neither is known it is none, and nothing is wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fix_transforms.fix.arrow_buffers import INLINE
from fix_transforms.fix.coercion import Coerced
from fix_transforms.fix.plain_values import Words, digits, filled, integer_series, scaled, taken, words_of
from fix_transforms.tables.spec import TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.tables import Column

_SECOND_NS = 10**9
_DAY_NS, _DAY_US = 86_400 * _SECOND_NS, 86_400 * 10**6
#: Days since 1970-01-01 of which every nanosecond fits into Int64 (until 2262).
_LAST_DAY = 106_750

_TIME_BYTES = 8
_COLON_BYTES, _COLONS = np.uint64(0x0000FF0000FF0000), np.uint64(0x00003A00003A0000)
_HOUR, _MINUTE, _SECOND = np.uint64(0xFFFF), np.uint64(0xFFFF0000), np.uint64(0xFFFF00000000)
_BYTE, _TWO_BYTES, _LOWEST, _DOT = np.uint64(8), np.uint64(16), np.uint64(0xFF), np.uint64(0x2E)
#: Decimals of a second that count, and how many of them are among the first ``INLINE`` bytes.
_DECIMALS, _HERE = 9, INLINE - _TIME_BYTES - 1


def entry_times(
    columns: Sequence[Column], times: pl.Series, dates: pl.Series, days: pl.Series, sent: pl.DataFrame
) -> Coerced:
    """The columns of MDEntryTime, a row per entry that has one.

    Args:
        columns: As they are declared.
        times: MDEntryTime(273) as text.
        dates: MDEntryDate(272) as text.
        days: What of that is a date.
        sent: When the entry's message was sent: ``sent_on``, a date, and ``sent_ns``, epoch nanoseconds.
    """
    day = days.zip_with(dates.is_not_null(), sent["sent_on"]).to_physical().fill_null(-1).to_numpy()
    plain, nanoseconds, decimals = _plain_times(times)
    plain &= (day >= 0) & (day <= _LAST_DAY)
    nanoseconds += day.astype(np.int64) * _DAY_NS
    facets = {
        "value": integer_series(nanoseconds // 1000, plain).cast(TIMESTAMP),
        "ns": integer_series(nanoseconds, plain),
        "digits": integer_series(np.where(plain, decimals, 0).astype(np.int8), plain),
    }
    found = {column.name: facets[column.facet].alias(column.name) for column in columns}
    rows = np.flatnonzero(~plain)
    dated = _dated(*(taken(column, rows) for column in (times, dates, sent["sent_on"])))
    coerced = filled(columns, found, rows, dated)
    return Coerced(_on_nearest_day(columns, coerced.columns, days, sent["sent_ns"]), coerced.errors)


def _plain_times(times: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which times are ``HH:MM:SS`` with at most nine decimals, their nanoseconds, and how many decimals."""
    words, more = _split(times)
    is_time, seconds = _seconds(words.first)
    nanoseconds = seconds * _SECOND_NS
    here = np.maximum(words.length - _TIME_BYTES - 1, 0)
    if not here.any():
        return is_time & (words.length == _TIME_BYTES), nanoseconds, here
    is_number, value = digits(words.last >> _BYTE, np.minimum(here, _HERE))
    is_fraction = is_number & ((words.last & _LOWEST) == _DOT) & (words.length <= INLINE)
    fraction = scaled(value, np.minimum(here, _HERE), _DECIMALS)
    decimals = here
    if more is not None:
        rest = np.minimum(more.length, _DECIMALS - _HERE)
        is_number, value = digits(more.first, rest)
        is_fraction &= (more.length == 0) | (is_number & (more.length == rest))
        fraction += np.where(more.length > 0, scaled(value, rest, _DECIMALS - _HERE), 0)
        decimals = here + more.length
    is_whole = words.length == _TIME_BYTES
    return is_time & (is_whole | is_fraction), nanoseconds + np.where(is_whole, 0, fraction), decimals


def _split(times: pl.Series) -> tuple[Words, Words | None]:
    """The first ``INLINE`` bytes of each, and those behind where one has more."""
    words = words_of(times)
    if not (words.length > INLINE).any():
        return words, None
    # Polars counts characters: what is longer than it should be is not ASCII, and not taken for plain.
    return words_of(times.str.slice(0, INLINE)), words_of(times.str.slice(INLINE))


def _seconds(word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``HH:MM:SS`` as seconds, if there is such a time; second 60 is a leap second."""
    together = (word & _HOUR) | ((word >> _BYTE) & _MINUTE) | ((word >> _TWO_BYTES) & _SECOND)
    is_number, value = digits(together, np.full(len(word), 6))
    minutes, second = np.divmod(value, 100)
    hour, minute = np.divmod(minutes, 100)
    is_time = is_number & ((word & _COLON_BYTES) == _COLONS) & (hour < 24) & (minute < 60) & (second <= 60)
    return is_time, hour * 3600 + minute * 60 + second


def _dated(times: pl.Series, dates: pl.Series, sent_on: pl.Series) -> pl.Series:
    """Times with their date in front, as a UTCTimestamp; null without either."""
    date = dates.zip_with(dates.is_not_null(), sent_on.dt.strftime("%Y%m%d"))
    has_colons = times.str.contains(":", literal=True)
    return (date + "-" + times).zip_with(has_colons, date + times)


def _on_nearest_day(
    columns: Sequence[Column], found: dict[str, pl.Series], days: pl.Series, sent_ns: pl.Series
) -> dict[str, pl.Series]:
    """Entries around midnight: a time without a date that is over half a day off is on the neighbouring day."""
    names = {column.facet: column.name for column in columns}
    nanoseconds, value = found[names["ns"]], found[names["value"]]
    off = nanoseconds - sent_ns
    is_late, is_early = ((off > _DAY_NS // 2) & days.is_null()), ((off < -_DAY_NS // 2) & days.is_null())
    if not (is_late.any() or is_early.any()):
        return found
    moved = (is_early.cast(pl.Int64) - is_late.cast(pl.Int64)).fill_null(0)
    return found | {
        names["ns"]: nanoseconds + moved * _DAY_NS,
        names["value"]: (value.to_physical() + moved * _DAY_US).cast(TIMESTAMP),
    }

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from fix_transforms.fix.coercion import coerce
from fix_transforms.fix.entry_times import entry_times
from fix_transforms.tables import MARKET_DATA_ENTRIES

COLUMNS = MARKET_DATA_ENTRIES.tag_columns()[273]
WHOLE = "09:30:00.123456789012"


def as_coerced(times, day="20240102"):
    """Each time as the end of a timestamp that ``coercion`` reads."""
    return coerce(COLUMNS, pl.Series([f"{day}-{time}" if ":" in time else f"{day}{time}" for time in times]))


def as_entries(times, date=None, sent_on=dt.date(2024, 1, 2)):
    height = len(times)
    dates = pl.Series([date] * height, dtype=pl.String)
    days = dates.str.to_date("%Y%m%d", strict=False)
    noon = [sent_on and (sent_on - dt.date(1970, 1, 1)).days * 86_400 * 10**9 + 43_200 * 10**9] * height
    sent = pl.DataFrame(
        {"sent_on": [sent_on] * height, "sent_ns": noon}, schema={"sent_on": pl.Date, "sent_ns": pl.Int64}
    )
    return entry_times(COLUMNS, pl.Series(times, dtype=pl.String), dates, days, sent)


def same(found, expected):
    assert found.errors == expected.errors
    for name, column in expected.columns.items():
        assert found.columns[name].dtype == column.dtype
        assert found.columns[name].to_list() == column.to_list()


@pytest.mark.parametrize("length", range(1, len(WHOLE) + 1))
def test_any_byte_in_any_place_is_read_as_coercion_reads_it(length):
    time = WHOLE[:length]
    others = "0123456789:;/.-+ xé\x00∞"
    times = [time, *(time[:place] + other + time[place + 1 :] for place in range(length) for other in others)]
    same(as_entries(times), as_coerced(times))


def test_every_second_of_a_day_and_what_looks_like_one_is_read():
    times = [
        f"{hour:02}:{minute:02}:{second:02}" for hour in range(26) for minute in (0, 9, 59, 60) for second in range(62)
    ]
    same(as_entries(times), as_coerced(times))


@pytest.mark.parametrize(
    "date", ["20231231", "00010101", "22620411", "22620412", "99991231", "19691231", "20240230", "2024"]
)
def test_the_entrys_own_date_comes_first(date):
    times = ["23:59:59.999999999", "00:00:00", "235959", "noon"]
    same(as_entries(times, date), as_coerced(times, date))


def test_without_any_date_there_is_no_time_and_no_error():
    found = as_entries(["09:30:00", "noon"], sent_on=None)
    assert found.errors == []
    assert all(column.to_list() == [None, None] for column in found.columns.values())

"""When the simulated markets trade: dates and hours, from calendars written down here.

Invariant: depends on nothing but its arguments. Dates run from 2 January 2024 over weekdays that the New York Stock
Exchange was open (its published 2024 holidays; later years skip weekends only). Hours are local to the market, so the
UTC times move with daylight saving.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fix_transforms.simulate.profiles import Market
from fix_transforms.simulate.wire import SECOND

FIRST_DATE = date(2024, 1, 2)

_HOLIDAYS = frozenset(
    date(2024, month, day)
    for month, day in ((1, 15), (2, 19), (3, 29), (5, 27), (6, 19), (7, 4), (9, 2), (11, 28), (12, 25))
)

_HOURS: dict[Market, tuple[str, time, time]] = {
    "us-equity": ("America/New_York", time(9, 30), time(16, 0)),
    "london-equity": ("Europe/London", time(8, 0), time(16, 30)),
    "fx": ("Europe/London", time(7, 0), time(17, 0)),
}


def trading_dates() -> Iterator[date]:
    """Every trading date from ``FIRST_DATE`` on, without end."""
    day = FIRST_DATE
    while True:
        if day.weekday() < 5 and day not in _HOLIDAYS:
            yield day
        day += timedelta(days=1)


def trading_hours(market: Market, day: date) -> tuple[int, int]:
    """Open and close, in microseconds since midnight UTC."""
    zone, opens, closes = _HOURS[market]
    return _micros(day, opens, zone), _micros(day, closes, zone)


def _micros(day: date, local: time, zone: str) -> int:
    instant = datetime.combine(day, local, ZoneInfo(zone)).astimezone(UTC)
    midnight = datetime.combine(day, time(), UTC)
    return int((instant - midnight).total_seconds()) * SECOND

"""How far the clock of a log is from SendingTime(52), and which time zone would explain it.

Invariant: a zone is named only when nearly all messages agree on one distance per date, and a zone that is named
has that distance on every date that was seen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

#: Where venues and desks are, the likeliest first.
CANDIDATES = (
    "UTC", "Europe/London", "America/New_York", "America/Chicago", "Europe/Berlin", "Asia/Tokyo", "Asia/Hong_Kong",
    "Asia/Singapore", "Australia/Sydney", "Asia/Kolkata", "America/Toronto", "America/Sao_Paulo", "Europe/Moscow",
    "Asia/Dubai", "Africa/Johannesburg", "America/Los_Angeles", "America/Denver", "Asia/Seoul", "Asia/Jakarta",
    "Pacific/Auckland", "Europe/Helsinki", "Europe/Istanbul", "Asia/Karachi", "America/Mexico_City",
)  # fmt: skip
_QUARTER = 15 * 60
#: How far from a whole quarter of an hour a clock may be, in seconds: the way of a message, and clocks that drift.
_TOLERANCE = 120
_MAX_HOURS = 15
_AGREEMENT = 0.9
_MIN_MESSAGES = 1


@dataclass(slots=True)
class Distances:
    """Distances of log clocks, read as if they were UTC, from SendingTime, in quarters of an hour by date."""

    by_date: dict[date, Counter[int]] = field(default_factory=dict)
    elsewhere: int = 0

    def add(self, log_time: datetime, sending_time: datetime) -> None:
        """Take one message's two clocks."""
        seconds = (log_time - sending_time).total_seconds()
        quarters = round(seconds / _QUARTER)
        if abs(seconds - quarters * _QUARTER) > _TOLERANCE or abs(seconds) > _MAX_HOURS * 3600:
            self.elsewhere += 1
        else:
            self.by_date.setdefault(sending_time.date(), Counter())[quarters] += 1

    @property
    def measured(self) -> int:
        """How many messages had both clocks."""
        return self.elsewhere + sum(counts.total() for counts in self.by_date.values())

    def agreed(self) -> dict[date, timedelta] | None:
        """The distance on each date; nothing where messages disagree."""
        found, agreeing = {}, 0
        for day, counts in self.by_date.items():
            quarters, count = counts.most_common(1)[0]
            found[day] = timedelta(seconds=quarters * _QUARTER)
            agreeing += count
        if agreeing < max(_MIN_MESSAGES, _AGREEMENT * self.measured):
            return None
        return found


def zone_for(distances: dict[date, timedelta]) -> str | None:
    """A zone whose clocks are that far ahead of UTC on those dates; a fixed one where no place fits."""
    for name in CANDIDATES:
        if explains(name, distances):
            return name
    only = set(distances.values())
    hours = next(iter(only)) / timedelta(hours=1) if len(only) == 1 else 0.5
    # The signs of these zones are the other way round: Etc/GMT+5 is five hours behind.
    return f"Etc/GMT{-int(hours):+d}" if hours == int(hours) and -12 <= hours <= 14 else None


def explains(name: str, distances: dict[date, timedelta]) -> bool:
    """Whether clocks of a zone are that far ahead of UTC on those dates."""
    zone = ZoneInfo(name)
    return all(_ahead(zone, day) == distance for day, distance in distances.items())


def _ahead(zone: ZoneInfo, day: date) -> timedelta | None:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).astimezone(zone).utcoffset()

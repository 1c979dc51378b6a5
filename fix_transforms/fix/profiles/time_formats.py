"""Clocks by a format such as ``%d.%m.%Y %H:%M:%S.%f``: found in a prefix and turned into an instant.

Invariant: a format names a whole date and an hour, or it is refused; a clock that is no instant gives nothing.
Fractions keep nine digits, where ``strptime`` keeps six.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fix_transforms.fix.profiles.detected import MONTHS, LogTime
from fix_transforms.fix.profiles.zones import ZONE_PATTERN, placed

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "b": r"(?P<b>(?i:" + "|".join(MONTHS) + r")[a-z]*)",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "p": r"(?P<p>(?i:[ap]m))",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2})",
    "f": r"(?P<f>[0-9]{1,12})",
    "z": rf"(?P<z>{ZONE_PATTERN})",
    "%": "%",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE_SIZE = 4096
_LAST_SECOND = 60


class TimeFormat:
    """One format.

    Args:
        text: Directives of ``strptime``: %Y %y %m %b %d %H %I %p %M %S %f %z %%. A blank stands for any blanks.

    Raises:
        ValueError: A directive is not known or stands twice, or year, month, day or hour is missing.
    """

    def __init__(self, text: str) -> None:
        parts, position, seen = ["(?<![0-9])"], 0, set[str]()
        while position < len(text):
            character = text[position]
            position += 1
            if character == "%":
                name = text[position : position + 1]
                position += 1
                if name not in _DIRECTIVES or (name in seen and name != "%"):
                    known = " ".join(f"%{each}" for each in _DIRECTIVES)
                    raise ValueError(f"%{name} is not a directive that can stand here; {known} are, once each")
                seen.add(name)
                parts.append(_DIRECTIVES[name])
            elif character.isspace():
                parts.append(r"[ \t]+")
            else:
                parts.append(re.escape(character))
        for needed in ({"Y", "y"}, {"m", "b"}, {"d"}, {"H", "I"}, {"M"}):
            if not needed & seen:
                raise ValueError(f"names no {' or '.join(f'%{name}' for name in sorted(needed))}")
        self._pattern = re.compile("".join(parts) + "(?![0-9])")
        self._minutes: dict[tuple[str | None, ...], int | None] = {}

    def find(self, text: str, zone: ZoneInfo) -> LogTime | None:
        """The first such clock in the text, in UTC.

        Args:
            text: A prefix, or what a pattern found in one.
            zone: Zone of a clock that does not say its own.
        """
        match = self._pattern.search(text)
        if match is None:
            return None
        found = match.groupdict()
        second = int(found.get("S") or 0)
        minute = self._minute(tuple(found.get(name) for name in "YymbdHIpMz"), zone)
        if minute is None or second > _LAST_SECOND:
            return None
        fraction = found.get("f") or ""
        nanoseconds = int(fraction[:9].ljust(9, "0")) if fraction else 0
        return LogTime((minute + second) * 1_000_000_000 + nanoseconds, len(fraction))

    def _minute(self, key: tuple[str | None, ...], zone: ZoneInfo) -> int | None:
        """Epoch seconds of a minute, remembered: a log has many lines per minute."""
        full_key = (*key, zone.key)
        if full_key not in self._minutes:
            if len(self._minutes) >= _CACHE_SIZE:
                self._minutes.clear()
            self._minutes[full_key] = _epoch_seconds(key, zone)
        return self._minutes[full_key]


def _epoch_seconds(key: tuple[str | None, ...], zone: ZoneInfo) -> int | None:
    year, short_year, month, month_name, day, hour, half_hour, half, minute, offset = key
    full_year = int(year) if year else 2000 + int(short_year or 0) - (100 if int(short_year or 0) > 68 else 0)  # POSIX
    number = int(month) if month else MONTHS.index((month_name or "")[:3].lower()) + 1
    clock = int(hour) if hour else int(half_hour or 0) % 12 + (12 if (half or "").lower() == "pm" else 0)
    try:
        local = datetime(full_year, number, int(day or 0), clock, int(minute or 0))  # noqa: DTZ001 (placed next)
        elapsed = placed(local, offset or "", zone) - _EPOCH
    except (ValueError, OverflowError):
        return None
    seconds = elapsed.days * 86_400 + elapsed.seconds
    return seconds if abs(seconds) < 9_000_000_000 else None

"""The zone of a clock: the one written behind it, else the one that is assumed.

Invariant: what is written wins, except that a name such as ``CST``, which stands for more than one zone, is the
assumed zone's where that goes by this name at the time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

#: Hours from UTC of the zones that mail headers may name (RFC 5322, section 4.3).
NAMED_ZONES: Final = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_AFTER_HOURS = "(?![0-9A-Za-z_=%]|[.:][0-9])"
#: As a pattern: the names end where a word ends. Hours alone, as PostgreSQL writes them, are followed by no more of a
#: number; after ``UTC`` and ``GMT`` they may have one digit.
ZONE_PATTERN: Final = (
    rf"(?:UTC|GMT)[+-](?:[0-9]{{1,2}}:[0-9]{{2}}(?![0-9])|[0-9]{{4}}(?![0-9])|(?:0?[0-9]|1[0-4]){_AFTER_HOURS})"
    rf"|(?:Z|UTC|GMT|{'|'.join(NAMED_ZONES)})\b"
    rf"|[+-](?:[0-9]{{2}}:?[0-9]{{2}}(?![0-9])|(?:0[0-9]|1[0-4]){_AFTER_HOURS})"
)


def placed(local: datetime, written: str, zone: ZoneInfo) -> datetime:
    """The instant of a clock.

    Args:
        local: What it says, without a zone.
        written: The zone behind it, as ``ZONE_PATTERN`` finds it; empty where there is none.
        zone: The zone that is assumed. An hour that occurs twice is the first one, unless the name tells.

    Raises:
        ValueError: No zone is that far from UTC.
    """
    if not written:
        return local.replace(tzinfo=zone)
    offset = written[3:] if written.startswith(("UTC", "GMT")) else written
    if offset and offset[0] in "+-":
        hours, minutes = offset_in(offset)
        distance = timedelta(hours=hours, minutes=minutes)
        return local.replace(tzinfo=timezone(-distance if offset[0] == "-" else distance))
    if written not in NAMED_ZONES:
        return local.replace(tzinfo=UTC)
    both = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    named = [each for each in both if each.tzname() == written]
    return named[0] if named else local.replace(tzinfo=timezone(timedelta(hours=NAMED_ZONES[written])))


def offset_in(written: str) -> tuple[int, int]:
    """Hours and minutes of ``+h``, ``+hh``, ``+hhmm`` or ``+h:mm``, without the sign."""
    hours, colon, minutes = written[1:].partition(":")
    if not colon:
        hours, minutes = written[1:3], written[3:]
    return int(hours), int(minutes or 0)

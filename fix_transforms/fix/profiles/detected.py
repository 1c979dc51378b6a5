"""What surrounds a message on its line: the clock of the log, and whether the engine sent or received it.

Invariant: nothing here fails. A prefix that says nothing gives no time and no direction, and a time of day
without a date is no time. Words on the line come before the name of the file, and both before ``local``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from fix_transforms.fix.profiles.words import (
    Direction,
    needs_reference,
    session_direction,
    session_in,
    spoken_direction,
)
from fix_transforms.fix.profiles.zones import ZONE_PATTERN, placed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE_SIZE = 4096
_FRACTION_DIGITS = 9

#: Names of months as clocks write them, in any case.
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = f"(?ai:{'|'.join(MONTHS)})"
#: Dates with or without separators, MM/DD/YYYY, with a month's name as in 02-Jan-2024 and 2024-Jan-02, and a time of
#: day with 0 to 9 decimals and maybe AM or PM and a zone. The value of a field is no clock of the line: ``52=…``,
#: ``52 (SendingTime) = …``, ``"52": "…"``.
_CLOCK = re.compile(
    r"(?<![0-9])(?<![0-9)]=)(?<!\) = )(?<![0-9][\"']:[\"'])(?<![0-9][\"']: [\"'])"
    r"(?:(?P<year>[0-9]{4})(?P<sep>[-/.]?)(?P<month>[0-9]{2})(?P=sep)(?P<day>[0-9]{2})"
    r"|(?P<first>[0-9]{1,2})/(?P<second>[0-9]{1,2})/(?P<late_year>[0-9]{4})"
    rf"|(?P<early_day>[0-9]{{1,2}})(?P<mark>[-/. ])(?P<middle_name>{_NAME})(?P=mark)(?P<last_year>[0-9]{{4}})"
    rf"|(?P<early_year>[0-9]{{4}})(?P<between>[-/. ])(?P<name>{_NAME})(?P=between)(?P<late_day>[0-9]{{2}}))"
    r"(?:[-T_:]|,?[ \t]{1,4})(?P<minute>[0-9]{1,2}:[0-9]{2}):(?P<seconds>[0-9]{2})(?:[.,:](?P<fraction>[0-9]{1,12}))?(?![0-9])"
    r"(?:[ ]?(?P<half>[AP]M|[ap]m)(?![A-Za-z0-9_]))?"
    rf"[ ]?(?P<zone>{ZONE_PATTERN})?"
)
#: A number of ten digits that nothing follows may count anything, and one with zeros before it counts lines.
_TICKS = re.compile(
    r"\A\s*[\[<(]?(?P<ticks>[1-9][0-9]{9}(?=[\s:,|\]>)-])"
    r"|[1-9](?:[0-9]{12}|[0-9]{15}|[0-9]{18}|[0-9]{9}\.[0-9]{1,9})(?=[\s:,|\]>)-]|\Z))"
)
#: A member of a JSON log: ``"ts": 1704187800.123``.
TICKS_NAMES = (b"ts", b"time", b"timestamp")
_TICKS_MEMBER = re.compile(
    rf"[\"'](?:{'|'.join(map(bytes.decode, TICKS_NAMES))})[\"'][ ]?:[ ]?"
    r"(?P<ticks>[1-9](?:[0-9]{9}(?:\.[0-9]{1,9})?|[0-9]{12}|[0-9]{15}|[0-9]{18}))(?=[,} ])"
)
#: What a line starts with that has a time of its own without a date.
_TIME_ALONE = re.compile(r"\A[ \t]*[\[<(]?[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?![0-9])")
_LETTER = re.compile(r"[A-Za-z]")
_TICKS_DIGITS = {10: 0, 13: 3, 16: 6, 19: 9}

_SUFFIX = re.compile(r"\.(in|out)(?:\.[0-9]+|\.log|\.txt|\.gz|\.zst|\.bz2|\.xz|\.lz4|\.zip)*\Z", re.IGNORECASE)
_SESSION_FILE = re.compile(r"FIXT?\.[0-9]\.[0-9](?:SP[0-9])?-(?P<rest>[^/\\]+)\Z", re.IGNORECASE)
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9.\-]")


class LogTime(NamedTuple):
    """The clock of a log line: epoch nanoseconds, truncated, and the fraction digits that were written."""

    ns: int
    digits: int


def in_half(minute: str, half: str) -> str:
    """``HH:MM`` of 24 hours for one beside AM or PM; above 12, an hour is one of 24 whatever stands beside it."""
    hour, _, minutes = minute.partition(":")
    if half in ("AM", "am") and hour == "12":
        return f"00:{minutes}"
    return f"{int(hour) + 12}:{minutes}" if half in ("PM", "pm") and int(hour) < 12 else minute


def ticks_in(prefix: str) -> re.Match[str] | None:
    """Where a line without a clock counts seconds, millis, micros or nanos of the epoch."""
    return _TICKS.match(prefix) or _TICKS_MEMBER.search(prefix)


def is_of_text(prefix: str, clock: int) -> bool:
    """Whether the clock at ``clock`` belongs to what the line says: words part it from a time at its start."""
    own = _TIME_ALONE.match(prefix, 0, clock)
    return own is not None and _LETTER.search(prefix, own.end(), clock) is not None


def date_in(clock: re.Match[str]) -> tuple[str, str, str]:
    """Year, month and day of a clock as the calendar takes them: a month's name is a number there."""
    if clock["year"] is not None:
        return clock["year"], clock["month"], clock["day"]
    if clock["late_year"] is not None:
        return clock["late_year"], clock["first"], clock["second"]
    if clock["last_year"] is not None:
        return clock["last_year"], _month(clock["middle_name"]), clock["early_day"]
    return clock["early_year"], _month(clock["name"]), clock["late_day"]


def _month(name: str) -> str:
    return f"{MONTHS.index(name.lower()) + 1:02}"


class LineProfile(Protocol):
    """What a declared profile has to offer."""

    def log_time(self, prefix: str) -> LogTime | None:
        """The clock of the line."""

    def direction(self, prefix: str, sender: str | None, target: str | None) -> Direction | None:
        """Whether the logging engine received or sent the message."""


class DetectedProfile:
    """Reads every known shape of prefix.

    Args:
        zone_name: IANA zone of clocks that do not say theirs. An hour that occurs twice is taken as the first.
        source_name: Name of the file: ``….in``, ``….out`` and ``FIX.4.2-LOCAL-REMOTE.messages…`` tell the
            direction where lines do not.
        local: CompIDs of the side that logs: what they send is outgoing, where neither line nor file tells.
    """

    def __init__(self, zone_name: str = "UTC", source_name: str = "", local: frozenset[str] = frozenset()) -> None:
        self._zone = ZoneInfo(zone_name)
        self._local = local
        self._minutes: dict[tuple[str, ...], int | None] = {}
        self._directions: dict[str, Direction | None] = {}
        self._sessions: dict[tuple[str | None, str | None], Direction | None] = {}
        base_name = re.split(r"[/\\]", source_name)[-1]
        suffix = _SUFFIX.search(base_name)
        self._by_suffix: Direction | None = None
        if suffix is not None:
            self._by_suffix = "in" if suffix[1].lower() == "in" else "out"
        session = _SESSION_FILE.search(base_name)
        self._session = session["rest"].lower() if session is not None else None

    # ---- clock ----

    def log_time(self, prefix: str) -> LogTime | None:
        """The clock in front of a message or event, in UTC."""
        match = _CLOCK.search(prefix)
        if match is None:
            return self._ticks(prefix)
        if is_of_text(prefix, match.start()):
            return None
        year, month, day = date_in(match)
        time = match["minute"] if match["half"] is None else in_half(match["minute"], match["half"])
        minute = self.minute(year, month, day, time, match["zone"] or "")
        if minute is None:
            return None
        seconds = int(match["seconds"])
        if seconds > 60:
            return None
        fraction = match["fraction"] or ""
        nanoseconds = int(fraction[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0")) if fraction else 0
        return LogTime((minute + seconds) * 1_000_000_000 + nanoseconds, len(fraction))

    def minute(self, *key: str) -> int | None:
        """Epoch seconds of a minute, remembered: a log has many lines per minute."""
        found = self._minutes.get(key)
        if found is None and key not in self._minutes:
            if len(self._minutes) >= _CACHE_SIZE:
                self._minutes.clear()
            found = self._minutes[key] = self._epoch_seconds(*key)
        return found

    def _epoch_seconds(self, year: str, month: str, day: str, minute: str, zone: str) -> int | None:
        hour, _, minutes = minute.partition(":")
        first, second = int(month), int(day)
        if first > 12 >= second:
            first, second = second, first
        try:
            local = datetime(int(year), first, second, int(hour), int(minutes))  # noqa: DTZ001 (placed next)
            elapsed = placed(local, zone, self._zone) - _EPOCH
        except (ValueError, OverflowError):
            return None
        seconds = elapsed.days * 86_400 + elapsed.seconds
        return seconds if abs(seconds) < 9_000_000_000 else None

    @staticmethod
    def _ticks(prefix: str) -> LogTime | None:
        """Epoch seconds, millis, micros or nanos in front of a line, told apart by their length."""
        match = ticks_in(prefix)
        if match is None:
            return None
        ticks, _, fraction = match["ticks"].partition(".")
        digits = _TICKS_DIGITS[len(ticks)] + len(fraction)
        ns = int(ticks + fraction) * 10 ** (_FRACTION_DIGITS - digits)
        return LogTime(ns, digits) if ns < 9_000_000_000 * 1_000_000_000 else None

    # ---- direction ----

    def direction(self, prefix: str, sender: str | None, target: str | None) -> Direction | None:
        """What the line says, else what the name of the file says about the message's CompIDs."""
        words = _CLOCK.sub("", prefix, count=1) if prefix else ""
        found = self._directions.get(words)
        if found is None and words not in self._directions:
            if len(self._directions) >= _CACHE_SIZE:
                self._directions.clear()
            found = self._directions[words] = self.spoken(words)
        if found is None and "->" in words:
            found = self.by_prefix_session(words, sender, target)
        return found or self._by_suffix or self._by_session(sender, target)

    @staticmethod
    def spoken(words: str) -> Direction | None:
        """What the words of a prefix say, without its clock; digits may have been replaced by ``0``."""
        return spoken_direction(words)

    @staticmethod
    def needs_reference(words: str) -> bool:
        """Whether a prefix of these words takes more than the words: see ``words.needs_reference``."""
        return needs_reference(words)

    @staticmethod
    def by_prefix_session(words: str, sender: str | None, target: str | None) -> Direction | None:
        """What a session in the prefix says about the message's CompIDs."""
        session = session_in(words)
        return session_direction(session, sender, target) if session is not None else None

    @property
    def asks_comp_ids(self) -> bool:
        """Whether direction may depend on the message's CompIDs where the line says nothing."""
        return self._by_suffix is None and (self._session is not None or bool(self._local))

    @property
    def by_suffix(self) -> Direction | None:
        """What ``….in`` or ``….out`` says of every message of the file."""
        return self._by_suffix

    def by_file(self, sender: str | None, target: str | None) -> Direction | None:
        """What the name of the file says about the message's CompIDs."""
        return self._by_suffix or self._by_session(sender, target)

    def _by_session(self, sender: str | None, target: str | None) -> Direction | None:
        if (self._session is None and not self._local) or not sender or not target:
            return None
        key = (sender, target)
        if key not in self._sessions:
            if len(self._sessions) >= _CACHE_SIZE:
                self._sessions.clear()
            sent, received = self._names_session(sender, target), self._names_session(target, sender)
            if sent == received:
                sent, received = sender in self._local, target in self._local
            self._sessions[key] = None if sent == received else "out" if sent else "in"
        return self._sessions[key]

    def _names_session(self, local: str, remote: str) -> bool:
        """Whether the file is named ``LOCAL[_sub[_location]]-REMOTE[…]``, as QuickFIX and its ports do."""
        names = [re.escape(_NOT_IN_FILE_NAMES.sub("_", name).lower()) for name in (local, remote)]
        plain = [re.escape(name.lower()) for name in (local, remote)]
        pattern = rf"(?:{names[0]}|{plain[0]})(?:_[^-]*)?-(?:{names[1]}|{plain[1]})(?=[._-]|\Z)"
        return self._session is not None and re.match(pattern, self._session) is not None

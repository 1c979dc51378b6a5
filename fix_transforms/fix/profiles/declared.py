"""What an operator says of the lines of a log, and the profile that follows it.

Invariant: what is declared wins over what would be detected; what is not declared is detected. A line that a
declared pattern does not fit is read as if nothing had been declared, but a clock of a declared format is never
read in another format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from fix_transforms.fix.profiles.detected import DetectedProfile, LineProfile, LogTime
from fix_transforms.fix.profiles.patterns import alternatives
from fix_transforms.fix.profiles.time_formats import TimeFormat
from fix_transforms.fix.profiles.words import Direction, announces, session_direction, session_named, spoken_direction
from fix_transforms.fix.textlines import holds_fields

DirectionFrom = Literal["line", "line_before", "file"]

#: Groups that the pattern of a line may name.
LINE_GROUPS = frozenset({"time", "direction", "session", "message"})
#: What a group of its own says in one letter or sign.
_SHORT_DIRECTIONS: dict[str, Direction] = {"i": "in", "in": "in", "r": "in", "<": "in", "<-": "in", "o": "out", "out": "out", "s": "out", ">": "out", "->": "out"}  # fmt: skip
_LONGEST_LINE_BEFORE = 1024


@dataclass(frozen=True, slots=True)
class LineRules:
    """What is declared; nothing is, by default.

    Attributes:
        name: What the profile is called.
        prefix: Fits the text before a message; may name ``time``, ``direction`` and ``session``.
        time: Finds the clock in the text before a message: its group ``time``, else all that it matches.
        time_format: How the clock is written.
        markers: Words that tell the direction: group ``arrived`` or ``left``. The last in a text counts.
        direction_from: Where the direction stands; with ``file``, words on lines do not count.
        noise: Lines that are remarks although they hold FIX fields.
        message: Fits a line that holds a message without BeginString, BodyLength and CheckSum; the group
            ``message`` is the message.
        delimiter: How such a message spells SOH; none means that it is found out.
        begin_string: Version of messages that do not say theirs.
    """

    name: str = "declared"
    prefix: re.Pattern[str] | None = None
    time: re.Pattern[str] | None = None
    time_format: TimeFormat | None = None
    markers: re.Pattern[str] | None = None
    direction_from: DirectionFrom = "line"
    noise: tuple[re.Pattern[bytes], ...] = ()
    message: re.Pattern[bytes] | None = None
    delimiter: bytes | None = None
    begin_string: str | None = None

    def announces(self, line: bytes) -> bool:
        """Whether a line tells the direction of the message on the next one."""
        if self.direction_from != "line_before" or self.markers is None:
            return announces(line)
        text = line[:_LONGEST_LINE_BEFORE]
        return self.markers.search(text.decode("latin-1")) is not None and not holds_fields(text)


def markers_of(incoming: tuple[str, ...], outgoing: tuple[str, ...]) -> re.Pattern[str] | None:
    """The pattern of declared words; none when none is declared."""
    named = [
        f"(?P<{name}>{alternatives(words)})" for name, words in (("arrived", incoming), ("left", outgoing)) if words
    ]
    return re.compile("|".join(named)) if named else None


class DeclaredProfile:
    """Reads lines as declared.

    Args:
        rules: What is declared.
        zone_name: As for ``DetectedProfile``.
        source_name: As for ``DetectedProfile``.
        local: As for ``DetectedProfile``.
    """

    def __init__(
        self, rules: LineRules, zone_name: str = "UTC", source_name: str = "", local: frozenset[str] = frozenset()
    ) -> None:
        self._rules = rules
        self._zone = ZoneInfo(zone_name)
        self._detected = DetectedProfile(zone_name, source_name, local)

    def log_time(self, prefix: str) -> LogTime | None:
        """The clock of the line."""
        rules = self._rules
        text = self._group(prefix, "time")
        if text is None:
            text = prefix
            if rules.time is not None:
                found = rules.time.search(prefix)
                if found is None:
                    return None
                text = found["time"] if "time" in rules.time.groupindex else found[0]
        if rules.time_format is not None:
            return rules.time_format.find(text, self._zone)
        return self._detected.log_time(text)

    def direction(self, prefix: str, sender: str | None, target: str | None) -> Direction | None:
        """Whether the logging engine received or sent the message."""
        if self._rules.direction_from == "file":
            return self._detected.by_file(sender, target)
        found = self._spoken(prefix)
        if found is None:
            named = self._group(prefix, "session")
            session = session_named(named if named is not None else "")
            if session is not None:
                found = session_direction(session, sender, target)
        if found is not None:
            return found
        if self._rules.markers is None and self._group(prefix, "direction") is None:
            return self._detected.direction(prefix, sender, target)
        return self._detected.by_prefix_session(prefix, sender, target) or self._detected.by_file(sender, target)

    def _spoken(self, prefix: str) -> Direction | None:
        text = self._group(prefix, "direction")
        if self._rules.markers is not None:
            return _marked(self._rules.markers, prefix if text is None else text)
        if text is None:
            return None
        return spoken_direction(text) or _SHORT_DIRECTIONS.get(text.strip().lower())

    def _group(self, prefix: str, name: str) -> str | None:
        """What a group of the line's pattern holds; none when the pattern has no such group or does not fit."""
        pattern = self._rules.prefix
        if pattern is None or name not in pattern.groupindex:
            return None
        # The blank before the message is not part of the prefix that is kept.
        match = pattern.match(prefix) or pattern.match(f"{prefix} ")
        return match[name] if match is not None else None


def _marked(markers: re.Pattern[str], text: str) -> Direction | None:
    last = None
    for last in markers.finditer(text):  # noqa: B007
        pass
    if last is None:
        return None
    return "in" if last.groupdict().get("arrived") is not None else "out"


def profile_of(
    rules: LineRules | None, zone_name: str, source_name: str, local: frozenset[str] = frozenset()
) -> LineProfile:
    """The profile that a file is read with: as declared, else as detected."""
    if rules is None:
        return DetectedProfile(zone_name, source_name, local)
    return DeclaredProfile(rules, zone_name, source_name, local)

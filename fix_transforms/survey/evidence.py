"""``Survey``: counts of what the parser found in a file, and of what tells time, direction and version.

Invariant: memory does not grow with the file. Everything is a count, and kinds beyond ``MAX_KINDS`` are counted as
``other``; texts are shapes, without the numbers in them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fix_transforms.fix import Tally
from fix_transforms.fix.dictionary import version_of
from fix_transforms.fix.profiles import _CLOCK, DetectedProfile, announces, is_twin
from fix_transforms.fix.profiles.words import direction_word
from fix_transforms.fix.wording import ESCAPES
from fix_transforms.survey.engines import engine_of
from fix_transforms.survey.shapes import clock_of, shape_of
from fix_transforms.survey.zones import Distances

if TYPE_CHECKING:
    from fix_transforms.fix import ParsedChunk, ParseOptions

MAX_KINDS = 200
_COLUMNS = (
    "line_number", "byte_length", "raw", "raw_encoding", "log_time", "log_prefix", "sending_time", "direction", "delimiter",
    "framing", "checksum_status", "begin_string", "appl_ver_id", "default_appl_ver_id", "sender_comp_id", "target_comp_id",
)  # fmt: skip
_DAY_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_BARE_START = re.compile(r"(?P<marker>[^\s|;=\x00-\x1f]{0,40}?)(?P<field>35=[A-Za-z0-9]{1,3})(?=[^A-Za-z0-9=]|\\x01)")
_NO_WIDTH = {"SOH": 1, "space": 1, "tab": 1}

Row = dict[str, Any]


class Kinds(Counter[str]):
    """Counts by kind, of a bounded number of kinds."""

    def add(self, kind: str, count: int = 1) -> None:
        """Count one more of a kind."""
        self[kind if kind in self or len(self) < MAX_KINDS else "other"] += count


@dataclass
class Survey:
    """What is known of one file, as far as it was read.

    Attributes:
        options: How it was read.
        clocks: Shapes of clocks.
        evidence: What told the direction, as ``in: word Recv``.
        day_first: Distances from SendingTime if day and month stood the other way round.
        bare: What stands before MsgType(35) in fragments that look like whole messages.
        remarks: Shapes of lines that became log events although they repeat a message.
    """

    options: ParseOptions
    compression: str = "none"
    tally: Tally = field(default_factory=Tally)
    counts: dict[str, Kinds] = field(default_factory=dict)
    distances: Distances = field(default_factory=Distances)
    day_first: Distances = field(default_factory=Distances)
    several_on_a_line: int = 0
    over_several_lines: int = 0
    announced: int = 0
    _last_line: int = -1

    def __post_init__(self) -> None:
        self._detected = DetectedProfile(self.options.timezone, self.options.source_name, self.options.local)
        self._zone = ZoneInfo(self.options.timezone)

    def of(self, name: str) -> Kinds:
        """The counts of one kind of finding."""
        return self.counts.setdefault(name, Kinds())

    def add(self, chunk: ParsedChunk) -> None:
        """Take the next chunk of the file."""
        self.tally += chunk.tally
        for row in chunk.messages.select(_COLUMNS).iter_rows(named=True):
            self._add_message(row)
        for row in chunk.quarantine.select("reason", "excerpt").iter_rows(named=True):
            self._add_quarantined(row)
        for text in chunk.log_events["text"]:
            if is_twin(text) or ("8=FIX" in text and "35=" in text):
                self.of("remarks").add(shape_of(text.partition("8=FIX")[0])[:60])

    # ---- messages ----

    def _add_message(self, row: Row) -> None:
        for name in ("delimiter", "framing", "checksum_status"):
            self.of(name).add(str(row[name]))
        begin = row["begin_string"]
        self.of("begin_string").add(begin or "none")
        if begin is not None and begin.startswith("FIXT"):
            self.of("version").add(version_of(begin, row["appl_ver_id"], row["default_appl_ver_id"]))
        self.of("session").add(f"{row['sender_comp_id'] or '?'}>{row['target_comp_id'] or '?'}")
        prefix = row["log_prefix"] or ""
        self.of("prefix").add(shape_of(prefix))
        engine = engine_of(prefix, self.options.source_name)
        if engine is not None:
            self.of("engine").add(f"{engine.name}: {engine.reason}")
        words = prefix.replace(ESCAPES[ord("\t")], "\t")
        self._add_clock(words, row)
        self.of("direction").add(str(row["direction"] or "not known"))
        self.of("evidence").add(self._evidence(words, row))
        self._add_place(row)

    def _add_place(self, row: Row) -> None:
        self.several_on_a_line += row["line_number"] == self._last_line
        self._last_line = row["line_number"]
        raw = row["raw"]
        width = _NO_WIDTH.get(row["delimiter"], len(row["delimiter"].encode()))
        widest = width + 2 * (row["delimiter"] == "|")  # it may have been written with a blank on either side
        longest = len(raw.encode(row["raw_encoding"])) + raw.count("\x01") * (widest - 1)
        self.over_several_lines += row["byte_length"] > longest

    def _add_clock(self, prefix: str, row: Row) -> None:
        clock = clock_of(prefix)
        if clock is None:
            self.of("clock").add("none")
            return
        self.of("clock").add(clock.shape)
        self.of("zone").add(clock.zone or "not written")
        sent, logged = row["sending_time"], row["log_time"]
        if sent is None or logged is None or clock.zone:
            return
        as_written = logged.astimezone(self._zone).replace(tzinfo=sent.tzinfo)
        self.distances.add(as_written, sent)
        if clock.may_be_day_first:
            self._add_day_first(prefix, as_written, sent)

    def _add_day_first(self, prefix: str, as_written: datetime, sent: datetime) -> None:
        match = _DAY_FIRST.search(prefix)
        if match is not None:
            self.day_first.add(as_written.replace(day=int(match[1]), month=int(match[2])), sent)

    def _evidence(self, prefix: str, row: Row) -> str:
        """What told the direction, in the order in which it counts."""
        direction = row["direction"]
        if direction is None:
            return "nothing tells"
        if self.options.rules is not None:
            return f"{direction}: profile {self.options.rules.name}"
        words = _CLOCK.sub("", prefix, count=1)
        sender, target = row["sender_comp_id"], row["target_comp_id"]
        word = direction_word(words)
        if word is not None:
            self.announced += announces(prefix.encode())
            return f"{direction}: {word.strip()} before the message"
        if self._detected.by_prefix_session(words, sender, target) is not None:
            return f"{direction}: the session in the prefix"
        if self._detected.by_suffix is not None:
            return f"{direction}: the suffix of the file's name"
        if DetectedProfile("UTC", self.options.source_name).by_file(sender, target) is not None:
            return f"{direction}: the session in the file's name"
        return f"{direction}: local, as declared for the source"

    # ---- what is no message ----

    def _add_quarantined(self, row: Row) -> None:
        self.of("quarantine").add(row["reason"])
        found = _BARE_START.search(row["excerpt"]) if row["reason"] in ("fragment", "truncated") else None
        if found is not None and "8=FIX" not in row["excerpt"]:
            self.of("bare").add(found["marker"])

    # ---- what it comes to ----

    @property
    def facts(self) -> dict[str, Any]:
        """Everything as plain values."""
        tally = self.tally
        return {
            "compression": self.compression,
            "content_bytes": tally.content_bytes,
            "messages": tally.messages,
            "quarantined": tally.quarantined,
            "log_events": tally.log_events,
            "unaccounted_bytes": tally.unaccounted_bytes,
            "several_on_a_line": self.several_on_a_line,
            "over_several_lines": self.over_several_lines,
            "assumed_zone": self.options.timezone,
            **{name: dict(kinds.most_common()) for name, kinds in sorted(self.counts.items())},
            "seconds_from_sending_time": _seconds(self.distances),
        }


def _seconds(distances: Distances) -> dict[str, int] | None:
    """How far the clocks are from SendingTime, read as UTC, by date; nothing where they disagree."""
    agreed = distances.agreed()
    return {str(day): int(distance.total_seconds()) for day, distance in sorted(agreed.items())} if agreed else None

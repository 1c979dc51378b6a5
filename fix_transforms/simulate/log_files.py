"""The files one engine writes for one session on one date, in the layouts of real engines, damaged on request.

Invariant: a line's clock is ours (when we sent or received), never goes back, and is cut to what the layout shows;
``message`` returns exactly the time that a reader can see. Damage draws from a source of its own, so a damaged
simulation tells the same story as the clean one.

Layouts: QuickFIX C++ (``….messages.current.log`` and ``….event.current.log``, no direction), and an SLF4J/log4j
application log that states the direction and has engine events between the messages, delimited by ``|`` or SOH.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import date

from fix_transforms.simulate.profiles import FIRM, SessionProfile
from fix_transforms.simulate.truth import DamageTruth, FileTruth
from fix_transforms.simulate.wire import MILLISECOND, DayClock

_NOISE = bytes(byte for byte in range(256) if byte not in b"\r\n=")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A finished file: where it goes under the output folder, and its bytes."""

    path: str
    content: bytes


class _Lines:
    """One file being written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self.messages = 0
        self.events = 0
        self.noise = 0
        self._lines: list[bytes] = []

    @property
    def next_line_number(self) -> int:
        return len(self._lines) + 1

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        self.size += len(line)

    def finished(self) -> LogFile:
        return LogFile(self.path, b"".join(self._lines))


class SessionLog:
    """Everything our engine logs about one session on one date.

    Args:
        profile: The session, and how it is logged.
        trading_date: Date of every line.
        clock: Clock of that date.
        damage: Share of message lines to damage, 0 to 1.
        seed: Seed of the damage.
    """

    def __init__(self, profile: SessionProfile, trading_date: date, clock: DayClock, damage: float, seed: str) -> None:
        self._profile = profile
        self._date = trading_date.isoformat()
        self._clock = clock
        self._damage = damage
        self._rng = random.Random(f"damage/{seed}")
        self._last = 0
        self._heads = {direction: self._head(direction) for direction in ("in", "out", "event")}
        self.damages: list[DamageTruth] = []
        counterparty, begin = profile.counterparty, profile.dialect.begin_string
        if profile.log_style == "quickfix":
            stem = f"{self._date}/{begin}-{FIRM}-{counterparty}"
            self._messages = _Lines(f"{stem}.messages.current.log")
            self._events = _Lines(f"{stem}.event.current.log")
            self._resolution = 1
        else:
            self._messages = self._events = _Lines(f"{self._date}/{counterparty.lower()}-fix-{self._date}.log")
            self._resolution = MILLISECOND

    def message(self, direction: str, micros: int, frame: bytes, msg_type: str, seq_num: int) -> int:
        """Log a message; returns the time as the log shows it."""
        self._last = micros = max(micros, self._last + 1)
        prefix = self._prefix(direction, micros)
        kind = self._kind_of_damage()
        if kind is not None:
            frame = self._spoil(kind, len(prefix), frame, direction, msg_type, seq_num)
        if self._profile.log_style == "log4j-pipe":
            frame = frame.replace(b"\x01", b"|")
        self._messages.messages += 1
        self._messages.add(b"%b%b\n" % (prefix, frame))
        return micros - micros % self._resolution

    def event(self, micros: int, text: str) -> None:
        """Log what the engine says about the session."""
        self._last = micros = max(micros, self._last + 1)
        self._events.events += 1
        self._events.add(b"%b%b\n" % (self._prefix("event", micros), text.encode("ascii")))

    def files(self) -> tuple[LogFile, ...]:
        """The finished files."""
        return tuple(lines.finished() for lines in self._all())

    def truths(self, files: tuple[LogFile, ...]) -> list[FileTruth]:
        """What each finished file holds."""
        return [
            FileTruth(
                path=lines.path, session=self._profile.name, trading_date=self._date, style=self._profile.log_style,
                messages=lines.messages, events=lines.events, noise_lines=lines.noise, size=len(file.content),
                sha256=hashlib.sha256(file.content).hexdigest(),
            )
            for lines, file in zip(self._all(), files, strict=True)
        ]  # fmt: skip

    def _all(self) -> tuple[_Lines, ...]:
        return (self._messages,) if self._messages is self._events else (self._messages, self._events)

    def _prefix(self, direction: str, micros: int) -> bytes:
        if self._profile.log_style == "quickfix":
            return f"{self._clock.fix(micros, 6)} : ".encode("ascii")
        return f"{self._clock.log4j(micros)}{self._heads[direction]}".encode("ascii")

    def _head(self, direction: str) -> str:
        """What a log4j layout writes between its clock and the text."""
        logger = "event.EngineLog" if direction == "event" else "messages.MessageLog"
        word = {"in": "incoming", "out": "outgoing"}.get(direction, direction)
        thread = "SessionTimer" if direction == "event" else f"FixWorker-{1 + len(self._profile.counterparty) % 4}"
        return f" INFO  [{thread}] c.h.oms.fix.{logger} - {self._profile.name} {word}: "

    # ---- damage ----

    def _kind_of_damage(self) -> str | None:
        if self._damage == 0 or self._rng.random() >= self._damage:
            return None
        return self._rng.choice(("torn", "checksum", "noise"))

    def _spoil(self, kind: str, at: int, frame: bytes, direction: str, msg_type: str, seq_num: int) -> bytes:
        lines = self._messages
        number = lines.next_line_number
        if kind == "noise":
            self.damages.append(DamageTruth(lines.path, number, lines.size, "noise", None, None, None))
            lines.noise += 1
            lines.add(bytes(self._rng.choices(_NOISE, k=self._rng.randint(20, 200))) + b"\n")
            return frame
        torn = kind == "torn"
        self.damages.append(
            DamageTruth(
                lines.path, number, lines.size + at, "torn" if torn else "checksum", direction, msg_type, seq_num
            )
        )
        if torn:
            return frame[: self._rng.randint(len(frame) // 4, len(frame) - 8)]
        wrong = (int(frame[-4:-1]) + self._rng.randint(1, 255)) % 256
        return b"%b%03d\x01" % (frame[:-4], wrong)

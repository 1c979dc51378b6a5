"""One FIX session on one date: the clock, both sequence number series, the wire, and the message budget.

Invariant: exactly ``budget`` messages are logged. Scripts (generators that yield microseconds to wait) reserve what
they may need before they start; ``room`` is what nobody has reserved, after the heartbeats that silence could still
demand and the Logouts. Times are microseconds since midnight UTC by our clock, and never go back.

An incoming message happens when it arrives here; its SendingTime is that minus its travel time, by their clock.
While the link is down, what they send consumes sequence numbers and waits in ``undelivered``; while they resend, they
hold new messages back.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import date

from fix_transforms.simulate.counterparty_log import CounterpartyLog
from fix_transforms.simulate.log_files import SessionLog
from fix_transforms.simulate.profiles import FIRM, SessionProfile
from fix_transforms.simulate.truth import GapTruth, SessionTruth
from fix_transforms.simulate.wire import SECOND, DayClock, encode

#: A script yields how long to wait, in microseconds.
Script = Generator[int, None, None]
Arrival = Callable[[int], None]

#: The two Logouts.
LOGOUTS = 2

_SLACK = 4


@dataclass(slots=True)
class Allowance:
    """Messages a script may still write out of what it reserved."""

    left: int


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that one side keeps, to send it again on request."""

    seq_num: int
    msg_type: str
    body: str
    sending_time: str
    arrived: Arrival | None = None


class SessionDay:
    """A session from Logon to Logout.

    Args:
        profile: Which session.
        trading_date: Which date.
        rng: Source of chance.
        budget: Messages to log, exactly.
        next_seq_num: Sequence numbers to go on from, by direction.
        log: Where messages and engine events go.
        hours: Open and close.
        their_log: Where messages go that the counterparty logs too.
    """

    def __init__(
        self,
        profile: SessionProfile,
        trading_date: date,
        rng: random.Random,
        budget: int,
        next_seq_num: dict[str, int],
        log: SessionLog,
        clock: DayClock,
        hours: tuple[int, int],
        their_log: CounterpartyLog | None = None,
    ) -> None:
        self.profile = profile
        self.dialect = profile.dialect
        self.trading_date = trading_date
        self.rng = rng
        self.clock = clock
        self.log = log
        self.their_log = their_log
        self.budget = budget
        self.open, self.close = hours
        self.now = self.open
        self.written = 0
        self.reserved = 0
        self.scripts = 0
        self.is_down = False
        self.up_at = 0
        self.is_closing = False
        self.held: list[tuple[str, str, Arrival | None]] | None = None
        self.next_seq_num = dict(next_seq_num)
        self.last_activity = {"in": 0, "out": 0}
        self.undelivered: list[SentMessage] = []
        self.recently_sent: deque[SentMessage] = deque(maxlen=12)
        self.truth = SessionTruth(
            session=profile.name, counterparty=profile.counterparty, trading_date=trading_date.isoformat(),
            first_log_time="", last_log_time="", messages={"in": Counter(), "out": Counter()},
            poss_dups={"in": 0, "out": 0}, first_seq_num=dict(next_seq_num), next_seq_num={}, logons=0, disconnects=0,
            sequence_resets=0, resend_requests={"in": 0, "out": 0}, test_requests={"in": 0, "out": 0}, gaps=[],
        )  # fmt: skip
        self._sides = {"out": f"49={FIRM}\x01", "in": f"49={profile.counterparty}\x01"}
        self._targets = {"out": f"56={profile.counterparty}\x01", "in": f"56={FIRM}\x01"}
        self._their_last = 0
        self._last_shown = 0
        self._queue: list[tuple[int, int, Script, Allowance | None]] = []
        self._spawned = 0
        self._current: Allowance | None = None

    # ---- time and scripts ----

    def spawn(self, script: Script, after: int = 0, reserve: int = 0, *, is_service: bool = False) -> None:
        """Start a script ``after`` microseconds from now, with so many messages reserved for it.

        A service runs as long as the session does and is not waited for before Logout.
        """
        allowance = None if is_service else Allowance(reserve)
        self.reserved += reserve
        self.scripts += not is_service
        self._spawned += 1
        heapq.heappush(self._queue, (self.now + after, self._spawned, script, allowance))

    def run(self) -> None:
        """Run every script to its end, in order of time."""
        queue = self._queue
        while queue:
            self.now, _, script, allowance = heapq.heappop(queue)
            self._current = allowance
            delay = next(script, None)
            if delay is not None:
                self._spawned += 1
                heapq.heappush(queue, (self.now + max(delay, 1), self._spawned, script, allowance))
            elif allowance is not None:
                self.reserved -= allowance.left
                self.scripts -= 1

    @property
    def room(self) -> int:
        """Messages that an optional activity may take now."""
        silence = max(0, self.close - self.now) // (self.profile.heartbeat_seconds * SECOND)
        return self.budget - self.written - self.reserved - 2 * (silence + 2) - LOGOUTS - _SLACK

    @property
    def left(self) -> int:
        """Messages still to be written before the Logouts."""
        return self.budget - self.written - LOGOUTS

    @property
    def allowance_left(self) -> int:
        """Messages that the running script may still write."""
        return 0 if self._current is None else self._current.left

    def round_trip(self) -> int:
        """Time until their answer to something sent now arrives."""
        least, typical = self.profile.turnaround
        return 2 * self.profile.transit[1] + least + int(self.rng.expovariate(1 / typical))

    def link(self) -> Script:
        """Wait until the link is up."""
        while self.is_down:
            yield max(self.up_at - self.now, 0) + self.rng.randint(50_000, 900_000)

    # ---- the wire ----

    def our_time(self) -> str:
        """The time by our clock, as FIX text."""
        return self.clock.fix(self.now, self.dialect.time_digits)

    def their_time(self) -> int:
        """When a message that arrives now left them, by their clock; never goes back."""
        least, most = self.profile.transit
        sent = self.now - least - int(self.rng.random() * (most - least)) + self.profile.skew
        self._their_last = max(sent, self._their_last)
        return self._their_last

    def send(self, msg_type: str, body: str) -> tuple[int, int]:
        """Send a message; returns its sequence number and the log's time."""
        sending_time = self.our_time()
        message = SentMessage(self._take_number("out"), msg_type, body, sending_time)
        self.recently_sent.append(message)
        return message.seq_num, self._write("out", message, f"52={sending_time}\x01")

    def receive(self, msg_type: str, body: str, sent: int, arrived: Arrival | None = None) -> None:
        """Take a message from them, or let it wait while the link is down or they are resending.

        Args:
            msg_type: MsgType(35).
            body: Fields after the header.
            sent: When it left them, from ``their_time``.
            arrived: Called with the log's time when it gets here for the first time.
        """
        if self.held is not None and msg_type != "A":
            self._prepay()
            self.held.append((msg_type, body, arrived))
            return
        sending_time = self.clock.fix(sent, self.dialect.time_digits)
        message = SentMessage(self._take_number("in"), msg_type, body, sending_time, arrived)
        if self.is_down:
            self._prepay()
            self.undelivered.append(message)
        else:
            self._write("in", message, f"52={sending_time}\x01")

    def release(self) -> None:
        """They have resent everything: what they held back meanwhile goes out."""
        held, self.held = self.held or [], None
        for msg_type, body, arrived in held:
            self.reserved -= 1
            self.receive(msg_type, body, self.their_time(), arrived)

    def lose(self, msg_type: str, body: str) -> None:
        """They send a message that never gets here, e.g. a heartbeat into a dead link."""
        message = SentMessage(self._take_number("in"), msg_type, body, self.our_time())
        self._prepay()
        self.undelivered.append(message)

    def resend(self, direction: str, message: SentMessage, now_text: str, *, is_prepaid: bool) -> int:
        """Write a kept message again with PossDupFlag; returns the log's time."""
        header = (
            f"43=Y\x01{self._sides[direction]}52={now_text}\x01{self._targets[direction]}122={message.sending_time}\x01"
        )
        self.truth.poss_dups[direction] += 1
        return self._write(direction, message, "", header=header, is_prepaid=is_prepaid)

    def gap_fill(self, direction: str, first: int, next_number: int, now_text: str) -> None:
        """Stand in for the administrative messages from ``first`` to before ``next_number``."""
        message = SentMessage(first, "4", f"36={next_number}\x01123=Y\x01", now_text)
        self.resend(direction, message, now_text, is_prepaid=False)

    def restart_numbers(self) -> None:
        """Both sides start again at 1, for a Logon with ResetSeqNumFlag=Y."""
        self.next_seq_num = {"in": 1, "out": 1}
        self.recently_sent.clear()
        self.truth.sequence_resets += 1

    def settle(self, messages: int) -> None:
        """Give back what was reserved for messages that a gap fill stood in for."""
        self.reserved -= messages

    def event(self, text: str) -> None:
        """Have the engine say something about the session."""
        self.log.event(self.now, text)

    def finish(self) -> SessionTruth:
        """The truth about the session, once it has run."""
        self.truth.last_log_time = self.clock.iso(self._last_shown)
        self.truth.next_seq_num = dict(self.next_seq_num)
        self.truth.messages = {way: dict(sorted(kinds.items())) for way, kinds in self.truth.messages.items()}
        return self.truth

    def gap(self, first: int, last: int) -> GapTruth:
        """Note that a gap was seen just now."""
        gap = GapTruth(first, last, self.clock.iso(self._last_shown))
        self.truth.gaps.append(gap)
        return gap

    # ---- bookkeeping ----

    def _take_number(self, direction: str) -> int:
        number = self.next_seq_num[direction]
        self.next_seq_num[direction] = number + 1
        return number

    def _prepay(self) -> None:
        """Keep one reserved message for something that is written later by somebody else."""
        if self._current is not None and self._current.left > 0:
            self._current.left -= 1
        else:
            self.reserved += 1

    def _write(
        self, direction: str, message: SentMessage, sent: str, header: str | None = None, *, is_prepaid: bool = False
    ) -> int:
        if header is None:
            header = self._sides[direction] + sent + self._targets[direction]
        body = f"35={message.msg_type}\x0134={message.seq_num}\x01{header}{message.body}"
        delay = 0 if direction == "in" else 3 + int(self.rng.random() * 38)
        frame = encode(self.dialect.begin_string, body)
        shown = self.log.message(direction, self.now + delay, frame, message.msg_type, message.seq_num)
        if self.their_log is not None:
            self.their_log.message(direction, self.now, frame)
        self._account(direction, message.msg_type, shown, is_prepaid)
        if message.arrived is not None:
            message.arrived(shown)
        return shown

    def _account(self, direction: str, msg_type: str, shown: int, is_prepaid: bool) -> None:
        self.written += 1
        if is_prepaid:
            self.reserved -= 1
        elif self._current is not None and self._current.left > 0:
            self._current.left -= 1
            self.reserved -= 1
        self.last_activity[direction] = self.now
        truth = self.truth
        truth.messages[direction][msg_type] = truth.messages[direction].get(msg_type, 0) + 1
        self._last_shown = shown
        if not truth.first_log_time:
            truth.first_log_time = self.clock.iso(shown)

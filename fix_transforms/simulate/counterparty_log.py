"""The log of the other side: what a counterparty's engine writes about the same messages.

Invariant: it holds every message that our clean log of the session holds and no other, byte for byte, with the
directions swapped; a message that never got here is in neither. A line's clock is theirs, when they sent or received,
and never goes back. Writing it draws from no source of chance, so the story is the same with and without it.

Layout: the screen log of QuickFIX/J, without its events. It is never damaged.
"""

from __future__ import annotations

import hashlib
from datetime import date
from operator import itemgetter

from fix_transforms.simulate.log_files import LogFile
from fix_transforms.simulate.profiles import FIRM, SessionProfile
from fix_transforms.simulate.truth import FileTruth
from fix_transforms.simulate.wire import DayClock

#: Our direction → the word in their log.
_THEIR_WORDS = {"in": "outgoing", "out": "incoming"}


class CounterpartyLog:
    """Everything the counterparty's engine logs about one session on one date.

    Args:
        profile: The session: how far away they are, and how far off their clock is.
        trading_date: Date of every line.
        clock: Clock of that date.
    """

    def __init__(self, profile: SessionProfile, trading_date: date, clock: DayClock) -> None:
        self._date = trading_date.isoformat()
        self._clock = clock
        self._path = f"{profile.counterparty.lower()}/{self._date}/{FIRM.lower()}.log"
        self._session = f"{profile.dialect.begin_string}:{profile.counterparty}->{FIRM}"
        # The shortest way, so that nothing they send is logged before its SendingTime(52).
        transit = profile.transit[0]
        self._shifts = {"in": profile.skew - transit, "out": profile.skew + transit}
        self._seen: list[tuple[int, str, bytes]] = []

    def message(self, direction: str, micros: int, frame: bytes) -> None:
        """Note a message that we sent or received at this time by our clock."""
        self._seen.append((micros + self._shifts[direction], _THEIR_WORDS[direction], frame))

    def finish(self) -> tuple[LogFile, FileTruth]:
        """The file, and what it holds."""
        content = b"".join(
            f"<{self._clock.fix(micros, 6)}, {self._session}, {word}> (".encode("ascii") + frame + b")\n"
            for micros, word, frame in sorted(self._seen, key=itemgetter(0))
        )
        truth = FileTruth(
            path=self._path, session=self._session, trading_date=self._date, style="quickfixj-screen",
            messages=len(self._seen), events=0, noise_lines=0, size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        return LogFile(self._path, content), truth

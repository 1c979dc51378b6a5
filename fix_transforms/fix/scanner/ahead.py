"""Joins what the compiled pass read with what the reference reads between: ``Ahead`` looks ahead of the framer.

Invariant: a stretch is given out only where the framer stands at its first byte, or right before it with nothing
but blanks between, and nothing is open; else it is dropped, whole or up to where the framer stands.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fix_transforms.fix.profiles.words import TWIN_WORDS
from fix_transforms.fix.scanner.contents import content_of
from fix_transforms.fix.scanner.parts import Parts
from fix_transforms.fix.segments import Scanned
from fix_transforms.fix.textlines import BLANKS, NOISE_BYTES, says_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from fix_transforms.fix.buffer import Buffer
    from fix_transforms.fix.scanner.blocks import Run
    from fix_transforms.fix.scanner.contents import Content
    from fix_transforms.fix.scanner.parts import Scan
    from fix_transforms.fix.session_versions import SessionVersions

#: How much of what a pass left at its end is searched for twins.
_SEARCHED_BYTES = 16 * 1024
#: How much may be left of a buffer.
_REST_BYTES = 64 * 1024
_BLANKS = re.compile(rb"[%b]++" % BLANKS)
_TWINS = tuple(word.encode() for word in TWIN_WORDS)


class Ahead:
    """The compiled pass over the framer's buffer, which it reads for the framer.

    Args:
        chunks: The input.
        versions: Which dictionary a message is to be read with.
        threads: How many scan at once.
        pseudonyms: Whether identities are to be replaced.
    """

    def __init__(
        self, chunks: Iterator[bytes], versions: SessionVersions, threads: int = 1, *, pseudonyms: bool = False
    ) -> None:
        self._parts = Parts(chunks, versions, threads, pseudonyms=pseudonyms)
        self._versions = versions
        self._generation = versions.generation
        self._scan: Future[Scan] | None = None
        self._content: Content | None = None
        self._content_start = 0
        self._runs: deque[Run] = deque()
        self._origin = 0
        self._offset = 0
        self._line = 0
        self._look_at = 0
        self._gave_up = False
        self._gave = False

    def read(self, rest: int) -> list[memoryview]:
        """The next bytes of the input, at least as many as are left of the buffer; none at the end.

        Args:
            rest: How many bytes of the buffer will stand before them.
        """
        self._drop_all()
        self._gave, self._scan, self._content, self._content_start = False, None, None, rest
        read: list[memoryview] = []
        got = 0
        while got == 0 or got < rest:
            part = self._parts.read()
            if part is None:
                break
            self._scan, self._content = (part.scan, part.content) if got == 0 else (None, None)
            read.append(part.content.view)
            got += part.content.size
        return read

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing left to read."""
        return self._parts.is_at_end

    def _drop_all(self) -> None:
        self._runs.clear()
        self._look_at = 0

    def claim(self, buffer: Buffer, position: int, base: int, line: int, *, inside: bool) -> Scanned | None:
        """What was read from here on; nothing where the framer has to go on by itself.

        Args:
            buffer: The bytes at hand.
            position: Where the last segment ended in it.
            base: Offset of the buffer in the file.
            line: Number of the line at ``position``.
            inside: Whether a segment ended on this line.
        """
        if self._generation != self._versions.generation:  # a Logon stated a version: groups may be others now
            self._generation = self._versions.generation
            self._drop_all()
        while self._runs or self._look(buffer, position, base, line, inside=inside):
            run = self._runs[0]
            here = position - self._origin
            if here > run.start:
                self._runs.popleft()
                rest = _rest(run, here, self._offset)
                if rest is not None:
                    return self._give(rest, base + position)
                continue
            if here < run.start and not _is_empty(buffer.whole, position, self._origin + run.start, inside=inside):
                return None
            self._runs.popleft()
            if here == run.start and run.inside != inside:
                continue
            return self._give(run, base + position)
        return None

    def next_line(self, buffer: Buffer, position: int) -> int:
        """Where the next stretch starts, if it starts a line after ``position``; else the end of the buffer."""
        if self._runs:
            start = self._origin + self._runs[0].start
            if start > position and buffer.between(start - 1, start) == b"\n":
                return start
        return len(buffer) + 1

    def drop(self) -> None:
        """The next stretch cannot be reached."""
        self._runs.popleft()

    def is_done(self, buffer: Buffer, position: int) -> bool:
        """Whether little is left after what was given out of this buffer: it is better read with what follows."""
        return self._gave and not self._runs and len(buffer) - position < _REST_BYTES

    # ---- looking ----

    def _look(self, buffer: Buffer, position: int, base: int, line: int, *, inside: bool) -> bool:
        """Get more stretches; whether there are any."""
        if self._gave_up or position < self._look_at:
            return False
        self._look_at = len(buffer) + 1
        found = self._scanned(buffer, position, line, inside=inside)
        if self._holds_twins(buffer, found):
            self._gave_up = True
            self._parts.is_scanned_ahead = False
            return False
        self._runs.extend(found.runs)
        stop = self._origin + found.size
        following = buffer.between(stop) or self._parts.following
        is_known = bool(following) or self.is_at_end
        if found.runs and (not is_known or any(word in following for word in _TWINS)):
            last = _without_last_message(self._runs.pop())
            self._runs.extend(() if last is None else (last,))
        if not found.is_whole and self._runs:
            self._look_at = self._origin + self._runs[-1].stop
        self._place(base)
        return bool(self._runs)

    def _scanned(self, buffer: Buffer, position: int, line: int, *, inside: bool) -> Scan:
        """What was found ahead, if it still holds; else what is found now."""
        ahead, self._scan = self._scan, None
        found = self._parts.scanned(ahead) if ahead is not None else None
        if found is not None and found.generation == self._generation:
            start = self._origin = self._content_start
            before, behind = buffer.between(position, start), buffer.between(start, position)
            self._line = line + before.count(b"\n") - behind.count(b"\n")
            return found
        self._origin, self._line = position, line
        if self._content is not None and position >= self._content_start:
            return self._parts.scan(self._content, position - self._content_start, inside=inside)
        return self._parts.scan(content_of(buffer.between(position)), 0, inside=inside)

    def _holds_twins(self, buffer: Buffer, scan: Scan) -> bool:
        """Whether an engine's own copies of messages stand between stretches: then lines have to be compared."""
        starts = [0, *(run.stop for run in scan.runs)]
        ends = [run.start for run in scan.runs] + [min(scan.size, starts[-1] + _SEARCHED_BYTES)]
        for start, end in zip(starts, ends, strict=True):
            gap = buffer.between(self._origin + start, self._origin + end)
            if gap and any(word in gap for word in _TWINS):
                return True
        return False

    def _place(self, base: int) -> None:
        """Turn the offsets and lines of the pass in what it wrote into those of the file: once, for runs are many."""
        self._offset = base + self._origin
        if self._runs:
            first, last = self._runs[0], self._runs[-1]
            rows, events = first.store.rows, first.store.events
            for entries, start, stop in ((rows, first.row, last.row_stop), (events, first.event, last.event_stop)):
                entries.start[start:stop] += self._offset
                entries.end[start:stop] += self._offset
                entries.line[start:stop] += self._line

    def _give(self, run: Run, lead: int) -> Scanned:
        """Hand over."""
        self._gave = True
        offset, line = self._offset, self._line
        return Scanned(
            run.store,
            lead,
            offset + run.stop,
            run.row,
            run.row_stop,
            run.event,
            run.event_stop,
            offset + run.resume,
            line + run.resume_lines,
            line + run.lines,
        )


def _is_empty(buffer: bytes, start: int, end: int, *, inside: bool) -> bool:
    """Whether the framer would make nothing of the bytes between two stretches; told by the first that are no blanks."""
    first = _after_blanks(buffer, start, end)
    if first == end:
        return True
    if not inside or b"\n" in buffer[start:first]:
        return False
    noise = buffer[first : min(first + NOISE_BYTES, end)].partition(b"\n")[0].rstrip(BLANKS)
    return says_nothing(noise) and _after_blanks(buffer, first + len(noise), end) == end


def _after_blanks(buffer: bytes, start: int, end: int) -> int:
    found = _BLANKS.match(buffer, start, end)
    return start if found is None else found.end()


def _rest(run: Run, here: int, offset: int) -> Run | None:
    """What of a stretch lies behind ``here``, if one of its segments ends exactly there."""
    rows, events, there = run.store.rows, run.store.events, offset + here
    row, event = _after(rows.end, run.row, run.row_stop, there), _after(events.end, run.event, run.event_stop, there)
    is_end = (row > run.row and rows.end[row - 1] == there) or (event > run.event and events.end[event - 1] == there)
    if not is_end or here >= run.stop:
        return None
    return replace(run, start=here, row=row, event=event, inside=True)


def _after(ends: np.ndarray, first: int, last: int, here: int) -> int:
    return first + int(np.searchsorted(ends[first:last], here, side="right"))


def _without_last_message(run: Run) -> Run | None:
    """The last stretch of a pass up to its last message but one: whether that has a twin is told by the line after it."""
    if run.row_stop - run.row < 2:
        return None
    rows = run.store.rows
    row_stop = run.row_stop - 1
    stop, lines = int(rows.end[row_stop - 1]), int(rows.line[row_stop - 1])
    event_stop = _after(run.store.events.end, run.event, run.event_stop, stop)
    run.store.take_back(row_stop, event_stop)
    return replace(
        run, stop=stop, row_stop=row_stop, event_stop=event_stop, resume=stop, resume_lines=lines, lines=lines
    )

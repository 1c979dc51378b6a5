"""Cuts a buffer into parts at line ends and has them scanned, one after the other or by several threads.

Invariant: parts come back in the order of the buffer, and what is found does not depend on how many threads there
are. A part starts where a line starts; whether a segment ended there is for whoever joins the parts to see.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from queue import SimpleQueue
from typing import TYPE_CHECKING

from fix_transforms.fix.scanner.arrays import GROUP_ROWS, ROWS
from fix_transforms.fix.scanner.blocks import BlockScanner, Run
from fix_transforms.fix.scanner.layouts import Layouts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from fix_transforms.fix.session_versions import SessionVersions

#: Bytes of a part: large enough that a call costs nothing, small enough that a store holds its rows.
LARGEST_PART = 4 * 1024 * 1024
_SMALLEST_PART = 64 * 1024
#: Parts per thread that a buffer is cut into, so that no thread waits long for the others.
_PARTS_PER_THREAD = 3
#: What may end a line that belongs to the message on the next one: no part starts there.
_ANNOUNCES = b">:([{-=,<eEgG"
_BLANKS = b" \t\r\n\x00\x0b\x0c"
_SEARCHED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was scanned.

    Attributes:
        start: Index of its first byte in the buffer; runs count from there.
        stop: Where it ends.
        line: Line ends in the buffer before it.
        is_whole: Whether the pass came to its end.
    """

    start: int
    stop: int
    line: int
    runs: list[Run]
    is_whole: bool


class Parts:
    """The parts of one buffer after the other.

    Args:
        versions: Which dictionary a message is to be read with.
        threads: How many scan at once; 1 scans in the caller's own thread.
        pseudonyms: Whether identities are to be replaced.
    """

    def __init__(self, versions: SessionVersions, threads: int, *, pseudonyms: bool) -> None:
        layouts = Layouts()
        self._threads = threads
        self._idle: SimpleQueue[BlockScanner] = SimpleQueue()
        for _ in range(threads):
            self._idle.put(BlockScanner(versions, layouts, pseudonyms=pseudonyms))
        self._pending: deque[Future[Part]] = deque()
        self._part_bytes = LARGEST_PART

    @property
    def buffer_bytes(self) -> int:
        """How much is best read at once."""
        return LARGEST_PART if self._threads == 1 else self._part_bytes * self._threads * _PARTS_PER_THREAD

    def forget(self) -> None:
        """Drop what was not asked for yet: the buffer is another one now."""
        for future in self._pending:
            future.cancel()
        self._pending.clear()

    def scan(self, buffer: bytes, position: int, *, inside: bool) -> Iterator[Part]:
        """Scan from ``position`` to the end of the buffer.

        Args:
            buffer: The bytes.
            position: A segment has ended here.
            inside: Whether that was on this line.
        """
        if self._threads == 1:
            yield self._scanned(buffer, position, len(buffer), 0, inside)
            return
        start, line = position, 0
        while start < len(buffer):
            stop = _line_start_after(buffer, start + self._part_bytes)
            arguments = (buffer, start, stop, line, inside and start == position)
            self._pending.append(_pool(self._threads).submit(self._scanned, *arguments))
            line += buffer.count(b"\n", start, stop)
            start = stop
        while self._pending:
            part = self._pending.popleft().result()
            self._adapt(part)
            yield part

    def _scanned(self, buffer: bytes, start: int, stop: int, line: int, inside: bool) -> Part:
        scanner = self._idle.get()
        try:
            runs, is_whole = scanner.scan(buffer, start, stop, inside=inside)
            if self._threads > 1:
                scanner.start_store()  # the reader works on this one meanwhile
        finally:
            self._idle.put(scanner)
        return Part(start, stop, line, runs, is_whole)

    def _adapt(self, part: Part) -> None:
        """Make parts as large as a store can take, by how long messages have been."""
        rows = sum(run.row_stop - run.row + run.event_stop - run.event for run in part.runs)
        if part.runs:
            rows = max(rows, int(part.runs[0].store.groups.state[0]) * ROWS // GROUP_ROWS)
        if rows:
            wanted = (part.runs[-1].stop - part.runs[0].start) * ROWS * 3 // 4 // rows
            self._part_bytes = min(LARGEST_PART, max(_SMALLEST_PART, wanted))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="fix-scanner")


def _line_start_after(buffer: bytes, index: int) -> int:
    """The first line start after ``index`` that the line before it does not announce; else the end."""
    while index < len(buffer):
        line_end = buffer.find(b"\n", index, index + _SEARCHED_BYTES)
        if line_end < 0:
            return len(buffer)
        last = buffer[max(index, line_end - 64) : line_end].rstrip(_BLANKS)[-1:]
        index = line_end + 1
        if last and last not in _ANNOUNCES:
            return index
    return len(buffer)

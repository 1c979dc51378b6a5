"""Cuts the input into parts at line starts, reads ahead, and has parts scanned, here or by threads.

Invariant: parts come in the order of the input and are all of it, and what is found in them does not depend on how
many threads there are. Whether a segment has ended where a part starts is for whoever joins them to see.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from fix_transforms.fix.scanner.arrays import GROUP_ROWS, ROWS
from fix_transforms.fix.scanner.blocks import BlockScanner, Run
from fix_transforms.fix.scanner.contents import LARGEST_PART, Filling, content_of
from fix_transforms.fix.scanner.layouts import Layouts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix.scanner.contents import Content
    from fix_transforms.fix.session_versions import SessionVersions

_SMALLEST_PART = 64 * 1024
#: Parts that lie ready beside one for each thread, where there are several: with less, they wait; each takes some 40 MB.
_WAITING = 2
#: Rows of a part: what does not fit into a store is scanned into another, which costs as much as a full one. Fields
#: inside groups take many times the memory that they lie in once frames are made of them.
_ROWS_WANTED, _GROUP_ROWS_WANTED = ROWS * 15 // 16, GROUP_ROWS * 3 // 4
#: How many bytes of the next part are shown.
_SHOWN_BYTES = 4_096
#: What may end a line that belongs to the message on the next one: no part starts there.
_ANNOUNCES = b">:([{-=,<eEgG"
_BLANKS = b" \t\r\n\x00\x0b\x0c"
_SEARCHED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Scan:
    """What a pass has found.

    Attributes:
        runs: What was read; they count from where the pass started.
        size: How many bytes there were from there.
        is_whole: Whether the pass came to their end.
        generation: Which dictionaries it went by.
    """

    runs: list[Run]
    size: int
    is_whole: bool
    generation: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the input, and what is found in it from its first byte on, if it starts a line and a thread was free."""

    content: Content
    scan: Future[Scan] | None


class Parts:
    """The parts of one input, one after the other.

    Args:
        chunks: The input.
        versions: Which dictionary a message is to be read with.
        threads: How many scan at once, the caller's own among them.
        pseudonyms: Whether identities are to be replaced.
    """

    def __init__(self, chunks: Iterator[bytes], versions: SessionVersions, threads: int, *, pseudonyms: bool) -> None:
        self._chunks = chunks
        self._left: deque[memoryview] = deque()
        self._error: Exception | None = None
        self._is_read = self._starts_line = False
        self._ahead: deque[Part] = deque()
        self._versions, self._layouts, self._pseudonyms = versions, Layouts(), pseudonyms
        self._threads = threads
        self._idle: SimpleQueue[BlockScanner] = SimpleQueue()
        # Several threads have several parts on their way, and what does not stay near is slower for all.
        self._part_bytes = self._largest = LARGEST_PART if threads == 1 else -(-LARGEST_PART * 3 // 4)
        self.is_scanned_ahead = threads > 1

    def _new_scanner(self) -> BlockScanner:
        return BlockScanner(self._versions, self._layouts, pseudonyms=self._pseudonyms)

    # ---- reading ----

    def read(self) -> Part | None:
        """The next part; none at the end of the input.

        Raises:
            Exception: Whatever the input raised, once everything before it was read.
        """
        # A thread alone copies a part when it scans it: sooner, and it would have to be fetched from memory again.
        wanted = self._threads + _WAITING if self._threads > 1 else 1
        while not self._is_cut and len(self._ahead) < wanted:
            starts_line, content = self._starts_line, self._cut()
            if content.size:
                scans = starts_line and self.is_scanned_ahead
                scan = _pool(self._threads - 1).submit(self._scan_ahead, content) if scans else None
                self._ahead.append(Part(content, scan))
        if self._ahead:
            part = self._ahead.popleft()
            self._look_further()
            return part
        if self._error is not None:
            raise self._error
        return None

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing left to read."""
        return self._is_cut and not self._ahead and self._error is None

    @property
    def following(self) -> bytes:
        """The first bytes of the next part; none at the end of the input."""
        pieces = [part.content.view for part in self._ahead] or self._left
        return b"".join(piece[:_SHOWN_BYTES] for piece in pieces)[:_SHOWN_BYTES]

    @property
    def _is_cut(self) -> bool:
        """Whether all of the input is in parts."""
        return self._is_read and not self._left

    def _look_further(self) -> None:
        """Have the first bytes of the next part at hand."""
        missing = 0 if self._ahead else _SHOWN_BYTES - sum(map(len, self._left))
        while missing > 0 and (chunk := self._read_chunk()) is not None:
            self._left.append(chunk)
            missing -= len(chunk)

    def _cut(self) -> Content:
        """The next part: whole lines, unless one is too long."""
        part = Filling(self._part_bytes)
        while part.missing and (piece := self._next_chunk()) is not None:
            if len(piece) > part.missing:
                self._left.appendleft(piece[part.missing :])
                piece = piece[: part.missing]
            part.take(piece)
        size = part.taken
        if size and not self._is_cut:
            last = part.last(_SEARCHED_BYTES)
            stop = _last_line_start(last)
            self._starts_line = stop > 0
            if 0 < stop < len(last):
                self._left.appendleft(memoryview(last)[stop:])
                size -= len(last) - stop
        return part.close(size)

    def _next_chunk(self) -> memoryview | None:
        return self._left.popleft() if self._left else self._read_chunk()

    def _read_chunk(self) -> memoryview | None:
        try:
            chunk = next(self._chunks, None)
        except Exception as error:  # it comes after what was read before it
            self._error, chunk = error, None
        self._is_read = chunk is None
        return None if chunk is None else memoryview(chunk)

    # ---- scanning ----

    @cached_property
    def _own(self) -> BlockScanner:
        return self._new_scanner()

    def scan(self, content: Content, position: int, *, inside: bool) -> Scan:
        """Scan from ``position`` to the end of the content, in this thread.

        Args:
            content: The bytes.
            position: A segment has ended here.
            inside: Whether that was on this line.
        """
        return self._adapted(self._scan_with(self._own, content, position, inside=inside))

    def scanned(self, scan: Future[Scan]) -> Scan | None:
        """What was found ahead in the part that was read last; none where no thread has begun: then scan it here.

        Rather than wait for the thread that is at it, this one scans parts that come later and that none has begun.
        """
        if scan.cancel():
            return None
        for number, part in enumerate(self._ahead):
            if scan.done():
                break
            if part.scan is not None and part.scan.cancel():
                self._ahead[number] = Part(part.content, _kept(self._scan_ahead(part.content)))
        return scan.result()

    def _scan_ahead(self, content: Content) -> Scan:
        try:
            scanner = self._idle.get_nowait()
        except Empty:  # as many are made as scan at once
            scanner = self._new_scanner()
        try:
            found = self._scan_with(scanner, content, 0, inside=False)
            scanner.start_store()  # the reader works on this one meanwhile
        finally:
            self._idle.put(scanner)
        return self._adapted(found)

    def _scan_with(self, scanner: BlockScanner, content: Content, position: int, *, inside: bool) -> Scan:
        generation = self._versions.generation
        if not content.has_room(position):  # all of it was scanned before
            content, position = content_of(content.view[position:]), 0
        runs, is_whole = scanner.scan(content, position, inside=inside)
        return Scan(runs, content.size - position, is_whole, generation)

    def _adapted(self, scan: Scan) -> Scan:
        """Make parts as large as a store can take, by how long messages have been."""
        runs = scan.runs
        rows = sum(run.row_stop - run.row + run.event_stop - run.event for run in runs)
        if rows:
            filled = max(rows / _ROWS_WANTED, int(runs[0].store.groups.state[0]) / _GROUP_ROWS_WANTED)
            wanted = int((runs[-1].stop - runs[0].start) / filled)
            self._part_bytes = min(self._largest, max(_SMALLEST_PART, wanted))
        return scan


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="fix-scanner")


def _kept(scan: Scan) -> Future[Scan]:
    kept: Future[Scan] = Future()
    kept.set_result(scan)
    return kept


def _last_line_start(tail: bytes) -> int:
    """The last start of a line that the line before it does not announce; 0 if there is none."""
    line_end = tail.rfind(b"\n")
    while line_end >= 0:
        last = tail[max(0, line_end - 64) : line_end].rstrip(_BLANKS)[-1:]
        if last and last not in _ANNOUNCES:
            return line_end + 1
        line_end = tail.rfind(b"\n", 0, line_end)
    return 0

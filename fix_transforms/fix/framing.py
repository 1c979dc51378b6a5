"""``Framer``: any stream of bytes into segments that tile it, in bounded memory and linear time.

Invariant: every byte belongs to exactly one segment, segments come in the order of the file, and they are the
same however the stream is cut into chunks. At most a few times ``limit`` is held at any time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fix_transforms.fix.buffer import Buffer
from fix_transforms.fix.candidates import START, next_candidate
from fix_transforms.fix.delimiters import HEADER_BYTES
from fix_transforms.fix.frame_search import MORE, Torn, frame_at, frame_broken
from fix_transforms.fix.profiles import announces
from fix_transforms.fix.segments import HEAD_BYTES, BlankSegment, Frame, MessageSegment, Scanned, TextSegment
from fix_transforms.fix.textlines import BLANKS, HEX_DUMP, classify, holds_fields, says_nothing, stops_in_header

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from fix_transforms.fix.frame_search import More
    from fix_transforms.fix.profiles import LineRules
    from fix_transforms.fix.scanner.ahead import Ahead
    from fix_transforms.fix.segments import Reason, Segment

#: The longest text before a message on its line that is still its prefix.
MAX_PREFIX_BYTES = 4096
_READ_BYTES = 256 * 1024
#: Bytes between asking for the compiled pass and asking again.
_ASK_AGAIN_BYTES = 1024 * 1024
_BLANK_LINES = re.compile(rb"(?:[ \t\r\x00]*+\n)++")  # possessive: nothing to go back to, nothing to remember
_OPENING = b" \t\r\x00("


class Framer:
    """One pass over one stream.

    Args:
        chunks: The bytes, cut anywhere.
        limit: Longest message or line.
        offset: Offset of the first byte in the file.
        line: Number of the line it is on.
        rules: What is declared of the lines, where a profile is.
        ahead: Makes the compiled pass, once it is worth its start-up time; nothing if it is to be asked again later.
        ahead_from: Bytes of input from which it is.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        limit: int,
        offset: int = 0,
        line: int = 1,
        rules: LineRules | None = None,
        *,
        ahead: Callable[[Iterator[bytes]], Ahead | None] | None = None,
        ahead_from: int = 0,
    ) -> None:
        self._new_ahead, self._ahead_from = ahead, ahead_from
        self._ahead: Ahead | None = None
        self._announces = announces if rules is None else rules.announces
        self._announced_by_prefix = rules is not None and rules.direction_from == "line_before"
        # A message that only a profile recognises is text to the framer, and has to be whole.
        self._head_bytes = HEAD_BYTES if rules is None or rules.message is None else limit
        self._chunks = iter(chunks)
        self._limit = limit
        self._hand = Buffer()
        self._base = offset
        self._position = 0
        self._searched = 0
        self._line = line
        self._at_end = False
        self._inside_line = False
        self._run: TextSegment | None = None
        self._held: TextSegment | None = None
        self._held_back = False
        self.bytes_read = 0
        self.resume_offset = offset
        self.resume_line = line

    def __iter__(self) -> Iterator[Segment]:
        """The segments, in the order of the file."""
        while not (self._at_end and self._position == len(self._hand)):
            if self._ahead is not None:
                yield from self._line_end_before_next()
            self._refill()
            yield from self._merge_binary(self._scan())
        if self._held is not None:
            yield self._held

    def _refill(self) -> None:
        """Read at least as much again as is left over, so that bytes are copied a bounded number of times."""
        if self._new_ahead is not None and self._ahead is None and self.bytes_read >= self._ahead_from:
            self._ahead = self._new_ahead(self._chunks)
            self._ahead_from = self.bytes_read + _ASK_AGAIN_BYTES
        rest = self._hand.between(self._position)
        read = self._read(len(rest)) if self._ahead is None else self._ahead.read(len(rest))
        if self._ahead is not None:
            self._at_end = self._ahead.is_at_end
        self.bytes_read += sum(map(len, read))
        self._base += self._position
        self._searched = max(0, self._searched - self._position)
        self._position = 0
        self._hand = Buffer((rest, *read) if rest else read)

    @property
    def _buffer(self) -> bytes:
        return self._hand.whole

    def _line_end_before_next(self) -> Iterator[Segment]:
        """The end of the last line, so that what is read next need not be copied behind it."""
        rest = self._hand.between(self._position)
        if self._run is None and self._held is None and rest.endswith(b"\n") and not rest.strip(BLANKS):
            yield BlankSegment(self._base + self._position, self._base + len(self._hand), self._line)
            self._advance(len(self._hand), inside_line=False)

    def _read(self, rest: int) -> list[bytes]:
        wanted = max(_READ_BYTES, rest)
        chunks, got = [], 0
        while got < wanted:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._at_end = True
                break
            chunks.append(chunk)
            got += len(chunk)
        return chunks

    # ---- one buffer ----

    def _scan(self) -> Iterator[Segment]:
        """Everything that the buffer settles."""
        goes_on = True
        while goes_on:
            if self._run is not None:
                yield from self._go_on_with_run()
                if self._run is not None:
                    return
            scanned = self._scanned_from_here()
            if scanned is not None:
                yield scanned
            elif self._ahead is not None and not self._at_end and self._ahead.is_done(self._hand, self._position):
                return
            else:
                goes_on = yield from self._settle_next()

    def _settle_next(self) -> Generator[Segment, None, bool]:
        """What the next place where a message may start turns out to be; whether the buffer may settle more."""
        buffer = self._buffer
        settled = len(buffer) if self._at_end else len(buffer) - HEADER_BYTES
        index, head = next_candidate(buffer, max(self._position, self._searched), self._position, settled)
        if self._ahead is not None and index >= self._ahead.next_line(self._hand, self._position):
            yield from self._lines_up_to_scanned(self._ahead)
            return True
        if index < 0:
            self._searched = max(self._position, settled)
            yield from self._text_without_candidate()
            return self._run is not None
        line_start = max(self._position, buffer.rfind(b"\n", self._position, index) + 1)
        found = MORE if index > settled else self._frame(index, head)
        if found is MORE:
            yield from self._lines_before(line_start)
            return False
        if isinstance(found, Frame):
            yield from self._message(line_start, index, found)
        elif isinstance(found, Torn):
            yield from self._torn(line_start, index, found)
        else:
            self._searched = index + len(START)
        return True

    def _frame(self, index: int, head: re.Match[bytes] | None) -> Frame | Torn | More | None:
        if head is None:
            return frame_broken(self._buffer, index, self._at_end, self._limit)
        return frame_at(self._buffer, index, head, self._at_end, self._limit)

    # ---- what the compiled pass has read ----

    def _scanned_from_here(self) -> Scanned | None:
        """The stretch that starts here, if there is one."""
        if self._ahead is None:
            return None
        found = self._ahead.claim(self._hand, self._position, self._base, self._line, inside=self._inside_line)
        if found is not None:
            self._position, self._line, self._inside_line = found.end - self._base, found.line, True
            if found.row_stop > found.row:
                self._held_back = False
            if not self._held_back:
                self.resume_offset, self.resume_line = found.resume_offset, found.resume_line
        return found

    def _lines_up_to_scanned(self, ahead: Ahead) -> Iterator[Segment]:
        """The lines before the next stretch, which no message here can reach into."""
        before = self._position
        yield from self._lines(ahead.next_line(self._hand, before))
        if self._position == before:
            ahead.drop()

    # ---- messages ----

    def _message(self, line_start: int, index: int, frame: Frame) -> Iterator[Segment]:
        prefix_start = line_start
        if line_start > self._position:
            if self._announced_by_prefix or not self._buffer[line_start:index].strip(_OPENING):
                prefix_start = self._announcing_line_before(line_start)
            yield from self._lines(prefix_start)
        before = self._buffer[line_start:index]
        if index - prefix_start > MAX_PREFIX_BYTES or holds_fields(before) or stops_in_header(before.strip(BLANKS)):
            yield from self._text(prefix_start, index, ends_line=True)
            prefix_start = max(self._position, index)
        lead = self._position
        prefix = self._buffer[prefix_start:index]
        line = self._line + self._buffer.count(b"\n", lead, index)
        base = self._base
        yield MessageSegment(base + lead, base + index, base + frame.end, line, prefix, base + prefix_start, frame)
        self._advance(frame.end, inside_line=True)
        if frame.is_closed:
            self._held_back = False
            self.resume_offset, self.resume_line = base + frame.end, self._line

    def _torn(self, line_start: int, index: int, torn: Torn) -> Iterator[Segment]:
        yield from self._lines(line_start)
        if torn.reaches_beyond and self._at_end and not self._held_back:
            self._hold_back(line_start)
        if torn.reason == "too_long":
            self._start_run(line_start, index + len(START), torn.detail)
            return
        yield from self._text(line_start, torn.end, ends_line=torn.end < len(self._buffer), torn=torn)

    # ---- text ----

    def _announcing_line_before(self, line_start: int) -> int:
        """Where the line before starts, if it says that the message is received or sent; else ``line_start``."""
        previous = max(self._position, self._buffer.rfind(b"\n", self._position, line_start - 1) + 1)
        if line_start - previous > MAX_PREFIX_BYTES or (previous == self._position and self._inside_line):
            return line_start
        return previous if self._announces(self._buffer[previous:line_start]) else line_start

    def _lines_before(self, line_start: int) -> Iterator[Segment]:
        """Whole lines that cannot belong to the message that may follow them."""
        if line_start > self._position:
            yield from self._lines(self._announcing_line_before(line_start))

    def _text_without_candidate(self) -> Iterator[Segment]:
        if self._at_end:
            yield from self._lines(len(self._buffer))
            if self._position < len(self._buffer):
                yield from self._blank(len(self._buffer))
            return
        yield from self._lines_before(self._buffer.rfind(b"\n", self._position) + 1)
        if len(self._buffer) - self._position <= self._limit:
            return
        rest = self._buffer[self._position :]
        blanks = len(rest) - len(rest.lstrip(BLANKS))
        if blanks > self._limit:
            yield from self._blank(self._position + blanks)
            blanks = 0
        if len(self._buffer) - self._position - blanks > self._limit:
            self._start_run(self._position + blanks, self._position, "")

    def _blank(self, end: int) -> Iterator[Segment]:
        yield BlankSegment(self._base + self._position, self._base + end, self._line)
        self._advance(end, inside_line=self._inside_line)

    def _lines(self, end: int) -> Iterator[Segment]:
        """The lines up to ``end``, which is a line start or the end of the input."""
        buffer = self._buffer
        cursor = self._position
        while cursor < end:
            blank = _BLANK_LINES.match(buffer, cursor, end)
            if blank is not None:
                cursor = blank.end()
                continue
            line_end = buffer.find(b"\n", cursor, end)
            if line_end < 0:
                line_end = end
            yield from self._text(cursor, line_end, ends_line=line_end < len(buffer))
            cursor = line_end + 1

    def _text(self, start: int, end: int, *, ends_line: bool, torn: Torn | None = None) -> Iterator[Segment]:
        """One stretch within a line, without the blanks around it; nothing if it is blank."""
        content = self._buffer[start:end]
        stripped = content.strip(BLANKS)
        if not stripped or (torn is None and start == self._position and self._inside_line and says_nothing(stripped)):
            return
        start += len(content) - len(content.lstrip(BLANKS))
        head = stripped[: self._head_bytes]
        reason: Reason | None
        if torn is not None:
            reason, detail = torn.reason, torn.detail
        else:
            reason, detail = classify(head, len(stripped), self._limit, ends_input=not ends_line)
        line = self._line + self._buffer.count(b"\n", self._position, start)
        end = start + len(stripped)
        base = self._base
        yield TextSegment(base + self._position, base + start, base + end, line, head, reason, detail, ends_line)
        self._advance(end, inside_line=True)

    # ---- lines that are too long to hold ----

    def _start_run(self, start: int, searched: int, detail: str) -> None:
        line = self._line + self._buffer.count(b"\n", self._position, start)
        base = self._base
        self._run = TextSegment(base + self._position, base + start, base + start, line, b"", "too_long", detail)
        self._advance(start, inside_line=True)
        self._searched = max(self._searched, searched)

    def _go_on_with_run(self) -> Iterator[Segment]:
        """Take bytes up to the end of the line or the next message, and forget them."""
        run = self._run
        assert run is not None
        buffer = self._buffer
        settled = len(buffer) if self._at_end else len(buffer) - HEADER_BYTES
        index, _ = next_candidate(buffer, max(self._position, self._searched), self._position, settled)
        line_end = buffer.find(b"\n", self._position, index if index >= 0 else len(buffer))
        is_settled = line_end >= 0 or (0 <= index <= settled) or self._at_end
        stop = line_end if line_end >= 0 else index if 0 <= index <= settled else max(self._position, settled)
        piece = buffer[self._position : stop]
        text = piece.rstrip(BLANKS)
        end = self._base + self._position + len(text) if text else run.end
        head_bytes = run.head + piece[: HEAD_BYTES - len(run.head)] if len(run.head) < HEAD_BYTES else run.head
        self._run = run = TextSegment(run.lead, run.start, end, run.line, head_bytes, run.reason, run.detail)
        self._advance(stop, inside_line=True)
        self._searched = max(self._searched, stop)
        if not is_settled:
            return
        self._run = None
        reason, detail = classify(run.head.rstrip(BLANKS), run.end - run.start, self._limit)
        if reason != "binary":
            reason, detail = "too_long", run.detail or detail
        head = run.head.rstrip(BLANKS)
        yield TextSegment(run.lead, run.start, run.end, run.line, head, reason, detail, line_end >= 0)
        if self._base + stop > run.end:
            yield BlankSegment(run.end, self._base + stop, self._line)

    # ---- bookkeeping ----

    def _advance(self, end: int, *, inside_line: bool) -> None:
        passed = self._hand.between(self._position, end)
        newlines = passed.count(b"\n")
        self._line += newlines
        if newlines and not self._held_back:
            self.resume_offset = self._base + self._position + passed.rfind(b"\n") + 1
            self.resume_line = self._line
        self._position = end
        self._inside_line = inside_line

    def _hold_back(self, line_start: int) -> None:
        """Resume at a message whose body may still be being written, whatever lines follow its first."""
        self._held_back = True
        self.resume_offset = self._base + line_start
        self.resume_line = self._line + self._buffer.count(b"\n", self._position, line_start)

    def _merge_binary(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """Join neighbouring binary stretches: noise is one finding, not one per byte that looks like a line end."""
        for segment in segments:
            held = self._held
            is_binary = isinstance(segment, TextSegment) and segment.reason == "binary" and segment.detail != HEX_DUMP
            if held is not None and is_binary and isinstance(segment, TextSegment) and segment.lead == held.end:
                self._held = TextSegment(
                    held.lead, held.start, segment.end, held.line, held.head, "binary", held.detail, segment.ends_line
                )
                continue
            if held is not None:
                self._held = None
                yield held
            if is_binary and isinstance(segment, TextSegment):
                self._held = segment
            else:
                yield segment

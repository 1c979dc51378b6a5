"""Hex dumps of messages, as hexdump, xxd, od, tcpdump and Wireshark write them: the rows of one are one finding.

Invariant: rows that show the bytes of a message become one segment in quarantine, and ``hide_dump`` shows nothing of it
unless it is sure that no secret is in it; rows that show none stay what they were. The compiled decoder leaves every
line that may be a row to this code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fix_transforms.fix.delimiters import SOH
from fix_transforms.fix.secret_notations import may_hold_secret
from fix_transforms.fix.segments import HEAD_BYTES, BlankSegment, TextSegment
from fix_transforms.fix.textlines import HEX_DUMP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fix_transforms.fix.segments import Segment

#: An offset, the bytes behind it, and their characters; the last row of a dump may have an offset alone.
_ROW = re.compile(
    rb"(?P<start>\|?(?:0x)?(?P<offset>[0-9a-fA-F]{4,16})[:h|]?)(?:[ \t]{1,4}"
    rb"(?P<bytes>(?:[0-9a-fA-F]{2}){1,4}(?:[ \t-]{1,3}(?:[0-9a-fA-F]{2}){1,4})*)(?![0-9a-fA-F])(?P<rest>[^\r\n]*))?\Z"
)
#: What stands for rows that are like the one before.
_SQUEEZED = b"*"
#: od writes offsets in base 8 or 10.
_BASES = (16, 10, 8)
#: Fewest bytes of a row that is not the last.
_ROW_BYTES = 8
_LONGEST_ROW = 512
#: Fewest bytes that stand beside their characters by no accident: ``10 orders sent.`` has a byte and a point, too.
_TELLING_BYTES = 4
_FIELD = re.compile(rb"[0-9]=|=[0-9]")
_PICTURE = bytes(code if 32 <= code < 127 else ord(".") for code in range(256))


@dataclass(frozen=True, slots=True)
class _Row:
    """One row.

    Attributes:
        offset: As it is written.
        content: Its bytes; what follows them may have been taken for some of them, too.
        rest: What follows them.
    """

    offset: bytes
    content: bytes
    rest: bytes

    @property
    def shows_its_characters(self) -> bool:
        """Whether the bytes are there as characters too: then this is no line of numbers."""
        picture = self.content.translate(_PICTURE)
        return len(self.content) >= _TELLING_BYTES and any(
            one.rstrip() and one.rstrip() in self.rest for one in (picture, picture.replace(b" ", b"."))
        )

    @property
    def shows_a_field(self) -> bool:
        """Whether a sign and a digit stand side by side in the bytes, in either order: od may swap them."""
        return b"=" in self.rest or _FIELD.search(self.content) is not None

    def is_followed_by(self, following: _Row) -> bool:
        """Whether the next row's offset is as many bytes further on as this one has."""
        least = _ROW_BYTES if following.content else 1
        return any(least <= step <= len(self.content) for step in self._steps_to(following))

    def is_before(self, following: _Row) -> bool:
        """Whether the other row is further on, however far."""
        return any(step > 0 for step in self._steps_to(following))

    def _steps_to(self, following: _Row) -> list[int]:
        try:
            return [int(following.offset, base) - int(self.offset, base) for base in _BASES]
        except ValueError:  # digits that the smaller bases have not
            return [int(following.offset, 16) - int(self.offset, 16)]


def _row_of(text: bytes) -> _Row | None:
    found = _ROW.match(text) if len(text) <= _LONGEST_ROW else None
    if found is None:
        return None
    digits = (found["bytes"] or b"").translate(None, b" \t-")
    return _Row(found["offset"], bytes.fromhex(digits.decode()), found["rest"] or b"")


class _Dump:
    """The rows of a dump so far, with the blanks between them."""

    def __init__(self, segment: TextSegment, row: _Row) -> None:
        self._segments: list[TextSegment | BlankSegment] = []
        self._rows, self._bytes = 0, 0
        self._starts_at_zero = int(row.offset, 16) == 0
        self._is_squeezed = self._is_certain = self._shows_a_field = False
        self._end = segment.lead
        self._add(segment, row)

    def takes(self, segment: Segment) -> bool:
        """Take the next segment, if the dump goes on with it."""
        if isinstance(segment, BlankSegment):
            self._hold(segment)
            return True
        if not isinstance(segment, TextSegment) or segment.lead != self._end:
            return False
        if segment.head == _SQUEEZED:
            self._is_squeezed = True
            self._hold(segment)
            return True
        row = _row_of(segment.head)
        is_next = row is not None and (
            self._last.is_before(row) if self._is_squeezed else self._last.is_followed_by(row)
        )
        if row is not None and is_next:
            self._is_squeezed = False
            self._add(segment, row)
        return is_next

    def _add(self, segment: TextSegment, row: _Row) -> None:
        self._last = row
        self._rows += 1
        self._is_certain |= row.shows_its_characters
        self._shows_a_field |= row.shows_a_field or segment.detail == HEX_DUMP
        self._hold(segment)

    def _hold(self, segment: TextSegment | BlankSegment) -> None:
        self._segments.append(segment)
        self._end = segment.end
        self._bytes += segment.end - segment.lead

    @property
    def is_long(self) -> bool:
        """Whether so much is held that it is time to let go of it."""
        return self._bytes > HEAD_BYTES

    def shorten(self) -> Iterator[Segment]:
        """Keep one segment of what shows a message; hand over what shows none."""
        self._bytes = 0
        if self._shows_a_message:
            self._segments = [self._joined()]
        else:
            yield from self._segments
            self._segments = []

    @property
    def _shows_a_message(self) -> bool:
        """Whether it does, or may where its beginning is not there."""
        is_dump = self._rows > 1 or self._is_certain
        return is_dump and (self._shows_a_field or not self._starts_at_zero)

    def settled(self) -> Iterator[Segment]:
        """What there is, now that no row follows."""
        blanks: list[Segment] = []
        while self._segments and isinstance(self._segments[-1], BlankSegment):
            blanks.insert(0, self._segments.pop())
        yield from [self._joined()] if self._segments and self._shows_a_message else self._segments
        yield from blanks

    def _joined(self) -> TextSegment:
        rows = [segment for segment in self._segments if isinstance(segment, TextSegment)]
        head = b"\n".join(row.head for row in rows)[:HEAD_BYTES]
        return replace(
            rows[0], end=rows[-1].end, head=head, reason="binary", detail=HEX_DUMP, ends_line=rows[-1].ends_line
        )


def joined_dumps(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments of a file, with every dump of a message as one segment."""
    dump: _Dump | None = None
    for segment in segments:
        if dump is not None:
            if dump.takes(segment):
                if dump.is_long:
                    yield from dump.shorten()
                continue
            yield from dump.settled()
        row = _first_row_of(segment) if isinstance(segment, TextSegment) else None
        dump = _Dump(segment, row) if isinstance(segment, TextSegment) and row is not None else None
        if dump is None:
            yield segment
    if dump is not None:
        yield from dump.settled()


def _first_row_of(segment: TextSegment) -> _Row | None:
    row = _row_of(segment.head)
    return row if row is not None and (len(row.content) >= _ROW_BYTES or row.shows_its_characters) else None


def hide_dump(text: bytes, length: int, *, hides_all: bool) -> bytes:
    """What is to be shown of a dump that is ``length`` bytes long: its offsets, and the rest if nothing is to be hidden.

    Args:
        text: Its rows.
        length: How long it is in the file.
        hides_all: Whether more is to be hidden than secrets.
    """
    rows = text.split(b"\n")
    if not hides_all and len(text) < HEAD_BYTES and length < HEAD_BYTES and _is_known_to_be_harmless(rows):
        return text
    return b"\n".join(map(_hide_row, rows))


def _is_known_to_be_harmless(texts: list[bytes]) -> bool:
    """Whether the rows are all there is of a message, from its beginning on, and no secret is in it."""
    content = b""
    for text in texts:
        row = _row_of(text)
        if row is None or int(row.offset, 16) != len(content):
            return False
        content += row.content
    return content.startswith(b"8=FIX") and content.endswith(SOH) and not may_hold_secret(content)


def _hide_row(text: bytes) -> bytes:
    found = _ROW.match(text)
    shown = found["start"] if found is not None else b""
    return shown + b"*" * (len(text) - len(shown))

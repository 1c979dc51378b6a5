"""What the input is cut into: messages, text and blanks.

Invariant: segments tile the input. ``lead`` of each is the end of the one before; ``lead`` to ``start`` is
decoration (line ends, blanks, the prefix of a message); ``start`` to ``end`` is what the segment is about.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from fix_transforms.fix.scanner.stores import Store

Framing = Literal["body_length", "scan", "profile"]
ChecksumStatus = Literal["ok", "bad", "not_verifiable"]
Reason = Literal["truncated", "garbled", "fragment", "binary", "too_long", "undecodable"]

#: How much of a text segment is kept: enough for the longest excerpt that any table shows.
HEAD_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """One message found in the buffer.

    Attributes:
        end: Index in the buffer after its last byte.
        wire: The message as it was sent: SOH restored, ending in SOH.
        delimiter: How the log spelled SOH.
        is_closed: Whether it ends in CheckSum(10).
    """

    end: int
    wire: bytes
    delimiter: bytes
    framing: Framing
    checksum_status: ChecksumStatus
    body_length_ok: bool | None
    is_closed: bool = True


@dataclass(frozen=True, slots=True)
class MessageSegment:
    """A message, with the text before it on its line."""

    lead: int
    start: int
    end: int
    line: int
    prefix: bytes
    prefix_start: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class TextSegment:
    """Anything else: a log event when it has no reason to be in quarantine.

    Attributes:
        head: Its first bytes, up to ``HEAD_BYTES``.
        ends_line: Whether the line was complete: its end will not be written later.
    """

    lead: int
    start: int
    end: int
    line: int
    head: bytes
    reason: Reason | None = None
    detail: str = ""
    ends_line: bool = True


@dataclass(frozen=True, slots=True)
class BlankSegment:
    """Line ends, blanks and NULs that nothing follows."""

    lead: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """Messages and lines that the compiled pass has read, with what lies between them.

    Attributes:
        store: Holds their columns.
        row: Its messages in the store, up to ``row_stop``; ``event`` and ``event_stop`` are its lines.
        resume_offset: Where a later version of the file is to be read from, on line ``resume_line``.
        line: Number of the line at its end.
    """

    store: Store
    lead: int
    end: int
    row: int
    row_stop: int
    event: int
    event_stop: int
    resume_offset: int
    resume_line: int
    line: int

    @property
    def messages(self) -> int:
        """How many messages it holds."""
        return self.row_stop - self.row

    @property
    def lines(self) -> int:
        """How many lines without a message it holds."""
        return self.event_stop - self.event

    @property
    def group_fields(self) -> int:
        """How many fields inside groups its messages hold."""
        groups = self.store.groups
        used = int(groups.state[0])
        first = bisect_left(groups.message, self.row, 0, used)
        return bisect_left(groups.message, self.row_stop, first, used) - first


Segment: TypeAlias = MessageSegment | TextSegment | BlankSegment | Scanned

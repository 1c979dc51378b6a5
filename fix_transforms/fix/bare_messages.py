"""Messages that an engine logs without BeginString(8), BodyLength(9) and CheckSum(10), where a profile says so.

Invariant: such a message is one whole line, or a stretch within it, of ``tag=value`` pairs with MsgType(35) among
them. A line that is not complete, or that the pattern does not fit, stays what the framer made of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fix_transforms.fix.delimiters import DELIMITER, SOH, restore_at_fields
from fix_transforms.fix.profiles import MATCHED_BYTES
from fix_transforms.fix.segments import BlankSegment, Frame, MessageSegment, TextSegment
from fix_transforms.fix.textlines import BLANKS, says_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix.profiles import LineRules
    from fix_transforms.fix.reference import Decoder, Fields
    from fix_transforms.fix.segments import Segment

#: The first field and what stands between it and the next.
_FIRST_FIELD = re.compile(rb"[1-9][0-9]{0,5}=[^=\r\n]{0,256}?(?P<delimiter>" + DELIMITER + rb")(?=[1-9][0-9]{0,5}=)")
_FIELD = re.compile(rb"[1-9][0-9]{0,5}=")
#: Any will do: which fields are data does not depend on the version.
_BEGIN_STRING = b"8=FIX.4.4" + SOH
_MSG_TYPE = re.compile(rb"(?:\A|\x01)35=[^\x01]")
_FRAMED = re.compile(rb"\x01(?:9|10)=")


class BareMessages:
    """Finds them in stretches that the framer holds to be text.

    Args:
        rules: What is declared of the lines.
    """

    def __init__(self, rules: LineRules) -> None:
        self._message = rules.message
        self._delimiter = rules.delimiter

    def read(self, segment: TextSegment) -> Iterator[Segment]:
        """The segments that the stretch turns out to be: itself, or a message and what follows it on its line."""
        found = self._find(segment)
        if found is None:
            yield segment
            return
        start, end, wire, delimiter = found
        frame = Frame(end, wire, delimiter, "profile", "not_verifiable", None)
        base = segment.start
        prefix = segment.head[:start]
        yield MessageSegment(segment.lead, base + start, base + end, segment.line, prefix, base, frame)
        rest = segment.head[end:]
        if says_nothing(rest.strip(BLANKS)):
            if rest:
                yield BlankSegment(base + end, segment.end, segment.line)
            return
        text = rest.strip(BLANKS)
        text_start = base + end + len(rest) - len(rest.lstrip(BLANKS))
        yield TextSegment(base + end, text_start, segment.end, segment.line, text)

    def _find(self, segment: TextSegment) -> tuple[int, int, bytes, bytes] | None:
        """Start, end, restored bytes and delimiter."""
        head = segment.head
        is_whole = len(head) == segment.end - segment.start and segment.ends_line
        if self._message is None or not is_whole or segment.reason not in (None, "fragment", "truncated"):
            return None
        match = self._message.match(head, 0, MATCHED_BYTES)
        if match is None or match.start("message") < 0:
            return None
        start = match.start("message")
        # A pattern sees the beginning of a long line only; the message then goes on to its end.
        end = len(head) if match.end() == MATCHED_BYTES else match.end("message")
        if _FIELD.match(head, start, end) is None:
            return None
        delimiter = self._delimiter or _delimiter_of(head, start, end)
        if delimiter is None:
            return None
        end = start + len(head[start:end].rstrip(BLANKS.replace(delimiter, b"") if len(delimiter) == 1 else BLANKS))
        raw = head[start:end]
        wire = restore_at_fields(raw if raw.endswith(delimiter) else raw + delimiter, delimiter)
        if _MSG_TYPE.search(wire) is None or (segment.reason == "truncated" and _FRAMED.search(wire) is not None):
            return None
        return start, end, wire, delimiter


def is_bare(frame: Frame) -> bool:
    """Whether the message was found by what a profile says of its line."""
    return frame.framing == "profile"


def decode_bare(decoder: Decoder, wire: bytes) -> Fields:
    """The fields of a message that may lack BeginString: one is put in front for the decoder, and dropped again.

    Raises:
        UndecodableError: It has no reading.
    """
    if wire.startswith(b"8="):
        return decoder.decode(wire)
    return decoder.decode(_BEGIN_STRING + wire)[1:]


def _delimiter_of(head: bytes, start: int, end: int) -> bytes | None:
    """How a message spells SOH, told by what stands before its second field."""
    match = _FIRST_FIELD.match(head, start, end)
    if match is not None:
        return match["delimiter"]
    return SOH if head[start:end].endswith(SOH) else None


def fragment_fields(text: bytes) -> list[bytes] | None:
    """The fields of a line that holds FIX fields from its first field to its end; none if it has less than two."""
    match = _FIRST_FIELD.search(text)
    if match is None:
        return None
    delimiter = match["delimiter"]
    raw = text[match.start() :]
    wire = restore_at_fields(raw if raw.endswith(delimiter) else raw + delimiter, delimiter)
    return wire.rstrip(SOH).split(SOH)

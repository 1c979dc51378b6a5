"""One message out of a buffer: by BodyLength, else by the next plausible CheckSum, else across line breaks.

A message in a JSON string, an XML document or a CSV cell is read without the escapes of that, where BodyLength and
CheckSum show that it has them.

Invariant: the answer depends on the content alone, never on how it was cut into chunks. Where the bytes at
hand do not settle it, the answer is ``MORE``. A message that is torn never takes bytes of the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from fix_transforms.fix.candidates import START, next_header
from fix_transforms.fix.container_escapes import WIDEST, containers_of, sent_in_latin
from fix_transforms.fix.delimiters import HEADER, HEADER_BYTES, SOH, checksum_pattern, raw_index, restore_at_fields
from fix_transforms.fix.field_lines import by_field_lines
from fix_transforms.fix.frame_building import build_frame
from fix_transforms.fix.segments import Frame

if TYPE_CHECKING:
    from fix_transforms.fix.container_escapes import Container
    from fix_transforms.fix.segments import Reason


class Undecided(Enum):
    """The bytes at hand do not settle whether there is a message."""

    MORE = "more"


MORE: Final = Undecided.MORE
More: TypeAlias = Literal[Undecided.MORE]


@dataclass(frozen=True, slots=True)
class Torn:
    """A start without a message.

    Attributes:
        end: Index after the last byte that belongs to it.
        reaches_beyond: Whether its declared body goes on after the end of the input.
    """

    end: int
    reason: Reason
    detail: str
    reaches_beyond: bool = False


#: How far a message without BodyLength may go on after its first line.
CONTINUATION_BYTES = 64 * 1024
#: How many messages inside a message are weighed before it is given up as torn.
MAX_RIVALS = 32
#: How many messages inside a message its escapes are undone in.
MAX_INNER = 4
_SHORT_BODY_BYTES = 8 * 1024
#: What has to be at hand to tell where CheckSum(10) ends: itself, and a ``8=FIX`` that may follow it.
_CHECKSUM_BYTES = len(b"10=000") + len(START)
_NEWLINE = re.compile(rb"\r?\n")
_CHECKSUM_ON_NEXT_LINE = re.compile(rb"\r?\n10=[0-9]{3}")


def frame_at(buffer: bytes, start: int, head: re.Match[bytes], at_end: bool, limit: int) -> Frame | Torn | More:
    """Find the end of the message that starts with ``head``.

    Args:
        buffer: The bytes at hand.
        start: Index of its ``8=FIX``.
        head: The match of ``HEADER`` there.
        at_end: Whether the input ends with the buffer.
        limit: Longest message.
    """
    if head["length"] is not None:
        found = _by_body_length(buffer, start, head, at_end, limit)
        if found is None or (isinstance(found, Frame) and (found.checksum_status == "bad" or not found.is_closed)):
            found = _without_escapes(buffer, start, head, at_end, limit) or found
        if found is not None:
            return found
    return _by_scan(buffer, start, head, at_end, limit)


def frame_broken(buffer: bytes, start: int, at_end: bool, limit: int) -> Frame | More | None:
    """Find a message whose header is cut by a line break; nothing when it is only text."""
    return _across_lines(buffer, start, None, at_end, limit)


# ---- by BodyLength ----


def _by_body_length(
    buffer: bytes, start: int, head: re.Match[bytes], at_end: bool, limit: int
) -> Frame | Torn | More | None:
    declared = int(head["length"])
    if declared > limit:
        return None
    delimiter = head["delimiter"]
    width = len(delimiter)
    body_end = _body_end(buffer, start, head, declared)
    if body_end + _CHECKSUM_BYTES + width > len(buffer) and not at_end:
        return MORE
    if buffer[body_end - width : body_end] != delimiter:
        return None
    if not buffer.startswith(b"10=", body_end):
        if not at_end and body_end + HEADER_BYTES > len(buffer):
            return MORE
        return _without_checksum(buffer, start, body_end, head)
    closing = checksum_pattern(delimiter, is_last=False).match(buffer, body_end - width)
    if closing is None or _is_cut_short(closing, buffer, at_end):
        return None
    rivals = _rivals(buffer, start, body_end)
    if rivals > MAX_RIVALS:
        return None
    frame = build_frame(buffer, start, head, closing, "body_length")
    return None if rivals and frame.checksum_status != "ok" else frame


def _body_end(buffer: bytes, start: int, head: re.Match[bytes], declared: int) -> int:
    """Where the declared body ends; counted out where the log spells SOH with more than one byte.

    A long body is counted no further than a few messages: lengths that all lie would make it quadratic.
    """
    ceiling = len(buffer)
    if len(head["delimiter"]) > 1 and declared > _SHORT_BODY_BYTES:
        furthest = head.end() + declared * len(head["delimiter"])
        ceiling = _inner_header(buffer, start, furthest, MAX_RIVALS, otherwise=ceiling)
    return raw_index(buffer, head.end(), declared, head["delimiter"], ceiling)


def _inner_header(buffer: bytes, start: int, furthest: int, number: int, *, otherwise: int) -> int:
    """Where so many messages further on another one starts."""
    inner = start
    for _ in range(number):
        inner = next_header(buffer, inner + len(START), furthest, start)
        if inner < 0:
            return otherwise
    return inner


def _without_checksum(buffer: bytes, start: int, body_end: int, head: re.Match[bytes]) -> Frame | None:
    """The body is whole, and its line ends there or another message begins: CheckSum was never written."""
    if not _ends_unit(buffer, body_end) or body_end == head.end():
        return None
    if _rivals(buffer, start, body_end):
        return None
    delimiter = head["delimiter"]
    wire = restore_at_fields(buffer[start:body_end], delimiter)
    if wire.startswith(b"10=", wire.rfind(SOH, 0, -1) + 1):
        return None  # BodyLength counts CheckSum too
    return Frame(body_end, wire, delimiter, "body_length", "not_verifiable", True, is_closed=False)


def _ends_unit(buffer: bytes, body_end: int) -> bool:
    """Whether what was written in one go ends here: with its line, or where the next message begins."""
    if buffer[body_end : body_end + 1] in (b"\r", b"\n"):
        return _CHECKSUM_ON_NEXT_LINE.match(buffer, body_end) is None
    following = HEADER.match(buffer, body_end)
    return following is not None and following["length"] is not None


def _is_cut_short(closing: re.Match[bytes], buffer: bytes, at_end: bool) -> bool:
    """Whether the input ends inside CheckSum: ``10=12`` may become ``10=123``."""
    return at_end and closing.end() == len(buffer) and not closing["end"] and len(closing["value"]) < 3


def _rivals(buffer: bytes, start: int, body_end: int) -> int:
    """How many messages inside a declared body say that they are no data but messages of their own.

    Embedded messages end before the message around them (XmlData of a drop copy). One that ends at the same
    CheckSum, or that comes after a line end, says that the message around it is torn and that its length was
    met by accident; the checksum then decides. Beyond ``MAX_RIVALS`` it is not even computed: a file made of
    such messages would take time that grows with its square.
    """
    inner = next_header(buffer, start + len(START), body_end, start)
    if inner < 0:
        return 0
    line_end = buffer.find(b"\n", start, body_end)
    found = looked_at = 0
    while inner >= 0:
        looked_at += 1
        found += 0 <= line_end < inner or _ends_at(buffer, inner, body_end)
        if found and looked_at > MAX_RIVALS:
            return looked_at
        inner = next_header(buffer, inner + len(START), body_end, start) if looked_at <= MAX_RIVALS else -1
    return found


def _ends_at(buffer: bytes, start: int, body_end: int) -> bool:
    head = HEADER.match(buffer, start)
    if head is None or head["length"] is None or int(head["length"]) > body_end:
        return False
    return raw_index(buffer, head.end(), int(head["length"]), head["delimiter"], body_end) == body_end


# ---- by BodyLength, without the escapes of what the message was put into ----


def _without_escapes(buffer: bytes, start: int, head: re.Match[bytes], at_end: bool, limit: int) -> Frame | More | None:
    """The message as it was before it was put into something, if only so it has the length and checksum it states."""
    declared = int(head["length"])
    if declared > limit:
        return None
    end = _body_end(buffer, start, head, declared)
    if declared > _SHORT_BODY_BYTES:
        end = _inner_header(buffer, start, end, MAX_INNER + 1, otherwise=end)
    for container in containers_of(buffer[start:end], head["delimiter"]):
        found = _undone(buffer, start, head, container, at_end, limit)
        if found is not None:
            return found
    return None


def _undone(
    buffer: bytes, start: int, head: re.Match[bytes], container: Container, at_end: bool, limit: int
) -> Frame | More | None:
    delimiter = container.undone(head["delimiter"])
    if not delimiter:
        return None
    header = len(head.group()) - 2 * (len(head["delimiter"]) - len(delimiter))
    wanted = header + int(head["length"]) * len(delimiter) + _CHECKSUM_BYTES + len(delimiter)
    furthest = start + min(limit, wanted * WIDEST)
    stop = min(_inner_header(buffer, start, furthest, MAX_INNER + 1, otherwise=furthest), len(buffer))
    undone = container.undo(buffer, start, stop, wanted)
    found = _adding_up(undone.text, limit)
    if found is None and not undone.text.isascii():
        undone = container.undo(buffer, start, stop, 2 * wanted)  # two bytes for each that was sent
        sent = sent_in_latin(undone.text)
        found = _adding_up(sent, limit)
        if found is not None:
            found = replace(found, end=len(sent[: found.end].decode("latin-1").encode()))
    if undone.reached + HEADER_BYTES > len(buffer) and not at_end:
        return MORE
    return found and replace(found, end=undone.log_index(found.end), delimiter=head["delimiter"])


def _adding_up(text: bytes, limit: int) -> Frame | None:
    """The message that starts the text, if it has the length and the checksum that it states."""
    head = HEADER.match(text)
    if head is None or head["length"] is None:
        return None
    found = _by_body_length(text, 0, head, True, limit)
    if not isinstance(found, Frame) or not found.is_closed:
        return None
    return found if found.body_length_ok and found.checksum_status == "ok" else None


# ---- by CheckSum ----


def _by_scan(buffer: bytes, start: int, head: re.Match[bytes], at_end: bool, limit: int) -> Frame | Torn | More:
    horizon = start + limit
    # The header first: a search for a line end from every message of a long line would be quadratic.
    following = next_header(buffer, start + len(START), horizon, start)
    line_end = buffer.find(b"\n", start, following if following >= 0 else horizon)
    if line_end >= 0:
        following = -1
    elif following < 0:
        if not at_end and len(buffer) < horizon:
            return MORE
        line_end = min(len(buffer), horizon)
    stop = following if following >= 0 else line_end
    delimiter = head["delimiter"]
    closing = checksum_pattern(delimiter, is_last=True).search(buffer, head.end() - len(delimiter), stop)
    if closing is not None and not _is_cut_short(closing, buffer, at_end):
        return build_frame(buffer, start, head, closing, "scan")
    if following < 0 and line_end < len(buffer) and line_end < horizon:
        joined = _across_lines(buffer, start, head, at_end, limit)
        if joined is not None:
            return joined
    return _torn(buffer, start, stop, head, horizon)


def _torn(buffer: bytes, start: int, stop: int, head: re.Match[bytes], horizon: int) -> Torn:
    if stop >= horizon:
        return Torn(stop, "too_long", f"no CheckSum(10) within {horizon - start} bytes")
    stretch = buffer[start:stop]
    declared = head["length"]
    if declared is not None and int(declared) > horizon - start:
        return Torn(stop, "too_long", f"BodyLength(9) is {int(declared)}, at most {horizon - start} expected")
    follow = len(restore_at_fields(stretch[head.end() - start :], head["delimiter"]))
    expected = "" if declared is None else f"; BodyLength(9) is {int(declared)}, {follow} bytes follow it"
    beyond = declared is not None and head.end() + int(declared) > len(buffer)
    if head["delimiter"] + b"10=" in stretch and not stretch.endswith(b"10="):
        return Torn(stop, "garbled", f"CheckSum(10) is malformed or not the last field{expected}", beyond)
    return Torn(stop, "truncated", f"no CheckSum(10) before the next message or the end of the line{expected}", beyond)


# ---- across line breaks ----


def _across_lines(
    buffer: bytes, start: int, head: re.Match[bytes] | None, at_end: bool, limit: int
) -> Frame | More | None:
    """A message that goes on over line breaks, taken only when BodyLength or CheckSum proves it."""
    declared = int(head["length"]) if head is not None and head["length"] is not None else 0
    horizon = start + min(limit, 2 * declared + CONTINUATION_BYTES)
    following = buffer.find(START, start + len(START), horizon)
    if following < 0 and horizon > len(buffer) and not at_end:
        return MORE
    stop = buffer.rfind(b"\n", start, following) + 1 if following >= 0 else min(horizon, len(buffer))
    region = buffer[start:stop]
    joined = _NEWLINE.sub(b"", region)
    found = _proven(joined, limit, with_scan=head is not None)
    if found is not None:
        return replace(found, end=start + _end_before_joining(region, found.end))
    kept = _proven_by_checksum(region, HEADER.match(region)) if head is not None else None
    kept = kept or by_field_lines(region, head)
    return replace(kept, end=start + kept.end) if kept is not None else None


def _proven(joined: bytes, limit: int, with_scan: bool) -> Frame | None:
    head = HEADER.match(joined)
    if head is None:
        return None
    if head["length"] is not None:
        found = _by_body_length(joined, 0, head, True, limit)
        if isinstance(found, Frame) and found.is_closed:
            return found
    return _proven_by_checksum(joined, head) if with_scan else None


def _proven_by_checksum(region: bytes, head: re.Match[bytes] | None) -> Frame | None:
    """The first plausible end, if the octets up to it add up."""
    if head is None:
        return None
    closing = checksum_pattern(head["delimiter"], is_last=True).search(region, head.end() - len(head["delimiter"]))
    if closing is None or len(closing["value"]) < 3:
        return None
    frame = build_frame(region, 0, head, closing, "scan")
    if frame.checksum_status != "ok":
        return None
    return replace(frame, framing="body_length") if frame.body_length_ok else frame


def _end_before_joining(region: bytes, joined_end: int) -> int:
    """Where an index into the joined lines lies in the region with its line breaks."""
    removed = 0
    for gap in _NEWLINE.finditer(region):
        if gap.start() - removed >= joined_end:
            break
        removed += gap.end() - gap.start()
    return joined_end + removed

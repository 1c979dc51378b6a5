"""A message written over lines that each hold whole fields: one field a line, or wrapped after a delimiter.

Invariant: every line that is taken starts with a tag, and the last of them holds CheckSum(10). Wrapped lines are
joined only where BodyLength or CheckSum bears it out: else two torn messages would become one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fix_transforms.fix.delimiters import HEADER, SOH, checksum_pattern
from fix_transforms.fix.frame_building import build_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix.segments import Frame

_TAG = re.compile(rb"[1-9][0-9]{0,5}=")
_BLANKS = b" \t\r"


class _Line(NamedTuple):
    start: int
    content: bytes


def by_field_lines(region: bytes, head: re.Match[bytes] | None) -> Frame | None:
    """The message that starts the region, if its lines hold whole fields up to CheckSum(10).

    Args:
        region: The lines from ``8=FIX`` on, up to where another message may start.
        head: The match of ``HEADER`` at its start; none when the line ends after BeginString(8).
    """
    if head is None:
        return _one_field_a_line(region)
    frame = _wrapped(region, head["delimiter"])
    return frame if frame and (frame.body_length_ok or frame.checksum_status == "ok") else None


def _lines(region: bytes) -> Iterator[_Line]:
    """The lines as long as they start with a tag."""
    position = 0
    while position < len(region):
        end = region.find(b"\n", position)
        end = len(region) if end < 0 else end
        content = region[position:end]
        start = position + len(content) - len(content.lstrip(_BLANKS))
        content = content.strip(_BLANKS)
        if _TAG.match(content) is None:
            return
        yield _Line(start, content)
        position = end + 1


def _one_field_a_line(region: bytes) -> Frame | None:
    closing = checksum_pattern(SOH, is_last=True, opens_line=True)
    fields = []
    for line in _lines(region):
        fields.append(line.content)
        last = closing.match(line.content)
        if last is not None and last.end() == len(line.content):
            end_of_line = b"\r\n" if region[: region.find(b"\n")].endswith(b"\r") else b"\n"
            frame = _joined(SOH.join(fields), SOH)
            return frame and replace(frame, end=line.start + last.end(), delimiter=end_of_line)
    return None


def _wrapped(region: bytes, delimiter: bytes) -> Frame | None:
    closing = checksum_pattern(delimiter, is_last=True, opens_line=True)
    core = delimiter.strip(_BLANKS) or delimiter
    parts: list[bytes] = []
    for line in _lines(region):
        last = closing.search(line.content)
        if last is not None:
            frame = _joined(b"".join((*parts, line.content[: last.end()])), delimiter)
            return frame and replace(frame, end=line.start + last.end())
        if not line.content.endswith(core):
            return None
        parts.append(line.content[: -len(core)].rstrip(_BLANKS) + delimiter)
    return None


def _joined(text: bytes, delimiter: bytes) -> Frame | None:
    head = HEADER.match(text)
    if head is None or head["delimiter"] != delimiter:
        return None
    closing = checksum_pattern(delimiter, is_last=True).search(text, head.end("length") if head["length"] else 0)
    if closing is None:
        return None
    frame = build_frame(text, 0, head, closing, "scan")
    return replace(frame, framing="body_length") if frame.body_length_ok else frame

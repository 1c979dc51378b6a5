"""Stretches that hold FIX fields and are remarks all the same: as log events, prefix and message in one.

Invariant: a shelved stretch covers the bytes of the message and of the text before it on its line, no others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fix_transforms.fix.delimiters import SOH
from fix_transforms.fix.segments import HEAD_BYTES, MessageSegment, TextSegment
from fix_transforms.fix.textlines import BLANKS

if TYPE_CHECKING:
    from fix_transforms.fix.segments import Segment


def line_of(segment: MessageSegment | TextSegment) -> bytes:
    """The line as it is in the log, as far as it is known."""
    if isinstance(segment, TextSegment):
        return segment.head
    return segment.prefix + segment.frame.wire.replace(SOH, segment.frame.delimiter)


def shelved(segment: MessageSegment | TextSegment) -> TextSegment:
    """The same stretch, a message's prefix included, as a remark."""
    if isinstance(segment, TextSegment):
        return replace(segment, head=segment.head[:HEAD_BYTES], reason=None, detail="")
    text = line_of(segment)
    leading = len(segment.prefix) - len(segment.prefix.lstrip(BLANKS))
    is_blank = leading == len(segment.prefix)
    start = segment.start if is_blank else segment.prefix_start + leading
    line = segment.line - segment.prefix.count(b"\n", leading)
    return TextSegment(segment.lead, start, segment.end, line, text[leading:][:HEAD_BYTES])


def shortened(segment: Segment) -> Segment:
    """Text with no more of it kept than any table shows; the framer keeps whole lines where a profile reads them."""
    if isinstance(segment, TextSegment) and len(segment.head) > HEAD_BYTES:
        return replace(segment, head=segment.head[:HEAD_BYTES])
    return segment

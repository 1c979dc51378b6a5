"""Events that an engine writes on two lines: when and of which session on the first, what on the second.

QuickFIX's and quickfix-go's screen logs do. Invariant: only two neighbouring lines become one event, which covers the
bytes of both; the compiled decoder leaves a line that ends in ``>``, and the one after it, to this code.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fix_transforms.fix.segments import HEAD_BYTES, TextSegment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fix_transforms.fix.segments import Segment

#: ``<20240102-09:30:00.123, FIX.4.2:DESK->VENUE, event>``.
_FIRST_LINE = re.compile(rb"<[^<\r\n]{1,512}, (?:event|error)>\Z")


def joined_events(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments of a file, with such events as one segment each."""
    first: TextSegment | None = None
    for segment in segments:
        if first is not None:
            if isinstance(segment, TextSegment) and _goes_on(first, segment):
                yield _joined(first, segment)
                first = None
                continue
            yield first
            first = None
        if isinstance(segment, TextSegment) and segment.reason is None and _FIRST_LINE.match(segment.head):
            first = segment
        else:
            yield segment
    if first is not None:
        yield first


def _goes_on(first: TextSegment, segment: TextSegment) -> bool:
    is_next_line = segment.lead == first.end and segment.line == first.line + 1
    return is_next_line and segment.reason is None and segment.head.startswith(b"(")


def _joined(first: TextSegment, second: TextSegment) -> TextSegment:
    head = (first.head + b" " + second.head)[:HEAD_BYTES]
    return replace(first, end=second.end, head=head, ends_line=second.ends_line)

"""Lines of known engines that repeat the message on the line next to them.

Invariant: such a line becomes a log event only when the message itself is there, so that none is dropped. What
decides is at most one line away, so that memory is bounded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fix_transforms.fix.bare_messages import fragment_fields
from fix_transforms.fix.delimiters import DELIMITER, SOH
from fix_transforms.fix.profiles import MATCHED_BYTES, is_twin
from fix_transforms.fix.segments import BlankSegment, MessageSegment, Scanned, TextSegment
from fix_transforms.fix.shelving import shelved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix.segments import Segment

#: How much text after a message on its line is held back while its twin is awaited.
_MAX_HELD = 64
_ANNOTATION = re.compile(rb"\[[^\[\]\r\n]{0,128}\]")
_TAG = re.compile(rb"(?<![0-9])[1-9][0-9]{0,5}=")
_BETWEEN = re.compile(DELIMITER)
_AFTER_FIELDS = b" \t\r\n\x00\x01|;^~,])>"


class Twins:
    """Shelves lines of known shapes that repeat the message on a line next to them."""

    def __init__(self) -> None:
        self._last: MessageSegment | TextSegment | None = None
        self._twin: MessageSegment | TextSegment | None = None
        self._after: list[Segment] = []

    def take(self, segment: Segment) -> Iterator[Segment]:
        """Take the next segment; give those that are settled by it."""
        if isinstance(segment, Scanned):  # no twins in there, and none right before or after it
            yield from self.release()
            self._last = None
            yield segment
            return
        if self._twin is not None:
            if self._goes_with_twin(segment):
                self._after.append(segment)
                return
            is_original = not isinstance(segment, BlankSegment) and not _may_be_twin(segment)
            yield from self.release(shelve=is_original and _repeats(self._twin, segment))
        if isinstance(segment, BlankSegment):
            yield segment
        elif not _may_be_twin(segment):
            if self._last is None or isinstance(segment, MessageSegment) or segment.line != self._last.line:
                self._last = segment
            yield segment
        elif self._last is not None and _repeats(segment, self._last):
            self._last = None
            yield shelved(segment)
        else:
            self._twin, self._last = segment, None

    def release(self, *, shelve: bool = False) -> Iterator[Segment]:
        """Give what was held back."""
        if self._twin is not None:
            yield shelved(self._twin) if shelve else self._twin
            yield from self._after
        self._twin = None
        self._after = []

    def _goes_with_twin(self, segment: Segment) -> bool:
        """Whether it is a blank, or text after the twin on its line."""
        assert self._twin is not None
        if len(self._after) >= _MAX_HELD:
            return False
        if isinstance(segment, BlankSegment):
            return True
        return isinstance(segment, TextSegment) and segment.line == self._twin.line


def _may_be_twin(segment: Segment) -> bool:
    if isinstance(segment, MessageSegment):
        words = segment.prefix
    elif isinstance(segment, TextSegment) and segment.reason is not None:
        words = segment.head[:MATCHED_BYTES]
    else:
        return False
    return b":" in words and is_twin(words.decode("latin-1"))


def _repeats(twin: MessageSegment | TextSegment, segment: Segment) -> bool:
    """Whether a line repeats the message of another: the same bytes, or the same fields with names beside them."""
    if isinstance(segment, MessageSegment):
        if isinstance(twin, MessageSegment):
            return twin.frame.wire == segment.frame.wire
        fields = segment.frame.wire.rstrip(SOH).split(SOH)
    elif isinstance(segment, TextSegment) and isinstance(twin, TextSegment) and segment.reason == "fragment":
        found = fragment_fields(segment.head)
        fields = found if found is not None else []
    else:
        return False
    return len(fields) > 1 and _annotates(twin.head, fields) if isinstance(twin, TextSegment) else False


def _annotates(text: bytes, fields: list[bytes]) -> bool:
    """Whether the text holds these fields and no others, with names or meanings in brackets before and after them."""
    position = text.find(fields[0])
    if position < 0 or _TAG.search(text, 0, position) is not None:
        return False
    for number, field in enumerate(fields):
        position = _after_annotation(text, position)
        if not text.startswith(field, position):
            return False
        position = _after_annotation(text, position + len(field))
        if number + 1 < len(fields):
            delimiter = _BETWEEN.match(text, position)
            if delimiter is None:
                return False
            position = delimiter.end()
    return not text[position:].strip(_AFTER_FIELDS)


def _after_annotation(text: bytes, position: int) -> int:
    match = _ANNOTATION.match(text, position)
    return match.end() if match is not None else position

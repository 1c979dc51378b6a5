"""What the lines of a log are for: messages, remarks that repeat one or are declared, events on two lines, hex dumps.

Invariant: no segment is lost and none changes its bytes; only what it is said to be changes. A line that repeats a
message becomes a log event only when the message itself stands on a line next to it, so that none is dropped, and
what decides is at most one line away, or a few kilobytes in a hex dump, so that memory is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.fix.bare_messages import BareMessages
from fix_transforms.fix.hex_dumps import joined_dumps
from fix_transforms.fix.profiles import MATCHED_BYTES
from fix_transforms.fix.segments import MessageSegment, TextSegment
from fix_transforms.fix.shelving import line_of, shelved, shortened
from fix_transforms.fix.twins import Twins
from fix_transforms.fix.two_line_events import joined_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fix_transforms.fix.profiles import LineRules
    from fix_transforms.fix.segments import Segment


def settle_roles(segments: Iterable[Segment], rules: LineRules | None = None) -> Iterator[Segment]:
    """The segments of a file with their roles settled.

    Args:
        segments: What ``Framer`` found.
        rules: What is declared of the lines.
    """
    declared = segments if rules is None else _as_declared(segments, rules)
    twins = Twins()
    for segment in joined_events(joined_dumps(declared)):
        yield from twins.take(segment)
    yield from twins.release()


def _as_declared(segments: Iterable[Segment], rules: LineRules) -> Iterator[Segment]:
    bare = BareMessages(rules) if rules.message is not None else None
    for segment in segments:
        if rules.noise and isinstance(segment, MessageSegment | TextSegment) and _is_noise(segment, rules):
            yield shelved(segment)
        elif bare is not None and isinstance(segment, TextSegment):
            yield from map(shortened, bare.read(segment))
        else:
            yield segment


def _is_noise(segment: MessageSegment | TextSegment, rules: LineRules) -> bool:
    if isinstance(segment, TextSegment) and segment.reason is None:
        return False
    text = line_of(segment)[:MATCHED_BYTES]
    return any(pattern.search(text) for pattern in rules.noise)

"""Where a message may start: ``8=FIX`` followed by a header, or by a header that a line break cut.

Invariant: looking for the next candidate is one forward search; nothing is looked at twice.
"""

from __future__ import annotations

import re

from fix_transforms.fix.delimiters import HEADER, HEADER_OR_CUT

START = b"8=FIX"

#: Spelled-out delimiters that end in a digit, after which ``8=`` is still a tag of its own.
_ENDS_IN_DIGIT = (b"\\x01", b"\\u0001", b"\\001")
_DIGITS = frozenset(b"0123456789")


def _is_own_tag(buffer: bytes, index: int, floor: int) -> bool:
    """Whether the ``8`` at ``index`` is a whole tag: ``18=FIX`` is not a BeginString."""
    if index <= floor or buffer[index - 1] not in _DIGITS:
        return True
    return buffer[max(floor, index - 6) : index].endswith(_ENDS_IN_DIGIT)


def next_header(buffer: bytes, position: int, end: int, floor: int) -> int:
    """The next start that a whole header follows; -1 if there is none.

    After a digit (a binary length, a counter) only a header with BodyLength counts.
    """
    head = HEADER.search(buffer, position, end)
    while head is not None:
        if head["length"] is not None or _is_own_tag(buffer, head.start(), floor):
            return head.start()
        head = HEADER.search(buffer, head.start() + len(START), end)
    return -1


def next_candidate(buffer: bytes, position: int, floor: int, settled: int) -> tuple[int, re.Match[bytes] | None]:
    """The next place to try to frame a message.

    Args:
        buffer: The bytes at hand.
        position: Where to look from.
        floor: Index of the first byte that belongs to nothing yet.
        settled: Starts beyond this index cannot be judged yet and are returned as they are.

    Returns:
        The index, or -1; and the header, or nothing when it is cut by a line break or not complete.
    """
    found = HEADER_OR_CUT.search(buffer, position)
    while found is not None and found.start() <= settled:
        index = found.start()
        if found["length"] is not None or _is_own_tag(buffer, index, floor):
            return index, found if found["delimiter"] is not None else None
        found = HEADER_OR_CUT.search(buffer, index + len(START))
    return buffer.find(START, max(position, settled + 1)), None

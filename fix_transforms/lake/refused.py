"""Content that came out of an object in part: one row of ``quarantine`` for all of it.

Invariant: the row follows from the object's row in ``ingested_files`` alone, so that whoever finishes the batch
of a dead writer writes the same row without reading the object again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fix_transforms.fix import parse
from fix_transforms.fix.frames import frame_of
from fix_transforms.tables import QUARANTINE

if TYPE_CHECKING:
    from fix_transforms.fix import ParsedChunk


def quarantined_whole(detail: str, length: int) -> ParsedChunk:
    """A chunk whose only row says that nothing of the content is kept, and why.

    Args:
        detail: Why.
        length: How many bytes had come out, which is where it stopped.
    """
    row: dict[str, list[object]] = {
        "byte_offset": [0],
        "byte_length": [length],
        "line_number": [1],
        "reason": ["decompression"],
        "detail": [detail],
        "excerpt": [""],
    }
    return replace(next(parse(())), quarantine=frame_of(QUARANTINE, row))

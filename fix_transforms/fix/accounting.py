"""Where every byte of the input went.

Invariant: the account follows the offsets of the segments, so a gap or an overlap between two of them shows
even where the totals happen to agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from fix_transforms.fix.options import Tally

#: Starts and ends.
Spans: TypeAlias = tuple[np.ndarray, np.ndarray]
Kind = Literal["message", "quarantine", "log_event", "decoration"]


@dataclass(slots=True)
class _Bytes:
    message: int = 0
    quarantine: int = 0
    log_event: int = 0
    decoration: int = 0
    untiled: int = 0


class Account:
    """The bytes of one file, chunk by chunk.

    Args:
        offset: Offset of the first byte.
    """

    def __init__(self, offset: int) -> None:
        self._opened_at = offset
        self._reached = offset
        self._bytes = _Bytes()

    @property
    def chunk_bytes(self) -> int:
        """Bytes taken since the last chunk."""
        return self._reached - self._opened_at

    def take(self, lead: int, start: int, end: int, kind: Kind) -> None:
        """Count ``lead`` to ``start`` as decoration and ``start`` to ``end`` as what it is."""
        counted = self._bytes
        if lead != self._reached or start < lead or end < start:
            counted.untiled += abs(lead - self._reached) + max(0, lead - start) + max(0, start - end)
        counted.decoration += max(0, start - lead)
        setattr(counted, kind, getattr(counted, kind) + max(0, end - start))
        self._reached = end

    def take_run(self, lead: int, end: int, spans: Spans, other_spans: Spans) -> None:
        """Count a stretch of messages and log events with decoration between them.

        Args:
            lead: Where the segment before it ended.
            end: Where its last segment ends.
            spans: Starts and ends of its messages, int64.
            other_spans: Starts and ends of its log events, int64.
        """
        counted = self._bytes
        starts, ends = (np.concatenate(pair) for pair in zip(spans, other_spans, strict=True))
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        gaps = starts - np.concatenate(([lead], ends[:-1]))
        sizes = ends - starts
        overlaps = -gaps[gaps < 0].sum() - sizes[sizes < 0].sum()
        counted.untiled += int(abs(lead - self._reached) + overlaps + abs(end - ends[-1]))
        counted.decoration += int(gaps[gaps > 0].sum())
        counted.message += int((spans[1] - spans[0]).sum())
        counted.log_event += int((other_spans[1] - other_spans[0]).sum())
        self._reached = end

    def close(self, tally: Tally, end: int | None) -> Tally:
        """Write the bytes of the chunk into its tally.

        Args:
            tally: Counts of its rows.
            end: Offset of the end of the input, when this chunk is its last.
        """
        counted, self._bytes = self._bytes, _Bytes()
        content = (self._reached if end is None else end) - self._opened_at
        if end is not None:
            counted.untiled += abs(end - self._reached)
        self._opened_at = self._reached
        return replace(
            tally,
            content_bytes=content,
            message_bytes=counted.message,
            quarantined_bytes=counted.quarantine,
            log_event_bytes=counted.log_event,
            decoration_bytes=counted.decoration,
            untiled_bytes=counted.untiled,
        )

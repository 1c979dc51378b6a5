"""Where every byte of the input went.

Invariant: the account follows the offsets of the segments, so a gap or an overlap between two of them shows
even where the totals happen to agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.options import Tally
    from fix_transforms.fix.segments import Scanned

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
        self._runs: list[Scanned] = []

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

    def take_run(self, run: Scanned) -> None:
        """Count a stretch of messages and log events with decoration between them; what it is made of, in ``close``."""
        self._bytes.untiled += abs(run.lead - self._reached)
        self._runs.append(run)
        self._reached = run.end

    def _settle(self, runs: Sequence[Scanned]) -> None:
        """Count what stretches of one store are made of: together, for most are too short to be counted one by one."""
        rows, events = runs[0].store.rows, runs[0].store.events
        messages = _indices([run.row for run in runs], [run.messages for run in runs])
        starts, ends = rows.start[messages], rows.end[messages]
        counted = self._bytes
        counted.message += int(ends.sum() - starts.sum())
        if any(run.lines for run in runs):
            lines = _indices([run.event for run in runs], [run.lines for run in runs])
            counted.log_event += int(events.end[lines].sum() - events.start[lines].sum())
            starts, ends = np.append(starts, events.start[lines]), np.append(ends, events.end[lines])
            order = np.argsort(starts, kind="stable")  # messages alone are in order, and so are stretches
            starts, ends = starts[order], ends[order]
        stops = np.array([run.messages + run.lines for run in runs]).cumsum()
        opens = np.append(0, stops[:-1])
        gaps = starts.copy()
        gaps[1:] -= ends[:-1]
        gaps[opens] = starts[opens] - [run.lead for run in runs]
        missed = ends[stops - 1] - [run.end for run in runs]
        overlaps = -int(np.minimum(gaps, 0).sum())
        counted.decoration += int(gaps.sum()) + overlaps
        counted.untiled += overlaps + int(np.abs(missed).sum() - np.minimum(ends - starts, 0).sum())

    def close(self, tally: Tally, end: int | None) -> Tally:
        """Write the bytes of the chunk into its tally.

        Args:
            tally: Counts of its rows.
            end: Offset of the end of the input, when this chunk is its last.
        """
        for _, runs in groupby(self._runs, key=lambda run: id(run.store)):
            self._settle(tuple(runs))
        self._runs.clear()
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


def _indices(starts: list[int], lengths: list[int]) -> np.ndarray | slice:
    """The indices of stretches, one after the other."""
    if len(starts) == 1:
        return slice(starts[0], starts[0] + lengths[0])
    counts = np.array(lengths)
    skipped = np.array(starts) - np.concatenate(([0], counts.cumsum()[:-1]))
    indices: np.ndarray = np.arange(counts.sum()) + np.repeat(skipped, counts)
    return indices

"""Rows that the compiled pass has read, put among those that the reference decoded.

Invariant: rows come in the order of the file whichever way they were read, and nothing compiled is imported
unless something was scanned.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fix_transforms.fix.coercion import nulls_of
from fix_transforms.fix.profiles import DetectedProfile

if TYPE_CHECKING:
    from fix_transforms.fix.profiles import LineProfile
    from fix_transforms.fix.segments import Scanned

#: Slices that rows of both kinds are put in order from; beyond it, sorting is cheaper.
_MOST_SLICES = 32


class ScannedRows:
    """The scanned stretches of one chunk."""

    def __init__(self) -> None:
        self._taken: list[tuple[Scanned, int]] = []
        self.messages = 0
        self.lines = 0
        self.group_fields = 0

    def add(self, scanned: Scanned, first_index: int) -> None:
        """Take the next stretch; its first message has this index in the file."""
        self._taken.append((scanned, first_index))
        self.messages += scanned.messages
        self.lines += scanned.lines
        self.group_fields += scanned.group_fields

    def joined_with(
        self, decoded: pl.DataFrame, unfolded: pl.DataFrame, profile: LineProfile
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The frames of ``fix_messages`` and ``fix_group_fields`` with the rows of the reference and the scanned ones."""
        if not self.messages:
            return decoded, unfolded
        from fix_transforms.fix.scanner.rows import group_rows, message_rows

        assert isinstance(profile, DetectedProfile)  # nothing is scanned where another was declared
        taken = [(piece, index) for piece, index in self._taken if piece.messages]
        messages, groups = [], []
        for _, pieces in groupby(taken, key=lambda pair: id(pair[0].store)):
            stretches = list(pieces)
            messages.append(message_rows(stretches, profile))
            groups.append(group_rows(stretches, messages[-1]))
        return _in_order([*messages, decoded], "message_index"), _in_order([*groups, unfolded], "message_index")

    def with_events(self, decoded: pl.DataFrame, profile: LineProfile) -> pl.DataFrame:
        """The frame of ``log_events`` with both kinds of rows."""
        if not self.lines:
            return decoded
        from fix_transforms.fix.scanner.rows import event_rows

        assert isinstance(profile, DetectedProfile)
        taken = [piece for piece, _ in self._taken if piece.lines]
        frames = [event_rows(list(pieces), profile) for _, pieces in groupby(taken, key=lambda piece: id(piece.store))]
        return _in_order([*frames, decoded], "byte_offset")


def _in_order(frames: list[pl.DataFrame], key: str) -> pl.DataFrame:
    """Frames that are each in order as one; rows are only moved where many of them change places."""
    frames = [frame for frame in frames if frame.height] or frames[:1]
    if len(frames) == 1:
        return frames[0]
    keys = [frame[key].to_numpy() for frame in frames]
    if all(before[-1] < after[0] for before, after in pairwise(keys)):  # as frames of scanned rows alone are
        return pl.concat(frames, rechunk=False)
    order = np.argsort(np.concatenate(keys), kind="stable")
    starts = np.flatnonzero(np.diff(order, prepend=-2) != 1)
    if len(starts) > _MOST_SLICES:
        return _gathered(frames, order)
    whole = pl.concat(frames, rechunk=False)
    stops = np.append(starts[1:], len(order))
    return pl.concat(
        [whole.slice(int(order[start]), int(stop - start)) for start, stop in zip(starts, stops, strict=True)],
        rechunk=False,
    )


def _gathered(frames: list[pl.DataFrame], order: np.ndarray) -> pl.DataFrame:
    """Rows of all frames in this order; in one piece first, where they are found soonest, and only what has values."""
    schema = frames[0].schema
    filled = [name for name in schema if any(frame[name].null_count() < frame.height for frame in frames)]
    moved = pl.concat([frame.select(filled) for frame in frames], rechunk=True)[order]
    absent = [nulls_of(name, schema[name], len(order)) for name in schema.keys() - set(filled)]
    return moved.with_columns(absent).select(schema.names())

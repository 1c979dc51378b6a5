"""Where rows are kept until they become frames.

Invariant: rows of one store all speak of the same words, and a store's memory is used again once no frame needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fix_transforms.fix.scanner.arrays import (
    GROUP_ROWS,
    PATH_BYTES,
    ROWS,
    Events,
    Groups,
    Rows,
    new_events,
    new_groups,
    new_rows,
)
from fix_transforms.fix.scanner.slabs import Carver, Slabs

if TYPE_CHECKING:
    from fix_transforms.fix.scanner.slabs import Empty

#: Rows that must be free for a store to be used on: what does not fit is scanned again.
_LEAST_ROOM = ROWS // 2
#: Stores whose memory is kept: those of a few chunks that are on their way at once.
_KEPT = 8


@dataclass(slots=True)
class Store:
    """Rows that were read, the blocks that they point into, and what their numbers mean.

    Attributes:
        blocks: Buffers of the string views, by number.
        delimiters: Delimiter by number.
        shapes: Words of a prefix by number.
    """

    rows: Rows
    events: Events
    groups: Groups
    delimiters: list[bytes]
    shapes: list[str]
    blocks: list[np.ndarray] = field(default_factory=list)
    row: int = 0
    event: int = 0

    def take_back(self, row: int, event: int) -> None:
        """Forget the rows from here on; they are the last that were written."""
        opened = self.rows.columns[-1]
        columns = self.rows.valid.reshape(-1, len(self.rows.start))[:opened]
        self.rows.counts[:opened] -= columns[:, row : self.row].sum(axis=1, dtype=np.int64)
        columns[:, row : self.row] = 0
        self.row, self.event = row, event
        used = self.groups.message[: self.groups.state[0]]
        self.groups.state[0] = np.searchsorted(used, row)

    @property
    def is_full(self) -> bool:
        """Whether it is time for another."""
        group_rows, path_bytes = self.groups.state.tolist()
        return (
            min(len(self.rows.start) - self.row, len(self.events.start) - self.event) < _LEAST_ROOM
            or group_rows > GROUP_ROWS // 2
            or path_bytes > PATH_BYTES // 2
        )


def new_store(delimiters: list[bytes], shapes: list[str]) -> Store:
    """A store without rows."""
    rows, events, groups = _arrays(Carver(_slabs().lend()).empty)
    return Store(rows, events, groups, delimiters, shapes)


def _arrays(empty: Empty) -> tuple[Rows, Events, Groups]:
    return new_rows(empty), new_events(empty), new_groups(empty)


@cache
def _slabs() -> Slabs:
    measure = Carver()
    _arrays(measure.empty)
    return Slabs(measure.used, _KEPT)

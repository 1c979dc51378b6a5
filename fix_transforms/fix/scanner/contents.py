"""Bytes of the input where the compiled pass reads them: copied once, from the chunks that they come in.

Invariant: the bytes themselves are never changed. What the pass restores, it writes into the room behind them, and
there into no place twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fix_transforms.fix.scanner.loads import SLACK
from fix_transforms.fix.scanner.slabs import Slabs

#: Bytes of a part: large enough that a call costs nothing, small enough that a store holds its rows.
LARGEST_PART = 16 * 1024 * 1024
#: Parts of usual size, with what is read beyond their end to come to the end of a line.
_SLABS = Slabs(2 * (LARGEST_PART + 64 * 1024), 8)


@dataclass(slots=True)
class Content:
    """A stretch of the input.

    Attributes:
        work: uint8: the bytes, ``SLACK`` zeros, and room for messages whose delimiter is replaced.
        size: How many bytes there are.
        room_at: Where room begins that nothing was written into.
    """

    work: np.ndarray
    size: int
    room_at: int

    @property
    def view(self) -> memoryview:
        """The bytes, as they are."""
        return self.work.data[: self.size].toreadonly()

    def has_room(self, position: int) -> bool:
        """Whether every message from a position on can be restored."""
        return len(self.work) - self.room_at >= self.size - position + SLACK


class Filling:
    """A content that is being filled.

    Args:
        size: The most bytes that it will take.
    """

    def __init__(self, size: int) -> None:
        room = 2 * (size + SLACK)
        self._work = _SLABS.lend() if room <= _SLABS.size else np.empty(room, np.uint8)
        self._size = size
        self.taken = 0

    @property
    def missing(self) -> int:
        """How many bytes more it takes."""
        return self._size - self.taken

    def take(self, piece: bytes | memoryview) -> None:
        """Add bytes, of which there are no more than are missing."""
        stop = self.taken + len(piece)
        self._work[self.taken : stop] = np.frombuffer(piece, np.uint8)
        self.taken = stop

    def last(self, count: int) -> bytes:
        """The last bytes of what was taken, up to so many."""
        return self._work[max(0, self.taken - count) : self.taken].tobytes()

    def close(self, size: int) -> Content:
        """The first bytes of what was taken."""
        self._work[size : size + SLACK] = 0
        return Content(self._work, size, size + SLACK)


def content_of(piece: bytes | memoryview) -> Content:
    """A copy of bytes."""
    filling = Filling(len(piece))
    filling.take(piece)
    return filling.close(len(piece))

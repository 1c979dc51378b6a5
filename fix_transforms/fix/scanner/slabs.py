"""Memory that is used again, for touching a fresh page takes longer than filling it many times over.

Invariant: a slab is lent once at a time, and comes back when no array and no Arrow buffer points into it any more.
What is in it then is void.
"""

from __future__ import annotations

import weakref
from collections import deque
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_CACHE_LINE = 64


class Empty(Protocol):
    """Makes an array that nothing was written to yet, as ``numpy.empty`` does."""

    def __call__(self, length: int, dtype: DTypeLike, /) -> NDArray[Any]:
        """An array of one dimension."""


class Slabs:
    """Slabs of one size.

    Args:
        size: Bytes of each.
        kept: How many are kept when nobody uses them.
    """

    def __init__(self, size: int, kept: int) -> None:
        self.size = size
        self._free: deque[mmap] = deque(maxlen=kept)

    def lend(self) -> NDArray[np.uint8]:
        """A slab, as uint8[size]; memory is only taken where it is written.

        It is no array of numpy's, for which whole huge pages would be taken: a store is written here and there.
        """
        try:
            slab = self._free.pop()
        except IndexError:
            slab = mmap(-1, self.size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        # What is cut out of ``lent`` keeps it alive: it is the first array in the chain of owners.
        lent = np.frombuffer(slab, np.uint8)
        weakref.finalize(lent, self._free.append, slab)
        return lent


class Carver:
    """Cuts arrays out of a slab; without one, finds out how large it has to be."""

    def __init__(self, slab: NDArray[np.uint8] | None = None) -> None:
        self._slab = slab
        self.used = 0

    def empty(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """An array that nothing was written to yet."""
        start, size = self.used, length * np.dtype(dtype).itemsize
        self.used += -(-size // _CACHE_LINE) * _CACHE_LINE
        return np.empty(0, dtype) if self._slab is None else self._slab[start : start + size].view(dtype)

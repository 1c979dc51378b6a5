"""The bytes that the framer has at hand.

Invariant: they are the same however they are asked for. They are joined, which copies them, when somebody wants them
in one; where the compiled pass reads them all, nobody does.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Buffer:
    """Bytes, in the pieces that they came in.

    Args:
        pieces: The pieces, which stay as they are.
    """

    def __init__(self, pieces: Sequence[bytes | memoryview] = ()) -> None:
        self._pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        return self._size

    @cached_property
    def whole(self) -> bytes:
        """All of them."""
        first = self._pieces[0] if len(self._pieces) == 1 else None
        return first if isinstance(first, bytes) else b"".join(self._pieces)

    def between(self, start: int, stop: int | None = None) -> bytes:
        """Some of them, as a slice of ``whole`` gives them; ``start`` counts from the first."""
        one = self._pieces[0] if len(self._pieces) == 1 else self.whole
        return bytes(one[start:stop])

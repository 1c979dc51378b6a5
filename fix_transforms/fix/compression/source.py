"""``Source``: a stream of bytes that can be read to the byte, looked ahead into, and stepped back in.

Invariant: bytes leave in the order in which they came, each once; no more than one piece of the stream is held,
and what is asked for beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Most bytes handed out at once: what a decompressor does not use of them is copied.
FEED_BYTES = 32 * 1024


class Source:
    """The bytes of a file as stored.

    Args:
        chunks: Its bytes, cut anywhere.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._at = 0
        self._base = 0

    @property
    def position(self) -> int:
        """Offset of the next byte."""
        return self._base + self._at

    def next(self, most: int = FEED_BYTES) -> bytes:
        """The next bytes, no more than ``most``; none at the end."""
        if self._at == len(self._chunk):
            self._refill()
        piece = self._chunk[self._at : self._at + most]
        self._at += len(piece)
        return piece

    def step_back(self, count: int) -> None:
        """Undo the end of the last ``next``."""
        assert count <= self._at
        self._at -= count

    def peek(self, count: int) -> bytes:
        """The next ``count`` bytes without taking them; fewer at the end."""
        if len(self._chunk) - self._at < count:
            parts, size = [self._chunk[self._at :]], len(self._chunk) - self._at
            for chunk in self._chunks:
                parts.append(chunk)
                size += len(chunk)
                if size >= count:
                    break
            self._base += self._at
            self._chunk, self._at = b"".join(parts), 0
        return self._chunk[self._at : self._at + count]

    def exactly(self, count: int) -> bytes:
        """The next ``count`` bytes.

        Raises:
            EOFError: There are not so many.
        """
        found = self.peek(count)
        if len(found) < count:
            raise EOFError
        self._at += count
        return found

    def _refill(self) -> None:
        self._base += len(self._chunk)
        self._at = 0
        self._chunk = next((chunk for chunk in self._chunks if chunk), b"")

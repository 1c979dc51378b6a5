"""Uncompressed content of a landed object as a stream that is measured while it passes.

Invariant: a ``Measured`` stream hands on exactly the bytes it counts and hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class Measured:
    """A stream of bytes with the SHA-256 and the length of what has passed so far."""

    def __init__(self, chunks: Iterable[bytes], *, after: hashlib._Hash | None = None, skip: int = 0) -> None:
        """Measure ``chunks``.

        Args:
            chunks: The bytes.
            after: Hash of what came before them.
            skip: How many of the first bytes that hash has seen already.
        """
        self.length = 0
        self._sha = after.copy() if after is not None else hashlib.sha256()
        self._skip = skip
        self._chunks = iter(chunks)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.length += len(chunk)
            seen = min(self._skip, len(chunk))
            self._skip -= seen
            self._sha.update(memoryview(chunk)[seen:])
            yield chunk

    @property
    def sha256(self) -> str:
        """Hash of everything up to here, in hexadecimal."""
        return self._sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a stream.

    Attributes:
        sha: Hash over it.
        length: Its length; shorter than asked for when the stream ended.
        line_number: Number of the line at the resume offset.
        has_more: Whether the stream goes on after it.
    """

    sha: hashlib._Hash
    length: int
    line_number: int
    has_more: bool


def measure_prefix(chunks: Iterable[bytes], length: int, resume_offset: int) -> Prefix:
    """Read the first ``length`` bytes of a stream, keeping none of them."""
    sha = hashlib.sha256()
    position, lines = 0, 0
    for chunk in chunks:
        if position == length and chunk:
            return Prefix(sha, position, lines + 1, has_more=True)
        taken = chunk[: length - position]
        sha.update(taken)
        lines += taken[: max(0, resume_offset - position)].count(b"\n")
        position += len(taken)
        if len(taken) < len(chunk):
            return Prefix(sha, position, lines + 1, has_more=True)
    return Prefix(sha, position, lines + 1, has_more=False)


def drop(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The stream without its first ``count`` bytes."""
    for chunk in chunks:
        if count >= len(chunk):
            count -= len(chunk)
        else:
            yield chunk[count:] if count else chunk
            count = 0


def take(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The first ``count`` bytes of the stream."""
    for chunk in chunks:
        if count <= 0:
            return
        yield chunk[:count]
        count -= len(chunk)

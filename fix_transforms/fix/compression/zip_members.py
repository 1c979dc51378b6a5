"""Members of a zip archive, streamed in the order in which they lie in the file.

Invariant: memory is bounded; each byte of the archive is read once, so that a member can be no larger than its
own bytes allow; and when the last member was read, every CRC-32, size and count of the archive has been checked.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from fix_transforms.errors import DecompressionError
from fix_transforms.fix.compression.source import FEED_BYTES
from fix_transforms.fix.compression.streams import ZlibMember, unpack_member
from fix_transforms.fix.compression.zip_records import (
    DESCRIPTOR,
    DESCRIPTOR_BYTES,
    LOCAL,
    STORED,
    Found,
    contradicts,
    read_descriptor,
    read_directory,
    read_local_header,
    readable_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix.compression.source import Source
    from fix_transforms.fix.compression.zip_records import LocalHeader


class MemberCount:
    """Members seen so far, in the archive and in archives inside it.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen = 0

    def add(self) -> None:
        """Count one more.

        Raises:
            DecompressionError: That is one too many.
        """
        self._seen += 1
        if self._seen > self._most:
            raise DecompressionError("zip archive has too many members", got=f"over {self._most}", expected=self._most)


class ZipMembers:
    """The members of one archive.

    Args:
        source: The archive.
        count: Counts its members.
    """

    def __init__(self, source: Source, count: MemberCount) -> None:
        self._source = source
        self._count = count
        self._found: dict[int, Found] = {}

    def __iter__(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Path and content of each member; the content can be read until the next is asked for.

        Raises:
            DecompressionError: The archive is damaged, or has what cannot be read.
            EOFError: It is cut short.
            zlib.error: A member is damaged.
        """
        while self._source.peek(4) == LOCAL:
            self._count.add()
            header = read_local_header(self._source)
            content = self._content(header)
            yield header.name, content
            for _ in content:  # what the caller left is checked all the same
                pass
        read_directory(self._source, self._found)

    def _content(self, header: LocalHeader) -> Iterator[bytes]:
        start = self._source.position
        crc, size = 0, 0
        for piece in self._pieces(header):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            yield piece
        found = Found(crc, self._source.position - start, size)
        if header.packed is not None and (header.packed, header.size) != (found.packed, found.size):
            raise contradicts(
                f"{readable_name(header.name)} is not as long as its header says", found.size, header.size
            )
        if header.crc is None:
            read_descriptor(self._source, found)
        elif header.crc != crc:
            raise contradicts(f"CRC-32 of {readable_name(header.name)} is wrong")
        self._found[header.offset] = found

    def _pieces(self, header: LocalHeader) -> Iterator[bytes]:
        if header.method != STORED:
            return unpack_member(self._source, ZlibMember(-zlib.MAX_WBITS))
        if header.packed is None:
            return _up_to_descriptor(self._source)
        return _counted_out(self._source, header.packed)


def _counted_out(source: Source, count: int) -> Iterator[bytes]:
    while count:
        piece = source.next(min(count, FEED_BYTES))
        if not piece:
            raise EOFError
        count -= len(piece)
        yield piece


def _up_to_descriptor(source: Source) -> Iterator[bytes]:
    """Stored bytes whose length only the descriptor behind them tells: up to the first that describes them."""
    crc, size = 0, 0
    while True:
        ahead = source.peek(FEED_BYTES)
        looked, at = 0, ahead.find(DESCRIPTOR)
        while at >= 0 and at + DESCRIPTOR_BYTES <= len(ahead):
            crc, size = zlib.crc32(ahead[looked:at], crc), size + at - looked
            if ahead.startswith(Found(crc, size, size).descriptors(), at):
                yield source.exactly(at)
                return
            looked, at = at, ahead.find(DESCRIPTOR, at + 1)
        # A descriptor has its followers behind it, so what may still be one is looked at again with more.
        settled = at if at >= 0 else len(ahead) - len(DESCRIPTOR) + 1
        if settled <= 0:
            raise EOFError
        crc, size = zlib.crc32(ahead[looked:settled], crc), size + settled - looked
        yield source.exactly(settled)

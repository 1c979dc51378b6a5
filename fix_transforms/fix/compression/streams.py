"""Formats that hold one stream: gzip, bz2, xz, zstd and lz4, member after member.

Invariant: a reader takes its source to the end and gives pieces of bounded size; a stream that is cut short or
damaged raises one of ``DAMAGE``.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fix_transforms.fix.compression.source import Source

#: What the libraries raise for bytes that are not what they should be.
DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)

PIECE_BYTES = 1024 * 1024


# ---- gzip, bz2, xz: the standard library, member after member ----


class _Member(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class ZlibMember:
    """zlib's decompressor with the interface of the other two.

    Args:
        wbits: What zlib is to expect: a gzip member, or raw deflate as in zip.
    """

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits=wbits)

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more input."""
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most ``max_length`` bytes more."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def unpack_member(source: Source, member: _Member) -> Iterator[bytes]:
    """One member; what follows it stays in the source.

    Raises:
        EOFError: The source ends inside it.
    """
    while not member.eof:
        data = source.next() if member.needs_input else b""
        if not data and member.needs_input:
            raise EOFError
        piece = member.decompress(data, PIECE_BYTES)
        if piece:
            yield piece
    source.step_back(len(member.unused_data))


def _members(new: Callable[[], _Member]) -> Callable[[Source], Iterator[bytes]]:
    def read(source: Source) -> Iterator[bytes]:
        while data := source.next():
            content = data.lstrip(b"\x00")  # padding between and after members
            if content:
                source.step_back(len(content))
                yield from unpack_member(source, new())

    return read


# ---- zstd, lz4: pyarrow, frame after frame ----


class _AsFile(io.RawIOBase):
    def __init__(self, source: Source) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        piece = self._source.next(len(target))
        target[: len(piece)] = piece
        return len(piece)


def _arrow(codec: Literal["zstd", "lz4"]) -> Callable[[Source], Iterator[bytes]]:
    def read(source: Source) -> Iterator[bytes]:
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(_AsFile(source), mode="r"), codec) as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    return read


#: Format → what reads it.
STREAM_READERS: dict[str, Callable[[Source], Iterator[bytes]]] = {
    "gzip": _members(lambda: ZlibMember(16 + zlib.MAX_WBITS)),
    "bz2": _members(bz2.BZ2Decompressor),
    "xz": _members(lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ)),
    "zstd": _arrow("zstd"),
    "lz4": _arrow("lz4"),
}

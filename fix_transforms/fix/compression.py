"""Compressed logs into their bytes: told by magic bytes, never by the name, within limits.

Invariant: memory is bounded whatever the input claims, output never exceeds the limits, and an input that is
damaged or cut raises ``DecompressionError`` instead of ending early.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Literal, Protocol

from fix_transforms.errors import DecompressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Compression = Literal["none", "gzip", "zstd", "bz2", "xz", "lz4"]

_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_SNIFF_BYTES = 10
_PIECE_BYTES = 1024 * 1024
_GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an input may grow.

    Attributes:
        max_output_bytes: Most bytes that come out.
        max_ratio: Most bytes out per byte in, once ``ratio_floor_bytes`` came out.
        ratio_floor_bytes: Below this, any ratio is fine: short logs compress well.
    """

    max_output_bytes: int = 64 * _GIBIBYTE
    #: FIX logs shrink to between a tenth and a fiftieth; deflate can do no more than 1:1,032.
    max_ratio: float = 250.0
    ratio_floor_bytes: int = 64 * 1024 * 1024


def sniff(head: bytes) -> Compression:
    """The compression that the first bytes give away."""
    for magic, name in _MAGIC:
        if head.startswith(magic) and (name != "bz2" or head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")):
            return name
    return "none"


def decompress(chunks: Iterable[bytes], limits: Limits | None = None) -> tuple[Compression, Iterator[bytes]]:
    """Tell the compression and give the bytes inside.

    Args:
        chunks: The file as stored; its first bytes are read at once.
        limits: How much it may grow.

    Returns:
        The compression found, and the uncompressed bytes in pieces. Reading those raises
        ``DecompressionError`` when the input is damaged, cut short or exceeds a limit.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= _SNIFF_BYTES:
            break
    found = sniff(head)
    whole = chain((head,) if head else (), source)
    if found == "none":
        return found, (chunk for chunk in whole if chunk)
    return found, _limited(whole, found, limits or Limits())


class _Counted:
    """The input as a binary file, counting what was taken."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0

    def next(self) -> bytes:
        """The next bytes, none at the end."""
        for chunk in self._chunks:
            if chunk:
                self.taken += len(chunk)
                return chunk
        return b""


def _limited(chunks: Iterator[bytes], compression: Compression, limits: Limits) -> Iterator[bytes]:
    source = _Counted(chunks)
    given = 0
    try:
        for piece in _READERS[compression](source):
            given += len(piece)
            if given > limits.max_output_bytes:
                raise DecompressionError(
                    f"{compression} input is too large", got=f"over {given} bytes", expected=limits.max_output_bytes
                )
            if given > limits.ratio_floor_bytes and given > limits.max_ratio * max(1, source.taken):
                raise DecompressionError(
                    f"{compression} input grows suspiciously",
                    got=f"{given} bytes out of {source.taken}",
                    expected=f"at most {limits.max_ratio:g} to 1",
                )
            yield piece
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise DecompressionError(f"{compression} input is damaged or cut short", got=type(error).__name__) from error


# ---- gzip, bz2, xz: the standard library, member after member ----


class _Member(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _GzipMember:
    """zlib's decompressor with the interface of the other two."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _members(new: Callable[[], _Member]) -> Callable[[_Counted], Iterator[bytes]]:
    def read(source: _Counted) -> Iterator[bytes]:
        data = source.next()
        while data:
            member = new()
            while not member.eof:
                if member.needs_input and not data:
                    data = source.next()
                    if not data:
                        raise EOFError
                piece = member.decompress(data, _PIECE_BYTES)
                data = b""
                if piece:
                    yield piece
            data = member.unused_data.lstrip(b"\x00")  # padding between and after members
            while not data:
                following = source.next()
                data = following.lstrip(b"\x00")
                if not following:
                    return

    return read


# ---- zstd, lz4: pyarrow, frame after frame ----


class _AsFile(io.RawIOBase):
    def __init__(self, source: _Counted) -> None:
        self._source = source
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = self._source.next()
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _arrow(codec: Literal["zstd", "lz4"]) -> Callable[[_Counted], Iterator[bytes]]:
    def read(source: _Counted) -> Iterator[bytes]:
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(_AsFile(source), mode="r"), codec) as stream:
            while piece := stream.read(_PIECE_BYTES):
                yield piece

    return read


_READERS: dict[Compression, Callable[[_Counted], Iterator[bytes]]] = {
    "gzip": _members(_GzipMember),
    "bz2": _members(bz2.BZ2Decompressor),
    "xz": _members(lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ)),
    "zstd": _arrow("zstd"),
    "lz4": _arrow("lz4"),
}

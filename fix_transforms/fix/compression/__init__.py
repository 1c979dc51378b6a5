"""Compressed logs into their bytes: told by magic bytes, never by the name, within limits.

A zip archive is read as one stream: its members in the order in which they lie in it, with a line end between
two of them where the first has none. Offsets are offsets in that stream. A member that is itself compressed, or
an archive, is read through once; what is compressed deeper stays as it is, and the parser quarantines it as
binary. Folders, and what file managers add to archives (hidden files, ``__MACOSX/``), are no logs. Names of
members are not looked at otherwise: the direction of messages is told by their lines or by the archive's name.

Invariant: memory is bounded whatever the input claims, output never exceeds the limits, and an input that is
damaged or cut raises ``DecompressionError`` instead of ending early.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal

from fix_transforms.errors import DecompressionError
from fix_transforms.fix.compression.limits import Limits, Meter
from fix_transforms.fix.compression.source import Source
from fix_transforms.fix.compression.streams import DAMAGE, STREAM_READERS
from fix_transforms.fix.compression.zip_members import MemberCount, ZipMembers
from fix_transforms.fix.transcoding import as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Compression", "Limits", "decompress", "sniff"]

Compression = Literal["none", "gzip", "zstd", "bz2", "xz", "lz4", "zip"]

_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
#: What zstd and lz4 may put before a frame of content: a magic of sixteen, a length, and that many bytes. pzstd does.
_MAY_SKIP = ("zstd", "lz4")
_SKIPPABLE_MAGIC = b"\x2a\x4d\x18"
_SNIFF_BYTES = 64


def sniff(head: bytes) -> Compression:
    """The compression that the first bytes give away."""
    content = _without_skippable(head)
    for magic, name in _MAGIC:
        if content.startswith(magic) and (name != "bz2" or content[4:10] in (b"1AY&SY", b"\x17rE8P\x90")):
            return name if content is head or name in _MAY_SKIP else "none"
    return "none"


def _without_skippable(head: bytes) -> bytes:
    while len(head) >= 8 and head[0] & 0xF0 == 0x50 and head[1:4] == _SKIPPABLE_MAGIC:
        head = head[8 + int.from_bytes(head[4:8], "little") :]
    return head


def decompress(chunks: Iterable[bytes], limits: Limits | None = None) -> tuple[Compression, Iterator[bytes]]:
    """Tell the compression and give the bytes inside.

    Args:
        chunks: The file as stored; its first bytes are read at once.
        limits: How much it may grow.

    Returns:
        The compression found, and the uncompressed bytes in pieces, UTF-16 turned into UTF-8. Reading those raises
        ``DecompressionError`` when the input is damaged, cut short or exceeds a limit; its ``offset`` is how
        many bytes had come out.
    """
    found, whole = _sniffed(iter(chunks))
    if found == "none":
        return found, as_utf8(chunk for chunk in whole if chunk)
    return found, as_utf8(_unpacked(whole, found, limits or Limits()))


def _sniffed(chunks: Iterator[bytes]) -> tuple[Compression, Iterator[bytes]]:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _SNIFF_BYTES:
            break
    return sniff(head), chain((head,) if head else (), chunks)


def _unpacked(chunks: Iterator[bytes], compression: Compression, limits: Limits) -> Iterator[bytes]:
    source = Source(chunks)
    meter = Meter(source, limits, compression)
    pieces = _Archive(source, limits).content() if compression == "zip" else STREAM_READERS[compression](source)
    try:
        yield from meter.pass_on(pieces)
    except DecompressionError as error:
        error.offset = meter.given
        raise
    except DAMAGE as error:
        damage = DecompressionError(f"{compression} input is damaged or cut short", got=type(error).__name__)
        damage.offset = meter.given
        raise damage from error


class _Archive:
    """One zip archive as one log."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._count = MemberCount(limits.max_members)
        #: What members of the archive, and of archives in it, unpack to: not all of it need come out in the end.
        self._between = Meter(source, limits, "zip"), Meter(source, limits, "zip")

    def content(self) -> Iterator[bytes]:
        """The logs one after the other, a line end between two."""
        last = b"\n"
        for log in self._logs(self._source):
            is_open = False
            for piece in log:
                if not is_open and last != b"\n":
                    yield b"\n"
                yield piece
                is_open, last = True, piece[-1:]

    def _logs(self, source: Source, *, is_inside: bool = False) -> Iterator[Iterator[bytes]]:
        for name, stored in ZipMembers(source, self._count):
            pieces = self._between[is_inside].pass_on(stored)
            if _is_no_log(name):
                for _ in pieces:
                    pass
                continue
            compression, content = ("none", pieces) if is_inside else _sniffed(pieces)
            if compression == "zip":
                yield from self._logs(Source(content), is_inside=True)
            else:
                yield content if compression == "none" else STREAM_READERS[compression](Source(content))


def _is_no_log(name: str) -> bool:
    """Folders and hidden files, as in the landing; and ``__MACOSX/``, where macOS keeps attributes of files."""
    parts = name.replace("\\", "/").split("/")
    return not parts[-1] or any(part.startswith(".") or part == "__MACOSX" for part in parts)

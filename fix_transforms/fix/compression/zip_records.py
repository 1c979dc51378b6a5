"""The records of a zip archive: local headers, data descriptors, the central directory and its end.

Invariant: everything is read forward from a ``Source``; a record that contradicts itself, or that asks for what
is not supported, raises ``DecompressionError``. Facts: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from fix_transforms.errors import DecompressionError
from fix_transforms.fix.wording import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.compression.source import Source

LOCAL = b"PK\x03\x04"
DESCRIPTOR = b"PK\x07\x08"
_CENTRAL = b"PK\x01\x02"
_END64 = b"PK\x06\x06"
_END64_LOCATOR = b"PK\x06\x07"
END = b"PK\x05\x06"
#: What can follow a member.
_FOLLOWERS = (LOCAL, _CENTRAL)

STORED, DEFLATED = 0, 8
_METHODS = {
    1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd", 99: "AES",
}  # fmt: skip

_LOCAL_FIELDS = Struct("<4s2xHH4xIIIHH")
_CENTRAL_FIELDS = Struct("<4s4xHH4xIIIHHHH6xI")
_END_FIELDS = Struct("<4sHH2xHIIH")
_END64_FIELDS = Struct("<4sQ4xII8xQQQ")
_ENCRYPTED, _HAS_DESCRIPTOR, _PATCHED, _STRONG, _UTF8, _HEADER_MASKED = (1 << bit for bit in (0, 3, 5, 6, 11, 13))
_FULL = 0xFFFFFFFF
_LOCATOR_BYTES = 20
#: The longest data descriptor, with its signature.
DESCRIPTOR_BYTES = 24
_NAME_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class LocalHeader:
    """What stands before a member.

    Attributes:
        offset: Where it starts in the archive.
        name: Path of the member.
        method: ``STORED`` or ``DEFLATED``.
        crc: CRC-32 of the content; not told when the descriptor tells it.
        packed: Bytes as stored; not told when the descriptor tells it.
        size: Bytes of content; not told when the descriptor tells it.
    """

    offset: int
    name: str
    method: int
    crc: int | None
    packed: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a member turned out to be: CRC-32 of its content, bytes as stored and bytes of content."""

    crc: int
    packed: int
    size: int

    def descriptors(self) -> tuple[bytes, ...]:
        """How a data descriptor may write it: 64 or 32 bits wide, with or without its signature."""
        told = [self.crc.to_bytes(4, "little") + _sizes(self.packed, self.size, 8)]
        if max(self.packed, self.size) <= _FULL:
            told.append(self.crc.to_bytes(4, "little") + _sizes(self.packed, self.size, 4))
        return tuple(signature + body for body in told for signature in (DESCRIPTOR, b""))


def _sizes(packed: int, size: int, width: int) -> bytes:
    return packed.to_bytes(width, "little") + size.to_bytes(width, "little")


def contradicts(what: str, got: object = None, expected: object = None) -> DecompressionError:
    """The error of an archive whose records do not agree."""
    return DecompressionError(f"zip archive is damaged: {what}", got=got, expected=expected)


def readable_name(name: str) -> str:
    """A member's path for a message: escaped and not longer than a line."""
    escaped = escape_control(name)
    return escaped if len(escaped) <= _NAME_CHARACTERS else escaped[:_NAME_CHARACTERS] + "…"


def read_local_header(source: Source) -> LocalHeader:
    """The header at which the source stands.

    Raises:
        DecompressionError: The member is encrypted, or packed in a way that cannot be read.
        EOFError: The archive ends inside it.
    """
    offset = source.position
    _, flags, method, crc, packed, size, name_length, extra_length = _LOCAL_FIELDS.unpack(
        source.exactly(_LOCAL_FIELDS.size)
    )
    name = source.exactly(name_length).decode("utf-8" if flags & _UTF8 else "cp437", "backslashreplace")
    extra = source.exactly(extra_length)
    if flags & (_ENCRYPTED | _STRONG | _HEADER_MASKED):
        raise DecompressionError("zip member is encrypted", where=readable_name(name))
    if method not in (STORED, DEFLATED) or flags & _PATCHED:
        raise DecompressionError(
            "zip member is packed by a method that cannot be read",
            where=readable_name(name),
            got=f"method {method}" + (f" ({_METHODS[method]})" if method in _METHODS else ""),
            expected="stored or deflate",
        )
    size, packed = _wide(extra, size, packed)
    if not flags & _HAS_DESCRIPTOR:
        return LocalHeader(offset, name, method, crc, packed, size)
    if method == STORED and packed:  # told all the same, so nobody has to look for the end
        return LocalHeader(offset, name, method, None, packed, size)
    return LocalHeader(offset, name, method, None, None, None)


def read_descriptor(source: Source, found: Found) -> None:
    """Take the data descriptor behind a member, which must say what was found.

    Raises:
        DecompressionError: It says something else.
    """
    ahead = source.peek(DESCRIPTOR_BYTES + 4)
    for told in found.descriptors():
        if ahead.startswith(told) and ahead[len(told) : len(told) + 4] in _FOLLOWERS:
            source.exactly(len(told))
            return
    raise contradicts("CRC-32 or sizes of a member are not those in its descriptor")


def _wide(extra: bytes, *values: int) -> tuple[int, ...]:
    """The values with those that need 64 bits taken from the extra field, in the order in which it holds them."""
    wide = _extra_field(extra, 1)
    taken = []
    for value in values:
        if value == _FULL and len(wide) >= 8:
            value, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        taken.append(value)
    return tuple(taken)


def _extra_field(extra: bytes, wanted: int) -> bytes:
    position = 0
    while position + 4 <= len(extra):
        kind, length = (int.from_bytes(extra[position + at : position + at + 2], "little") for at in (0, 2))
        if kind == wanted:
            return extra[position + 4 : position + 4 + length]
        position += 4 + length
    return b""


# ---- the end of the archive ----


def read_directory(source: Source, members: dict[int, Found]) -> None:
    """Take the central directory and the end of the archive.

    An archive that is cut short, or whose directory points at bytes twice (the "better zip bomb") or elsewhere
    than at the members, says so here: the directory must list exactly what was read.

    Args:
        source: Stands behind the last member.
        members: Offset of each member's header → what it turned out to be.

    Raises:
        DecompressionError: It does not.
        EOFError: The archive ends before its end.
    """
    start = source.position
    unlisted = dict(members)
    while source.peek(4) == _CENTRAL:
        _read_entry(source, unlisted)
    if unlisted:
        raise contradicts(
            "its directory does not list every member", got=len(members) - len(unlisted), expected=len(members)
        )
    _read_end(source, len(members), start)


def _read_entry(source: Source, unlisted: dict[int, Found]) -> None:
    fields = _CENTRAL_FIELDS.unpack(source.exactly(_CENTRAL_FIELDS.size))
    _, _, _, crc, packed, size, name_length, extra_length, comment_length, _, offset = fields
    _skip(source, name_length)
    extra = source.exactly(extra_length)
    _skip(source, comment_length)
    size, packed, offset = _wide(extra, size, packed, offset)
    found = unlisted.pop(offset, None)
    if found is None:
        raise contradicts("its directory lists a member twice or where there is none", got=f"offset {offset}")
    if found != Found(crc, packed, size):
        raise contradicts("CRC-32 or sizes of a member are not those in the directory", got=f"offset {offset}")


def _read_end(source: Source, members: int, directory: int) -> None:
    actual = (members, source.position - directory, directory)
    is_wide = source.peek(4) == _END64
    if is_wide:
        _, length, *told = _END64_FIELDS.unpack(source.exactly(_END64_FIELDS.size))
        _skip(source, max(0, length + 12 - _END64_FIELDS.size))
        _check_end(told, actual, is_wide=False)
        if source.exactly(_LOCATOR_BYTES)[:4] != _END64_LOCATOR:
            raise contradicts("no locator of its 64-bit end")
    end, *told, comment_length = _END_FIELDS.unpack(source.exactly(_END_FIELDS.size))
    if end != END:
        raise contradicts("neither a member nor the end follows", got=f"offset {source.position - _END_FIELDS.size}")
    _check_end(told, actual, is_wide=is_wide)
    _skip(source, comment_length)
    while rest := source.next():
        if rest.strip(b"\x00"):
            raise contradicts("bytes follow its end", got=f"offset {source.position - len(rest)}")


def _check_end(told: Sequence[int], actual: Sequence[int], *, is_wide: bool) -> None:
    """Compare an end record with what was read.

    Args:
        told: Numbers of this part and of the part with the directory; members, size and offset of the directory.
        actual: The last three as they are.
        is_wide: Whether a 64-bit end was there, so that a number may say "see there" by its bits being all ones.
    """
    placeholders = (0xFFFF, 0xFFFF, 0xFFFF, _FULL, _FULL) if is_wide else (None,) * 5
    expected = (0, 0, *actual)
    wrong = [number not in (right, other) for number, right, other in zip(told, expected, placeholders, strict=True)]
    if any(wrong[:2]):
        raise DecompressionError("zip archive is split over several files", got=f"part {told[0] + 1}")
    if any(wrong):
        raise contradicts("its end does not say what was read", got=list(told[2:]), expected=list(actual))


def _skip(source: Source, count: int) -> None:
    while count:
        piece = source.next(count)
        if not piece:
            raise EOFError
        count -= len(piece)

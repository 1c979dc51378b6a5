"""UTF-16 logs into UTF-8: what Windows tools write when output is redirected to a file.

Invariant: a file that is no UTF-16 passes through untouched. Of one that is, every offset counts UTF-8 bytes of
the text without its byte order mark, as offsets into a compressed file count the bytes inside. What was read of
a file stays a prefix of what is read once it has grown, save for a character that was cut.
"""

from __future__ import annotations

import codecs
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SNIFF_BYTES = 32
_NUL = 0
#: What a log may begin with, SOH among it: a message that begins a file has one among its first characters.
_PRINTABLE = frozenset((1, 9, 10, 13, *range(32, 127)))


def utf16_of(head: bytes) -> str | None:
    """Name of the UTF-16 codec that the first bytes give away: by byte order mark, else by a NUL in every pair.

    Args:
        head: The first 32 bytes, or the whole of a shorter file.
    """
    if head.startswith(codecs.BOM_UTF16_LE) and not head.startswith(codecs.BOM_UTF32_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if len(head) < _SNIFF_BYTES:
        return None
    even, odd = set(head[0:_SNIFF_BYTES:2]), set(head[1:_SNIFF_BYTES:2])
    if odd == {_NUL} and even <= _PRINTABLE:
        return "utf-16-le"
    return "utf-16-be" if even == {_NUL} and odd <= _PRINTABLE else None


def as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a file, turned into UTF-8 if they are UTF-16.

    Half a character at the end, and halves of surrogate pairs, become U+FFFD.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= _SNIFF_BYTES:
            break
    codec = utf16_of(head[:_SNIFF_BYTES])
    whole = chain((head,) if head else (), source)
    yield from whole if codec is None else _transcoded(whole, codec)


def _transcoded(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    is_start = True
    for chunk in chain(filter(None, chunks), (b"",)):
        text = decoder.decode(chunk, final=not chunk)
        if is_start and text:
            text, is_start = text.removeprefix("\ufeff"), False
        if text:
            yield text.encode()

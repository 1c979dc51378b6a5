r"""What a JSON string, an XML document or a CSV cell makes of a message that is put into it, and the way back.

Invariant: undoing goes as far as the text is what such a container may hold, and no further: not past a quote that
ends the string or cell, nor past an escape that means nothing. Every end in the undone text has its place in the log.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The most bytes that are looked at in the log for each byte that is undone: ``&quot;`` and ``\\u0022`` have six and
#: seven; only references with leading zeros have more.
WIDEST = 12

_LATIN = re.compile(r"[\x00-\xff]*+")


@dataclass(frozen=True, slots=True)
class Undone:
    """A stretch of a log without its escapes.

    Attributes:
        text: What it says.
        reached: Index in the log where undoing ended.
        text_ends: Where each escape ends in the text, after the start of the stretch.
        log_ends: Where it ends in the log.
    """

    text: bytes
    reached: int
    text_ends: list[int]
    log_ends: list[int]

    def log_index(self, index: int) -> int:
        """Where an index into the text lies in the log."""
        before = bisect_right(self.text_ends, index) - 1
        return self.log_ends[before] + index - self.text_ends[before]


@dataclass(frozen=True, slots=True)
class Container:
    """One kind of text that holds messages in escaped form.

    Attributes:
        mark: What each of its escapes begins with.
        escapes: An escape, or what cannot stand in such a text.
        meaning: What an escape stands for; nothing for what cannot stand there.
    """

    mark: bytes
    escapes: re.Pattern[bytes]
    meaning: Callable[[bytes], bytes | None]

    def undo(self, log: bytes, start: int, stop: int, wanted: int) -> Undone:
        """Undo the escapes between ``start`` and ``stop``, until there are ``wanted`` bytes or no escape is meant."""
        parts: list[bytes] = []
        text_ends, log_ends = [0], [start]
        size, position = 0, start
        for found in self.escapes.finditer(log, start, stop):
            meant = self.meaning(found.group())
            if meant is None:
                stop = found.start()
                break
            before = found.start() - position
            if size + before >= wanted:
                break
            parts += (log[position : found.start()], meant)
            size += before + len(meant)
            position = found.end()
            text_ends.append(size)
            log_ends.append(position)
        reached = max(position, min(stop, position + wanted - size))
        parts.append(log[position:reached])
        return Undone(b"".join(parts), reached, text_ends, log_ends)

    def undone(self, text: bytes) -> bytes | None:
        """The whole text without its escapes; nothing if it cannot stand in such a container."""
        found = self.undo(text, 0, len(text), len(text) + 1)
        return found.text if found.reached == len(text) else None


def sent_in_latin(text: bytes) -> bytes:
    """UTF-8 as it was sent by whoever sent Latin-1, up to the first character that this does not have.

    A container holds characters: which bytes were sent for them, it does not say.
    """
    latin = _LATIN.match(text.decode("utf-8", "replace"))
    return latin.group().encode("latin-1") if latin is not None else b""


# ---- what escapes mean ----


@lru_cache(maxsize=4096)
def _in_json(escape: bytes) -> bytes | None:
    try:
        return str(json.loads(f'"{escape.decode()}"')).encode()
    except ValueError:  # a bare quote, half a surrogate pair
        return None


@lru_cache(maxsize=4096)
def _in_json_in_json(escape: bytes) -> bytes | None:
    inner = _in_json(escape)
    return None if inner is None else _in_json(inner)


@lru_cache(maxsize=4096)
def _in_markup(reference: bytes) -> bytes | None:
    name = reference[1:].decode()
    if not name.startswith("#"):
        named = html5.get(name)
        return None if named is None else named.encode()
    code = int(name[2:-1], 16) if name[1] in "xX" else int(name[1:-1])
    is_character = 0 < code < 0xD800 or 0xDFFF < code < 0x110000
    return chr(code).encode() if is_character else None


def _in_cell(quotes: bytes) -> bytes | None:
    return b'"' if quotes == b'""' else None


_HIGH, _LOW = rb"[dD][89abAB][0-9a-fA-F]{2}", rb"[dD][c-fC-F][0-9a-fA-F]{2}"


def _code_units(backslash: bytes) -> bytes:
    """A character by its number, which takes two beyond the first 65,536."""
    unit = backslash + rb"u"
    return rb"%b%b%b%b|%b[0-9a-fA-F]{4}" % (unit, _HIGH, unit, _LOW, unit)


#: Neither a bare quote nor a line end can stand in a JSON string.
_NOT_IN_JSON = rb"[\"\\\r\n]"
_JSON = _code_units(rb"\\") + rb"|\\[\"\\/bfnrt]|" + _NOT_IN_JSON
#: Characters that the inner string left as they are have the escapes of the outer one.
_JSON_IN_JSON = (
    _code_units(rb"\\\\") + rb"|\\\\(?:\\[\"\\/]|[/bfnrt])|" + _code_units(rb"\\") + rb"|\\/|" + _NOT_IN_JSON
)
_REFERENCE = rb"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{0,31});|&"

CONTAINERS = (
    Container(b"\\", re.compile(_JSON), _in_json),
    Container(b"\\", re.compile(_JSON_IN_JSON), _in_json_in_json),
    Container(b"&", re.compile(_REFERENCE), _in_markup),
    Container(b'""', re.compile(rb"\"\"|\""), _in_cell),
)


def containers_of(message: bytes, delimiter: bytes) -> Iterator[Container]:
    """What the message may have been put into: marks of it stand in the message, and not only in its delimiters."""
    for container in CONTAINERS:
        marks = message.count(container.mark)
        if marks and marks > delimiter.count(container.mark) * message.count(delimiter):
            yield container

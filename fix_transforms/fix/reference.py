"""simplefix decodes: the authority on what fields a framed message has.

Invariant: a decoder is given one framed message and returns all of its fields in order, or raises
``UndecodableError``; it never returns a part. simplefix's traps are closed here: one message at a time, data
fields of every FIX version, tags that are plain numbers, data lengths that end on a delimiter, nothing left over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from simplefix import FixParser
from simplefix.errors import ParsingError

from fix_transforms.fix.delimiters import SOH
from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Tag and value, as in the message.
Fields: TypeAlias = list[tuple[int, bytes]]

DATA_TAGS = frozenset(DATA_LENGTH_TAGS.values())
_LARGEST_TAG = 2**31 - 1
#: Above this size a message is fed piece by piece: simplefix copies what is left of its buffer per field.
_PIECE_BYTES = 8 * 1024


class UndecodableError(Exception):
    """Raised inside ``fix/`` when a framed message has no reading; it becomes a row in ``quarantine``."""


class Decoder(Protocol):
    """Reads the fields of one framed message. A compiled decoder has to be equal to ``ReferenceDecoder``."""

    name: str

    def decode(self, wire: bytes) -> Fields:
        """The fields of a message that starts at ``8=`` and ends in SOH.

        Raises:
            UndecodableError: It has no reading.
        """


class ReferenceDecoder:
    """simplefix, one framed message at a time."""

    name = "simplefix"

    def __init__(self) -> None:
        parser = FixParser(allow_empty_values=True)
        parser.stop_tag = None  # CheckSum(10) may stand inside a message, or be missing: each is read to its end
        parser.remove_raw(41101, 41101)  # simplefix 1.0.17 has the length tag in place of 41102
        for length_tag, data_tag in DATA_LENGTH_TAGS.items():
            if data_tag not in parser.raw_data_tags:
                parser.add_raw(length_tag, data_tag)
        # Looked up once per field: a set, where simplefix keeps lists.
        parser.raw_data_tags = frozenset(parser.raw_data_tags)
        parser.raw_len_tags = frozenset(parser.raw_len_tags)
        self._parser = parser

    def decode(self, wire: bytes) -> Fields:
        """The fields of a message that starts at ``8=`` and ends in SOH.

        Raises:
            UndecodableError: simplefix raises or stops early, or a tag is no plain number.
        """
        try:
            fields = self._read(wire)
        except (ParsingError, ValueError, IndexError) as error:
            raise UndecodableError(_explain(error)) from error
        if b"".join([b"%d=%b\x01" % field for field in fields]) != wire:
            for _ in field_spans(wire, fields):
                pass
        tags = [tag for tag, _ in fields]
        if max(tags) > _LARGEST_TAG or min(tags) < 1:
            raise UndecodableError(f"tag outside 1 to {_LARGEST_TAG}")
        return fields

    def _read(self, wire: bytes) -> Fields:
        """Feed the message: a long one in pieces, which grow while a single field does not fit.

        Nothing tells simplefix that the message has ended, so that it keeps what it has read in ``pairs``.
        """
        parser = self._parser
        parser.reset()
        position, piece = 0, _PIECE_BYTES
        while position < len(wire):
            parser.append_buffer(wire[position : position + piece])
            position += piece
            parser.get_message()
            if not parser.buf and _ends_in_value(wire, position, parser.pairs):
                position += 1  # simplefix takes data by its length, and leaves out the byte after it
            piece = max(_PIECE_BYTES, 2 * len(parser.buf))
        fields: Fields = parser.pairs
        if parser.buf and b"=" not in parser.buf:
            raise UndecodableError("the message ends inside a tag")
        if parser.buf or not fields or _ends_in_value(wire, len(wire), fields):
            raise UndecodableError("fields do not end with the message; the length of a data field may be too big")
        return fields


def _ends_in_value(wire: bytes, end: int, fields: Fields) -> bool:
    """Whether the last field ends right at ``end``, without the SOH after it."""
    return bool(fields) and wire.endswith(b"=%b" % fields[-1][1], 0, end)


def _explain(error: Exception) -> str:
    """What simplefix objects to, without the bytes it objects to: they may be a secret."""
    reasons = {
        "TagNotNumberError": "a tag is not a number",
        "RawLengthNotNumberError": "the length of a data field is not a number",
    }
    return reasons.get(type(error).__name__, f"simplefix: {type(error).__name__}")


def field_spans(wire: bytes, fields: Fields) -> Iterator[tuple[int, int]]:
    """Where each value lies in the message: start and end.

    Raises:
        UndecodableError: The fields are not what the bytes say: a tag that is no plain number, or a data field
            whose length does not end on a delimiter.
    """
    position = 0
    for tag, value in fields:
        equals = wire.find(b"=", position)
        if equals < 0 or not wire[position:equals].isdigit():
            raise UndecodableError(f"a tag near {tag} is not a plain number")
        end = equals + 1 + len(value)
        if wire[end : end + 1] != SOH:
            raise UndecodableError(f"field {tag} does not end where its length says")
        yield equals + 1, end
        position = end + 1
    if position != len(wire):
        raise UndecodableError(f"{len(wire) - position} bytes after the last field")

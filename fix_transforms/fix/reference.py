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

    from simplefix import FixMessage

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
        self._parser = self._configured(stop_tag=10)
        self._to_the_end = self._configured(stop_tag=-1)

    @staticmethod
    def _configured(stop_tag: int) -> FixParser:
        parser = FixParser(allow_empty_values=True, stop_tag=stop_tag)
        parser.remove_raw(41101, 41101)  # simplefix 1.0.17 has the length tag in place of 41102
        for length_tag, data_tag in DATA_LENGTH_TAGS.items():
            if data_tag not in parser.raw_data_tags:
                parser.add_raw(length_tag, data_tag)
        # Looked up once per field: a set, where simplefix keeps lists.
        parser.raw_data_tags = frozenset(parser.raw_data_tags)
        parser.raw_len_tags = frozenset(parser.raw_len_tags)
        return parser

    def decode(self, wire: bytes) -> Fields:
        """The fields of a message that starts at ``8=`` and ends in SOH.

        Raises:
            UndecodableError: simplefix raises or stops early, or a tag is no plain number.
        """
        message = self._read(self._parser, wire)
        if message is None or self._parser.buf:
            message = self._read_to_the_end(wire)
        if message is None:
            raise UndecodableError("fields do not end with the message; the length of a data field may be too big")
        fields = [(int(tag), value) for tag, value in message.pairs]
        size = sum([len(tag) + len(value) for tag, value in message.pairs]) + 2 * len(fields)
        tags = [tag for tag, _ in fields]
        if size != len(wire) or not DATA_TAGS.isdisjoint(tags):
            for _ in field_spans(wire, fields):
                pass
        if max(tags) > _LARGEST_TAG or min(tags) < 1:
            raise UndecodableError(f"tag outside 1 to {_LARGEST_TAG}")
        return fields

    def _read_to_the_end(self, wire: bytes) -> FixMessage | None:
        """Read past a CheckSum(10) inside the message, or to the end of one without: a stop byte of our own."""
        stop = next((code for code in range(256) if bytes((code,)) not in wire), None)
        if stop is None:
            return None
        self._to_the_end.stop_byte = stop
        message = self._read(self._to_the_end, wire + bytes((stop,)))
        return None if self._to_the_end.buf else message

    @staticmethod
    def _read(parser: FixParser, wire: bytes) -> FixMessage | None:
        parser.reset()
        try:
            if len(wire) <= _PIECE_BYTES:
                parser.append_buffer(wire)
                return parser.get_message()
            return _read_in_pieces(parser, wire)
        except (ParsingError, ValueError, IndexError) as error:
            raise UndecodableError(_explain(error)) from error


def _read_in_pieces(parser: FixParser, wire: bytes) -> FixMessage | None:
    """Feed a long message in pieces that grow while a single field does not fit."""
    position, piece = 0, _PIECE_BYTES
    while position < len(wire):
        parser.append_buffer(wire[position : position + piece])
        position += piece
        message = parser.get_message()
        if message is not None:
            parser.append_buffer(wire[position:])
            return message
        piece = max(_PIECE_BYTES, 2 * len(parser.buf))
    return None


def _explain(error: Exception) -> str:
    """What simplefix objects to, without the bytes it objects to: they may be a secret."""
    reasons = {
        "TagNotNumberError": "a tag is not a number",
        "RawLengthNotNumberError": "the length of a data field is not a number",
        "EmptyValueError": "a value is empty",
        "IncompleteTagError": "the message ends inside a tag",
        "FieldOrderError": "BeginString(8) is not the first field",
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

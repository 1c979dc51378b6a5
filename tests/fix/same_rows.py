"""The rows of an input, and whether every decoder gives the same ones.

Invariant: rows are equal when every frame has the same columns, types and values (``decoder`` aside, which names
who read the row) and the tallies are equal. The first difference found is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import get_args

import polars as pl

from fix_transforms.fix import ParsedChunk, ParseOptions, Tally, parse
from fix_transforms.settings import Decoder

#: The frames of a chunk, by the name of its attribute.
FRAMES = tuple(field.name for field in fields(ParsedChunk) if field.name != "tally")

#: Every decoder that can be asked for; the first is what the others are compared with.
DECODERS = ("simplefix", *(name for name in get_args(Decoder) if name != "simplefix"))


@dataclass(frozen=True)
class Rows:
    """Everything that was read: a frame per table, and the tally."""

    frames: dict[str, pl.DataFrame]
    tally: Tally

    def without_decoder(self, name: str) -> pl.DataFrame:
        """A frame without the column that says who decoded the row."""
        return self.frames[name].drop("decoder", strict=False)


def rows_of(chunks: Iterable[bytes], **options: object) -> Rows:
    """Read an input to its end."""
    parsed = list(parse(chunks, ParseOptions(**options)))  # type: ignore[arg-type]
    frames = {name: pl.concat([getattr(chunk, name) for chunk in parsed]) for name in FRAMES}
    return Rows(frames, sum((chunk.tally for chunk in parsed), Tally()))


def assert_same_rows(content: bytes, **options: object) -> None:
    """Assert that every decoder reads the same from the content.

    Args:
        content: The bytes of a file, or a part of one.
        options: Of ``ParseOptions``, without ``decoder``.
    """
    expected = rows_of([content], decoder=DECODERS[0], **options)
    for decoder in DECODERS[1:]:
        difference = first_difference(expected, rows_of([content], decoder=decoder, **options))
        assert difference is None, f"{decoder} differs from {DECODERS[0]}: {difference}"


def first_difference(expected: Rows, got: Rows) -> str | None:
    """The first thing in which the two differ, nothing if they are equal."""
    for name in FRAMES:
        difference = _frame_difference(expected.without_decoder(name), got.without_decoder(name))
        if difference is not None:
            return f"{name}: {difference}"
    for name, right in asdict(expected.tally).items():
        if getattr(got.tally, name) != right:
            return f"tally: {name} is {getattr(got.tally, name)!r}, expected {right!r}"
    return None


def _frame_difference(expected: pl.DataFrame, got: pl.DataFrame) -> str | None:
    if expected.schema != got.schema:
        return f"schema is {got.schema}, expected {expected.schema}"
    if expected.equals(got, null_equal=True):
        return None
    for row, (right, other) in enumerate(zip(expected.iter_rows(named=True), got.iter_rows(named=True), strict=False)):
        for column, value in right.items():
            if value != other[column]:
                return f"row {row}, {column} is {other[column]!r}, expected {value!r}"
    return f"{got.height} rows, expected {expected.height}"

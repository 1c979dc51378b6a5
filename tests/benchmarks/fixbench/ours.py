"""The parser under test: whole ``parse()`` with every column, groups, checksums and the account of every byte.

Invariant: a run that leaves a byte unaccounted for, or that another decoder than the one asked for would answer, is an
error and no measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fix_transforms.fix import ParsedChunk

_READ_BYTES = 1024 * 1024


def read(path: Path, limit: int | None = None) -> Iterator[bytes]:
    """The bytes of a file; with a limit, of the file over and over until so many were given."""
    given = 0
    while True:
        with path.open("rb") as log:
            while chunk := log.read(_READ_BYTES):
                yield chunk
                given += len(chunk)
                if limit is not None and given >= limit:
                    return
        if limit is None:
            return


def chunks_of(path: Path, decoder: str, threads: int | None, limit: int | None = None) -> Iterator[ParsedChunk]:
    """Parse a file with one decoder.

    Raises:
        ValueError: The parser cannot be told how many threads to use.
    """
    from dataclasses import fields

    from fix_transforms.fix import ParseOptions, parse

    options: dict[str, Any] = {"decoder": decoder, "source_name": path.name}
    if threads is not None:
        if "threads" in {field.name for field in fields(ParseOptions)}:
            options["threads"] = threads
        elif threads > 1:
            raise ValueError("ParseOptions has no threads")
    return parse(read(path, limit), ParseOptions(**options))


def run(decoder: str) -> Callable[[Path, int | None], int]:
    """Parse a file whole and drop the chunks; returns the messages found."""

    def parse_whole(path: Path, threads: int | None, limit: int | None = None) -> int:
        from fix_transforms.fix import Tally

        wanted_threads = threads if decoder == "scanner" else None
        tally = Tally()
        for chunk in chunks_of(path, decoder, wanted_threads, limit):
            tally += chunk.tally
        if tally.unaccounted_bytes:
            raise ValueError(f"{tally.unaccounted_bytes} bytes unaccounted for")
        return tally.messages

    return parse_whole

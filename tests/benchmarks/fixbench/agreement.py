"""Whether a contestant reads what the reference decoder reads, before anyone is timed.

Invariant: our decoders have to give equal rows in all tables, on dirty logs too; the others are compared on the
tags that they extract of clean data, and what they differ in is counted per tag.
"""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from fixbench.columns import compared_tags, disagreements
from fixbench.contestants import REFERENCE
from fixbench.ours import chunks_of

from fix_transforms.fix import ParsedChunk, Tally

if TYPE_CHECKING:
    from fixbench.contestants import Contestant

TABLES = tuple(field.name for field in fields(ParsedChunk) if field.name != "tally")


def compare(contestant: Contestant, path: Path, folder: Path) -> dict[str, Any]:
    """Compare one contestant with what the reference decoder found in the same file.

    Args:
        contestant: Who; the reference decoder itself writes down its rows for the others.
        path: The file.
        folder: Where the rows of the reference decoder are kept.
    """
    stem = folder / path.stem
    if contestant.name == REFERENCE:
        begun = time.perf_counter()
        frames, _ = parsed(path, "simplefix", None)
        seconds = time.perf_counter() - begun
        for table, frame in frames.items():
            frame.write_ipc(f"{stem}-{table}.arrow")
        return {"rows": {table: frame.height for table, frame in frames.items()}, "seconds": seconds}
    expected = {table: pl.read_ipc(f"{stem}-{table}.arrow") for table in TABLES}
    begun = time.perf_counter()
    if contestant.columns is not None:
        texts, rows = contestant.columns(path), expected["messages"]
        seconds = time.perf_counter() - begun
        differs = {str(tag): count for tag, count in disagreements(texts, rows).items()}
        return {"cells": rows.height * len(compared_tags(texts)), "differs": differs, "seconds": seconds}
    assert contestant.decoder is not None
    found, tally = parsed(path, contestant.decoder, contestant.threads)
    seconds = time.perf_counter() - begun
    differs_in = different_cells(found, expected)
    by_scanner = int((found["messages"]["decoder"] == contestant.decoder).sum())
    return {
        "rows": {table: frame.height for table, frame in found.items()},
        "differs": differs_in,
        "by_scanner": by_scanner,
        "unaccounted_bytes": tally.unaccounted_bytes,
        "seconds": seconds,
    }


def parsed(path: Path, decoder: str, threads: int | None) -> tuple[dict[str, pl.DataFrame], Tally]:
    """All rows of a file, and its tally."""
    chunks = list(chunks_of(path, decoder, threads if decoder == "scanner" else None))
    frames = {table: pl.concat([getattr(chunk, table) for chunk in chunks]) for table in TABLES}
    return frames, sum((chunk.tally for chunk in chunks), Tally())


def different_cells(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> dict[str, int]:
    """``table.column`` → cells that differ; ``decoder`` is meant to. Other rows than expected all differ."""
    differs: dict[str, int] = {}
    for table in TABLES:
        left, right = found[table], expected[table]
        if left.schema != right.schema:
            differs[f"{table} (schema)"] = 1
        elif left.height != right.height:
            differs[f"{table} (rows)"] = abs(left.height - right.height)
        else:
            cells = {name: int(left[name].ne_missing(right[name]).sum()) for name in left.columns if name != "decoder"}
            differs |= {f"{table}.{name}": count for name, count in cells.items() if count}
    return differs

"""What must hold for any input whatever, and what came of it.

Invariant: ``check`` raises for a reason that the input alone decides (and the options given with it).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import polars as pl

from fix_transforms.fix import ParseOptions, decoders, framing
from fix_transforms.fix.scanner import parts
from tests.fix.same_rows import DECODERS, Rows, first_difference, rows_of

Options = dict[str, Any]
_SPANS = ("messages", "log_events", "quarantine")


@dataclass
class Outcome:
    """Counts of what was read.

    Attributes:
        kinds: Rows by table, and messages and quarantine by what they are.
    """

    inputs: int = 0
    streams: int = 0
    content_bytes: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, rows: Rows) -> None:
        """Count one stream."""
        self.streams += 1
        self.content_bytes += rows.tally.content_bytes
        for name, frame in rows.frames.items():
            self.kinds[name] += frame.height
        for name, column in (("messages", "framing"), ("messages", "checksum_status"), ("quarantine", "reason")):
            for value, count in rows.frames[name][column].value_counts().iter_rows():
                self.kinds[f"{name}.{column}={value}"] += count

    def merge(self, other: Outcome) -> None:
        """Take the counts of another."""
        self.inputs += other.inputs
        self.streams += other.streams
        self.content_bytes += other.content_bytes
        self.kinds.update(other.kinds)


def random_options(rng: random.Random) -> Options:
    """Options to read an input with; mostly the defaults."""
    options: Options = {}
    if rng.random() < 0.2:
        options["mask_key"] = b"key"
    if rng.random() < 0.2:
        options["max_message_bytes"] = rng.choice((200, 1_024, 4_096))
    if rng.random() < 0.1:
        options["max_fields_per_message"] = rng.choice((8, 20))
    if rng.random() < 0.2:
        options |= {"start_offset": 10_000, "first_message_index": 7, "first_line_number": 12}
    if rng.random() < 0.2:
        options["source_name"] = rng.choice(("FIX.4.4-BUY-SELL.messages.log", "x.in", "FIX.4.2-HARBORAM-KESTREL.log"))
    if rng.random() < 0.1:
        options["validate"] = True
    return options


def check(content: bytes, options: Options, cut: int | None = None) -> Rows:
    """Read an input in every way that must not matter.

    Args:
        content: The input.
        options: How to read it.
        cut: Seed of the way it is cut into pieces once more; none leaves it whole.

    Raises:
        AssertionError: Something does not hold.
        Exception: The parser failed.
    """
    expected = rows_of([content], decoder=DECODERS[0], **options)
    _assert_accounted(content, expected, options)
    _assert_places(content, expected, options)
    others = [
        (f"decoder {name}", rows_of([content], decoder=name, **options)) for name in DECODERS[1:] if name != "auto"
    ]
    if cut is not None and not _has_long_line(content, options):
        others += list(_cut_up(content, options, random.Random(cut)))
    for how, got in others:
        difference = first_difference(expected, got)
        assert difference is None, f"{how}: {difference}"
    return expected


def _has_long_line(content: bytes, options: Options) -> bool:
    """Whether a line is longer than the limit: where such a line is cut depends on what was read of it at once."""
    return max(map(len, content.split(b"\n"))) >= options.get("max_message_bytes", ParseOptions().max_message_bytes)


def _cut_up(content: bytes, options: Options, rng: random.Random) -> Iterator[tuple[str, Rows]]:
    """Rows of another cut of the input, with buffers that hold little more than a message."""
    how = {"decoder": rng.choice(DECODERS), "threads": rng.choice((1, 1, 2, 3))}
    read_bytes, auto_bytes = rng.choice((1, 64, 200, 1_000, 4_000)), rng.choice((0, 100, 1_500, 10**6))
    pieces, position = [], 0
    while position < len(content):
        size = rng.randint(1, rng.choice((2, 40, 700)))
        pieces.append(content[position : position + size])
        position += size
    with reads_of(read_bytes, auto_bytes):
        yield f"{how}, {len(pieces)} pieces, reads of {read_bytes} bytes", rows_of(pieces, **how, **options)


@contextmanager
def reads_of(size: int, auto_bytes: int) -> Iterator[None]:
    """Let buffers be filled, and the compiled pass be given, so many bytes at a time.

    A short input is otherwise never cut at all, however small its pieces are.

    Args:
        size: Bytes to read at least at once, and to scan at most at once.
        auto_bytes: Input from which ``auto`` starts the compiled pass.
    """
    with (
        patch.object(framing, "_READ_BYTES", size),
        patch.object(parts, "LARGEST_PART", size),
        patch.object(parts, "_SMALLEST_PART", max(1, size // 8)),
        patch.object(decoders, "AUTO_BYTES", auto_bytes),
    ):
        yield


def _assert_accounted(content: bytes, rows: Rows, options: Options) -> None:
    tally, start = rows.tally, options.get("start_offset", 0)
    assert tally.unaccounted_bytes == 0, f"{tally.unaccounted_bytes} bytes unaccounted for"
    assert tally.content_bytes == len(content), f"{tally.content_bytes} bytes counted, {len(content)} given"
    counted = (tally.messages, tally.quarantined, tally.log_events, tally.group_fields)
    heights = tuple(rows.frames[name].height for name in ("messages", "quarantine", "log_events", "group_fields"))
    assert counted == heights, f"tally counts {counted}, frames hold {heights}"
    assert start <= tally.resume_offset <= start + len(content), f"resumes at {tally.resume_offset}"


def _assert_places(content: bytes, rows: Rows, options: Options) -> None:
    """Spans lie in the input, in order, apart from each other, and on the line that they name."""
    start, first_line = options.get("start_offset", 0), options.get("first_line_number", 1)
    spans = []
    for name in _SPANS:
        offsets = rows.frames[name]["byte_offset"]
        assert offsets.is_sorted(), f"{name} are not in order"
        spans.append(rows.frames[name].select("byte_offset", "byte_length"))
    ordered = pl.concat(spans).sort("byte_offset").with_columns(end=pl.col("byte_offset") + pl.col("byte_length"))
    assert (ordered["byte_length"] > 0).all(), "a span is empty"
    assert (ordered["end"].shift(1, fill_value=start) <= ordered["byte_offset"]).all(), "spans overlap"
    assert ordered.is_empty() or ordered["end"][-1] <= start + len(content), "a span ends after the input"
    for name in ("messages", "log_events"):
        for offset, line in rows.frames[name].select("byte_offset", "line_number").iter_rows():
            actual = first_line + content.count(b"\n", 0, offset - start)
            assert line == actual, f"{name}: line {line} at {offset}, which is on line {actual}"

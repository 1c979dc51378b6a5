"""What ``fixlake parse`` says about the files it read: counts of rows, and where every byte went."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from fix_transforms.fix import Tally
from fix_transforms.fix.wording import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix import ParsedChunk

_COUNTS = ("messages", "quarantined", "log_events", "group_fields", "market_data_entries")
_BYTES = (
    "content_bytes",
    "message_bytes",
    "quarantined_bytes",
    "log_event_bytes",
    "decoration_bytes",
    "unaccounted_bytes",
)


@dataclass(slots=True)
class FileSummary:
    """One file, as far as it was read."""

    path: str
    compression: str = "none"
    stored_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    verdicts: Verdicts = field(default_factory=lambda: Verdicts())

    def add(self, chunk: ParsedChunk) -> None:
        """Count a chunk."""
        self.tally += chunk.tally
        self.verdicts.add(chunk)

    def facts(self) -> dict[str, object]:
        """The summary as plain values."""
        return {
            "file": self.path,
            "compression": self.compression,
            "bytes": self.stored_bytes,
            **_numbers(self.tally),
            **self.verdicts.facts(),
        }


@dataclass(slots=True)
class Verdicts:
    """What validation said, over any number of messages.

    Attributes:
        judged: Messages that were judged.
        valid: Those without a code.
        codes: Messages by code.
    """

    judged: int = 0
    valid: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, chunk: ParsedChunk) -> None:
        """Count the messages of a chunk."""
        found = chunk.messages["validation_errors"].drop_nulls()
        self.judged += len(found)
        self.valid += int((found.list.len() == 0).sum())
        self.codes.update(found.explode().drop_nulls().to_list())

    def facts(self) -> dict[str, object]:
        """The counts as plain values, commonest code first; nothing where nothing was judged."""
        if not self.judged:
            return {}
        return {"judged": self.judged, "valid": self.valid, "validation_errors": dict(self._commonest_first())}

    def lines(self) -> list[str]:
        """The counts as text."""
        if not self.judged:
            return []
        counts = [f"{count:>10,}  {code}" for code, count in self._commonest_first()]
        return [f"{self.valid:,} of {self.judged:,} messages are valid", *counts]

    def _commonest_first(self) -> list[tuple[str, int]]:
        return sorted(self.codes.items(), key=lambda counted: (-counted[1], counted[0]))


def _numbers(tally: Tally) -> dict[str, object]:
    times = {name: getattr(tally, name) for name in ("first_sending_time", "last_sending_time")}
    return {
        **{name: getattr(tally, name) for name in (*_COUNTS, *_BYTES)},
        **{name: time.isoformat() if time is not None else None for name, time in times.items()},
    }


def print_summary(summaries: Sequence[FileSummary], *, as_json: bool, brief: bool = False) -> None:
    """Print the summary; the brief form is one line on stderr, after the messages on stdout."""
    total = sum((summary.tally for summary in summaries), Tally())
    stored = sum(summary.stored_bytes for summary in summaries)
    verdicts = Verdicts(
        sum(summary.verdicts.judged for summary in summaries),
        sum(summary.verdicts.valid for summary in summaries),
        sum((summary.verdicts.codes for summary in summaries), Counter()),
    )
    if as_json:
        facts = {"files": len(summaries), "bytes": stored, **_numbers(total), **verdicts.facts()}
        typer.echo(json.dumps({**facts, "per_file": [summary.facts() for summary in summaries]}, indent=2))
    elif brief:
        sys.stdout.flush()
        typer.echo(
            f"{total.messages} messages, {total.quarantined} quarantined, {total.log_events} log events"
            f" in {len(summaries)} {'file' if len(summaries) == 1 else 'files'}, {stored} bytes",
            err=True,
        )
    else:
        _print_table(summaries, total, stored)
        for line in verdicts.lines():
            typer.echo(line)


def _print_table(summaries: Sequence[FileSummary], total: Tally, stored: int) -> None:
    rows = [_cells(summary.stored_bytes, summary.tally, escape_control(summary.path)) for summary in summaries]
    if len(rows) > 1:
        rows.append(_cells(stored, total, "total"))
    rows.insert(0, ("bytes", "messages", "quarantined", "log events", "first sent", "last sent", "file"))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        typer.echo("  ".join((*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[-1])))
    typer.echo(
        f"\n{total.message_bytes:,} bytes in messages, {total.quarantined_bytes:,} quarantined,"
        f" {total.log_event_bytes:,} in log events, {total.decoration_bytes:,} around them,"
        f" {total.unaccounted_bytes:,} unaccounted"
    )


def _cells(size: int, tally: Tally, name: str) -> tuple[str, ...]:
    times = [
        time.strftime("%Y-%m-%d %H:%M:%S") if time is not None else "-"
        for time in (tally.first_sending_time, tally.last_sending_time)
    ]
    return (f"{size:,}", f"{tally.messages:,}", f"{tally.quarantined:,}", f"{tally.log_events:,}", *times, name)

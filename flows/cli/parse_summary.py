"""What ``fixlake parse`` says about the files it read: counts of rows, and where every byte went."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from fix_transforms.fix import Tally
from fix_transforms.fix.wording import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNTS = ("messages", "quarantined", "log_events", "group_fields")
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

    def facts(self) -> dict[str, object]:
        """The summary as plain values."""
        return {
            "file": self.path,
            "compression": self.compression,
            "bytes": self.stored_bytes,
            **_numbers(self.tally),
        }


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
    if as_json:
        facts = {"files": len(summaries), "bytes": stored, **_numbers(total)}
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

"""``fixlake status``: what the lake holds and how far behind the marts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from flows.cli.options import Home, Json, Landing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from flows.lake_status import LakeStatus

#: Objects that are named before the rest is only counted.
MOST_NAMED = 10


def status(home: Home = None, landing: Landing = None, as_json: Json = False) -> None:
    """Show files, messages, batches, table versions, the snapshot, the lag, and what cannot be read. Changes nothing.

    The lag is the age of the oldest landed object that the published snapshot does not show yet (0 if it shows
    them all). A batch that a person decided to hold is not waited for.
    """
    import json

    from fix_transforms.settings import load_settings
    from fix_transforms.workspace import Workspace
    from flows.lake_status import lake_status

    found = lake_status(Workspace.from_settings(load_settings(home=home, landing_uri=landing)))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        _print(found)


def _print(found: LakeStatus) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    rows = {
        "files": f"{found.files:,} ({found.object_bytes / 1e6:,.1f} MB as stored, {found.content_bytes / 1e6:,.1f} MB of log)",
        "messages": f"{found.messages:,}",
        "quarantined": f"{found.quarantined:,}",
        "log events": f"{found.log_events:,}",
        "batches": ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(found.batches.items())) or "none",
        "tables": ", ".join(f"{name} v{version}" for name, version in found.tables.items()) or "none yet",
        "snapshot": found.snapshot or "none yet",
        "lag": f"{found.lag_seconds:,.0f} s" if found.lag_seconds else "none",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    if found.unreadable:
        _print_unreadable(console, found.unreadable)


def _print_unreadable(console: Console, unreadable: Mapping[str, str]) -> None:
    """Name the objects of which nothing is kept, the first of them with their reasons."""
    from rich.text import Text

    from fix_transforms.fix.wording import escape_control

    console.print(Text(f"\n✗ {len(unreadable):,} of the landed objects cannot be read:", style="red"))
    for key, detail in list(unreadable.items())[:MOST_NAMED]:
        console.print(Text(f"  {escape_control(key)}: {escape_control(detail)}"))
    if len(unreadable) > MOST_NAMED:
        console.print(Text(f"  and {len(unreadable) - MOST_NAMED:,} more: see ingested_files.detail", style="dim"))

"""``fixlake status``: what the lake holds and how far behind the marts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from flows.cli.options import Home, Json, Landing

if TYPE_CHECKING:
    from flows.lake_status import LakeStatus


def status(home: Home = None, landing: Landing = None, as_json: Json = False) -> None:
    """Show files, messages, batches, table versions, the snapshot and the lag. Changes nothing.

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
    Console(highlight=False, soft_wrap=True).print(table)

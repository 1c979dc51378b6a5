"""``fixlake reconcile``: compare landing, lake and ledger."""

from __future__ import annotations

import typer

from flows.cli.options import Home, Json, Landing


def reconcile(home: Home = None, landing: Landing = None, as_json: Json = False) -> None:
    """Compare landing, lake and ledger, count every row again, and rebuild the ledger from the lake.

    Finishes batches that a dead writer left. Exits with 1 if rows do not add up; what waits in the landing is the
    next run's work.
    """
    import json
    from dataclasses import asdict

    from fix_transforms.settings import load_settings
    from fix_transforms.workspace import Workspace
    from flows import steps

    report = steps.reconcile(Workspace.from_settings(load_settings(home=home, landing_uri=landing)))
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        typer.echo(str(report))
        for found in report.mismatches:
            typer.echo(
                f"file {found.file_id}: {found.found:,} rows in {found.table}, expected {found.expected:,}", err=True
            )
    if not report.is_clean:
        raise typer.Exit(1)

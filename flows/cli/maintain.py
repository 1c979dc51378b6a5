"""``fixlake maintain``: keep the cost of a commit flat as history grows."""

from __future__ import annotations

import typer

from flows.cli.options import Home, Json


def maintain(home: Home = None, as_json: Json = False) -> None:
    """Compact, vacuum and clean up every table. Changes no row; ingestion may go on meanwhile.

    Needs the right to delete in the lake. One at a time.
    """
    import json
    from dataclasses import asdict

    from fix_transforms.lake.maintain import maintain as maintain_lake
    from fix_transforms.settings import load_settings
    from fix_transforms.workspace import Workspace

    report = maintain_lake(Workspace.from_settings(load_settings(home=home)))
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return
    for table in report.tables:
        typer.echo(
            f"{table.table}: {table.files_compacted:,} files compacted into {table.files_written:,}, "
            f"{table.files_removed:,} old files removed"
        )
    typer.echo(str(report))

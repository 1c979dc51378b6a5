"""``fixlake run``: the whole pipeline once, on this machine, with no server."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.options import Home, Json, Landing


def run(
    landing: Landing = None,
    home: Home = None,
    as_json: Json = False,
    timings: Annotated[bool, typer.Option("--timings", help="Say how long each step took.")] = False,
) -> None:
    """Ingest, validate, transform and publish whatever is new, once.

    Exits with 0 only if every part succeeded. With nothing new it changes nothing. Safe to kill at any point:
    the next run finishes what this one began.
    """
    from fix_transforms.settings import load_settings
    from fix_transforms.workspace import Workspace
    from flows.cli.run_progress import with_progress
    from flows.cli.run_summary import print_json, print_summary
    from flows.run_lock import only_run
    from flows.steps import run_once

    settings = load_settings(home=home, landing_uri=landing)
    workspace = Workspace.from_settings(settings)
    with only_run(settings.home), with_progress() as perform:
        report = run_once(workspace, perform)
    if as_json:
        print_json(report)
    else:
        print_summary(report, workspace, timings=timings)
    if not report.ok:
        raise typer.Exit(1)

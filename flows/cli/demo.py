"""``fixlake demo``: trading sessions from nothing to marts, on this machine."""

from __future__ import annotations

import filecmp
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from flows.cli.options import Home


def demo(
    home: Home = None,
    messages: Annotated[int, typer.Option("--messages", "-n", min=1, help="How many messages to simulate.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same logs, byte for byte.")] = 7,
) -> None:
    """Simulate FIX sessions, run the whole pipeline over them, and say where to look."""
    from fix_transforms.errors import SettingsError
    from fix_transforms.settings import load_settings
    from fix_transforms.workspace import Workspace
    from flows.cli.run_progress import with_progress
    from flows.cli.run_summary import print_summary
    from flows.run_lock import only_run
    from flows.steps import run_once

    settings = load_settings(home=home)
    workspace = Workspace.from_settings(settings)
    if not workspace.landing.is_local:
        raise SettingsError(
            "the demo writes into a folder only",
            where=workspace.landing.uri,
            expected="FIXLAKE_LANDING_URI to be unset",
        )
    landing, truth = workspace.landing.path, settings.home / "truth.json"
    with only_run(settings.home), with_progress() as perform:
        dropped = simulate_into(landing, truth, messages, seed)
        typer.echo(
            f"Simulated {messages:,} messages in {dropped} files under {landing}; what really happened is in {truth}"
        )
        report = run_once(workspace, perform)
    print_summary(report, workspace, timings=False)
    typer.echo(f"\nDrop more logs into {landing} and call: fixlake run --home {settings.home}")
    if not report.ok:
        raise typer.Exit(1)


def simulate_into(landing: Path, truth: Path, messages: int, seed: int) -> int:
    """Simulate beside the landing, then move what differs into it, whole files at a time.

    A file that is there already with the same bytes is left alone: touching it would make it a new version.

    Returns:
        The number of files simulated.
    """
    from fix_transforms.simulate import simulate, write

    with TemporaryDirectory(dir=truth.parent, prefix="simulated-") as folder:
        paths = write(simulate(messages, seed), Path(folder), truth)
        for path in paths:
            target = landing / path.relative_to(folder)
            if target.is_file() and filecmp.cmp(path, target, shallow=False):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        return len(paths)

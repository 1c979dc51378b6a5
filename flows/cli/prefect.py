"""``fixlake prefect``: what the Prefect server has to know before the deployments can run."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.options import Home, Landing

app = typer.Typer(no_args_is_help=True, help="Tell the Prefect server what this lakehouse is.")


@app.callback()
def prefect() -> None:
    """Tell the Prefect server what this lakehouse is."""


@app.command()
def apply(
    home: Home = None,
    landing: Landing = None,
    no_worker_runs: Annotated[
        bool, typer.Option("--no-worker-runs", help="End every unfinished run at once: no worker is at work.")
    ] = False,
) -> None:
    """Make the server at PREFECT_API_URL hold what prefect.yaml, deployments/prefect and the settings say.

    Blocks, work pool, limits, variables, deployments, automations, alerts; dead runs are ended. May be repeated: what
    is right stays as it is, and what was declared once and is no more goes. No secret is ever a parameter.
    """
    from fix_transforms.settings import load_settings
    from flows.apply.everything import apply as apply_everything

    settings = load_settings(home=home, landing_uri=landing)
    for applied in apply_everything(settings, no_worker_runs=no_worker_runs):
        typer.echo(str(applied))

"""``fixlake blocks``: what the Prefect server has to know before the deployments can run."""

from __future__ import annotations

import typer

from flows.cli.options import Home, Landing

app = typer.Typer(no_args_is_help=True, help="Tell the Prefect server where landing and lake are.")


@app.callback()
def blocks() -> None:
    """Tell the Prefect server where landing and lake are."""


@app.command()
def register(home: Home = None, landing: Landing = None) -> None:
    """Register stores, their credentials and the work pool at PREFECT_API_URL. May be repeated.

    Flows load them by name: no secret is ever a parameter.
    """
    from fix_transforms.settings import load_settings
    from flows.blocks import register as register_blocks

    for registered in register_blocks(load_settings(home=home, landing_uri=landing)):
        typer.echo(f"{registered.kind}/{registered.name}: {registered.where}")

"""``fixlake tables``: compare the declared tables with live ones and with everything derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from flows.cli.options import Home

app = typer.Typer(no_args_is_help=True, help="Compare declared tables with live ones; create, evolve, generate.")


@app.command()
def plan(home: Home = None) -> None:
    """Show how the live tables differ from the declared ones; fail where applying would lose data."""
    from fix_transforms.lake.apply import plan as plan_changes
    from fix_transforms.lake.delta import Lake
    from fix_transforms.settings import load_settings

    _show(plan_changes(Lake(load_settings(home=home).lake)), nothing="The live tables are as declared.")


@app.command()
def apply(home: Home = None) -> None:
    """Create missing tables and add declared columns; refuse to drop or narrow."""
    from fix_transforms.lake.apply import apply as apply_changes
    from fix_transforms.lake.delta import Lake
    from fix_transforms.settings import load_settings

    _show(
        apply_changes(Lake(load_settings(home=home).lake)), nothing="Nothing to apply: the live tables are as declared."
    )


@app.command()
def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a derived file differs.")] = False,
) -> None:
    """Write the files derived from the declarations: dbt sources, seeds and docs/tables."""
    from fix_transforms.settings import PROJECT_ROOT
    from fix_transforms.tables.generate import drifted, write

    files = drifted(PROJECT_ROOT) if check else write(PROJECT_ROOT)
    for path in files:
        typer.echo(f"{'differs' if check else 'written'}: {path}")
    if not files:
        typer.echo("Everything derived is up to date.")
    if check and files:
        raise typer.Exit(1)


def _show(changes: Sequence[object], nothing: str) -> None:
    for change in changes:
        typer.echo(str(change))
    if not changes:
        typer.echo(nothing)

"""``fixlake docs``: build the static documentation site."""

from __future__ import annotations

import typer

from flows.cli.options import Home


def docs(home: Home = None) -> None:
    """Document the marts as they were last built; the index also leads to the Data Docs."""
    from fix_transforms.marts.docs import build_docs
    from fix_transforms.settings import load_settings
    from fix_transforms.workspace import Workspace

    typer.echo(build_docs(Workspace.from_settings(load_settings(home=home))))


command = docs

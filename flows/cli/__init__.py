"""The ``fixlake`` command: one verb per file.

Invariant: importing this package imports typer and nothing heavier; a verb imports what it needs when it is
called. An error raised on purpose ends in one line on stderr and exit code 1; a traceback is always a bug.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from fix_transforms.errors import FixLakehouseError

#: Verbs in the order of the help page. Each is a module of this package that holds ``app`` (a group of
#: verbs), or a function named ``command`` or like the verb.
VERBS = (
    "demo", "run", "status", "query", "report", "batches", "docs", "tables",
    "parse", "profile", "simulate", "reconcile", "maintain", "prefect", "serve", "stack",
)  # fmt: skip


def main() -> None:
    """Run the command line; the entry point of ``fixlake``."""
    called = sys.argv[1:2]
    try:
        build(called if called and called[0] in VERBS else VERBS)()
    except FixLakehouseError as error:
        typer.echo(f"fixlake: {' '.join(str(error).split())}", err=True)
        raise SystemExit(1) from None


def build(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """Build the command, importing only the verbs that are wanted.

    Args:
        verbs: Some of ``VERBS``.
    """
    app = typer.Typer(
        name="fixlake",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(epilog="Start with: fixlake demo. Every setting is a FIXLAKE_ variable; .env.example lists them.")(
        fixlake
    )
    for verb in verbs:
        module = import_module(f"flows.cli.{verb}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=verb)
        else:
            app.command(name=verb)(getattr(module, "command", None) or getattr(module, verb))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from fix_transforms import __version__

        typer.echo(f"fixlake {__version__}")
        raise typer.Exit


def fixlake(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """FIX logs in, answers out: typed Delta tables, quality reports, order life cycles, exactly once."""

"""``fixlake simulate``: realistic FIX logs with known ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    messages: Annotated[int, typer.Option("--messages", "-n", min=1, help="Messages to log, exactly.")],
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for the logs; made if missing.")],
    seed: Annotated[int, typer.Option("--seed", help="Another number tells another story.")] = 1,
    truth: Annotated[
        Path | None, typer.Option("--truth", dir_okay=False, help="JSON file for what really happened.")
    ] = None,
    dirty: Annotated[
        float, typer.Option("--dirty", min=0.0, max=1.0, help="Share of message lines to damage; the truth says which.")
    ] = 0.0,
    both_sides: Annotated[
        bool, typer.Option("--both-sides", help="Also write what the counterparties log of the same messages.")
    ] = False,
) -> None:
    """Write FIX logs of a made-up firm; the same options give the same bytes."""
    from fix_transforms.simulate import simulate, write

    paths = write(simulate(messages, seed, dirty, both_sides=both_sides), out, truth)
    typer.echo(f"{messages} messages in {len(paths)} files under {out}")
    if truth is not None:
        typer.echo(f"Truth in {truth}")

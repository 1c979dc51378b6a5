"""``fixlake batches``: which batches the marts show, why, and overruling the suites.

Invariant: a decision is appended, never changed; who decided is the user the process runs as, not what the
environment says. Nothing that came out of a log is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from flows.cli.options import Home, Json

if TYPE_CHECKING:
    from expectations.results import RuleResult
    from fix_transforms.lake.batches import BatchState
    from fix_transforms.lake.delta import Lake

app = typer.Typer(no_args_is_help=True, help="List batches and what the quality suites said; release or hold one.")

BatchId = Annotated[str, typer.Argument(help="Batch: 16 hex digits, as `fixlake batches list` shows them.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]

COLOURS = {"passed": "green", "released": "green", "failed": "red", "error": "yellow", "held": "red", "pending": "dim"}

#: Decisions with which a batch is in the marts.
SHOWN = ("passed", "released")


@app.command("list")
def list_batches(home: Home = None, as_json: Json = False) -> None:
    """List the batches, newest first, with the decision that counts."""
    from fix_transforms.lake.batches import batch_states

    states = sorted(batch_states(_lake(home)), key=lambda state: (state.ingested_at, state.batch_id), reverse=True)
    if as_json:
        _print_json([_state_fields(state) for state in states])
    elif states:
        _print_states(states)
    else:
        typer.echo("No batches yet.")


@app.command()
def show(
    batch_id: BatchId,
    home: Home = None,
    every: Annotated[bool, typer.Option("--all", help="Also show the rules that passed.")] = False,
    as_json: Json = False,
) -> None:
    """Show one batch and what each rule said of it in its latest validation."""
    from expectations.record import latest

    lake = _lake(home)
    state = _state(lake, batch_id)
    found = latest(lake, batch_id)
    validation_id, results = found if found is not None else (None, ())
    if as_json:
        rules = [{name: getattr(result, name) for name in result.__dataclass_fields__} for result in results]
        _print_json({**_state_fields(state), "validation_id": validation_id, "rules": rules})
        return
    _print_states([state])
    if found is None:
        typer.echo("Not validated yet.")
    else:
        _print_rules(results, every)


@app.command()
def release(batch_id: BatchId, reason: Reason = "released by hand", home: Home = None) -> None:
    """Let a batch into the marts, whatever the suites said. Takes effect with the next build."""
    _decide(_lake(home), batch_id, "released", reason)


@app.command()
def hold(batch_id: BatchId, reason: Reason = "held by hand", home: Home = None) -> None:
    """Take a batch out of the marts, whatever the suites said. Takes effect with the next build."""
    _decide(_lake(home), batch_id, "held", reason)


def _decide(lake: Lake, batch_id: str, decision: Literal["released", "held"], reason: str) -> None:
    from fix_transforms.lake.batches import decide

    state = _state(lake, batch_id)
    if state.decision == decision or (decision == "released" and state.decision in SHOWN):
        typer.echo(f"Batch {batch_id} is {state.decision} already: nothing to do.")
        return
    decide(lake, batch_id, decision, _user(), _printable(reason))
    typer.echo(f"Batch {batch_id} is {decision}; it was {state.decision or 'pending'}.")


def _lake(home: Any) -> Lake:
    from fix_transforms.lake.delta import Lake
    from fix_transforms.settings import load_settings

    return Lake(load_settings(home=home).lake)


def _state(lake: Lake, batch_id: str) -> BatchState:
    from fix_transforms.errors import QualityError
    from fix_transforms.lake.batches import batch_states

    for state in batch_states(lake):
        if state.batch_id == batch_id:
            return state
    raise QualityError(
        "no such batch", where=lake.location.uri, got=ascii(batch_id), expected="an id from `fixlake batches list`"
    )


def _user() -> str:
    """The user the process runs as; never the name under which the suites decide."""
    import os
    import pwd

    from expectations.record import SUITE

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = f"uid {os.geteuid()}"
    return name if name != SUITE else f"user {name}"


def _printable(text: str) -> str:
    """One line without control characters, which terminals obey."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _state_fields(state: BatchState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in state.__dataclass_fields__}


def _print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, indent=2, default=str))


def _print_states(states: list[BatchState]) -> None:
    from rich.text import Text

    table = _table("Batch", "Ingested (UTC)", ">Files", ">Messages", "Decision", "Why")
    for state in states:
        decision = state.decision or "pending"
        why = f"{state.decided_by}: {state.reason}" if state.decided_by else ""
        table.add_row(
            state.batch_id, f"{state.ingested_at:%Y-%m-%d %H:%M:%S}", f"{state.files:,}", f"{state.messages:,}",
            Text(decision, COLOURS[decision]), Text(_printable(why)),
        )  # fmt: skip
    _print(table)


def _print_rules(results: tuple[RuleResult, ...], every: bool) -> None:
    from rich.text import Text

    shown = [result for result in results if every or result.outcome != "passed"]
    if shown:
        table = _table("Outcome", "Severity", "Rule", ">Broken", "Expected")
        for result in sorted(shown, key=lambda r: (r.outcome == "passed", r.severity, r.table_name, r.rule)):
            table.add_row(
                Text(result.outcome, COLOURS[result.outcome]), result.severity, f"{result.table_name}.{result.rule}",
                f"{result.rows_failed:,} of {result.rows_evaluated:,}", Text(_printable(result.detail)),
            )  # fmt: skip
        _print(table)
    passed = len([result for result in results if result.outcome == "passed"])
    typer.echo(f"{passed} of {len(results)} rules passed.")


def _table(*columns: str) -> Any:
    """A table whose last column wraps and whose others do not, so that ids can be copied from it."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns[:-1]:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", no_wrap=True)
    table.add_column(columns[-1], overflow="fold", min_width=24)
    return table


def _print(table: Any) -> None:
    """Print a table; where it is too wide for the terminal its lines run on, rather than lose characters."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(table, width=max(console.width, 100), crop=False, soft_wrap=True)

"""``fixlake stack``: MinIO, PostgreSQL, Prefect, Superset and all the rest on this machine, without containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Home, Json

if TYPE_CHECKING:
    from deployments.stack.layout import Layout

app = typer.Typer(no_args_is_help=True, help="Run all services on this machine as plain processes, without containers.")


@app.callback()
def stack() -> None:
    """Run all services on this machine as plain processes, without containers.

    They are those of docker-compose.yml, with the same ports and variables; FIXLAKE_SUPERSET_PORT=18088 and the like
    choose others. Everything is kept under HOME/stack and listens on FIXLAKE_PUBLISH_ADDRESS, 127.0.0.1 by default.
    """


@app.command()
def up(
    services: Annotated[
        list[str] | None, typer.Argument(help="Services to start, with what they need; all if none is named.")
    ] = None,
    home: Home = None,
    demo: Annotated[
        bool | None, typer.Option("--demo/--no-demo", help="Land simulated logs too.", show_default="FIXLAKE_DEMO")
    ] = None,
) -> None:
    """Start what does not run, wait until all is well, and say where it is. May be repeated.

    Runs on in the background until `fixlake stack down`.
    """
    from deployments.stack.layout import Layout
    from deployments.stack.preflight import problems
    from deployments.stack.settings import load_stack_settings
    from deployments.stack.start import up as bring_up
    from deployments.stack.welcome import welcome
    from fix_transforms.settings import load_settings

    lakehouse = load_settings(home=home)
    layout = Layout.of(load_stack_settings(home=home, demo=demo), lakehouse)
    found = problems(layout)
    for problem in found:
        typer.echo(f"✗ {problem.what}\n    {problem.solution}", err=True)
    if found:
        typer.echo("fixlake: the stack cannot start; `make stack-tools` installs all its tools", err=True)
        raise typer.Exit(1)
    bring_up(layout, lakehouse, say=typer.echo, names=services or ())
    for line in () if services else welcome(layout):
        typer.echo(line)


@app.command()
def down(home: Home = None) -> None:
    """Stop every service and leave no process behind. The data stay; `up` goes on with them."""
    from deployments.stack.stop import down as bring_down

    bring_down(_recorded(home), say=typer.echo)


@app.command()
def status(home: Home = None, as_json: Json = False) -> None:
    """Show how each service is: healthy, done, starting, unhealthy, failed or stopped. Fails unless all are well."""
    import json

    from deployments.stack.status import stack_status

    found = stack_status(_recorded(home))
    if as_json:
        typer.echo(json.dumps([one.as_dict() for one in found], indent=2))
    else:
        _print([one.as_dict() for one in found])
    if not all(one.health.is_good for one in found):
        raise typer.Exit(1)


@app.command()
def logs(
    services: Annotated[list[str] | None, typer.Argument(help="Services; all if none is named.")] = None,
    home: Home = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many lines of each.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Print what services say, each line behind the name of its service if there are several."""
    from deployments.stack.logs import print_logs

    print_logs(_recorded(home), services or [], lines, follow, say=typer.echo)


def _recorded(home: object) -> Layout:
    from deployments.stack.layout import Layout
    from deployments.stack.settings import load_stack_settings

    return Layout.recorded(load_stack_settings(home=home))


def _print(rows: list[dict[str, object]]) -> None:
    """Print columns that are as wide as they must be, also where no terminal is."""
    headings = ("service", "health", "state", "pid", "up", "address")
    table: list[tuple[str, ...]] = [headings]
    for row in rows:
        seconds = row["uptime_seconds"]
        uptime = _in_words(seconds) if isinstance(seconds, float) else ""
        cells = (row["service"], row["health"], str(row["state"]).lower(), row["pid"], uptime, row["address"])
        table.append(tuple("" if cell is None else str(cell) for cell in cells))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        typer.echo("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _in_words(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"

"""How a run is told to a person, and to a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.run_report import counted

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace
    from flows.run_report import RunReport


#: Marts that say how much came of it, and what a row of each is.
TOLD = {
    "03_analytics.fct_orders": "order",
    "03_analytics.fct_executions": "execution",
    "03_analytics.fct_sessions": "session",
}


def print_json(report: RunReport) -> None:
    """Print the report as one JSON object."""
    typer.echo(json.dumps(report.as_dict(), indent=2, default=str))


def print_summary(report: RunReport, workspace: Workspace, *, timings: bool) -> None:
    """Print what was done, what went wrong, and where to look next."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(_headline(report, workspace))
    if report.is_news:
        console.print(_facts(report, _quarantined_by_reason(report, workspace)))
    for problem in report.problems:
        console.print(Text(f"✗ {problem}", style="red"))
    if timings:
        console.print(_timings(report))
    if report.is_news:
        console.print(_next(report, workspace))


def _headline(report: RunReport, workspace: Workspace) -> Text:
    if not report.is_news:
        return Text(f"Nothing new in {workspace.landing.uri}.")
    mark, style = ("✓", "bold green") if report.ok else ("✗", "bold red")
    return Text(f"{mark} {report.headline}", style=style)


def _quarantined_by_reason(report: RunReport, workspace: Workspace) -> dict[str, int]:
    if report.ingested is None or not report.ingested.quarantined:
        return {}
    import polars as pl

    from fix_transforms.lake.delta import Lake
    from fix_transforms.tables import QUARANTINE

    ours = pl.col("batch_id").is_in(report.ingested.batch_ids)
    reasons = Lake(workspace.lake).read(QUARANTINE, ["reason"], ours)["reason"]
    return dict(reasons.value_counts().iter_rows())


def _facts(report: RunReport, quarantined: Mapping[str, int]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, value in _rows(report, quarantined):
        table.add_row(f"  {name}", value)
    return table


def _rows(report: RunReport, quarantined: Mapping[str, int]) -> list[tuple[str, str]]:
    rows = []
    done = report.ingested
    if done:
        rows += [
            ("files", f"{done.files:,} ({_listed(report.by_status)}), {done.object_bytes / 1e6:,.1f} MB"),
            ("messages", f"{done.messages:,}"),
            ("quarantined", f"{done.quarantined:,}" + (f" ({_listed(quarantined)})" if quarantined else "")),
            ("log events", f"{done.log_events:,}"),
        ]
    if report.verdicts:
        rows.append(("batches", _listed(report.batches_by_outcome)))
    if report.snapshot:
        counts = report.snapshot.row_counts
        told = [counted(counts[table], noun) for table, noun in TOLD.items() if table in counts]
        rows.append(("snapshot", ", ".join([report.snapshot.name, *told])))
    return rows


def _listed(counts: Mapping[str, int]) -> str:
    by_count = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in by_count) or "none"


def _timings(report: RunReport) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(justify="right")
    for step, seconds in report.seconds.items():
        table.add_row(f"  {step}", f"{seconds:.2f} s")
    table.add_row("  together", f"{sum(report.seconds.values()):.2f} s")
    return table


def _next(report: RunReport, workspace: Workspace) -> Text:
    home = _home_option(workspace)
    held = [verdict.batch_id for verdict in report.verdicts if verdict.outcome != "passed"]
    hints = []
    if held:
        hints.append(
            f"fixlake batches show {held[0]}{home}  # why {counted(len(held), 'batch')} is held; how to release it"
        )
    site, pages = workspace.settings.docs_dir, ("index.html", "data-docs/index.html")
    hints += [
        f"fixlake status{home}  # what the lake holds",
        f"fixlake query{home} 'select cl_ord_id, symbol, order_state, filled_qty from fct_orders limit 5'",
        f"fixlake report{home}  # the newest trading day on one page",
        f"fixlake docs{home}  # every model and column, beside the Data Docs",
        # Before anything is published there are only the Data Docs.
        *[str(site / page) for page in pages if (site / page).is_file()][:1],
    ]
    return Text("\n  ".join(["Look next:", *hints]), style="dim")


def _home_option(workspace: Workspace) -> str:
    """What to add to a command so that it finds this home; nothing where it would anyway."""
    import shlex

    from fix_transforms.settings import load_settings

    home = workspace.settings.home
    return "" if home == load_settings().home else f" --home {shlex.quote(str(home))}"

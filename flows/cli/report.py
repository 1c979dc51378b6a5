"""``fixlake report``: a trading day on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Home

if TYPE_CHECKING:
    from datetime import date


def report(
    day: Annotated[
        str | None,
        typer.Argument(metavar="DATE", help="Trading date, as 2024-01-31.", show_default="the newest in the snapshot"),
    ] = None,
    home: Home = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Where to write it; - prints it.", show_default="the site's folder"),
    ] = None,
) -> None:
    """Report a trading day from the published snapshot: one HTML file that needs nothing else, also to mail or print.

    Publishing writes the reports of the days that changed by itself. Prints the path of the file.
    """
    from pathlib import Path

    from fix_transforms.marts.docs import write_index
    from fix_transforms.reports.files import write_report_file
    from fix_transforms.reports.trading_days import day_report, write_report
    from fix_transforms.settings import load_settings

    settings, wanted = load_settings(home=home), _parsed(day)
    if out is None:
        path = write_report(settings, wanted)
        write_index(settings.docs_dir)
        typer.echo(path)
        return
    _, page = day_report(settings, wanted)
    if out == "-":
        typer.echo(page, nl=False)
    else:
        write_report_file(Path(out), page)
        typer.echo(out)


def _parsed(day: str | None) -> date | None:
    from datetime import date

    from fix_transforms.errors import ReportError

    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise ReportError("not a trading date", got=ascii(day), expected="a date such as 2024-01-31") from None

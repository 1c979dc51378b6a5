"""A trading-day report as a page: values in, one self-contained HTML text out.

Invariant: the page loads nothing and runs nothing; it is the same for the same figures.
"""

from __future__ import annotations

from pathlib import Path

from fix_transforms.html_page import html_page
from fix_transforms.reports import headline, sections
from fix_transforms.reports.figures import DayFigures
from fix_transforms.reports.notes import footnotes, note
from fix_transforms.reports.wording import text

CSS = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def report_page(day: DayFigures) -> str:
    """The whole page."""
    body = f"""<header>
<p class="kicker">FIX Lakehouse · trading day{note("date")}</p>
<h1>{day.day:%A}, {day.day.day} {day.day:%B %Y}</h1>
<p class="source">Snapshot <code>{text(day.snapshot)}</code>, published {day.published_at:%Y-%m-%d %H:%M:%S} UTC</p>
{headline.points(day)}
</header>
{headline.tiles(day)}
{sections.activity(day)}
{sections.brokers(day)}
<div class="pair">
{sections.symbols(day)}
{sections.rejects(day)}
</div>
{sections.sessions(day)}
{sections.open_orders(day)}
{sections.quality(day)}
{footnotes()}"""
    return html_page(f"Trading day {day.day.isoformat()}", body, css=CSS)

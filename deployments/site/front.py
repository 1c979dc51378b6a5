"""The site's first page: what there is, when it was written, and what to do where there is nothing yet.

Invariant: everything that comes from disk is escaped, and a name that becomes part of an address is quoted too. Works
without JavaScript.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from deployments.site.contents import Contents, Report, Validation
from fix_transforms.html_page import html_page

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def front_page(contents: Contents) -> str:
    """The page."""
    sections = [_quality(contents), _marts(contents)]
    if contents.reports:
        sections.insert(0, _reports(contents))
    return _page(
        "FIX Lakehouse",
        f"""<header><h1>FIX Lakehouse</h1>
<p>What is known about the data: what happened on a day, how good it is, and what the marts mean.</p></header>
{"".join(sections)}""",
    )


def error_page(status: int, text: str) -> str:
    """A page that says what is wrong."""
    return _page(text, f'<header><h1>{status} · {escape(text)}</h1></header><p><a href="/">To the first page</a></p>')


def _quality(contents: Contents) -> str:
    title, text = "Data quality", "What the rules say of each batch, as it is ingested."
    if contents.quality_at is None:
        empty = "No batch was validated yet. Put a log into the landing; the next run of the pipeline judges it."
        return _empty(title, text, empty)
    rows = "".join(map(_validation, contents.validations))
    table = f"""<table>
<thead><tr><th>Validated (UTC)</th><th>Batch</th><th>Decision</th><th>Rules</th><th>Failed</th><th>Errors</th></tr></thead>
<tbody>{rows}</tbody>
</table>"""
    return _section(title, text, "/data-docs/", "All validations", contents.quality_at, table if rows else "")


def _validation(found: Validation) -> str:
    link = f"/data-docs/{quote(found.folder)}/"
    return (
        f"<tr><td>{escape(found.validated_at)}</td>"
        f'<td><a href="{escape(link)}"><code>{escape(found.batch_id)}</code></a></td>'
        f'<td><span class="badge {escape(found.decision)}">{escape(found.decision)}</span></td>'
        f'<td class="number">{escape(found.rules)}</td><td class="number">{escape(found.failed)}</td>'
        f'<td class="number">{escape(found.errors)}</td></tr>'
    )


def _marts(contents: Contents) -> str:
    title, text = "Marts", "Every model and column, its tests, and where it comes from."
    if contents.marts_at is None:
        empty = "Not documented yet. It is when the marts are published; <code>fixlake docs</code> does it now."
        return _empty(title, text, empty)
    return _section(title, text, "/dbt/", "Models and lineage", contents.marts_at, "")


def _reports(contents: Contents) -> str:
    entries = "".join(map(_report, contents.reports))
    newest = contents.reports[0]
    link = f"/reports/{quote(newest.name)}"
    label = "The latest day" if newest.day else "The newest"
    text = "A trading day on one page, to read, print or mail."
    return _section("Reports", text, link, label, newest.written_at, f"<ul>{entries}</ul>")


def _report(found: Report) -> str:
    link = escape(f"/reports/{quote(found.name)}")
    title = f"{found.day:%A}, {found.day.day} {found.day:%B %Y}" if found.day else found.name
    return f'<li><a href="{link}">{escape(title)}</a> <small>{_time(found.written_at)}</small></li>'


def _section(title: str, text: str, link: str, label: str, written_at: datetime, body: str) -> str:
    return f"""<section>
<h2>{escape(title)}</h2>
<p>{escape(text)}</p>
<p class="way"><a class="button" href="{escape(link)}">{escape(label)}</a> <small>written {_time(written_at)}</small></p>
{body}
</section>
"""


def _empty(title: str, text: str, empty: str) -> str:
    return f'<section class="empty"><h2>{escape(title)}</h2><p>{escape(text)}</p><p class="way">{empty}</p></section>\n'


def _time(moment: datetime) -> str:
    return f'<time datetime="{moment.isoformat(timespec="seconds")}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>'


def _page(title: str, body: str) -> str:
    return html_page(title, body, stylesheet="/style.css")

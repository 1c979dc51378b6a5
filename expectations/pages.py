"""The pages of the quality site that are ours: the index of validations, and one page per validation.

Invariant: everything that enters a page is escaped, and every page carries a policy that lets it load its style
sheet and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from expectations.results import BatchValidation, RuleResult
from fix_transforms.html_page import html_page

_ORDER = {"failed": 0, "error": 1, "passed": 2}


def page(title: str, body: str, root: str) -> str:
    """A whole page.

    Args:
        title: Plain text.
        body: HTML.
        root: Relative path to the site's root, with a slash at its end, or empty.
    """
    return html_page(title, body, stylesheet=f"{root}style.css")


def index(summaries: Iterable[Mapping[str, Any]]) -> str:
    """The index: newest validation first."""
    rows = "".join(_index_row(summary) for summary in summaries)
    body = f"""<h1>Data quality</h1>
<p>One line per validated batch, newest first. A batch fails by critical rules; failed warnings are shown and let it pass.
Failed and error batches are not in the marts unless released.</p>
<table>
<thead><tr><th>Validated (UTC)</th><th>Batch</th><th>Decision</th><th>Rules</th><th>Failed</th><th>Errors</th></tr></thead>
<tbody>{rows}</tbody>
</table>"""
    return page("Data quality", body, "")


def _index_row(summary: Mapping[str, Any]) -> str:
    link = f"{summary['folder']}/index.html"
    return (
        f'<tr><td>{_text(summary["validated_at"])}</td><td><a href="{escape(link)}"><code>{_text(summary["batch_id"])}</code></a></td>'
        f"<td>{_badge(summary['decision'])}</td><td>{_text(summary['rules'])}</td>"
        f"<td>{_text(summary['failed'])}</td><td>{_text(summary['errors'])}</td></tr>"
    )


def validation(found: BatchValidation, validated_at: str, suite_names: Iterable[str]) -> str:
    """One validation: every rule, the broken ones first, and links to Great Expectations' own pages."""
    ranked = sorted(found.results, key=lambda r: (_ORDER[r.outcome], r.severity, r.table_name, r.rule))
    links = " · ".join(f'<a href="{escape(name)}.html">{_text(name)}</a>' for name in suite_names)
    body = f"""<p><a href="../index.html">All validations</a></p>
<h1>Batch <code>{_text(found.batch_id)}</code> {_badge(found.decision)}</h1>
<p>Validation <code>{_text(found.validation_id)}</code>, {_text(validated_at)} UTC.
{found.count("passed")} rules passed, {found.count("failed")} failed, {found.count("error")} could not be judged.</p>
<p>{links}</p>
<table>
<thead><tr><th>Outcome</th><th>Severity</th><th>Table</th><th>Rule</th><th>Rows</th><th>Broken</th><th>Expected</th></tr></thead>
<tbody>{"".join(_rule_row(result) for result in ranked)}</tbody>
</table>"""
    return page(f"Batch {found.batch_id}", body, "../")


def _rule_row(result: RuleResult) -> str:
    return (
        f"<tr><td>{_badge(result.outcome)}</td><td>{_text(result.severity)}</td><td>{_text(result.table_name)}</td>"
        f'<td>{_text(result.rule)}</td><td class="number">{result.rows_evaluated:,}</td>'
        f'<td class="number">{result.rows_failed:,}</td><td>{_text(result.detail)}</td></tr>'
    )


def _badge(word: str) -> str:
    return f'<span class="badge {escape(word)}">{escape(word)}</span>'


def _text(value: object) -> str:
    return escape(str(value))

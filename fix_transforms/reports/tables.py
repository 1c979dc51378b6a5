"""Tables of a report.

Invariant: cells are HTML already; a table without rows is a sentence instead, and a long one says what it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fix_transforms.reports.wording import counted

#: A page stays readable, and of a size to mail, whatever a day holds.
MOST_ROWS: Final = 100


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str, most: int = MOST_ROWS) -> str:
    """A table, or what to say where there are no rows.

    Args:
        columns: Headings; ``>`` before one puts its column to the right, as numbers are.
        rows: Cells, as many as there are columns.
        empty: A sentence.
        most: Rows after which the rest is only counted.
    """
    found = list(rows)
    if not found:
        return f'<p class="empty">{empty}</p>'
    kinds = ["number" if column.startswith(">") else "word" for column in columns]
    heads = _cells("th", kinds, [column.removeprefix(">") for column in columns])
    body = "".join(f"<tr>{_cells('td', kinds, row)}</tr>" for row in found[:most])
    rest = len(found) - most
    more = f'<p class="more">{counted(rest, "more row")} not shown.</p>' if rest > 0 else ""
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{more}'


def part_of_one(shown: str, part: float | None) -> str:
    """A number with a bar that is as long as the part of one it is."""
    width = min(max(part or 0, 0), 1)
    return f'<span class="part" style="background-size:{width:.1%} 100%">{shown}</span>'


def alarming(shown: str, number: int) -> str:
    """A number that stands out unless it is 0."""
    return f'<strong class="alarm">{shown}</strong>' if number else shown


def _cells(tag: str, kinds: Sequence[str], cells: Sequence[str]) -> str:
    return "".join(f'<{tag} class="{kind}">{cell}</{tag}>' for kind, cell in zip(kinds, cells, strict=True))

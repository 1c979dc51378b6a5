"""Declared table → its page in ``docs/tables``."""

from __future__ import annotations

from collections.abc import Iterator

from fix_transforms.tables.render.to_dbt import duckdb_type
from fix_transforms.tables.spec import Column, Table

HEADER = "<!-- Generated from fix_transforms/tables by `fixlake tables generate`; edit the declarations instead. -->\n"


def render_page(table: Table) -> str:
    """The Markdown page of one table."""
    return HEADER + "\n".join(_lines(table)) + "\n"


def _lines(table: Table) -> Iterator[str]:
    yield f"# {table.name}"
    yield ""
    yield f"One row per {table.grain}. {table.description}"
    yield ""
    yield f"- Primary key: {_names(table.primary_key)}"
    yield f"- Partitioned by: {_names(table.partition_by) or 'nothing'}"
    yield f"- Sorted by: {_names(table.sort_by) or 'nothing'}"
    yield f"- Replaced files kept for: {table.retention_days} days"
    for check in table.checks:
        yield f"- Constraint `{check.name}`: `{check.sql}`"
    yield ""
    yield "| column | type | FIX tag | unit | null | description |"
    yield "|---|---|---|---|---|---|"
    for column in table.columns:
        yield _row(column)


def _row(column: Column) -> str:
    allowed = f" One of {', '.join(f'`{value}`' for value in column.allowed)}." if column.allowed else ""
    cells = (
        f"`{column.name}`",
        duckdb_type(column.dtype),
        str(column.tag or ""),
        column.unit or "",
        "yes" if column.nullable else "no",
        column.description.replace("|", "\\|") + allowed.replace("|", "\\|"),
    )
    return "| " + " | ".join(cells) + " |"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)

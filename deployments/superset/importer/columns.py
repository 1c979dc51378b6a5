"""The datasets of a bundle beside the tables that are published.

Invariant: the database is opened as Superset opens it, read-only and without a way out, so that the SQL of a dataset
can do no more here than there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deployments.superset.importer.bundle import Bundle, Document, Problem
from deployments.superset.table_columns import is_of_table


def check_columns(bundle: Bundle, database: Path) -> list[Problem]:
    """Tables and columns that datasets declare and the published file has not."""
    import duckdb

    problems: list[Problem] = []
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    with duckdb.connect(str(database), read_only=True, config=config) as connection:
        for file, dataset in bundle.of("datasets").items():
            source = dataset.get("sql") or f"FROM {_quoted(dataset['schema'])}.{_quoted(dataset['table_name'])}"
            try:
                described = connection.execute(f"DESCRIBE {source}").fetchall()
            except duckdb.Error as error:
                problems.append(Problem(file, "table_name", str(error).splitlines()[0], "a table that is published"))
                continue
            problems += _missing(file, dataset, {str(row[0]): str(row[1]) for row in described})
    return problems


def _missing(file: str, dataset: Document, published: dict[str, str]) -> Iterator[Problem]:
    for column in dataset["columns"]:
        name = column["column_name"]
        if not is_of_table(column):
            continue
        if name not in published:
            yield Problem(file, f"columns.{name}", "nothing published", f"one of {', '.join(sorted(published))}")
        elif column.get("is_dttm") and not published[name].startswith(("TIMESTAMP", "DATE")):
            yield Problem(file, f"columns.{name}", published[name], "a time, as is_dttm says")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

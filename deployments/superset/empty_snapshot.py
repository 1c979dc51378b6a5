"""A snapshot without rows, for the time before the first one is published: charts then say "no data".

Invariant: it has the tables and columns that the datasets' files declare, under the name that a published one has,
and is replaced as a whole when the declarations change.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from deployments.superset.table_columns import is_of_table

FILE_NAME = "lakehouse.duckdb"


def empty_snapshot(assets: Path, folder: Path) -> Path:
    """The file for these assets, made the first time."""
    contents = [path.read_bytes() for path in sorted((assets / "datasets").rglob("*.yaml"))]
    digest = hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]
    database = folder / digest / FILE_NAME
    if not database.exists():
        database.parent.mkdir(parents=True, exist_ok=True)
        _write(database, contents)
    return database


def _write(database: Path, contents: list[bytes]) -> None:
    import duckdb
    import yaml

    # Two workers may come here at once: each writes its own and the last one stays, which is the same.
    partial = database.with_name(f".{os.getpid()}.{os.urandom(4).hex()}") / FILE_NAME
    partial.parent.mkdir()
    with duckdb.connect(str(partial)) as connection:
        for content in contents:
            dataset = yaml.safe_load(content)
            # A dataset that is a query of its own has no table; its query reads tables of other datasets.
            if isinstance(dataset, dict) and not dataset.get("sql"):
                _create(connection, dataset)
    partial.replace(database)
    partial.parent.rmdir()


def _create(connection: Any, dataset: dict[str, Any]) -> None:
    schema, table = _quoted(dataset.get("schema") or "main"), _quoted(dataset["table_name"])
    columns = [
        f"{_quoted(column['column_name'])} {column.get('type') or 'VARCHAR'}"
        for column in dataset.get("columns", ())
        if is_of_table(column)
    ]
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {schema}.{table} ({', '.join(columns) or 'nothing INTEGER'})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

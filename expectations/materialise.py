"""One batch, copied out of the lake into a private DuckDB file that Great Expectations may open.

Each table is read twice and never again, whatever the number of rules: once for its structure (``<table>``: every
live column in order and type, but values of keys, numbers and our own codes only), once for its verdicts
(``verdicts_of_<table>``: the primary key and one boolean per rule).

Invariant: no text written by a counterparty is in the file. Great Expectations writes cells into HTML as they
are, so what it must not show, it is not given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from expectations import codes
from expectations.derive import duckdb_type
from expectations.rule import Rule
from fix_transforms.errors import QualityError, StorageError
from fix_transforms.lake.duck import connect, literal
from fix_transforms.tables import (
    FIX_GROUP_FIELDS,
    FIX_MESSAGES,
    INGESTED_FILES,
    LOG_EVENTS,
    MARKET_DATA_ENTRIES,
    QUARANTINE,
    Table,
)

if TYPE_CHECKING:
    import duckdb

    from fix_transforms.lake.locations import Location

#: The tables that a batch is in, in the order they are read.
BATCH_TABLES = (INGESTED_FILES, QUARANTINE, LOG_EVENTS, FIX_GROUP_FIELDS, MARKET_DATA_ENTRIES, FIX_MESSAGES)

#: Live and declared type of every column: what the rules on types read.
COLUMN_TYPES = "column_types"

_BATCH_ID = re.compile(r"[0-9a-f]{16}\Z")

#: The structs that rules on messages may use beside the columns.
_MESSAGE_JOINS = (
    codes.JOINS
    + """
    LEFT JOIN (
        SELECT file_id AS ingested_file_id, {start_offset: start_offset, content_bytes: content_bytes} AS file
        FROM ingested_files
    ) ON ingested_file_id = fix_messages.file_id
"""
)


def verdicts_of(table: str) -> str:
    """Name of the table that holds the verdicts on a table."""
    return f"verdicts_of_{table}"


def checked_batch_id(batch_id: str) -> str:
    """Let only 16 hex digits through, before the id is part of a statement or a path.

    Raises:
        QualityError: It is something else.
    """
    if not _BATCH_ID.match(batch_id):
        raise QualityError("not a batch id", got=ascii(batch_id[:40]), expected="16 hex digits")
    return batch_id


def materialise(lake: Location, batch_id: str, rules: Sequence[Rule], database: Path) -> None:
    """Copy one batch's structure and verdicts into a new DuckDB file.

    A rule whose SQL fails has no verdict column, so that it ends in an error and the others do not.

    Raises:
        QualityError: The id is not one, or the lake has no such batch.
        StorageError: The lake could not be read.
    """
    import duckdb

    batch = literal(checked_batch_id(batch_id))
    connection = connect(lake, BATCH_TABLES)
    try:
        connection.execute(f"ATTACH {literal(str(database))} AS judged")
        connection.execute("USE judged")
        _column_types(connection)
        for table in BATCH_TABLES:
            for statement in _structure(connection, table, batch):
                connection.execute(statement)
        if connection.execute("SELECT count(*) FROM ingested_files").fetchall() == [(0,)]:
            raise QualityError("the lake has no such batch", where=batch_id)
        codes.load(connection, _live(FIX_MESSAGES), batch)
        for table in BATCH_TABLES:
            _verdicts(connection, table, [rule for rule in rules if rule.table == table.name], batch)
        connection.execute("CHECKPOINT judged")
    except duckdb.Error as error:
        # The message may quote a value or the statement with the S3 secret.
        raise StorageError(
            "the batch could not be read", where=f"{lake.uri}, batch {batch_id}", got=type(error).__name__
        ) from None
    finally:
        connection.close()


def _live(table: Table) -> str:
    return f"memory.main.{table.name}"


def _describe(connection: duckdb.DuckDBPyConnection, table: Table) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {_live(table)}").fetchall()]


def _column_types(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"CREATE TABLE {COLUMN_TYPES} (table_name VARCHAR, column_name VARCHAR, declared_type VARCHAR, live_type VARCHAR)"
    )
    for table in BATCH_TABLES:
        live = dict(_describe(connection, table))
        declared = {column.name: duckdb_type(column.dtype) for column in table.columns}
        rows = [(table.name, name, declared.get(name), live.get(name)) for name in declared | live]
        connection.executemany(f"INSERT INTO {COLUMN_TYPES} VALUES (?, ?, ?, ?)", rows)


def _structure(connection: duckdb.DuckDBPyConnection, table: Table, batch: str) -> tuple[str, str]:
    """SQL of the table with the values that are kept, and of the view that shows it with every live column."""
    live = _describe(connection, table)
    kept = ", ".join(f"{_kept(table, name, dtype)} AS {_quoted(name)}" for name, dtype in live if _is_kept(table, name))
    shown = ", ".join(
        _quoted(name) if _is_kept(table, name) else f"CAST(NULL AS {dtype}) AS {_quoted(name)}" for name, dtype in live
    )
    return (
        f"CREATE TABLE kept_of_{table.name} AS SELECT {kept} FROM {_live(table)} WHERE batch_id = {batch}",
        f"CREATE VIEW {table.name} AS SELECT {shown} FROM kept_of_{table.name}",
    )


def _is_kept(table: Table, name: str) -> bool:
    """Whether a rule on structure, or on another table's row, may read the column's values."""
    return name in table.column_names and (not table[name].nullable or bool(table[name].allowed))


def _kept(table: Table, name: str, live_type: str) -> str:
    """SQL of a kept value: itself if it is ours or no text, else a mark that something is there."""
    ours = name in table.primary_key or bool(table[name].allowed)
    if ours or live_type != "VARCHAR":
        return _quoted(name)
    return f"CASE WHEN {_quoted(name)} IS NOT NULL THEN '' END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _verdicts(connection: duckdb.DuckDBPyConnection, table: Table, rules: Sequence[Rule], batch: str) -> None:
    import duckdb

    joins = _MESSAGE_JOINS if table is FIX_MESSAGES else ""
    source = f"FROM {_live(table)} AS {table.name} {joins} WHERE {table.name}.batch_id = {batch}"
    try:
        connection.execute(_create_verdicts(table, rules, source))
    except duckdb.Error:
        judged = [rule for rule in rules if _is_judged(connection, rule, source)]
        connection.execute(_create_verdicts(table, judged, source))


def _create_verdicts(table: Table, rules: Sequence[Rule], source: str) -> str:
    columns = [f"{table.name}.{name}" for name in table.primary_key] + [
        f"{rule.verdict} AS {rule.name}" for rule in rules
    ]
    return f"CREATE TABLE {verdicts_of(table.name)} AS SELECT {', '.join(columns)} {source}"


def _is_judged(connection: duckdb.DuckDBPyConnection, rule: Rule, source: str) -> bool:
    import duckdb

    try:
        connection.execute(f"SELECT count(verdict) FROM (SELECT {rule.verdict} AS verdict {source})").fetchall()
    except duckdb.Error:
        return False
    return True

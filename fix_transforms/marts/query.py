"""Ask the published marts a question: read-only, sandboxed, bounded.

Invariant: a query sees exactly one snapshot and nothing else: no file, no network, no other database, no setting it
could change. It cannot write, because the file, the connection and a check of the statement each refuse it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.errors import QueryError
from fix_transforms.marts.publish import read_current

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import polars as pl

    from fix_transforms.settings import Settings

#: ``read_only`` alone is no sandbox: COPY TO and read_csv('/etc/passwd') work without the rest. The same for every
#: reader, because DuckDB refuses one file under two configurations in one process.
READER_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": "2",
    "memory_limit": "1GB",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

#: Statements that only read; EXPLAIN ANALYZE of a write is refused by the file being read-only.
READING = frozenset({"SELECT", "EXPLAIN", "CALL", "RELATION", "LOGICAL_PLAN"})

#: Folders of models, in the order in which a bare table name is looked for.
SCHEMAS = (
    "03_KPI_fix",
    "03_analytics",
    "02_intermediate_fix",
    "01_staging_fix",
    "00_landing_fix",
    "000_monitoring",
    "main",
)

DEFAULT_LIMIT = 1000


def query(settings: Settings, sql: str, limit: int | None = DEFAULT_LIMIT) -> pl.DataFrame:
    """Answer one statement from the current snapshot.

    Args:
        settings: Where the snapshots are.
        sql: One statement that reads. Tables may be named without their schema.
        limit: Most rows to return; none means all.

    Raises:
        QueryError: There is no snapshot, the statement writes, there are several, or DuckDB refuses it.
        PublishError: ``current`` leads to something that is not a snapshot.
    """
    import duckdb

    snapshot = read_current(settings)
    if snapshot is None:
        raise QueryError("nothing is published yet", where=str(settings.published_dir), expected="`fixlake run` first")
    if limit is not None and limit < 0:
        raise QueryError("the limit is negative", got=limit, expected="0 or more")
    try:
        with open_snapshot(snapshot.path) as connection:
            statement = _one_reading_statement(connection, sql)
            relation = connection.execute(statement)
            return _take(relation, limit)
    except duckdb.Error as error:
        raise QueryError("the query failed", got=_first_lines(str(error))) from error


def open_snapshot(path: Path) -> duckdb.DuckDBPyConnection:
    """A locked-down connection to a published file.

    Raises:
        duckdb.Error: The file cannot be opened.
    """
    import duckdb

    connection = duckdb.connect(str(path), read_only=True, config=READER_CONFIG)
    try:
        schemas = ",".join(f'"{name}"' for name in SCHEMAS)
        connection.execute("SET search_path = '" + schemas + "'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def _one_reading_statement(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError("not one statement", got=len(statements), expected="exactly one")
    kind = statements[0].type.name
    if kind not in READING:
        raise QueryError(
            "only reading is allowed", got=f"a statement of type {kind}", expected="SELECT, FROM, DESCRIBE …"
        )
    return statements[0]


def _take(result: duckdb.DuckDBPyConnection, limit: int | None) -> pl.DataFrame:
    """Fetch no more than is wanted: the rest is never computed where DuckDB streams."""
    import polars as pl
    import pyarrow as pa

    reader = result.to_arrow_reader(10_000)
    wanted, batches = limit, []
    try:
        for batch in reader:
            batches.append(batch if wanted is None else batch.slice(0, wanted))
            if wanted is not None:
                wanted -= batches[-1].num_rows
                if wanted <= 0:
                    break
    finally:
        reader.close()
    frame = pl.from_arrow(pa.Table.from_batches(batches, schema=reader.schema))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _first_lines(text: str) -> str:
    return " ".join(text.strip().splitlines()[:2])

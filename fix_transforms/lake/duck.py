"""DuckDB over the lake: one view per declared table, from extensions that came with the installation.

Invariant: nothing is downloaded (``autoinstall`` is off), and identifiers come from declared tables only.
DuckDB errors are wrapped, because they may quote the statement that holds the S3 secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fix_transforms.errors import StorageError
from fix_transforms.tables import TABLES, Table

if TYPE_CHECKING:
    import duckdb

    from fix_transforms.lake.locations import Location, S3Access

#: ``delta`` reads the log; ``httpfs`` reads the Parquet files of a lake on S3.
EXTENSIONS = ("delta", "httpfs")


def connect(lake: Location, tables: Iterable[Table] = TABLES, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Open DuckDB with a view per table over the newest version of the lake.

    Args:
        lake: Where the Delta tables are.
        tables: Which of them to show; each must exist.
        database: File of the database, or ``:memory:``.

    Raises:
        StorageError: A table could not be opened.
    """
    import duckdb

    connection = duckdb.connect(database)
    try:
        for statement in statements(lake, tables):
            connection.execute(statement)
    except duckdb.Error as error:
        connection.close()
        raise StorageError(
            "DuckDB could not open the lake", where=lake.uri, got=type(error).__name__, expected="Delta tables"
        ) from None
    return connection


def statements(lake: Location, tables: Iterable[Table] = TABLES) -> list[str]:
    """The SQL that makes a fresh DuckDB connection see the lake."""
    loads = [f"LOAD {literal(str(extension_path(name)))}" for name in EXTENSIONS]
    settings = ["SET autoinstall_known_extensions = false", "SET TimeZone = 'UTC'"]
    secrets = [] if lake.s3 is None else [_create_secret(lake.s3)]
    views = [
        f"CREATE OR REPLACE VIEW {table.name} AS SELECT * FROM delta_scan({literal(lake.child(table.name))})"
        for table in tables
    ]
    return [*settings, *loads, *secrets, *views]


def extension_path(name: str) -> Path:
    """The extension's binary inside its wheel, for the DuckDB version that is installed.

    Raises:
        StorageError: The wheel does not hold a binary for this DuckDB.
    """
    import duckdb

    path = (
        Path(str(files(f"duckdb_extension_{name}")))
        / "extensions"
        / f"v{duckdb.__version__}"
        / f"{name}.duckdb_extension"
    )
    if not path.is_file():
        raise StorageError(
            "DuckDB extension is not installed", where=name, expected=f"a wheel for DuckDB {duckdb.__version__}"
        )
    return path


def literal(text: str) -> str:
    """Quote a string for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _create_secret(access: S3Access) -> str:
    options = {"TYPE": "s3", "REGION": literal(access.region)}
    if access.access_key_id and access.secret_access_key:
        options |= {"KEY_ID": literal(access.access_key_id), "SECRET": literal(access.secret_access_key)}
    else:
        options["PROVIDER"] = "credential_chain"
    if access.endpoint:
        host = access.endpoint.partition("://")[2].rstrip("/")
        options |= {
            "ENDPOINT": literal(host),
            "URL_STYLE": "'path'",
            "USE_SSL": "false" if access.plain_http else "true",
        }
    return "CREATE OR REPLACE SECRET lake (" + ", ".join(f"{key} {value}" for key, value in options.items()) + ")"

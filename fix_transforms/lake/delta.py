"""``Lake``: the Delta tables of one location, opened, read and appended to.

Invariant: rows get into a table only through ``Lake.append``, which asserts the declared schema first
(delta-rs casts silently) and writes through the very handle whose transactions were checked. Errors of
delta-rs may quote rows, so their text is never repeated: it stays in ``__cause__``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from fix_transforms.errors import SchemaMismatchError, StorageError
from fix_transforms.lake.stores import open_store, storage_errors
from fix_transforms.lake.transactions import transactions_at
from fix_transforms.tables import TABLES, Table
from fix_transforms.tables.render.to_polars import polars_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from obstore.store import LocalStore, S3Store

    from fix_transforms.lake.locations import Location

#: How often delta-rs itself moves a commit on to the next version, without a pause.
MAX_COMMIT_RETRIES = 15


class InvalidRowsError(SchemaMismatchError):
    """Error raised when rows have the declared columns but break a check or a required column's promise."""


class Lake:
    """The tables at one location."""

    def __init__(self, location: Location) -> None:
        self.location = location

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        return open_store(self.location)

    def uri(self, table: Table) -> str:
        """Where the table is."""
        return self.location.child(table.name)

    def exists(self, table: Table) -> bool:
        """Whether the table has been created.

        Raises:
            StorageError: The lake cannot be reached.
        """
        import obstore

        # Not DeltaTable.is_deltatable: it waits for the store without letting other threads run.
        with storage_errors("cannot be looked up", self.uri(table)):
            return any(page for page in obstore.list(self._store, prefix=f"{table.name}/_delta_log", chunk_size=1))

    def open(self, table: Table) -> DeltaTable:
        """A fresh handle on the newest version.

        Raises:
            StorageError: The table does not exist or cannot be read.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        with delta_errors("cannot be opened", table):
            try:
                return DeltaTable(self.uri(table), storage_options=self.location.storage_options())
            except TableNotFoundError as error:
                raise StorageError(
                    "table does not exist", where=self.uri(table), expected="to be created by `fixlake tables apply`"
                ) from error

    def versions(self) -> dict[str, int]:
        """Table name → newest version, of the tables that exist.

        Raises:
            StorageError: A table cannot be read.
        """
        return {table.name: self.open(table).version() for table in TABLES if self.exists(table)}

    def transactions(self, table: Table, live: DeltaTable | None = None) -> dict[str, int]:
        """Every application transaction: of the handle's snapshot, or of the newest version.

        Raises:
            StorageError: The table does not exist or its log cannot be read.
        """
        handle = live if live is not None else self.open(table)
        return transactions_at(self._store, table.name, handle.version())

    def read(self, table: Table, columns: list[str] | None = None, filter: pl.Expr | None = None) -> pl.DataFrame:
        """Rows of the newest version; columns and filter are pushed down to the files.

        Raises:
            StorageError: The table does not exist or cannot be read.
        """
        wanted = columns if columns is not None else list(table.column_names)
        rows = self.scan(table)
        if filter is not None:
            rows = rows.filter(filter)
        try:
            return rows.select(wanted).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StorageError("cannot be read", where=self.uri(table), got=type(error).__name__) from error

    def scan(self, table: Table, live: DeltaTable | None = None) -> pl.LazyFrame:
        """The handle's version, or the newest, as a lazy frame.

        Raises:
            StorageError: The table does not exist or cannot be read.
        """
        live = live if live is not None else self.open(table)
        with delta_errors("cannot be read", table):
            if self.location.is_local and "%" in live.table_uri:
                # Polars looks for the files under the URI as it is written, where a space is %20. Arrow does not,
                # but costs an import of pandas.
                return pl.scan_pyarrow_dataset(live.to_pyarrow_dataset())
            return pl.scan_delta(live)

    def append(
        self,
        live: DeltaTable,
        table: Table,
        rows: pa.RecordBatchReader,
        transactions: Mapping[str, int],
        metadata: Mapping[str, Any],
    ) -> None:
        """Append the rows in one commit, through the handle that was checked.

        Args:
            live: The handle; another writer's commit of one of the transactions since then fails this one.
            table: What the handle is a handle on.
            rows: Rows with exactly the declared columns.
            transactions: Application id → version to commit with the rows.
            metadata: Goes into the commit as it is.

        Raises:
            SchemaMismatchError: The rows' schema is not the declared one.
            StorageError: The write failed, or its answer was lost: look for the transactions.
        """
        from deltalake import CommitProperties, PostCommitHookProperties, Transaction, write_deltalake

        assert_arrow_schema(rows.schema, table)
        with delta_errors("append failed", table):
            write_deltalake(
                live,
                rows,
                mode="append",
                commit_properties=CommitProperties(
                    app_transactions=[Transaction(app_id, version) for app_id, version in transactions.items()],
                    custom_metadata=dict(metadata),
                    max_commit_retries=MAX_COMMIT_RETRIES,
                ),
                # Clean-up needs the right to delete, which a writer does not have.
                post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
            )


def arrow_schema(table: Table) -> pa.Schema:
    """The declared schema as Arrow spells it."""
    return pl.DataFrame(schema=polars_schema(table)).to_arrow().schema


def assert_schema(frame: pl.DataFrame, table: Table) -> None:
    """Assert that a frame has exactly the declared columns, in order and type, and no null where none may be.

    Raises:
        SchemaMismatchError: It has not.
        InvalidRowsError: The columns are right, and there is such a null.
    """
    declared = polars_schema(table)
    if list(frame.schema.items()) != list(declared.items()):
        got, expected = _differences(dict(frame.schema), dict(declared))
        raise SchemaMismatchError("frame is not of the declared schema", where=table.name, got=got, expected=expected)
    required = [column.name for column in table.columns if not column.nullable]
    nulls = [name for name in required if frame[name].null_count()]
    if nulls:
        raise InvalidRowsError("null in a required column", where=table.name, got=nulls, expected="no nulls")


def assert_arrow_schema(schema: pa.Schema, table: Table) -> None:
    """Assert that rows about to be streamed have exactly the declared columns, in order and type.

    Raises:
        SchemaMismatchError: They have not.
    """
    declared = arrow_schema(table)
    if not schema.equals(declared):
        got, expected = _differences(_types(schema), _types(declared))
        raise SchemaMismatchError("rows are not of the declared schema", where=table.name, got=got, expected=expected)


def _types(schema: pa.Schema) -> dict[str, Any]:
    return {field.name: field.type for field in schema}


def _differences(got: dict[str, Any], expected: dict[str, Any]) -> tuple[str, str]:
    if set(got.items()) == set(expected.items()):
        return ", ".join(got), ", ".join(expected)
    odd = [f"{name}: {dtype}" for name, dtype in got.items() if expected.get(name) != dtype]
    right = [f"{name}: {dtype}" for name, dtype in expected.items() if got.get(name) != dtype]
    return ", ".join(odd) or "nothing", ", ".join(right) or "nothing more"


@contextmanager
def delta_errors(what: str, table: Table) -> Iterator[None]:
    """Turn whatever delta-rs raises inside the block into ``StorageError``; ours pass through."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (DeltaError, OSError, ValueError) as error:
        raise StorageError(what, where=table.name, got=type(error).__name__) from error

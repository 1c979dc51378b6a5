"""Declared tables against live ones: what differs, and making the live ones follow.

Invariant: applying never loses data and never changes what is stored. Tables are created, nullable columns,
constraints and properties are added; whatever would drop, narrow or retype a column is refused before
anything is changed, and planning again after applying finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal

from fix_transforms.errors import NarrowingError, StorageError
from fix_transforms.lake.commit import pause
from fix_transforms.lake.delta import Lake, delta_errors
from fix_transforms.tables import TABLES, Table
from fix_transforms.tables.render.to_delta import delta_constraints, delta_properties, delta_schema_json

if TYPE_CHECKING:
    from deltalake import DeltaTable, Schema

Kind = Literal["create table", "add column", "allow nulls", "set property", "add constraint", "drop constraint"]

#: How often what is left is planned and tried again, when other programs are at it too.
MAX_ROUNDS: Final = 8

_CONSTRAINT: Final = "delta.constraints."


@dataclass(frozen=True, slots=True)
class Change:
    """One step from the live table towards the declared one.

    Attributes:
        table: Name of the table.
        kind: What is done.
        name: Column, property or constraint it is done to; empty for a new table.
    """

    table: str
    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.table}: {self.kind} {self.name}".rstrip()


def plan(lake: Lake, tables: Iterable[Table] = TABLES) -> list[Change]:
    """What ``apply`` would do, in order.

    Raises:
        NarrowingError: A live column is not declared, or is declared with another type, or as required
            where it may hold nulls; or the partitioning differs.
        StorageError: The lake cannot be read.
    """
    return [change for table in tables for change in _plan_table(lake, table)]


def apply(lake: Lake, tables: Iterable[Table] = TABLES) -> list[Change]:
    """Create and evolve the tables; returns what was done. Safe to run twice, and by two programs at once.

    Raises:
        NarrowingError: See ``plan``; nothing has been changed then.
        StorageError: The lake cannot be read or written.
    """
    declared = {table.name: table for table in tables}
    done: list[Change] = []
    failure: StorageError | None = None
    for attempt in range(MAX_ROUNDS):
        changes = plan(lake, declared.values())
        if not changes:
            return done
        if failure is not None:
            pause(attempt)
        for change in changes:
            try:
                _apply(lake, declared[change.table], change)
                done.append(change)
            except StorageError as error:
                # Most likely another program did the same: what is left to do is planned again.
                failure = error
    raise failure or StorageError("tables do not become what is declared", where=lake.location.uri)


def ensure_tables(lake: Lake) -> None:
    """Create the tables that do not exist; leaves those that do alone.

    Raises:
        StorageError: The lake cannot be read or written.
    """
    apply(lake, [table for table in TABLES if not lake.exists(table)])


# ---- planning ----


def _plan_table(lake: Lake, table: Table) -> Iterator[Change]:
    if not lake.exists(table):
        yield Change(table.name, "create table")
        return
    live = lake.open(table)
    with delta_errors("schema cannot be read", table):
        metadata, schema = live.metadata(), live.schema()
    if tuple(metadata.partition_columns) != table.partition_by:
        raise NarrowingError(
            "partitioning cannot be changed",
            where=table.name,
            got=metadata.partition_columns,
            expected=table.partition_by,
        )
    yield from _plan_columns(table, schema)
    yield from _plan_properties(table, metadata.configuration)
    yield from _plan_constraints(table, metadata.configuration)


def _plan_columns(table: Table, schema: Schema) -> Iterator[Change]:
    live = {field.name: field for field in schema.fields}
    declared = {field.name: field for field in _declared_schema(table).fields}
    dropped = [name for name in live if name not in declared]
    if dropped:
        raise NarrowingError("a live column is not declared", where=table.name, got=dropped)
    for name, field in declared.items():
        where = f"{table.name}.{name}"
        if name not in live:
            if not field.nullable:
                raise NarrowingError("an added column must allow nulls", where=where, got="a required column")
            yield Change(table.name, "add column", name)
        elif live[name].type != field.type:
            raise NarrowingError("a type cannot be changed", where=where, got=live[name].type, expected=field.type)
        elif live[name].nullable and not field.nullable:
            raise NarrowingError("a live column may hold nulls", where=where, got="declared as required")
        elif field.nullable and not live[name].nullable:
            yield Change(table.name, "allow nulls", name)


def _plan_properties(table: Table, live: dict[str, str]) -> Iterator[Change]:
    for name, value in delta_properties(table).items():
        if live.get(name) != value:
            yield Change(table.name, "set property", name)


def _plan_constraints(table: Table, configuration: dict[str, str]) -> Iterator[Change]:
    live = {name.removeprefix(_CONSTRAINT): sql for name, sql in configuration.items() if name.startswith(_CONSTRAINT)}
    declared = delta_constraints(table)
    if live != declared:
        declared = _as_stored(table)
    for name, sql in live.items():
        if declared.get(name) != sql:
            yield Change(table.name, "drop constraint", name)
    for name, sql in declared.items():
        if live.get(name) != sql:
            yield Change(table.name, "add constraint", name)


@cache
def _as_stored(table: Table) -> dict[str, str]:
    """The declared constraints in delta-rs' own spelling (``a IN (1, 2)`` becomes ``a = 1 OR a = 2``)."""
    with TemporaryDirectory() as folder, delta_errors("constraints are refused", table):
        scratch = _create(f"{folder}/{table.name}", table, {})
        configuration = scratch.metadata().configuration
    return {name.removeprefix(_CONSTRAINT): sql for name, sql in configuration.items() if name.startswith(_CONSTRAINT)}


# ---- applying ----


def _apply(lake: Lake, table: Table, change: Change) -> None:
    with delta_errors(f"{change.kind} {change.name}".rstrip(), table):
        if change.kind == "create table":
            _create(lake.uri(table), table, lake.location.storage_options())
            return
        live = lake.open(table)
        if change.kind == "add column":
            live.alter.add_columns([field for field in _declared_schema(table).fields if field.name == change.name])
        elif change.kind == "allow nulls":
            live.alter.drop_column_not_null(change.name)
        elif change.kind == "set property":
            live.alter.set_table_properties({change.name: delta_properties(table)[change.name]})
        elif change.kind == "drop constraint":
            live.alter.drop_constraint(change.name)
        else:
            live.alter.add_constraint({change.name: delta_constraints(table)[change.name]})


def _create(uri: str, table: Table, storage_options: dict[str, str]) -> DeltaTable:
    from deltalake import CommitProperties, DeltaTable

    live = DeltaTable.create(
        uri,
        schema=_declared_schema(table),
        mode="error",
        partition_by=list(table.partition_by),
        name=table.name,
        description=table.description,
        configuration=delta_properties(table),
        storage_options=storage_options,
        # Else the loser of a race moves its commit to version 1 and takes the winner's constraints away.
        commit_properties=CommitProperties(max_commit_retries=0),
    )
    constraints = delta_constraints(table)
    if constraints:
        live.alter.add_constraint(constraints)
    return live


def _declared_schema(table: Table) -> Schema:
    from deltalake import Schema

    return Schema.from_json(delta_schema_json(table))

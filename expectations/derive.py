"""The structural suite of a table, derived from its declaration.

Invariant: nothing here names a table or a column; change a declaration and its suite changes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from expectations.results import Severity
from expectations.rule import Rule
from fix_transforms.errors import TableSpecError
from fix_transforms.tables import Table
from fix_transforms.tables.spec import DECIMAL, TIMESTAMP, DataType

#: Polars type → the name DuckDB gives the Delta type that it is stored as.
DUCKDB_TYPES: tuple[tuple[DataType, str], ...] = (
    (pl.String, "VARCHAR"),
    (pl.Int8, "TINYINT"),
    (pl.Int32, "INTEGER"),
    (pl.Int64, "BIGINT"),
    (pl.Float64, "DOUBLE"),
    (pl.Boolean, "BOOLEAN"),
    (pl.Date, "DATE"),
    (DECIMAL, "DECIMAL(28,10)"),
    (TIMESTAMP, "TIMESTAMP WITH TIME ZONE"),
    (pl.List(pl.Int32), "INTEGER[]"),
    (pl.List(pl.String), "VARCHAR[]"),
)

Kind = Literal["columns", "types", "in_set", "unique"]


@dataclass(frozen=True, slots=True)
class Structural:
    """One derived expectation, answered by a built-in of Great Expectations."""

    table: str
    name: str
    kind: Kind
    description: str
    columns: tuple[str, ...]
    values: tuple[str, ...] = ()
    severity: Severity = "critical"

    @property
    def expected(self) -> str:
        """What must hold."""
        return self.description


def structural(table: Table) -> tuple[Structural, ...]:
    """Derive what the table's columns, keys and allowed values promise."""
    return tuple(_structural(table))


def _structural(table: Table) -> Iterator[Structural]:
    name = table.name
    yield Structural(
        name, "columns_as_declared", "columns", "The declared columns, in the declared order.", table.column_names
    )
    yield Structural(name, "types_as_declared", "types", "Every column has its declared type.", table.column_names)
    for column in table.columns:
        if column.allowed:
            said = f"{column.name} is one of {', '.join(column.allowed)}."
            yield Structural(name, f"{column.name}_allowed", "in_set", said, (column.name,), column.allowed)
    said = f"{', '.join(table.primary_key)} identify a row."
    yield Structural(name, "primary_key_unique", "unique", said, table.primary_key)


def declared_rules(table: Table) -> tuple[Rule, ...]:
    """Derive what the table promises of a single row: required columns, and its constraints.

    Delta enforces both on writes that know of them; other engines' writes and older rows were not held to them.
    Required columns are one rule: an expectation for each of them would double the time of a validation.
    """
    required = [column.name for column in table.columns if not column.nullable]
    present = Rule(
        table.name,
        "required_columns_present",
        "critical",
        f"{len(required)} columns are never null: {', '.join(required)}.",
        holds=" AND ".join(f"{table.name}.{name} IS NOT NULL" for name in required),
    )
    checks = (
        Rule(table.name, f"check_{check.name}", "critical", f"The declared constraint: {check.sql}.", holds=check.sql)
        for check in table.checks
    )
    return (present, *checks)


def duckdb_type(dtype: DataType) -> str:
    """The type a column of this declaration has when DuckDB reads it.

    Raises:
        TableSpecError: Delta does not keep the type.
    """
    for known, name in DUCKDB_TYPES:
        if dtype == known:
            return name
    raise TableSpecError("no DuckDB type for a column", got=dtype)

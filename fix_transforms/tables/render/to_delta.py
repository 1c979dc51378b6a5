"""Declared table → what delta-rs needs to create it: schema, properties and constraints.

Invariant: this module names Delta types and properties as plain strings, so that declaring tables needs no
storage library; ``lake/`` hands them to delta-rs.
"""

from __future__ import annotations

import json
from typing import Any, cast

import polars as pl

from fix_transforms.errors import TableSpecError
from fix_transforms.tables.spec import DECIMAL, TIMESTAMP, Column, DataType, Table

#: Polars type → the type's name in the Delta protocol.
DELTA_TYPES: tuple[tuple[DataType, str], ...] = (
    (pl.String, "string"),
    (pl.Int8, "byte"),
    (pl.Int32, "integer"),
    (pl.Int64, "long"),
    (pl.Float64, "double"),
    (pl.Boolean, "boolean"),
    (pl.Date, "date"),
    (DECIMAL, "decimal(28,10)"),
    (TIMESTAMP, "timestamp"),
)


def delta_schema_json(table: Table) -> str:
    """The table's schema in the Delta protocol's JSON: ``deltalake.Schema.from_json`` reads it."""
    return json.dumps({"type": "struct", "fields": [_field(column) for column in table.columns]})


def delta_properties(table: Table) -> dict[str, str]:
    """Table properties: append-only, with the declared retention for files and log."""
    return {
        "delta.appendOnly": "true",
        "delta.deletedFileRetentionDuration": f"interval {table.retention_days} days",
        "delta.logRetentionDuration": f"interval {table.retention_days} days",
        # Clean-up runs in `fixlake maintain` only: the ingester's key may not delete.
        "delta.enableExpiredLogCleanup": "false",
    }


def delta_constraints(table: Table) -> dict[str, str]:
    """CHECK constraints by name."""
    return {check.name: check.sql for check in table.checks}


def _field(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": _type(column.dtype),
        "nullable": column.nullable,
        "metadata": {"comment": column.description},
    }


def _type(dtype: DataType) -> str | dict[str, Any]:
    if isinstance(dtype, pl.List):
        return {"type": "array", "elementType": _type(cast("DataType", dtype.inner)), "containsNull": True}
    for known, name in DELTA_TYPES:
        if dtype == known:
            return name
    raise TableSpecError("no Delta type for a column", got=dtype)

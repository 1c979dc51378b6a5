"""Declared tables → dbt source definitions, with descriptions, types and not-null tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import polars as pl

from fix_transforms.tables.spec import DECIMAL, TIMESTAMP, Column, DataType, Table

HEADER = "# Generated from fix_transforms/tables by `fixlake tables generate`; edit the declarations instead.\n"

#: Polars type → DuckDB's name for it.
DUCKDB_TYPES: tuple[tuple[DataType, str], ...] = (
    (pl.String, "varchar"),
    (pl.Int8, "tinyint"),
    (pl.Int32, "integer"),
    (pl.Int64, "bigint"),
    (pl.Float64, "double"),
    (pl.Boolean, "boolean"),
    (pl.Date, "date"),
    (DECIMAL, "decimal(28,10)"),
    (TIMESTAMP, "timestamp with time zone"),
    (pl.List(pl.Int32), "integer[]"),
    (pl.List(pl.String), "varchar[]"),
)


def render_sources(tables: Iterable[Table]) -> str:
    """The whole ``_lake__sources.yml``."""
    return HEADER + "\n".join(_lines(tables)) + "\n"


def duckdb_type(dtype: DataType) -> str:
    """DuckDB's name of a declared type."""
    return next(name for known, name in DUCKDB_TYPES if dtype == known)


def _lines(tables: Iterable[Table]) -> Iterator[str]:
    yield "version: 2"
    yield ""
    yield "sources:"
    yield "  - name: lake"
    yield '    description: "Delta tables that ingestion commits to."'
    yield "    tables:"
    for table in tables:
        yield f"      - name: {table.name}"
        yield f"        description: {_quoted(f'One row per {table.grain}. {table.description}')}"
        yield "        columns:"
        for column in table.columns:
            yield from _column(column)


def _column(column: Column) -> Iterator[str]:
    yield f"          - name: {column.name}"
    yield f"            description: {_quoted(column.description)}"
    yield f"            data_type: {duckdb_type(column.dtype)}"
    if not column.nullable:
        yield "            data_tests: [not_null]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

"""Declared table → Polars schema: the exact columns, order and types of every frame that is written."""

from __future__ import annotations

import polars as pl

from fix_transforms.tables.spec import Table


def polars_schema(table: Table) -> pl.Schema:
    """The schema every frame of the table must equal, column order included."""
    return pl.Schema({column.name: column.dtype for column in table.columns})


def empty_frame(table: Table) -> pl.DataFrame:
    """A frame of the table without rows."""
    return pl.DataFrame(schema=polars_schema(table))

"""The structural suite says what the declarations say."""

from __future__ import annotations

from types import SimpleNamespace

import duckdb
import polars as pl
import pytest
from deltalake import write_deltalake

from expectations.derive import declared_rules, duckdb_type, structural
from expectations.materialise import BATCH_TABLES, materialise, verdicts_of
from expectations.validate import batch_rules
from fix_transforms.errors import TableSpecError
from fix_transforms.lake.duck import connect
from fix_transforms.tables import QUARANTINE, Table
from fix_transforms.tables.spec import Column
from fix_transforms.workspace import Workspace


@pytest.mark.parametrize("table", BATCH_TABLES, ids=lambda table: table.name)
def test_live_columns_and_types_are_the_derived_ones(table: Table, workspace: Workspace) -> None:
    with connect(workspace.lake, [table]) as connection:
        live = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table.name}").fetchall()}
    assert live == {column.name: duckdb_type(column.dtype) for column in table.columns}
    (columns,) = [rule for rule in structural(table) if rule.kind == "columns"]
    assert columns.columns == tuple(live)


def test_suite_follows_the_declaration() -> None:
    table = Table(
        name="t", grain="g", description="d", primary_key=("a",),
        columns=(Column("a", pl.Int64, "A.", nullable=False), Column("b", pl.String, "B.", allowed=("x", "y"))),
    )  # fmt: skip
    found = {rule.name: (rule.kind, rule.columns, rule.values) for rule in structural(table)}
    assert found == {
        "columns_as_declared": ("columns", ("a", "b"), ()),
        "types_as_declared": ("types", ("a", "b"), ()),
        "b_allowed": ("in_set", ("b",), ("x", "y")),
        "primary_key_unique": ("unique", ("a",), ()),
    }
    (present,) = declared_rules(table)
    assert present.holds == "t.a IS NOT NULL"


def test_every_derived_rule_is_critical() -> None:
    derived = [rule for table in BATCH_TABLES for rule in (*structural(table), *declared_rules(table))]
    assert {rule.severity for rule in derived} == {"critical"}


def test_type_without_a_delta_spelling_is_refused() -> None:
    with pytest.raises(TableSpecError, match="DuckDB type"):
        duckdb_type(pl.Categorical)


@pytest.mark.parametrize("column", [c.name for c in QUARANTINE.columns if not c.nullable and c.name != "batch_id"])
def test_null_in_a_required_column_is_seen(column: str, workspace: Workspace, build: SimpleNamespace) -> None:
    # Another engine may write what delta-rs refuses: a table of the same columns without the declaration's promises.
    build.put(workspace, build.Rows())
    rows = build.frame(QUARANTINE, [build.refused(), build.refused(**{column: None})])
    place = workspace.lake.child("quarantine")
    (workspace.lake.path / "quarantine").rename(workspace.lake.path / "declared")
    write_deltalake(place, rows.to_arrow())
    database = workspace.settings.home / "judged.duckdb"
    materialise(workspace.lake, build.batch_id, batch_rules(), database)
    with duckdb.connect(str(database), read_only=True) as connection:
        verdicts = connection.execute(f"SELECT required_columns_present FROM {verdicts_of('quarantine')}").fetchall()
    assert sorted(verdicts) == [(False,), (True,)]

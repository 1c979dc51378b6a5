from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, Schema, write_deltalake

from fix_transforms.errors import TableSpecError
from fix_transforms.tables import TABLES, Column, Table
from fix_transforms.tables.render.to_delta import delta_constraints, delta_properties, delta_schema_json
from fix_transforms.tables.render.to_polars import empty_frame, polars_schema


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_declared_table_round_trips_through_delta(table: Table, tmp_path: Path) -> None:
    live = DeltaTable.create(
        tmp_path / table.name,
        schema=Schema.from_json(delta_schema_json(table)),
        partition_by=list(table.partition_by),
        configuration=delta_properties(table),
    )
    if table.checks:
        live.alter.add_constraint(delta_constraints(table))
    write_deltalake(live, empty_frame(table), mode="append")
    assert pl.read_delta(str(tmp_path / table.name)).schema == polars_schema(table)


def test_type_without_delta_counterpart_is_refused() -> None:
    column = Column("when", pl.Duration("us"), "How long.")
    with pytest.raises(TableSpecError, match="Delta"):
        Table("t", "x", "y", (column,), primary_key=())

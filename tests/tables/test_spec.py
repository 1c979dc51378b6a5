import polars as pl
import pytest

from fix_transforms.errors import TableSpecError
from fix_transforms.tables import FIX_MESSAGES, TABLES
from fix_transforms.tables.spec import Check, Column, Table

ARTIST = Column("artist", pl.String, "Who plays.", nullable=False)
YEAR = Column("year", pl.Int64, "When.", tag=75)


def declare(**changes: object) -> Table:
    defaults = {
        "name": "tracks",
        "grain": "track",
        "description": "Music.",
        "columns": (ARTIST, YEAR),
        "primary_key": ("artist",),
    }
    return Table(**(defaults | changes))  # type: ignore[arg-type]


def test_columns_are_found_by_name() -> None:
    assert declare()["year"] is YEAR


def test_tag_columns_map_each_tag_to_all_its_facets() -> None:
    assert [column.facet for column in FIX_MESSAGES.tag_columns()[52]] == ["value", "ns", "digits"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"columns": (ARTIST, ARTIST)}, "a column stands twice"),
        ({"primary_key": ("nobody",)}, "primary key column is not declared"),
        ({"partition_by": ("nobody",)}, "partition column is not declared"),
        ({"sort_by": ("nobody",)}, "sort column is not declared"),
        ({"primary_key": ("year",)}, "key and partition columns are required"),
        ({"columns": (ARTIST, Column("plays", pl.UInt32, "Count."))}, "a type that Delta does not keep"),
        ({"columns": (ARTIST, Column("at", pl.Datetime("ns", "UTC"), "When."))}, "a type that Delta does not keep"),
    ],
)
def test_contradicting_declaration_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(TableSpecError, match=complaint):
        declare(**changes)


def test_same_column_name_means_the_same_in_every_table() -> None:
    seen: dict[str, Column] = {}
    for table in TABLES:
        for column in table.columns:
            first = seen.setdefault(column.name, column)
            own = {"position", "detail", "tag"}  # explained per table
            if column.name not in own:
                assert column.dtype == first.dtype, f"{table.name}.{column.name}"


def test_checks_name_declared_columns() -> None:
    for table in TABLES:
        for check in table.checks:
            assert isinstance(check, Check)
            assert any(name in check.sql for name in table.column_names), check

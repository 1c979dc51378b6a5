from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl
import pytest

from fix_transforms.errors import NarrowingError, StorageError
from fix_transforms.lake.apply import apply, plan
from fix_transforms.lake.commit import append_rows, stream
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.duck import connect
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES, MARKET_DATA_ENTRIES, TABLES, Check, Column, Table
from fix_transforms.tables.render.to_delta import delta_properties
from fix_transforms.tables.render.to_polars import polars_schema
from fix_transforms.workspace import Workspace

BASE = Table(
    name="things",
    grain="thing",
    description="Things.",
    columns=(
        Column("name", pl.String, "Name.", nullable=False),
        Column("size", pl.Int64, "Size.", nullable=False),
        Column("note", pl.String, "Note."),
    ),
    primary_key=("name",),
    checks=(Check("size_known", "size IN (1, 2)"),),
)


@pytest.fixture
def lake(workspace: Workspace) -> Lake:
    return Lake(workspace.lake)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    apply(lake, [BASE])
    append_rows(lake, BASE, pl.DataFrame([("a", 1, None)], schema=polars_schema(BASE), orient="row"), None)
    return lake


def described(changes: list[object]) -> list[str]:
    return [str(change) for change in changes]


def test_first_apply_creates_every_table_and_the_second_does_nothing(lake: Lake) -> None:
    assert described([*apply(lake)]) == [f"{table.name}: create table" for table in TABLES]
    assert plan(lake) == []
    assert apply(lake) == []
    for table in TABLES:
        metadata = lake.open(table).metadata()
        assert tuple(metadata.partition_columns) == table.partition_by
        assert delta_properties(table).items() <= metadata.configuration.items()
        assert {f"delta.constraints.{check.name}" for check in table.checks} <= metadata.configuration.keys()


def test_planning_changes_nothing(lake: Lake) -> None:
    plan(lake)
    assert lake.versions() == {}


def test_added_column_is_null_in_old_rows_and_written_in_new_ones(filled: Lake) -> None:
    wider = replace(BASE, columns=(*BASE.columns[:1], Column("colour", pl.String, "Colour."), *BASE.columns[1:]))
    assert described([*apply(filled, [wider])]) == ["things: add column colour"]
    append_rows(filled, wider, pl.DataFrame([("b", "red", 2, None)], schema=polars_schema(wider), orient="row"), None)
    assert filled.read(wider).sort("name").rows() == [("a", None, 1, None), ("b", "red", 2, None)]
    assert plan(filled, [wider]) == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (BASE.columns[:2], "note"),
        ((*BASE.columns[:1], Column("size", pl.Int32, "Size.", nullable=False), BASE.columns[2]), "things.size"),
        ((*BASE.columns[:1], Column("size", pl.String, "Size.", nullable=False), BASE.columns[2]), "things.size"),
        ((*BASE.columns[:2], Column("note", pl.String, "Note.", nullable=False)), "things.note"),
        ((*BASE.columns, Column("new", pl.String, "New.", nullable=False)), "things.new"),
    ],
    ids=["dropped", "narrowed", "retyped", "required", "added as required"],
)
def test_change_that_would_lose_data_is_refused_and_nothing_is_done(
    filled: Lake, columns: tuple[Column, ...], message: str
) -> None:
    changed = replace(BASE, columns=columns, checks=(Check("another", "size > 0"),))
    before = filled.open(BASE).version()
    with pytest.raises(NarrowingError, match=message):
        apply(filled, [changed])
    assert filled.open(BASE).version() == before


def test_other_partitioning_is_refused(filled: Lake) -> None:
    with pytest.raises(NarrowingError, match="partitioning"):
        plan(filled, [replace(BASE, partition_by=("name",))])


def test_column_may_become_nullable(filled: Lake) -> None:
    looser = replace(BASE, columns=(BASE.columns[0], replace(BASE.columns[1], nullable=True), BASE.columns[2]))
    assert described([*apply(filled, [looser])]) == ["things: allow nulls size"]
    assert plan(filled, [looser]) == []


def test_changed_check_replaces_the_old_one_and_is_enforced(filled: Lake) -> None:
    stricter = replace(BASE, checks=(Check("size_known", "size IN (1, 2, 3)"),))
    assert described([*apply(filled, [stricter])]) == [
        "things: drop constraint size_known",
        "things: add constraint size_known",
    ]
    append_rows(filled, stricter, pl.DataFrame([("b", 3, None)], schema=polars_schema(BASE), orient="row"), None)
    frame = pl.DataFrame([("c", 4, None)], schema=polars_schema(BASE), orient="row")
    with pytest.raises(StorageError):
        filled.append(filled.open(BASE), BASE, stream(frame, BASE), {}, {})
    assert plan(filled, [stricter]) == []


def test_property_that_somebody_changed_is_set_again(filled: Lake) -> None:
    filled.open(BASE).alter.set_table_properties({"delta.logRetentionDuration": "interval 1 days"})
    assert described([*apply(filled, [BASE])]) == ["things: set property delta.logRetentionDuration"]
    assert plan(filled, [BASE]) == []


def test_programs_that_create_the_tables_at_once_all_succeed(workspace: Workspace) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(apply, Lake(workspace.lake)) for _ in range(4)]
        created = [str(change) for each in done for change in each.result() if change.kind == "create table"]
    assert sorted(created) == sorted(f"{table.name}: create table" for table in TABLES)
    assert plan(Lake(workspace.lake)) == []


def test_table_that_does_not_exist_says_how_to_create_it(lake: Lake) -> None:
    with pytest.raises(StorageError, match="fixlake tables apply"):
        lake.open(BASE)


def test_raw_tables_refuse_to_lose_rows(filled: Lake, make_settings: Callable[..., object]) -> None:
    from deltalake.exceptions import DeltaError

    with pytest.raises(DeltaError, match="append"):
        filled.open(BASE).delete("name = 'a'")


# ---- a lake from before validation and market data ----

ADDED = {"fix_messages": {"validation_errors"}, "ingested_files": {"market_data_entries"}}


def earlier(table: Table) -> Table:
    gone = ADDED.get(table.name, set())
    return replace(table, columns=tuple(column for column in table.columns if column.name not in gone))


def test_a_lake_of_an_earlier_version_gets_the_new_table_and_columns_and_goes_on(
    workspace: Workspace, land: Callable[[Workspace, str, bytes], None], fix_log: Callable[..., bytes]
) -> None:
    lake = Lake(workspace.lake)
    old_tables = [earlier(table) for table in TABLES if table is not MARKET_DATA_ENTRIES]
    apply(lake, old_tables)
    for table in old_tables:
        columns = {name: pl.Series([], dtype=dtype) for name, dtype in polars_schema(table).items()}
        append_rows(lake, table, pl.DataFrame(columns), "written before")
    done = described([*apply(lake)])
    assert done == [
        "ingested_files: add column market_data_entries",
        "market_data_entries: create table",
        "fix_messages: add column validation_errors",
    ]
    for table in TABLES:
        assert [field.name for field in lake.open(table).schema().fields] == list(table.column_names)
    book = b"8=FIX.4.4|9=70|35=W|49=V|56=B|34=1|52=20240102-09:30:00|55=A|268=2|269=0|270=1|269=1|270=2|10=000|\n"
    land(workspace, "a.log", fix_log(2) + book)
    ingest(workspace, discover(workspace))
    assert lake.read(FIX_MESSAGES)["validation_errors"].to_list() == [None] * 3
    assert lake.read(MARKET_DATA_ENTRIES)["md_entry_px"].to_list() == [1, 2]
    assert lake.read(INGESTED_FILES)["market_data_entries"].to_list() == [2]


def test_reason_codes_come_back_from_the_lake_as_they_were_given(
    workspace: Workspace, land: Callable[[Workspace, str, bytes], None], fix_log: Callable[..., bytes]
) -> None:
    judging = replace(workspace, settings=workspace.settings.model_copy(update={"validate_messages": True}))
    wrong = b"8=FIX.4.4|9=5|35=zz|49=V|56=B|34=1|52=now|10=000|\n"
    land(workspace, "a.log", fix_log(1) + wrong)
    ingest(judging, discover(judging))
    lake = Lake(workspace.lake)
    found = lake.read(FIX_MESSAGES).sort("message_index")["validation_errors"].to_list()
    assert found[1] == ["body_length", "unknown_msg_type", "bad_type:52", "checksum"]
    assert "unknown_msg_type" not in found[0]
    with connect(workspace.lake, [FIX_MESSAGES]) as connection:
        rows = connection.execute(
            "SELECT code, count(*) FROM (SELECT unnest(validation_errors) AS code FROM fix_messages) WHERE code LIKE 'b%' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        assert connection.execute("SELECT typeof(validation_errors) FROM fix_messages LIMIT 1").fetchall() == [
            ("VARCHAR[]",)
        ]
    assert ("bad_type:52", 1) in rows

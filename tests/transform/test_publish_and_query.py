from __future__ import annotations

import csv
import io
import json
import stat

import duckdb
import polars as pl
import pytest

from fix_transforms.errors import QueryError, TransformError
from fix_transforms.marts.build import needs_build, only_build
from fix_transforms.marts.docs import build_docs
from fix_transforms.marts.environment import dbt_environment, process_environment
from fix_transforms.marts.publish import KEPT, current_snapshot, publish
from fix_transforms.marts.query import query
from flows.cli.query import spreadsheet_safe

MODELS = {
    "landing_fix", "stg_fix_trading", "refine_fix_trading", "dim_fix_message_types", "dim_fix_order_statuses",
    "fct_order_events", "agg_kpi_m1", "agg_kpi_m1_sym", "agg_kpi_system_level", "agg_system_message_flow",
    "postgres_processed_files", "file_integration", "fct_orders", "fct_executions", "fct_order_chain", "fct_rejects",
    "fct_sessions", "fct_sequence_gaps", "fct_latency", "agg_order_to_trade",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(new_house, fix_message):
    house = new_house()
    house.land(
        "a.log", [fix_message("D", "C", "V", 1, "20240305-10:00:00.000", (11, "O1"), (55, "=1+1"), (54, 1), (38, 5))]
    )
    house.ingest()
    assert needs_build(house.workspace)
    house.build()
    return house


@pytest.fixture(scope="module")
def snapshot(house):
    return publish(house.workspace)


def test_a_snapshot_is_read_only_complete_and_current(house, snapshot):
    assert not needs_build(house.workspace)
    assert current_snapshot(house.workspace) == snapshot
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o444
    assert not (house.workspace.settings.published_dir / "current").readlink().is_absolute()
    manifest = json.loads((snapshot.path.parent / "snapshot.json").read_text())
    assert manifest["table_versions"] == house.lake.versions()
    assert manifest["row_counts"]["03_analytics.fct_orders"] == 1


def test_a_snapshot_of_other_models_is_behind_although_the_lake_has_not_moved(house, snapshot):
    manifest = snapshot.path.parent / "snapshot.json"
    stated = manifest.read_text()
    manifest.chmod(0o644)
    for other in ({"project": "of another release"}, {}):
        manifest.write_text(
            json.dumps({name: value for name, value in json.loads(stated).items() if name != "project"} | other)
        )
        assert needs_build(house.workspace)
    manifest.write_text(stated)
    assert not needs_build(house.workspace)


def test_every_model_can_be_read_without_external_access(house, snapshot):
    for model in sorted(MODELS):
        assert query(house.workspace.settings, f"select count(*) as n from {model}").height == 1


def test_only_the_last_snapshots_stay(house, snapshot):
    for _ in range(KEPT + 2):
        newest = publish(house.workspace)
    kept = sorted(path.name for path in house.workspace.settings.published_dir.iterdir() if path.name.startswith("v"))
    assert len(kept) == KEPT
    assert kept[-1] == newest.name


@pytest.mark.parametrize(
    "sql",
    [
        "create table t as select 1",
        "insert into fct_orders select * from fct_orders",
        "delete from fct_orders",
        "drop table fct_orders",
        "copy (select 1) to '/tmp/fixlake-must-not-exist.csv'",
        "attach '/tmp/fixlake-must-not-exist.duckdb'",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "set enable_external_access = true",
        "pragma enable_external_access",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "from glob('/*')",
        "select 1; select 2",
        "",
        "select * from no_such_table",
    ],
)
def test_a_query_that_does_more_than_read_is_refused(house, snapshot, sql):
    with pytest.raises(QueryError):
        query(house.workspace.settings, sql)


def test_a_query_stops_at_its_limit(house, snapshot):
    assert query(house.workspace.settings, "select * from range(1000000000000)", limit=3).height == 3
    assert query(house.workspace.settings, "from fct_orders limit 0").height == 0


def test_a_published_file_opens_like_superset_opens_it(house, snapshot):
    path = house.workspace.settings.published_dir / "current" / snapshot.path.name
    config = {"enable_external_access": "false", "lock_configuration": "true", "autoinstall_known_extensions": "false"}
    with duckdb.connect(str(path.resolve()), read_only=True, config=config) as connection:
        assert connection.execute('select count(*) from "03_analytics".fct_orders').fetchone() == (1,)


def test_csv_defuses_formulas_and_leaves_numbers_alone():
    frame = pl.DataFrame(
        {"text": ["=1+1", "+1", "-2.5", "@x", "\tx", "-x", "plain", None], "n": [-1.5] * 8, "l": [[1, 2]] * 8}
    )
    rows = list(csv.DictReader(io.StringIO(spreadsheet_safe(frame).write_csv())))
    assert [row["text"] for row in rows] == ["'=1+1", "+1", "-2.5", "'@x", "'\tx", "'-x", "plain", ""]
    assert {row["n"] for row in rows} == {"-1.5"}
    assert {row["l"] for row in rows} == {"[1, 2]"}


def test_a_second_build_at_the_same_time_is_refused(house):
    with only_build(house.workspace.settings), pytest.raises(TransformError, match="another build is running"):
        house.build()


def test_the_documentation_may_fetch_nothing(house):
    index = build_docs(house.workspace)
    page = (index.parent / "dbt" / "index.html").read_text()
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page[:400]
    for tag in ("<script src=", '<link rel="stylesheet" href="http', '<img src="http'):
        assert tag not in page
    assert 'href="dbt/index.html"' in index.read_text()


def test_a_child_process_gets_none_of_our_own_secrets(house):
    inherited = {
        "FIXLAKE_LEDGER_DSN": "hush",
        "FIXLAKE_MASK_KEY": "hush",
        "FIXLAKE_S3_SECRET_ACCESS_KEY": "hush",
        "PATH": "/bin",
    }
    assert "hush" not in process_environment(house.workspace, inherited).values()
    assert not [name for name in dbt_environment(house.workspace) if "SECRET" in name]

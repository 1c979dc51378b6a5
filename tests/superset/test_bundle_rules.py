from __future__ import annotations

import pytest

from deployments.superset.importer.bundle import BundleError, read_bundle
from deployments.superset.importer.columns import check_columns
from deployments.superset.importer.rules import check
from tests.superset.bundles import BOARD, COUNT, good_bundle, write_bundle, write_database

NOBODY = "99999999-0000-4000-8000-000000000000"


def _filter(documents):
    return documents["dashboards/board.yaml"]["metadata"]["native_filter_configuration"][0]


def _part(documents, name):
    return documents["dashboards/board.yaml"]["position"][name]


def _params(documents):
    return documents["charts/rows.yaml"]["params"]


def _columns(documents):
    return documents["datasets/lakehouse/trades.yaml"]["columns"]


#: What is done to the good bundle → the file and the key that the message names.
BROKEN = {
    "metadata of another type": (lambda d: d["metadata.yaml"].update(type="Dashboard"), "metadata.yaml: type"),
    "no uuid": (lambda d: d["charts/count.yaml"].pop("uuid"), "charts/count.yaml: uuid"),
    "a uuid that is none": (lambda d: d["charts/count.yaml"].update(uuid="1-2"), "charts/count.yaml: uuid"),
    "a uuid twice": (lambda d: d["charts/count.yaml"].update(uuid=BOARD), "uuid"),
    "another version": (lambda d: d["charts/count.yaml"].update(version="2"), "charts/count.yaml: version"),
    "no table": (lambda d: d["datasets/lakehouse/trades.yaml"].pop("table_name"), "trades.yaml: table_name"),
    "no schema": (lambda d: d["datasets/lakehouse/trades.yaml"].update(schema=None), "trades.yaml: schema"),
    "no columns": (lambda d: _columns(d).clear(), "trades.yaml: columns"),
    "a column twice": (lambda d: _columns(d).append(_columns(d)[0]), "columns[3].column_name"),
    "a column without a type": (lambda d: _columns(d)[0].pop("type"), "columns.traded_at.type"),
    "a time that is none": (
        lambda d: d["datasets/lakehouse/trades.yaml"].update(main_dttm_col="symbol"),
        "main_dttm_col",
    ),
    "a metric without SQL": (
        lambda d: d["datasets/lakehouse/trades.yaml"]["metrics"][0].update(expression=""),
        "metrics.rows.expression",
    ),
    "a dataset on no database": (
        lambda d: d["datasets/lakehouse/trades.yaml"].update(database_uuid=NOBODY),
        "trades.yaml: database_uuid",
    ),
    "a chart on no dataset": (lambda d: d["charts/count.yaml"].update(dataset_uuid=NOBODY), "dataset_uuid"),
    "a chart of two types": (lambda d: _params(d).update(viz_type="pie"), "params.viz_type"),
    "a chart with an unknown metric": (lambda d: d["charts/count.yaml"]["params"].update(metric="x"), "params.metric"),
    "a chart with an unknown column": (lambda d: _params(d)["all_columns"].append("x"), "params.all_columns"),
    "a chart filtered by an unknown column": (
        lambda d: _params(d).update(adhoc_filters=[{"expressionType": "SIMPLE", "subject": "x"}]),
        "params.adhoc_filters",
    ),
    "cells shown as HTML": (lambda d: _params(d).update(allow_render_html=True), "params.allow_render_html"),
    "cells shown as HTML by default": (lambda d: _params(d).pop("allow_render_html"), "params.allow_render_html"),
    "a chart's name twice": (lambda d: d["charts/count.yaml"].update(slice_name="Version"), "slice_name"),
    "writing allowed": (lambda d: d["databases/lakehouse.yaml"].update(allow_dml=True), "allow_dml"),
    "uploads allowed by default": (lambda d: d["databases/lakehouse.yaml"].pop("allow_csv_upload"), "allow_csv_upload"),
    "another kind of database": (
        lambda d: d["databases/lakehouse.yaml"].update(sqlalchemy_uri="postgresql://u:hush@h/d"),
        "sqlalchemy_uri",
    ),
    "no slug": (lambda d: d["dashboards/board.yaml"].update(slug=""), "board.yaml: slug"),
    "a dashboard with no such chart": (lambda d: _part(d, "CHART-1")["meta"].update(uuid=NOBODY), "CHART-1.meta.uuid"),
    "a chart's number twice": (lambda d: _part(d, "CHART-1")["meta"].update(chartId=2), "CHART-2.meta.chartId"),
    "a chart without a number": (lambda d: _part(d, "CHART-1")["meta"].pop("chartId"), "CHART-1.meta.chartId"),
    "a chart twice": (lambda d: _part(d, "CHART-2")["meta"].update(uuid=COUNT), "CHART-2.meta.uuid"),
    "a part that is not there": (lambda d: _part(d, "ROW-1")["children"].append("TABS-1"), "ROW-1.children"),
    "a part without a parent": (lambda d: _part(d, "ROW-1")["children"].remove("CHART-1"), "position.CHART-1"),
    "a part with another id": (lambda d: _part(d, "ROW-1").update(id="ROW-2"), "position.ROW-1.id"),
    "a filter on no dataset": (lambda d: _filter(d)["targets"][0].update(datasetUuid=NOBODY), "targets.datasetUuid"),
    "a filter on no column": (lambda d: _filter(d)["targets"][0]["column"].update(name="x"), "targets.column"),
    "a filter that leaves out no chart": (lambda d: _filter(d)["scope"].update(excluded=[9]), "scope.excluded"),
    "a filter below no filter": (lambda d: _filter(d).update(cascadeParentIds=["x"]), "cascadeParentIds"),
    "a filter with numbers of its own": (lambda d: _filter(d).update(chartsInScope=[1]), "chartsInScope"),
    "cross-filters of no chart": (
        lambda d: d["dashboards/board.yaml"]["metadata"].update(chart_configuration={"9": {}}),
        "chart_configuration",
    ),
}


def test_the_good_bundle_has_no_problem(tmp_path):
    assert check(read_bundle(write_bundle(tmp_path, good_bundle()))) == []


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_named_with_its_file_and_key(what, tmp_path):
    change, where = BROKEN[what]
    documents = good_bundle()
    change(documents)
    problems = check(read_bundle(write_bundle(tmp_path, documents)))
    assert any(where in str(problem) for problem in problems), problems
    assert not any("hush" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("charts/a.yaml", "a: [", "expected YAML"),
        ("charts/a.yaml", "a: 1\na: 2\n", "stands twice"),
        ("charts/a.yaml", "- a\n", "expected a mapping"),
        ("charts/a.yaml", "a: !!python/object/apply:os.getcwd []\n", "expected YAML"),
        ("charts/a.yml", "a: 1\n", "expected metadata.yaml, or a .yaml file"),
        ("chart/a.yaml", "a: 1\n", "expected metadata.yaml, or a .yaml file"),
        ("a.json", "{}", "expected metadata.yaml, or a .yaml file"),
    ],
)
def test_a_file_that_is_no_asset_is_a_problem(name, content, message, tmp_path):
    folder = write_bundle(tmp_path, good_bundle())
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content)
    with pytest.raises(BundleError, match=message):
        read_bundle(folder)


def test_a_folder_without_metadata_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"metadata\.yaml"):
        read_bundle(tmp_path)


def test_links_lead_to_the_installations_own_site(tmp_path):
    folder = write_bundle(tmp_path, good_bundle())
    bundle = read_bundle(folder, "https://reports.example/")
    text = bundle.documents["dashboards/board.yaml"]["position"]["MARKDOWN-1"]["meta"]["code"]
    assert text == "[Reports](https://reports.example/index.html)"
    for hostile in ("javascript:alert(1)", 'http://x"\nslug: y', "http://x <b>"):
        with pytest.raises(BundleError, match="site_url"):
            read_bundle(folder, hostile)


def test_columns_that_are_not_published_are_named(tmp_path):
    documents = good_bundle()
    trades = documents["datasets/lakehouse/trades.yaml"]
    trades["columns"][0]["column_name"] = trades["main_dttm_col"] = "sold_at"
    documents["datasets/lakehouse/versions.yaml"]["table_name"] = "releases"
    write_database(tmp_path / "lakehouse.duckdb", seq=1)
    bundle = read_bundle(write_bundle(tmp_path / "assets", documents))
    problems = [str(problem) for problem in check_columns(bundle, tmp_path / "lakehouse.duckdb")]
    assert len(problems) == 2
    assert "trades.yaml: columns.sold_at" in problems[0]
    assert "releases" in problems[1]
    good = read_bundle(write_bundle(tmp_path / "good", good_bundle()))
    assert check_columns(good, tmp_path / "lakehouse.duckdb") == []


def test_a_dataset_cannot_reach_beyond_the_snapshot(tmp_path):
    documents = good_bundle()
    documents["datasets/lakehouse/trades.yaml"]["sql"] = "select * from read_text('/etc/passwd')"
    write_database(tmp_path / "lakehouse.duckdb", seq=1)
    problems = check_columns(read_bundle(write_bundle(tmp_path / "assets", documents)), tmp_path / "lakehouse.duckdb")
    assert [problem.file for problem in problems] == ["datasets/lakehouse/trades.yaml"]
    assert "root:" not in str(problems[0])

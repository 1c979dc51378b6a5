from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml

from deployments.superset.table_columns import is_of_table
from fix_transforms.settings import PROJECT_ROOT

ASSETS = PROJECT_ROOT / "deployments" / "superset" / "assets"
MODELS = PROJECT_ROOT / "dbt" / "models"
Document = dict[str, Any]


def documents(kind: str) -> dict[str, Document]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(ASSETS.glob(f"{kind}/**/*.yaml"))
    }


DATASETS, CHARTS, DASHBOARDS = documents("datasets"), documents("charts"), documents("dashboards")
DATASET_OF = {dataset["uuid"]: dataset for dataset in DATASETS.values()}
CHART_OF = {chart["uuid"]: chart for chart in CHARTS.values()}


def contracts() -> dict[str, dict[str, str]]:
    found = {}
    for path in MODELS.rglob("_*__models.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            found[model["name"]] = {column["name"]: column.get("data_type", "") for column in model.get("columns", [])}
    return found


CONTRACTS = contracts()


def columns_of(dataset: Document) -> set[str]:
    return {column["column_name"] for column in dataset["columns"]}


def metrics_of(dataset: Document) -> set[str]:
    return {metric["metric_name"] for metric in dataset["metrics"]}


def charts_on(dashboard: Document) -> dict[int, Document]:
    parts = (part for part in dashboard["position"].values() if isinstance(part, dict) and part["type"] == "CHART")
    return {part["meta"]["chartId"]: CHART_OF[part["meta"]["uuid"]] for part in parts}


@pytest.fixture(scope="module")
def empty_marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """The datasets' tables without rows, as their contracts say."""
    with duckdb.connect() as connection:
        for dataset in DATASETS.values():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in CONTRACTS[dataset["table_name"]].items())
            connection.execute(f'create schema if not exists "{dataset["schema"]}"')
            connection.execute(f'create table "{dataset["schema"]}"."{dataset["table_name"]}" ({columns})')
        yield connection


def test_the_three_dashboards_are_there():
    assert DASHBOARDS.keys() >= {"trading-overview", "execution-analytics", "data-quality"}
    assert {slug: dashboard["slug"] for slug, dashboard in DASHBOARDS.items()} == {slug: slug for slug in DASHBOARDS}


def test_no_uuid_is_used_twice():
    everything = [d for kind in ("databases", "datasets", "charts", "dashboards") for d in documents(kind).values()]
    assert [uuid for uuid, times in Counter(document["uuid"] for document in everything).items() if times > 1] == []


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_just_the_columns_of_its_models_contract(name):
    dataset = DATASETS[name]
    declared = {c["column_name"]: c["type"].lower() for c in dataset["columns"] if is_of_table(c)}
    assert declared == CONTRACTS[dataset["table_name"]]
    model = next(MODELS.rglob(f"{dataset['table_name']}.sql"))
    assert model.relative_to(MODELS).parts[0] == dataset["schema"]
    assert dataset["main_dttm_col"] is None or dataset["main_dttm_col"] in declared
    assert all(c["is_dttm"] == (c["type"] in ("TIMESTAMP", "DATE")) for c in dataset["columns"])


@pytest.mark.parametrize("name", DATASETS)
def test_metrics_and_computed_columns_are_queries_whose_types_superset_can_carry(name, empty_marts):
    dataset = DATASETS[name]
    table = f'"{dataset["schema"]}"."{dataset["table_name"]}"'
    for metric in dataset["metrics"]:
        row = empty_marts.execute(f"select typeof({metric['expression']}) from {table}").fetchone()
        assert row[0] in ("BIGINT", "DOUBLE"), metric["metric_name"]
    for column in dataset["columns"]:
        if column["expression"]:
            described = empty_marts.execute(f"describe select {column['expression']} from {table}").fetchall()
            assert described[0][1] == column["type"], column["column_name"]


#: What logs and people who upload them word as they like, among what charts and filters show.
FREE_TEXTS = {
    "account_name", "cl_ord_id", "object_key", "paid_in", "reason", "sender_comp_id", "session_id", "source_system", "symbol",
    "target_system", "text_pattern", "venue_comp_id",
}  # fmt: skip


def shown_texts() -> set[tuple[str, str]]:
    """Dataset and column of every free text on a chart, and of those by which a filter reaches other datasets."""
    name_of = {dataset["uuid"]: name for name, dataset in DATASETS.items()}
    on_charts = {
        (name_of[chart["dataset_uuid"]], text)
        for chart in CHARTS.values()
        for key in SHOWN_BY
        for text in _listed(chart["params"].get(key))
    }
    filters = [each for board in DASHBOARDS.values() for each in board["metadata"]["native_filter_configuration"]]
    filtered = {target["column"]["name"] for each in filters for target in each["targets"] if "column" in target}
    reached = {(name, text) for name, dataset in DATASETS.items() for text in columns_of(dataset) & filtered}
    return {(name, text) for name, text in on_charts | reached if text in FREE_TEXTS} - OUR_OWN_WORDS


SHOWN_BY = ("x_axis", "groupby", "columns", "all_columns", "source", "target")
#: Batches and quarantine have reasons too, which are ours or an operator's.
OUR_OWN_WORDS = {("batches", "reason"), ("quarantine_reasons", "reason")}


def _listed(value: Any) -> list[str]:
    return [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str)]


@pytest.mark.parametrize(("name", "column"), sorted(shown_texts()))
def test_a_text_of_thousands_of_characters_leaves_room_for_the_chart_that_names_it(name, column):
    dataset = DATASETS[name]
    expression = next(c["expression"] for c in dataset["columns"] if c["column_name"] == column)
    assert expression is not None
    texts = [name for name, kind in CONTRACTS[dataset["table_name"]].items() if kind == "varchar"]
    for text, expected in (("x" * 5000, 200), ("MSFT", 4)):
        row = ", ".join(f"'{text}' AS \"{each}\"" for each in texts)
        (shown,) = duckdb.sql(f"SELECT {expression} FROM (SELECT {row})").fetchone()
        assert len(shown) <= expected
        assert shown.startswith(text[:50])


@pytest.mark.parametrize("name", DATASETS)
def test_no_metric_averages(name):
    assert [m["metric_name"] for m in DATASETS[name]["metrics"] if re.search(r"\bavg\(", m["expression"], re.I)] == []


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_uses_columns_and_metrics_of_its_dataset(name):
    chart = CHARTS[name]
    dataset, params = DATASET_OF[chart["dataset_uuid"]], chart["params"]
    columns, metrics = columns_of(dataset), metrics_of(dataset)
    assert params["viz_type"] == chart["viz_type"]
    used = [*params.get("groupby", []), *params.get("all_columns", [])]
    used += [params[key] for key in ("x_axis", "source", "target") if key in params]
    used += [condition["subject"] for condition in params["adhoc_filters"]]
    used += [yaml.safe_load(order)[0] for order in params.get("order_by_cols", [])]
    assert set(used) <= columns
    asked = [*params.get("metrics", [])] + [
        params[key] for key in ("metric", "timeseries_limit_metric") if params.get(key)
    ]
    assert set(asked) <= metrics
    assert params.get("x_axis_sort") in {None, *columns, *metrics}
    times = [c["subject"] for c in params["adhoc_filters"] if c["operator"] == "TEMPORAL_RANGE"]
    assert times == ([dataset["main_dttm_col"]] if dataset["main_dttm_col"] else [])


def test_every_chart_is_on_a_dashboard():
    shown = {chart["uuid"] for dashboard in DASHBOARDS.values() for chart in charts_on(dashboard).values()}
    assert shown == CHART_OF.keys()


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_a_filter_has_a_target_and_reaches_just_the_charts_with_its_column(slug):
    dashboard = DASHBOARDS[slug]
    charts = charts_on(dashboard)
    for declared in dashboard["metadata"]["native_filter_configuration"]:
        target = declared["targets"][0]
        excluded = set(declared["scope"]["excluded"])
        if target:
            column = target["column"]["name"]
            assert column in columns_of(DATASET_OF[target["datasetUuid"]])
            reachable = {i for i, c in charts.items() if column in columns_of(DATASET_OF[c["dataset_uuid"]])}
        else:
            reachable = {i for i, c in charts.items() if DATASET_OF[c["dataset_uuid"]]["main_dttm_col"]}
        assert charts.keys() - excluded == reachable, declared["name"]
        assert declared["defaultDataMask"] == {"extraFormData": {}, "filterState": {}, "ownState": {}}


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_a_click_filters_only_charts_that_have_what_was_clicked(slug):
    dashboard = DASHBOARDS[slug]
    charts = charts_on(dashboard)
    assert dashboard["metadata"]["cross_filters_enabled"] is True
    for number, declared in dashboard["metadata"]["chart_configuration"].items():
        params = charts[int(number)]["params"]
        emitted = set(params.get("groupby", [])) | {
            params[key] for key in ("x_axis", "source", "target") if key in params
        }
        reached = charts.keys() - set(declared["crossFilters"]["scope"]["excluded"])
        assert all(columns_of(DATASET_OF[charts[i]["dataset_uuid"]]) & emitted for i in reached), number


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_rows_fill_the_width_and_states_have_the_same_colour_everywhere(slug):
    position = DASHBOARDS[slug]["position"]
    rows = [part for part in position.values() if isinstance(part, dict) and part["type"] == "ROW"]
    assert {sum(position[child]["meta"]["width"] for child in row["children"]) for row in rows} == {12}
    for other in DASHBOARDS.values():
        both = DASHBOARDS[slug]["metadata"]["label_colors"].items() ^ other["metadata"]["label_colors"].items()
        shared = DASHBOARDS[slug]["metadata"]["label_colors"].keys() & other["metadata"]["label_colors"].keys()
        assert [label for label, _ in both if label in shared] == []


def test_pictures_of_the_dashboards_are_small():
    for slug in ("trading-overview", "execution-analytics", "data-quality"):
        assert 0 < (PROJECT_ROOT / "docs" / "images" / f"{slug}.png").stat().st_size < 300 * 1024

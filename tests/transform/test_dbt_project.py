from __future__ import annotations

import json
import os

import pytest

from fix_transforms.marts.build import run_in_process, start_copy
from fix_transforms.marts.environment import PROJECT_DIR, dbt_arguments, process_environment

PUBLIC = (
    "fct_",
    "dim_",
    "agg_",
    "landing_fix",
    "stg_fix_trading",
    "refine_fix_trading",
    "postgres_processed_files",
    "file_integration",
)


@pytest.fixture(scope="module")
def house(new_house):
    house = new_house()
    house.build()
    return house


def test_a_lake_without_rows_gives_marts_without_rows(house):
    assert house.rows("select count(*) as n from fct_orders") == [{"n": 0}]


def test_the_unit_tests_of_the_models_pass(house):
    settings = house.workspace.settings
    start_copy(settings, from_nothing=False)
    arguments = [*dbt_arguments(house.workspace, "test"), "--select", "test_type:unit"]
    assert run_in_process(arguments, process_environment(house.workspace, os.environ))
    results = json.loads((settings.build_dir / "target" / "run_results.json").read_text())["results"]
    assert len(results) >= 7
    assert {result["status"] for result in results} == {"pass"}


def test_every_model_and_column_is_described_and_public_models_have_a_tested_key(house):
    manifest = json.loads((house.workspace.settings.build_dir / "target" / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    tested = {node.get("attached_node") for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    for model in models:
        if model["name"].startswith(PUBLIC):
            assert model["description"], model["name"]
            assert model["columns"], model["name"]
            assert all(column["description"] for column in model["columns"].values()), model["name"]
            assert model["unique_id"] in tested, model["name"]
        layer = model["path"].split("/")[0]
        if layer in {"03_KPI_fix", "03_analytics", "000_monitoring"}:
            assert model["config"]["contract"]["enforced"], model["name"]


def test_only_the_first_layer_and_monitoring_read_the_lake(house):
    manifest = json.loads((house.workspace.settings.build_dir / "target" / "manifest.json").read_text())
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and any(
            parent.startswith("source.") for parent in node["depends_on"]["nodes"]
        ):
            assert node["path"].split("/")[0] in {"00_landing_fix", "000_monitoring"}, node["name"]


def test_models_stay_short_and_the_project_holds_no_python():
    assert list(PROJECT_DIR.rglob("*.py")) == []
    assert {
        path.name: len(path.read_text().splitlines())
        for path in (PROJECT_DIR / "models").rglob("*.sql")
        if len(path.read_text().splitlines()) > 120
    } == {}

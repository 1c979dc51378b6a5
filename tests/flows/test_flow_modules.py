from __future__ import annotations

import sys
from importlib.metadata import packages_distributions

import yaml

from fix_transforms.settings import PROJECT_ROOT

FLOWS = sorted(path.stem for path in (PROJECT_ROOT / "flows").glob("*.py") if path.stem != "__init__")


def test_no_module_takes_the_name_of_an_installed_package() -> None:
    # Prefect puts the folder of the entry point first on sys.path.
    ours = {"fix_transforms", "flows", "expectations"}
    taken = (packages_distributions().keys() | sys.stdlib_module_names) - ours
    assert [name for name in [*FLOWS, "cli"] if name in taken] == []


def test_no_module_is_taken_for_a_dbt_plugin() -> None:
    assert [name for name in FLOWS if name.startswith("dbt_")] == []


def test_every_flow_is_deployed_without_parameters_on_our_pool() -> None:
    deployments = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    deployed = {one["entrypoint"]: one for one in deployments}
    flows = ("pipeline", "ingest", "validate", "transform", "publish", "maintain", "reconcile")
    assert set(deployed) == {f"flows/{name}.py:{name}" for name in flows}
    assert all("parameters" not in one and one["concurrency_limit"]["limit"] == 1 for one in deployments)
    assert {one["work_pool"]["name"] for one in deployments} == {"fixlake"}
    poll = deployed["flows/pipeline.py:pipeline"]
    assert (poll["name"], poll["schedules"]) == ("poll", [{"interval": 30}])
    assert poll["concurrency_limit"]["collision_strategy"] == "ENQUEUE"

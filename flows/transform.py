"""The flow ``transform``: dbt brings the marts up to date; each model is a task run and an asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import steps
from flows.conduct import conduct

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.tasks import Task

    from fix_transforms.marts.build import BuildReport
    from fix_transforms.workspace import Workspace


def transform_task(workspace: Workspace) -> Task[Any, Any]:
    """The build as a task, in which prefect-dbt makes a task run of every model and test."""

    def transform(workspace: Workspace) -> BuildReport:
        from flows.model_task_runs import run_dbt

        return steps.transform(workspace, run_dbt)

    return task(name="transform", task_run_name="transform", cache_policy=NO_CACHE)(transform)


@flow(name="transform", flow_run_name="transform", validate_parameters=False)
def transform() -> State[Any] | None:
    """Bring the marts up to date; publish nothing."""
    return conduct({steps.transform: transform_task})


if __name__ == "__main__":
    transform()

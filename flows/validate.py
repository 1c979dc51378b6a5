"""The flow ``validate``: judge the batches that are committed and undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.assets import materialize
from prefect.cache_policies import NO_CACHE

from flows import steps
from flows.conduct import asset_keys, conduct

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.tasks import Task

    from fix_transforms.workspace import Workspace


def validate_task(workspace: Workspace) -> Task[Any, Any]:
    """The step as a task that declares the tables it writes and those it judges."""
    from fix_transforms.tables import BATCH_DECISIONS, FIX_MESSAGES, QUALITY_RESULTS

    return materialize(
        *asset_keys(workspace, (QUALITY_RESULTS, BATCH_DECISIONS)),
        by="great_expectations",
        name="validate",
        task_run_name="validate",
        asset_deps=asset_keys(workspace, (FIX_MESSAGES,)),
        cache_policy=NO_CACHE,
        log_prints=False,
    )(steps.validate)


@flow(name="validate", flow_run_name="validate", validate_parameters=False)
def validate() -> State[Any] | None:
    """Judge what is undecided; transform nothing."""
    return conduct({steps.validate: validate_task})


if __name__ == "__main__":
    validate()

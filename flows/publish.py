"""The flow ``publish``: show the marts that were built to readers, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger
from prefect.assets import materialize
from prefect.cache_policies import NO_CACHE

from fix_transforms.errors import FixLakehouseError
from flows import steps
from flows.conduct import asset_key, conduct

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.tasks import Task

    from fix_transforms.marts.publish import Snapshot
    from fix_transforms.workspace import Workspace


def publish_task(workspace: Workspace) -> Task[Any, Any]:
    """The step as a task that declares the published snapshot."""
    key = asset_key(str(workspace.settings.published_dir / "current"))
    return materialize(key, by="fixlake", name="publish", task_run_name="publish", cache_policy=NO_CACHE)(
        publish_and_document
    )


def publish_and_document(workspace: Workspace) -> Snapshot:
    """Show the marts, then bring their documentation up to date if the dbt project has changed since it was made."""
    from fix_transforms.marts.docs import build_docs, docs_are_behind

    logger = get_run_logger()
    snapshot = steps.publish(workspace, logger.warning)
    try:
        if docs_are_behind(workspace):
            build_docs(workspace)
    except FixLakehouseError as error:
        # The data is out; the next publish tries again.
        logger.warning("the marts could not be documented: %s", error)
    return snapshot


@flow(name="publish", flow_run_name="publish", validate_parameters=False)
def publish() -> State[Any] | None:
    """Publish the marts as they were last built."""
    return conduct({steps.publish: publish_task})


if __name__ == "__main__":
    publish()

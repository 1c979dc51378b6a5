"""The flow ``pipeline``: everything there is to do, once. Deployed as the poll of every 30 seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow

from flows import steps
from flows.conduct import conduct
from flows.ingest import ingest_task, poll_task
from flows.overdue import drop_overdue_polls
from flows.publish import publish_task
from flows.transform import transform_task
from flows.validate import validate_task

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


@flow(name="pipeline", flow_run_name="poll", validate_parameters=False)
def pipeline() -> State[Any] | None:
    """Poll the landing; ingest, validate, transform and publish what is new. Cheap when nothing is."""
    drop_overdue_polls()
    return conduct(
        {
            steps.poll: poll_task,
            steps.ingest: ingest_task,
            steps.validate: validate_task,
            steps.transform: transform_task,
            steps.publish: publish_task,
        }
    )


if __name__ == "__main__":
    pipeline()

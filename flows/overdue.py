"""Polls that were due before this one: one poll does the work of all of them.

Invariant: only runs that the scheduler or an automation made are dropped, never one that a person asked for. Without
this, every poll that came due while a long run held the slot, or while no worker was there, would still be carried
out, one process each; and so would one for every second of a long upload.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.runtime import deployment, flow_run
from prefect.states import Cancelled

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

SCHEDULED = "Scheduled"
#: What a run is called that waits for its time, beyond its time, or for the slot.
WAITING_STATES = [SCHEDULED, "Late", "AwaitingConcurrencySlot"]

#: The longest that a run may wait before it asks for the slot again: its new time is in the future.
SLOT_WAIT = timedelta(seconds=60)


def drop_overdue_polls() -> int:
    """Cancel the runs of this deployment that were due by now and that no person asked for; returns how many."""
    deployment_id, own_id = deployment.id, flow_run.id
    if not deployment_id or not own_id:
        return 0
    now = datetime.now(UTC)
    with get_client(sync_client=True) as client:
        waiting = client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[UUID(deployment_id)])),
            flow_run_filter=FlowRunFilter(
                id=FlowRunFilterId(not_any_=[UUID(own_id)]),
                state=FlowRunFilterState(name=FlowRunFilterStateName(any_=WAITING_STATES)),
                expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"before_": now + SLOT_WAIT}),
            ),
        )
        overdue = [run for run in waiting if _is_automatic(run) and _was_due(run, now)]
        for run in overdue:
            client.set_flow_run_state(run.id, Cancelled(message="a later poll does its work"), force=True)
    return len(overdue)


def _is_automatic(run: FlowRun) -> bool:
    return run.auto_scheduled or (run.created_by is not None and run.created_by.type == "AUTOMATION")


def _was_due(run: FlowRun, now: datetime) -> bool:
    if run.state_name != SCHEDULED:
        return True
    return run.expected_start_time is not None and run.expected_start_time <= now

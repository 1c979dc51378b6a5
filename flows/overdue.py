"""Scheduled polls whose time has passed: one poll does the work of all that were due before it.

Invariant: only runs that the scheduler made are dropped, never one that a person asked for. Without this, every
poll that came due while a long run held the slot, or while no worker was there, would still be carried out, one
process each.
"""

from __future__ import annotations

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.runtime import deployment
from prefect.states import Cancelled

#: What a scheduled run is called while it waits beyond its time.
WAITING_STATES = ["Late", "AwaitingConcurrencySlot"]


def drop_overdue_polls() -> int:
    """Cancel the scheduled runs of this deployment that are overdue; returns how many."""
    deployment_id = deployment.id
    if not deployment_id:
        return 0
    with get_client(sync_client=True) as client:
        waiting = client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=WAITING_STATES))),
        )
        overdue = [run for run in waiting if run.auto_scheduled]
        for run in overdue:
            client.set_flow_run_state(run.id, Cancelled(message="a later poll does its work"), force=True)
    return len(overdue)

"""The flow ``reconcile``: compare bucket, lake and ledger; finish what a dead writer left. Deployed hourly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

from flows import steps
from flows.blocks import load_workspace
from flows.conduct import RETRY_DELAYS, is_transient, name_run, upkeep_slot

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from fix_transforms.lake.reconcile import ReconcileReport
    from fix_transforms.workspace import Workspace


@task(
    name="reconcile",
    task_run_name="reconcile",
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
)
def reconcile_task(workspace: Workspace) -> ReconcileReport:
    """The comparison as a task that tries again when the store does not answer."""
    return steps.reconcile(workspace)


@flow(name="reconcile", flow_run_name="reconcile", validate_parameters=False)
def reconcile() -> State[Any] | None:
    """Find what a poll missed, which the next poll ingests; fail if rows do not add up."""
    with upkeep_slot():
        report = reconcile_task(load_workspace())
    name_run(str(report))
    logger = get_run_logger()
    logger.info("%s", report)
    for found in report.mismatches:
        logger.error("file %s: %d rows in %s, expected %d", found.file_id, found.found, found.table, found.expected)
    return None if report.is_clean else Failed(message=str(report))


if __name__ == "__main__":
    reconcile()

"""The flow ``maintain``: compact the tables and remove what no version needs. Deployed nightly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from fix_transforms.errors import BusyError
from flows.blocks import load_maintained_workspace
from flows.conduct import busy, name_run, upkeep_slot

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from fix_transforms.lake.maintain import MaintenanceReport
    from fix_transforms.workspace import Workspace


@task(name="maintain", task_run_name="maintain", cache_policy=NO_CACHE)
def maintain_task(workspace: Workspace) -> MaintenanceReport:
    """Maintain every table, one after the other; ingestion goes on meanwhile."""
    from fix_transforms.lake.maintain import maintain as maintain_lake

    return maintain_lake(workspace)


@flow(name="maintain", flow_run_name="maintain", validate_parameters=False)
def maintain() -> State[Any] | None:
    """Compact and vacuum; no row is changed."""
    try:
        with upkeep_slot():
            report = maintain_task(load_maintained_workspace())
    except BusyError as error:
        return busy(error)
    name_run(str(report))
    logger = get_run_logger()
    for table in report.tables:
        logger.info(
            "%s: %d files compacted into %d, %d removed",
            table.table, table.files_compacted, table.files_written, table.files_removed,
        )  # fmt: skip
    return None


if __name__ == "__main__":
    maintain()

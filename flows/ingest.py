"""The flow ``ingest``: what landed becomes committed rows, each exactly once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.assets import add_asset_metadata, materialize
from prefect.cache_policies import NO_CACHE

from flows import steps
from flows.conduct import RETRY_DELAYS, asset_key, asset_keys, conduct, is_transient

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.schemas.objects import State
    from prefect.tasks import Task

    from fix_transforms.lake.landing import LandedObject
    from fix_transforms.lake.report import IngestReport, Progress
    from fix_transforms.workspace import Workspace

PROGRESS_ARTIFACT = "fixlake-ingest-progress"

#: Seconds between two words about progress: often enough for a person, seldom enough for the server.
PROGRESS_SECONDS = 2.0


def poll_task(workspace: Workspace) -> Task[Any, Any]:
    """The poll as a task that tries again when the store does not answer."""
    return task(
        name="poll", task_run_name="poll", retries=len(RETRY_DELAYS), retry_delay_seconds=RETRY_DELAYS,
        retry_condition_fn=is_transient, cache_policy=NO_CACHE,
    )(steps.poll)  # fmt: skip


def ingest_task(workspace: Workspace) -> Task[Any, Any]:
    """The ingestion as a task that declares the tables it writes and the landing it reads."""
    from fix_transforms.lake.spool import ROW_TABLES
    from fix_transforms.tables import INGESTED_FILES

    keys = asset_keys(workspace, (INGESTED_FILES, *ROW_TABLES))

    def ingest(workspace: Workspace, objects: tuple[LandedObject, ...]) -> IngestReport:
        report = steps.ingest(workspace, objects, _progress(len(objects)))
        counts = {"files": report.files, "messages": report.messages, "quarantined": report.quarantined}
        for key in keys:
            add_asset_metadata(key, counts)
        return report

    return materialize(
        *keys,
        by="fixlake",
        name="ingest",
        task_run_name="ingest",
        asset_deps=[asset_key(workspace.landing.uri)],
        retries=len(RETRY_DELAYS),
        retry_delay_seconds=RETRY_DELAYS,
        retry_condition_fn=is_transient,
        cache_policy=NO_CACHE,
    )(ingest)


def _progress(total: int) -> Progress:
    """A callback that moves a progress artifact and logs, every so often. Keys stay out of both."""
    artifact = cast(
        "UUID", create_progress_artifact(0.0, key=PROGRESS_ARTIFACT, description=f"Objects read, of {total}.")
    )
    logger = get_run_logger()
    done, last = 0, time.monotonic()

    def say(_key: str, _status: str) -> None:
        nonlocal done, last
        done += 1
        if done < total and time.monotonic() - last < PROGRESS_SECONDS:
            return
        last = time.monotonic()
        update_progress_artifact(artifact, min(100.0, 100.0 * done / total))
        logger.info("read %d of %d objects", done, total)

    return say


@flow(name="ingest", flow_run_name="ingest", validate_parameters=False)
def ingest() -> State[Any] | None:
    """Ingest what is new; judge and transform nothing."""
    return conduct({steps.poll: poll_task, steps.ingest: ingest_task})


if __name__ == "__main__":
    ingest()

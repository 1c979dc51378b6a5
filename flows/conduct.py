"""What every flow does around its steps: stores from blocks, one run at a time, a name and an artifact.

Invariant: the order of the steps is not in here (``flows.steps.run_once`` has it); a flow says only which steps
it runs and as which task. Nothing a flow shows (name, artifact, log, asset) holds a secret or a field value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run
from prefect.states import Cancelled, Failed
from prefect.types.names import MAX_ASSET_KEY_LENGTH, RESTRICTED_ASSET_CHARACTERS

from fix_transforms.errors import (
    BusyError,
    CommitConflictError,
    FixLakehouseError,
    StorageError,
    UnsafeStoreError,
)
from flows import steps
from flows.alert_events import tell_alerts
from flows.blocks import load_workspace
from flows.run_lock import only_run

if TYPE_CHECKING:
    from prefect.assets import Asset
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.tasks import Task

    from fix_transforms.tables import Table
    from fix_transforms.workspace import Workspace
    from flows.run_report import RunReport

P = ParamSpec("P")
T = TypeVar("T")

#: How a step becomes a task: the workspace decides the keys of the assets it declares.
TaskOf: TypeAlias = "Callable[[Workspace], Task[Any, Any]]"

#: Constant, so that the server keeps the history of one artifact.
RUN_ARTIFACT = "fixlake-run"

#: The global concurrency limit of what reads the whole history; deployments/prefect/limits.yaml has it.
UPKEEP_LIMIT = "fixlake-upkeep"

RETRY_DELAYS: list[float] = [1, 5, 20]


def conduct(tasks: Mapping[Callable[..., Any], TaskOf]) -> State[Any] | None:
    """Run the steps once, each as its task, and say what was done.

    Args:
        tasks: The steps this flow runs. ``steps.poll`` is always run, as a task if it is among them.

    Returns:
        Nothing if every part succeeded, else the state that says which did not.
    """
    try:
        with workspace_of_this_run() as workspace:
            report = steps.run_once(workspace, _as_tasks(tasks, workspace), wanted=tasks.keys())
            _tell(workspace, report)
    except BusyError as error:
        return busy(error)
    name_run(report.headline)
    if report.is_news:
        _show(report)
    logger = get_run_logger()
    logger.info(report.headline)
    for problem in report.problems:
        logger.error(problem)
    return None if report.ok else Failed(message="; ".join(report.problems))


@contextmanager
def workspace_of_this_run() -> Iterator[Workspace]:
    """The stores from their blocks, while no other run is at work in the same home.

    Raises:
        BusyError: Another run is.
    """
    workspace = load_workspace()
    with only_run(workspace.settings.home):
        yield workspace


@contextmanager
def upkeep_slot() -> Iterator[None]:
    """Wait until no other upkeep is at work. It spares the machine; commits do not rest on it."""
    from prefect.concurrency.sync import concurrency

    with concurrency(UPKEEP_LIMIT, occupy=1):
        yield


def busy(error: BusyError) -> State[Any]:
    """End a run that found another one at work: nothing is lost, for the next poll sees the same."""
    name_run("skipped: another run is at work")
    return Cancelled(message=str(error))


def name_run(text: str) -> None:
    """Rename this flow run after what it did."""
    run_id = flow_run.id
    if run_id:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run_id, name=text)


def asset_keys(workspace: Workspace, tables: tuple[Table, ...]) -> list[str | Asset]:
    """The assets' keys: the tables' own URIs."""
    return [asset_key(workspace.lake.child(table.name)) for table in tables]


def asset_key(place: str) -> str:
    """A path or URI in the characters that Prefect allows in an asset's key."""
    uri = place if "://" in place else f"file://{place}"
    return "".join("-" if char in RESTRICTED_ASSET_CHARACTERS else char for char in uri)[:MAX_ASSET_KEY_LENGTH]


def is_transient(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: the store or another writer was in the way, not the data."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, StorageError | CommitConflictError) and not isinstance(error, UnsafeStoreError)


def _tell(workspace: Workspace, report: RunReport) -> None:
    """Alerts are about the run, not part of it: one that cannot be told fails nothing."""
    try:
        tell_alerts(workspace, report)
    except (FixLakehouseError, PrefectException, httpx.HTTPError) as error:
        get_run_logger().error("alerts could not be told: %s", type(error).__name__)


def _as_tasks(tasks: Mapping[Callable[..., Any], TaskOf], workspace: Workspace) -> steps.Perform:
    def perform(step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        task_of = tasks.get(step)
        if task_of is None:
            return step(*args, **kwargs)
        return cast("T", task_of(workspace)(*args, **kwargs))

    return perform


def _show(report: RunReport) -> None:
    facts = report.as_dict()
    versions = report.ingested.versions if report.ingested else {}
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in facts["batches"].items())
    row = {
        "files": facts["files"],
        "messages": facts["messages"],
        "quarantined": facts["quarantined"],
        "log events": facts["log_events"],
        "outcome": "failed" if not report.ok else "ok",
        "batches": outcomes or "none judged",
        "fix_messages version": versions.get("fix_messages"),
        "snapshot": facts["snapshot"],
    }
    description = "\n".join([report.headline, *(f"- {problem}" for problem in report.problems)])
    create_table_artifact(key=RUN_ARTIFACT, table=[row], description=description)

"""The order of the steps, written once: poll → ingest → validate → transform → publish.

Invariant: ``run_once`` is the only place that knows the order. The command line and the Prefect flow hand it
a ``perform`` that decides *how* one step is called (directly, with a progress bar, as a task run), never which
step follows. Every step may be repeated: what was done before is found in the lake and not done again, so a
run that was killed anywhere is finished by the next one. When nothing is new, nothing heavy is imported.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from fix_transforms.errors import FixLakehouseError
from flows.run_report import Failure, Found, RunReport, Verdict

if TYPE_CHECKING:
    from fix_transforms.lake.landing import LandedObject
    from fix_transforms.lake.reconcile import ReconcileReport
    from fix_transforms.lake.report import IngestReport, Progress
    from fix_transforms.marts.build import BuildReport, DbtRunner
    from fix_transforms.marts.publish import Snapshot
    from fix_transforms.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Perform(Protocol):
    """How one step is called."""

    def __call__(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the step with its arguments and hand back its answer."""


# ---- the steps ----


def poll(workspace: Workspace) -> Found:
    """Look for work: objects nobody ingested and batches nobody judged. Reads no object."""
    from fix_transforms.lake.batches import pending_batches
    from fix_transforms.lake.delta import Lake
    from fix_transforms.lake.ingest import discover

    return Found(objects=discover(workspace), batches=tuple(pending_batches(Lake(workspace.lake))))


def ingest(workspace: Workspace, objects: tuple[LandedObject, ...], progress: Progress | None = None) -> IngestReport:
    """Turn landed objects into committed rows, each exactly once.

    Raises:
        UnsafeStoreError: The store does not keep the promise that commits rest on; nothing was written.
    """
    from fix_transforms.lake.ingest import ingest as ingest_objects
    from fix_transforms.lake.probe import probe

    probe(workspace.lake)
    return ingest_objects(workspace, objects, progress)


def validate(workspace: Workspace) -> tuple[Verdict, ...]:
    """Judge every batch that is committed and undecided; one that cannot be judged does not stop the others."""
    from expectations.validate import validate_batch
    from fix_transforms.lake.batches import pending_batches
    from fix_transforms.lake.delta import Lake

    verdicts = []
    for batch_id in pending_batches(Lake(workspace.lake)):
        try:
            validation = validate_batch(workspace, batch_id)
        except FixLakehouseError as error:
            verdicts.append(Verdict(batch_id=batch_id, outcome="error", reason=str(error)))
        else:
            verdicts.append(Verdict.of(validation))
    return tuple(verdicts)


def transform(workspace: Workspace, runner: DbtRunner | None = None) -> BuildReport:
    """Bring the marts up to date with the batches that count."""
    from fix_transforms.marts.build import build

    return build(workspace, runner)


def publish(workspace: Workspace, warn: Callable[[str], None] = log.warning) -> Snapshot:
    """Show the marts to readers, all at once, and bring the reports of trading days up to date.

    Args:
        workspace: Where to work.
        warn: Told when a report failed. The data is out by then; the next publish tries again.
    """
    from fix_transforms.marts.docs import write_index
    from fix_transforms.marts.publish import publish as publish_snapshot
    from fix_transforms.reports.trading_days import update_reports

    snapshot = publish_snapshot(workspace)
    try:
        update_reports(workspace.settings, snapshot)
        write_index(workspace.settings.docs_dir)
    except FixLakehouseError as error:
        warn(f"the trading days could not be reported: {error}")
    return snapshot


def reconcile(workspace: Workspace) -> ReconcileReport:
    """Compare landing, lake and ledger, and finish what a dead writer left, also where its objects are gone.

    A poll does not see such a batch: nothing in the landing belongs to it.
    """
    from fix_transforms.lake.reconcile import reconcile as compare

    report = compare(workspace)
    if report.orphan_batches:
        ingest(workspace, ())
        report = compare(workspace)
    return report


# ---- their order ----

#: Every step after the poll: what a run does unless told otherwise.
ALL_STEPS: frozenset[Callable[..., object]] = frozenset({ingest, validate, transform, publish})


def run_once(
    workspace: Workspace,
    perform: Perform | None = None,
    wanted: Collection[Callable[..., object]] = ALL_STEPS,
) -> RunReport:
    """Do whatever there is to do, once.

    A step that fails is reported and stops no other: what is committed is still judged, modelled and shown.

    Args:
        workspace: Where to work.
        perform: How a step is called; directly unless told otherwise.
        wanted: Which of the steps may run, if there is work for them.
    """
    run = _Run(perform or directly)
    found = run.attempt(poll, workspace) or Found()
    if validate in wanted and (found.objects or found.batches):
        _preload_expectations()

    ingested = None
    if ingest in wanted and found.objects:
        ingested = run.attempt(ingest, workspace, found.objects)
    verdicts: tuple[Verdict, ...] = ()
    if validate in wanted and (found.objects or found.batches):
        verdicts = run.attempt(validate, workspace) or ()
    built = snapshot = None
    if transform in wanted and run.attempt(marts_are_behind, workspace):
        built = run.attempt(transform, workspace)
    if publish in wanted and (built or transform not in wanted):
        snapshot = run.attempt(publish, workspace)
    return run.report(found=found, ingested=ingested, verdicts=verdicts, built=built, snapshot=snapshot)


def marts_are_behind(workspace: Workspace) -> bool:
    """Whether the lake holds something that the published snapshot does not."""
    from fix_transforms.marts.build import needs_build

    return needs_build(workspace)


def directly(step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a step as the plain function it is."""
    return step(*args, **kwargs)


class _Run:
    """One run in progress: times every step and remembers those that failed."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._failures: list[Failure] = []
        self._seconds: dict[str, float] = {}

    def attempt(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        started = time.perf_counter()
        try:
            return self._perform(step, *args, **kwargs)
        except FixLakehouseError as error:
            self._failures.append(Failure(step=step.__name__, message=str(error)))
            return None
        finally:
            self._seconds[step.__name__] = time.perf_counter() - started

    def report(
        self,
        found: Found,
        ingested: IngestReport | None,
        verdicts: tuple[Verdict, ...],
        built: BuildReport | None,
        snapshot: Snapshot | None,
    ) -> RunReport:
        return RunReport(
            found=found,
            ingested=ingested,
            verdicts=verdicts,
            built=built,
            snapshot=snapshot,
            failures=tuple(self._failures),
            seconds=self._seconds,
        )


def _preload_expectations() -> None:
    """Import Great Expectations (seconds of it) while bytes are parsed."""
    from expectations import preload

    threading.Thread(target=preload, name="preload-expectations", daemon=True).start()

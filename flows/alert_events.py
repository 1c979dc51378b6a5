"""What a run tells about itself to whoever must act on it: events, which the alerts of the Prefect server wait for.

Invariant: an event holds ids and counts, never a field value, a key of an object or a reason in words. Telling the
same thing twice is harmless: the alert decides how often it is raised.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from pydantic import ValidationError

from flows.alert_rules import DATA_DUE, QUARANTINE_BURST, RULES
from flows.run_report import PASSED

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace
    from flows.alert_rules import DataDue
    from flows.run_report import RunReport

BATCH_FAILED = "fixlake.batch.failed"
BATCH_ERROR = "fixlake.batch.error"
BURST = "fixlake.quarantine.burst"
OVERDUE = "fixlake.data.overdue"

#: The outcome of a batch that could not be judged, which says nothing about its data.
ERROR = "error"


def tell_alerts(workspace: Workspace, report: RunReport) -> None:
    """Tell what a run has to tell; costs nothing but a look at a variable when all is well."""
    _tell_held_batches(report)
    _tell_burst(workspace, report)
    _tell_overdue(workspace, datetime.now(UTC))


def _tell_held_batches(report: RunReport) -> None:
    for verdict in report.verdicts:
        if verdict.outcome != PASSED:
            emit_event(
                event=BATCH_ERROR if verdict.outcome == ERROR else BATCH_FAILED,
                resource={"prefect.resource.id": f"fixlake.batch.{verdict.batch_id}"},
                payload={"batch_id": verdict.batch_id, "outcome": verdict.outcome, "rules_broken": verdict.broken},
            )


def _tell_burst(workspace: Workspace, report: RunReport) -> None:
    ingested = report.ingested
    if ingested is None or not ingested.quarantined:
        return
    rule = _rule(QUARANTINE_BURST)
    if rule is not None and rule.is_burst(ingested.quarantined, ingested.messages):
        emit_event(
            event=BURST,
            resource={"prefect.resource.id": f"fixlake.landing.{workspace.landing.bucket}"},
            payload={
                "quarantined": ingested.quarantined,
                "messages": ingested.messages,
                "files": ingested.files,
                "batches": len(ingested.batch_ids),
            },
        )


def _tell_overdue(workspace: Workspace, now: datetime) -> None:
    for rule in _rule(DATA_DUE) or ():
        opened = rule.opened_at(now)
        if opened is None:
            continue
        since = rule.overdue_since(now, _latest(workspace, rule, opened))
        if since is not None:
            emit_event(
                event=OVERDUE,
                resource={
                    # A prefix is declared by the operator, and is no key.
                    "prefect.resource.id": f"fixlake.landing.{workspace.landing.bucket}/{rule.prefix}",
                    "fixlake.since": since.isoformat(timespec="seconds"),
                },
                payload={
                    "prefix": rule.prefix,
                    "since": since.isoformat(timespec="seconds"),
                    "minutes": int((now - since).total_seconds() // 60),
                    "every_minutes": rule.every_minutes,
                },
            )


def _latest(workspace: Workspace, rule: DataDue, opened: datetime) -> datetime | None:
    """When data last came under the rule's prefix, if it came since the hours began: reads no older file's row."""
    import polars as pl

    from fix_transforms.lake.delta import Lake
    from fix_transforms.tables import INGESTED_FILES

    lake = Lake(workspace.lake)
    if not lake.exists(INGESTED_FILES):
        return None
    came = pl.col("last_modified")
    wanted = (pl.col("ingested_at") >= opened) & (came >= opened) & pl.col("object_key").str.starts_with(rule.prefix)
    latest: Any = lake.read(INGESTED_FILES, ["last_modified"], wanted)["last_modified"].max()
    return latest if isinstance(latest, datetime) else None


def _rule(name: str) -> Any:
    """The rule that a variable holds; nothing, and a word in the log, if it is not there or cannot be used."""
    with get_client(sync_client=True) as client:
        variable = client.read_variable_by_name(name)
    if variable is None:
        return None
    try:
        return RULES[name].validate_python(variable.value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        get_run_logger().error("variable %s cannot be used: %s %s", name, key, first["msg"])
        return None

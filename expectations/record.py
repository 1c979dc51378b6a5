"""What a validation found and decided, kept in the lake.

Invariant: results of a validation are recorded once, however often recording is tried; the suites decide about
a batch only while nobody else has decided since the validation began.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from expectations.results import BatchValidation, RuleResult, reason
from fix_transforms.errors import QualityError
from fix_transforms.tables import BATCH_DECISIONS, QUALITY_RESULTS
from fix_transforms.tables.render.to_polars import polars_schema

if TYPE_CHECKING:
    from fix_transforms.lake.delta import Lake
    from fix_transforms.workspace import Workspace

#: Who the suites are in ``batch_decisions``; anybody else is a person.
SUITE = "suite"


def decisions(workspace: Workspace, batch_id: str) -> tuple[str, ...]:
    """Who has decided about the batch so far, in order.

    Raises:
        QualityError: There is no such batch, or it is not complete yet.
    """
    from fix_transforms.lake.batches import batch_states

    lake = _lake(workspace)
    if batch_id not in {state.batch_id for state in batch_states(lake)}:
        raise QualityError("no such complete batch", where=workspace.lake.uri, got=batch_id)
    found = lake.read(BATCH_DECISIONS, ["decision_number", "decided_by"], pl.col("batch_id") == batch_id)
    return tuple(found.sort("decision_number")["decided_by"])


def record(workspace: Workspace, batch_id: str, validation_id: str, results: tuple[RuleResult, ...]) -> None:
    """Append the results to ``quality_results``, unless this validation is there already."""
    from fix_transforms.lake.commit import append_rows

    now = datetime.now(UTC)
    rows = [
        {
            "batch_id": batch_id,
            "validation_id": validation_id,
            "table_name": result.table_name,
            "rule": result.rule,
            "severity": result.severity,
            "outcome": result.outcome,
            "rows_evaluated": result.rows_evaluated,
            "rows_failed": result.rows_failed,
            "detail": result.detail,
            "validated_at": now,
        }
        for result in results
    ]
    frame = pl.DataFrame(rows, schema=polars_schema(QUALITY_RESULTS))
    append_rows(_lake(workspace), QUALITY_RESULTS, frame, f"validation:{batch_id}:{validation_id}")


def recorded(workspace: Workspace, batch_id: str, validation_id: str) -> tuple[RuleResult, ...]:
    """The results of a validation, none if it has not been recorded."""
    mine = (pl.col("batch_id") == batch_id) & (pl.col("validation_id") == validation_id)
    return _results(_lake(workspace).read(QUALITY_RESULTS, filter=mine))


def latest(lake: Lake, batch_id: str) -> tuple[str, tuple[RuleResult, ...]] | None:
    """Id and results of the batch's latest validation; none if it has not been validated."""
    found = lake.read(QUALITY_RESULTS, filter=pl.col("batch_id") == batch_id)
    if found.is_empty():
        return None
    validation_id = found.sort("validated_at", "validation_id")["validation_id"][-1]
    return validation_id, _results(found.filter(pl.col("validation_id") == validation_id))


def decide(workspace: Workspace, validation: BatchValidation, history: tuple[str, ...]) -> None:
    """Decide as the suites found, unless somebody decided since, or a person decided last.

    Args:
        workspace: Where the lake is.
        validation: What was found.
        history: Who had decided about the batch when the validation began.
    """
    from fix_transforms.lake import batches

    if history and history[-1] != SUITE:
        return
    said = reason(validation.results)
    batches.decide(_lake(workspace), validation.batch_id, validation.decision, SUITE, said, after=len(history))


def _results(rows: pl.DataFrame) -> tuple[RuleResult, ...]:
    names = list(RuleResult.__dataclass_fields__)
    return tuple(RuleResult(**row) for row in rows.select(names).sort("table_name", "rule").iter_rows(named=True))


def _lake(workspace: Workspace) -> Lake:
    from fix_transforms.lake.delta import Lake

    return Lake(workspace.lake)

"""Batches: what is complete, what has been decided about it, and deciding.

Invariant: a batch is complete when ``fix_messages`` has its transaction, not before; until then it is in no
answer from here. Decisions are only ever added, numbered per batch without gaps; the highest counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from fix_transforms.errors import FixLakehouseError, StorageError
from fix_transforms.lake.commit import commit_once, stream
from fix_transforms.lake.delta import Lake, assert_schema
from fix_transforms.tables import BATCH_DECISIONS, FIX_MESSAGES, INGESTED_FILES
from fix_transforms.tables.render.to_polars import polars_schema

if TYPE_CHECKING:
    from deltalake import DeltaTable

#: What may be decided.
DECISIONS = BATCH_DECISIONS["decision"].allowed


@dataclass(frozen=True, slots=True)
class BatchState:
    """A complete batch and the latest decision about it."""

    batch_id: str
    files: int
    messages: int
    quarantined: int
    log_events: int
    ingested_at: datetime
    decision: str | None = None
    decided_by: str | None = None
    reason: str | None = None
    decided_at: datetime | None = None


def batch_states(lake: Lake) -> tuple[BatchState, ...]:
    """Every complete batch, oldest first; none where nothing was ingested yet.

    Raises:
        StorageError: The lake cannot be read.
    """
    if not lake.exists(FIX_MESSAGES):
        return ()
    published = lake.transactions(FIX_MESSAGES)
    files = lake.read(INGESTED_FILES, ["batch_id", "messages", "quarantined", "log_events", "ingested_at"])
    batches = (
        files.filter(pl.col("batch_id").is_in(list(published)))
        .group_by("batch_id")
        .agg(
            pl.len().alias("files"),
            pl.col("messages", "quarantined", "log_events").sum(),
            pl.col("ingested_at").min(),
        )
        .join(_latest_decisions(lake), on="batch_id", how="left")
        .sort("ingested_at", "batch_id")
    )
    return tuple(BatchState(**row) for row in batches.to_dicts())


def pending_batches(lake: Lake) -> list[str]:
    """Complete batches that nothing has been decided about, oldest first.

    Raises:
        StorageError: The lake cannot be read.
    """
    return [state.batch_id for state in batch_states(lake) if state.decision is None]


def decide(lake: Lake, batch_id: str, decision: str, decided_by: str, reason: str, *, after: int | None = None) -> None:
    """Add a decision about a complete batch.

    Args:
        lake: Where the tables are.
        batch_id: The batch.
        decision: One of ``DECISIONS``.
        decided_by: ``suite``, or who decides.
        reason: Why.
        after: Decide only if this many decisions have been made, and otherwise leave it at those.

    Raises:
        FixLakehouseError: There is no such decision, or no such complete batch.
        CommitConflictError: Other writers won every attempt.
        StorageError: The lake could not be read or written.
    """
    if decision not in DECISIONS:
        raise FixLakehouseError("no such decision", where=batch_id, got=decision, expected=" or ".join(DECISIONS))
    if batch_id not in {state.batch_id for state in batch_states(lake)}:
        raise StorageError("no such complete batch", where=lake.uri(FIX_MESSAGES), got=repr(batch_id))
    once = secrets.token_hex(12)

    def write(live: DeltaTable, done: Mapping[str, int]) -> None:
        made = done.get(batch_id, 0)
        if after is not None and made != after:
            return
        number = made + 1
        row = {
            "batch_id": batch_id,
            "decision_number": number,
            "decision": decision,
            "decided_by": decided_by,
            "reason": reason,
            "decided_at": datetime.now(UTC),
        }
        frame = pl.DataFrame([row], schema=polars_schema(BATCH_DECISIONS))
        assert_schema(frame, BATCH_DECISIONS)
        lake.append(live, BATCH_DECISIONS, stream(frame, BATCH_DECISIONS), {batch_id: number, once: 1}, {})

    commit_once(lake, BATCH_DECISIONS, once, write, None)


def _latest_decisions(lake: Lake) -> pl.DataFrame:
    decisions = lake.read(BATCH_DECISIONS)
    latest = decisions.sort("decision_number").unique("batch_id", keep="last")
    return latest.select("batch_id", "decision", "decided_by", "reason", "decided_at")

"""Bucket, lake and ledger compared, and the ledger rebuilt from the lake.

Invariant: Delta is right. Nothing in the lake is changed from here; the ledger is made to say what the lake
says, so that it may be emptied, restored from an old backup or lost at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from fix_transforms.lake.apply import ensure_tables
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.landing import LandedObject, Landing
from fix_transforms.lake.ledger import Ledger
from fix_transforms.lake.spool import ROW_TABLES
from fix_transforms.tables import (
    FIX_GROUP_FIELDS,
    FIX_MESSAGES,
    INGESTED_FILES,
    LOG_EVENTS,
    MARKET_DATA_ENTRIES,
    QUARANTINE,
    Table,
)

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace

#: Column of ``ingested_files`` that counts the rows of each table.
COUNTED_IN = {
    QUARANTINE.name: "quarantined",
    LOG_EVENTS.name: "log_events",
    FIX_GROUP_FIELDS.name: "group_fields",
    MARKET_DATA_ENTRIES.name: "market_data_entries",
    FIX_MESSAGES.name: "messages",
}


@dataclass(frozen=True, slots=True)
class CountMismatch:
    """A file whose rows in a table are not as many as ``ingested_files`` says."""

    file_id: str
    table: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class LedgerRepair:
    """What the ledger had wrong, by number of files.

    Attributes:
        missing: Settled in the lake, and not in the ledger.
        stale: Settled in the lake, and something else in the ledger.
        unfounded: Committed in the ledger, and not settled in the lake.
        vanished: Unfinished in the ledger, and neither in the landing nor in the lake; forgotten.
        added: In the landing, and not in the ledger.
    """

    missing: int = 0
    stale: int = 0
    unfounded: int = 0
    vanished: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What was found.

    Attributes:
        landed: Objects in the landing.
        settled: Object versions that are wholly in the lake.
        waiting: Keys of objects that are not, which the next poll ingests.
        oldest_waiting_seconds: Age of the oldest of them.
        orphan_batches: Batches that a dead writer left unfinished, which the next ingestion finishes.
        archived: Settled versions that are no longer in the landing.
        mismatches: Files whose rows do not add up. Empty, or something is wrong.
        ledger: What was repaired in the ledger; none without a ledger.
    """

    landed: int
    settled: int
    waiting: tuple[str, ...]
    oldest_waiting_seconds: float
    orphan_batches: tuple[str, ...]
    archived: int
    mismatches: tuple[CountMismatch, ...]
    ledger: LedgerRepair | None

    @property
    def is_clean(self) -> bool:
        """Whether every row adds up."""
        return not self.mismatches

    def __str__(self) -> str:
        parts = [
            f"{self.settled} object versions settled",
            f"{len(self.waiting)} of {self.landed} landed objects waiting",
            f"{len(self.orphan_batches)} batches unfinished",
            f"{len(self.mismatches)} counts that do not add up",
        ]
        if self.ledger is not None:
            repaired = self.ledger.missing + self.ledger.stale + self.ledger.unfounded + self.ledger.vanished
            parts.append(f"{repaired} rows of the ledger repaired")
        return ", ".join(parts)


def reconcile(workspace: Workspace) -> ReconcileReport:
    """Compare, and rebuild the ledger if there is one.

    Raises:
        StorageError: Landing or lake cannot be read.
        LedgerError: There is a ledger and it cannot be used.
    """
    lake = Lake(workspace.lake)
    ensure_tables(lake)
    # Files before transactions: what is published in between is then settled, never an orphan.
    files = lake.read(INGESTED_FILES)
    published = lake.transactions(FIX_MESSAGES)
    landed = {found.file_id: found for found in Landing(workspace.landing).list()}
    is_settled = pl.col("file_id").is_in(list(published))
    settled = {row["file_id"]: row for row in files.filter(is_settled).to_dicts()}
    waiting = {file_id: found for file_id, found in landed.items() if file_id not in settled}
    orphans = files.filter(~is_settled)["batch_id"].unique().sort().to_list()
    return ReconcileReport(
        landed=len(landed),
        settled=len(settled),
        waiting=tuple(sorted(found.key_text for found in waiting.values())),
        oldest_waiting_seconds=_oldest(waiting),
        orphan_batches=tuple(orphans),
        archived=len(settled.keys() - landed.keys()),
        mismatches=tuple(found for table in ROW_TABLES for found in _mismatches(lake, table, settled)),
        ledger=_repair(workspace, settled, waiting),
    )


def _oldest(waiting: Mapping[str, LandedObject]) -> float:
    now = datetime.now(UTC)
    return max(((now - found.last_modified).total_seconds() for found in waiting.values()), default=0.0)


def _mismatches(lake: Lake, table: Table, settled: Mapping[str, Mapping[str, Any]]) -> list[CountMismatch]:
    counts = lake.scan(table).group_by("file_id").len().collect()
    found = dict(counts.iter_rows())
    wrong = []
    for file_id, row in settled.items():
        expected = row[COUNTED_IN[table.name]]
        if expected is None:  # read before the table existed
            continue
        if found.get(file_id, 0) != expected:
            wrong.append(CountMismatch(file_id, table.name, expected, found.get(file_id, 0)))
    return wrong


def _repair(
    workspace: Workspace, settled: Mapping[str, Mapping[str, Any]], waiting: Mapping[str, LandedObject]
) -> LedgerRepair | None:
    dsn = workspace.settings.ledger_dsn
    if dsn is None:
        return None
    with Ledger(dsn.get_secret_value()) as ledger:
        rows = ledger.rows()
        missing = settled.keys() - rows.keys()
        stale = {file_id for file_id in settled.keys() & rows.keys() if not _agrees(rows[file_id], settled[file_id])}
        unfounded = {file_id for file_id, row in rows.items() if row["state"] == "committed"} - settled.keys()
        unknown = rows.keys() - settled.keys() - waiting.keys()
        added = waiting.keys() - rows.keys()
        ledger.complete([settled[file_id] for file_id in missing | stale], None)
        ledger.reopen(sorted(unfounded))
        ledger.register([waiting[file_id] for file_id in added])
        vanished = ledger.forget(sorted(unknown))
    return LedgerRepair(len(missing), len(stale), len(unfounded), vanished, len(added))


def _agrees(row: Mapping[str, Any], truth: Mapping[str, Any]) -> bool:
    return row["state"] == "committed" and all(
        row[name] == truth[name] for name in ("batch_id", "status", "messages", "quarantined")
    )

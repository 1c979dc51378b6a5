"""Compaction, checkpoints, vacuum and log clean-up: what keeps the cost of a commit flat as history grows.

Invariant: no row appears, disappears or changes, and application transactions survive. One job at a time,
because concurrent compactions are not safe in every release of delta-rs; ingestion goes on meanwhile. Needs
the right to delete, which the ingester's key does not have: run it with the maintainer's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fix_transforms.lake.delta import Lake, delta_errors
from fix_transforms.lake.locks import maintenance_lock
from fix_transforms.lake.spool import sweep
from fix_transforms.tables import TABLES, Table

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace

#: Files rewritten at a time: each is held in memory.
CONCURRENT_TASKS = 1


@dataclass(frozen=True, slots=True)
class TableMaintenance:
    """What was done to one table.

    Attributes:
        table: Its name.
        files_compacted: Small files that were merged.
        files_written: Files they were merged into.
        files_removed: Files beyond the retention that were deleted.
    """

    table: str
    files_compacted: int
    files_written: int
    files_removed: int


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What was done to every table."""

    tables: tuple[TableMaintenance, ...]
    spools_swept: int

    def __str__(self) -> str:
        compacted = sum(table.files_compacted for table in self.tables)
        written = sum(table.files_written for table in self.tables)
        removed = sum(table.files_removed for table in self.tables)
        return f"{compacted} files compacted into {written}, {removed} old files removed"


def maintain(workspace: Workspace) -> MaintenanceReport:
    """Compact, vacuum and clean up every table that exists.

    Raises:
        BusyError: Another maintenance job is at work.
        StorageError: A table could not be read or rewritten; safe to run again.
        LedgerError: There is a ledger and it cannot be used.
    """
    with maintenance_lock(workspace):
        lake = Lake(workspace.lake)
        done = tuple(_maintain(lake, table) for table in TABLES if lake.exists(table))
        return MaintenanceReport(tables=done, spools_swept=sweep(workspace.settings.spool_dir))


def _maintain(lake: Lake, table: Table) -> TableMaintenance:
    compacted, written = compact(lake, table)
    removed = vacuum(lake, table)
    live = lake.open(table)
    with delta_errors("log clean-up failed", table):
        # A checkpoint first: clean-up may remove whatever it stands for, once the log's retention is over.
        live.create_checkpoint()
        live.cleanup_metadata()
    return TableMaintenance(table.name, compacted, written, removed)


def compact(lake: Lake, table: Table) -> tuple[int, int]:
    """Merge small files; returns how many were merged into how many. Only under the maintenance lock.

    Raises:
        StorageError: It failed or lost to a conflicting writer; nothing has changed then.
    """
    live = lake.open(table)
    with delta_errors("compaction failed", table):
        metrics = live.optimize.compact(max_concurrent_tasks=CONCURRENT_TASKS)
    return int(metrics["numFilesRemoved"]), int(metrics["numFilesAdded"])


def vacuum(lake: Lake, table: Table) -> int:
    """Delete files that no version within the retention needs, those of failed writers included.

    Raises:
        StorageError: It failed.
    """
    live = lake.open(table)
    with delta_errors("vacuum failed", table):
        # A vacuum that deletes nothing would still commit, and wake up everybody who watches versions.
        if not live.vacuum(dry_run=True, full=True):
            return 0
        return len(live.vacuum(dry_run=False, full=True))

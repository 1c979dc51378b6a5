"""What one call of ``ingest`` did.

Invariant: the counts are those of rows that are committed, read from the rows of ``ingested_files``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl

#: Called with the key and the status of an object.
Progress: TypeAlias = Callable[[str, str], None]


@dataclass(slots=True)
class IngestReport:
    """Counts of one call.

    Attributes:
        batch_ids: Batches committed, those of dead writers included.
        files: Object versions in them.
        messages: Rows of ``fix_messages``.
        quarantined: Rows of ``quarantine``.
        log_events: Rows of ``log_events``.
        object_bytes: Size of the objects as stored.
        by_status: Status in ``ingested_files`` → object versions.
        changed: Objects that changed or went while they were read; the next ``discover`` sees what they are now.
        failed: Key → why it could not be read; the next run tries again.
        versions: Table → its version afterwards.
        seconds: How long the call took.
    """

    batch_ids: tuple[str, ...] = ()
    files: int = 0
    messages: int = 0
    quarantined: int = 0
    log_events: int = 0
    object_bytes: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        statuses = ", ".join(f"{count} {status}" for status, count in sorted(self.by_status.items()))
        left = [f"{len(self.failed)} failed"] * bool(self.failed) + [f"{self.changed} changed"] * bool(self.changed)
        return ", ".join([f"{self.files} files ({statuses or 'nothing new'})", f"{self.messages} messages", *left])

    def add(self, files: pl.DataFrame) -> None:
        """Count committed rows of ``ingested_files``, all of one batch."""
        if files.is_empty():
            return
        self.batch_ids = (*self.batch_ids, str(files["batch_id"][0]))
        self.files += files.height
        self.messages += int(files["messages"].sum())
        self.quarantined += int(files["quarantined"].sum())
        self.log_events += int(files["log_events"].sum())
        self.object_bytes += int(files["object_bytes"].sum())
        for status in files["status"]:
            self.by_status[status] = self.by_status.get(status, 0) + 1

    def finished(self, versions: dict[str, int], seconds: float) -> IngestReport:
        """The report, complete."""
        self.versions = versions
        self.seconds = seconds
        return self

"""From objects in the landing to rows in the tables, each object version exactly once.

Invariant: ``discover`` and ``ingest`` may run at any time, any number of times, in any number of processes,
and may die anywhere; once a run ends well, every object it was given is settled, and no row is there twice.
One object that cannot be read never stops the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fix_transforms.errors import ObjectChangedError, StorageError
from fix_transforms.lake.apply import ensure_tables
from fix_transforms.lake.commit import FileRecord, commit_batch, ingested_frame, new_batch_id
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.failpoints import reach
from fix_transforms.lake.landing import LandedObject, Landing
from fix_transforms.lake.leases import Leases
from fix_transforms.lake.orphans import adopt, find_orphans
from fix_transforms.lake.predecessors import Predecessor, find_predecessors
from fix_transforms.lake.reading import ObjectReader
from fix_transforms.lake.report import IngestReport, Progress
from fix_transforms.lake.spool import SpoolWriter, sweep
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fix_transforms.workspace import Workspace

log = logging.getLogger(__name__)

#: How often an object that changes under the reader is looked up and tried again before it waits for the next run.
MAX_CHASES = 3


def discover(workspace: Workspace) -> tuple[LandedObject, ...]:
    """The objects that are not settled, oldest first: one listing and one look at a table's log, no reads.

    Raises:
        StorageError: The landing cannot be listed or the lake cannot be read.
    """
    lake = Lake(workspace.lake)
    landed = list(Landing(workspace.landing).list())
    settled = lake.transactions(FIX_MESSAGES) if landed and lake.exists(FIX_MESSAGES) else {}
    new = [found for found in landed if found.file_id not in settled]
    return tuple(sorted(new, key=lambda found: (found.last_modified, found.key_text)))


def ingest(workspace: Workspace, objects: Sequence[LandedObject], progress: Progress | None = None) -> IngestReport:
    """Finish what dead writers left, then read the objects and commit them in batches.

    Args:
        workspace: Where things are.
        objects: What ``discover`` returned; objects that are settled by now are passed over.
        progress: Called with key and status of each object that was read.

    Raises:
        StorageError: The lake cannot be read or written, or not one of the objects can be read. Batches
            committed before stay committed.
        CommitConflictError: Other writers won every attempt.
        LedgerError: There is a ledger and it cannot be used.
    """
    with ExitStack() as stack:
        leases = stack.enter_context(Leases.open(workspace.settings))
        return _Ingestion(workspace, leases, progress or (lambda _key, _status: None)).run(objects)


class _Ingestion:
    """One call of ``ingest``."""

    def __init__(self, workspace: Workspace, leases: Leases, progress: Progress) -> None:
        self.settings = workspace.settings
        self.lake = Lake(workspace.lake)
        self.landing = Landing(workspace.landing)
        self.leases = leases
        self.progress = progress
        self.report = IngestReport()

    def run(self, objects: Sequence[LandedObject]) -> IngestReport:
        started = time.perf_counter()
        ensure_tables(self.lake)
        sweep(self.settings.spool_dir)
        self._finish_orphans()
        for group in self._groups(objects):
            self._ingest_batch(group)
        if self.report.failed and not self.report.files:
            key, reason = next(iter(self.report.failed.items()))
            raise StorageError(f"none of {len(self.report.failed)} objects can be read", where=key, got=reason)
        return self.report.finished(self.lake.versions(), time.perf_counter() - started)

    # ---- batches of others ----

    def _finish_orphans(self) -> None:
        for batch_id, files in find_orphans(self.lake).items():
            file_ids = files["file_id"].to_list()
            if len(self.leases.claim(file_ids)) < len(file_ids):
                continue  # its writer is alive, or somebody else is finishing it
            try:
                adopt(self.lake, self.landing, self.settings, files, self.progress)
            except StorageError as error:
                log.warning("batch %s cannot be finished now: %s", batch_id, error)
                self.report.failed |= {str(row["object_key"]): str(error) for row in files.to_dicts()}
                self.leases.fail(file_ids, str(error))
                continue
            self.report.add(files)
            self.leases.complete(files.to_dicts(), self.lake.open(FIX_MESSAGES).version())

    # ---- our own ----

    def _groups(self, objects: Sequence[LandedObject]) -> Iterator[list[LandedObject]]:
        """Batches within the limits of the settings; never two versions of one object in a batch."""
        group: dict[str, LandedObject] = {}
        size = 0
        for landed in objects:
            full = len(group) >= self.settings.max_batch_files or size + landed.size > self.settings.max_batch_bytes
            if group and (full or landed.key in group):
                yield list(group.values())
                group, size = {}, 0
            group[landed.key] = landed
            size += landed.size
        if group:
            yield list(group.values())

    def _ingest_batch(self, objects: list[LandedObject]) -> None:
        taken = self.lake.transactions(INGESTED_FILES)
        objects = [landed for landed in objects if landed.file_id not in taken]
        objects = self.leases.take(objects)
        if not objects:
            return
        reach("claimed", self.settings.failpoint)
        predecessors = find_predecessors(self.lake, objects, taken)
        with SpoolWriter(self.settings.spool_dir) as spool:
            reader = ObjectReader(self.settings, self.landing, spool, new_batch_id(), datetime.now(UTC), self.lake)
            read = [self._read(reader, landed, predecessors, taken) for landed in objects]
            records = [record for record in read if record is not None]
            reach("spooled", self.settings.failpoint)
            if records:
                self._commit(reader, records)

    def _commit(self, reader: ObjectReader, records: Sequence[FileRecord]) -> None:
        frame = ingested_frame(records, reader.batch_id, reader.ingested_at)
        self.leases.renew()
        ours = commit_batch(self.lake, reader.spool, records, frame, self.settings.failpoint)
        reach("before_mark", self.settings.failpoint)
        committed = frame.filter(frame["file_id"].is_in(list(ours)))
        self.report.add(committed)
        self.leases.complete(committed.to_dicts(), self.lake.open(FIX_MESSAGES).version())
        self.leases.release([record.file_id for record in records if record.file_id not in ours])
        reach("marked", self.settings.failpoint)

    def _read(
        self,
        reader: ObjectReader,
        landed: LandedObject,
        predecessors: Mapping[str, Predecessor],
        taken: Mapping[str, int],
    ) -> FileRecord | None:
        """Read one object, following it when it changes meanwhile; none if it has to wait for another run."""
        now: LandedObject | None = landed
        reason = ""
        for _ in range(MAX_CHASES):
            if now is None or now.file_id in taken:
                break
            try:
                record = reader.read(now, predecessors.get(now.key_id), taken.get(now.key_id, 0) + 1)
                self.progress(now.key_text, str(record.row["status"]))
                return record
            except ObjectChangedError as error:
                log.info("%s", error)
                now = self.landing.find(now.key) if now.is_addressable else None
            except StorageError as error:
                reason = str(error)
                break
        self._put_off(landed, reason)
        return None

    def _put_off(self, landed: LandedObject, reason: str) -> None:
        if reason:
            log.warning("left for another run: %s", reason)
            self.report.failed[landed.key_text] = reason
            self.leases.fail([landed.file_id], reason)
        else:
            self.report.changed += 1
            self.leases.release([landed.file_id])
        self.progress(landed.key_text, "failed" if reason else "changed")

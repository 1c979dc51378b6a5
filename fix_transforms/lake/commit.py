"""The commit protocol: a batch gets into every table once, whoever dies or answers late.

Invariant: ``ingested_files`` is committed first and settles, for each file, which batch it belongs to; no
other commit of the batch begins before. ``fix_messages`` is committed last and publishes the batch, so a file
is settled when ``fix_messages`` has its transaction. Every commit is made through the handle whose
transactions were looked at: if somebody else commits one of them in between, delta-rs refuses ours.

After any error the table is opened again and asked: an error does not mean that nothing was committed.

Transactions of a commit: the batch's id, one per file (its ``file_id``) and, in ``ingested_files``, one per
object key that counts the versions of the object, so that two versions never continue the same predecessor.
"""

from __future__ import annotations

import json
import logging
import random
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fix_transforms.errors import CommitConflictError, SchemaMismatchError, StorageError
from fix_transforms.lake.delta import Lake, arrow_schema, assert_schema
from fix_transforms.lake.failpoints import FailpointError, reach
from fix_transforms.lake.spool import ROW_TABLES, SpoolWriter
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES, Table
from fix_transforms.tables.render.to_polars import polars_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

log = logging.getLogger(__name__)

#: Attempts per table, each with a fresh handle, on top of delta-rs' own.
MAX_ATTEMPTS = 12
#: Longest pause before the n-th attempt is this times 2ⁿ, in seconds; the pause itself is random.
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 5.0

#: What the manifest in a commit's metadata says of each file.
MANIFEST = ("file_id", "status", "messages", "quarantined", "log_events", "group_fields", "market_data_entries")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is to be written about one file.

    Attributes:
        row: Its row in ``ingested_files``, without ``batch_id`` and ``ingested_at``.
        key_id: What all versions of the object share.
        generation: Which version of the object this is, from 1.
    """

    row: Mapping[str, Any]
    key_id: str
    generation: int

    @property
    def file_id(self) -> str:
        """The file's identifier."""
        return str(self.row["file_id"])


def new_batch_id() -> str:
    """16 random hex digits."""
    return secrets.token_hex(8)


def commit_batch(
    lake: Lake,
    spool: SpoolWriter,
    records: Sequence[FileRecord],
    frame: pl.DataFrame,
    failpoint: str | None = None,
) -> frozenset[str]:
    """Commit a batch to every table.

    Args:
        lake: Where the tables are.
        spool: The rows of the files.
        records: The files.
        frame: Their rows of ``ingested_files``, all of one batch.
        failpoint: See ``failpoints``.

    Returns:
        The files that are in this batch. The others are in another one, or continue a version that is no
        longer the latest and have to be looked at again.

    Raises:
        CommitConflictError: Other writers won every attempt.
        StorageError: The lake could not be written.
    """
    batch_id = str(frame["batch_id"][0])
    ours = claim_files(lake, records, frame, failpoint)
    if ours:
        publish_rows(lake, spool, frame.filter(pl.col("file_id").is_in(list(ours))), batch_id, failpoint)
    return ours


def claim_files(
    lake: Lake, records: Sequence[FileRecord], frame: pl.DataFrame, failpoint: str | None
) -> frozenset[str]:
    """Commit the files' rows to ``ingested_files``; returns the files that this batch got."""
    assert_schema(frame, INGESTED_FILES)
    batch_id = str(frame["batch_id"][0])
    tried: list[frozenset[str]] = []

    def write(live: DeltaTable, done: Mapping[str, int]) -> None:
        todo = [r for r in records if r.file_id not in done and done.get(r.key_id, 0) == r.generation - 1]
        tried.append(frozenset(record.file_id for record in todo))
        if not todo:
            return
        rows = frame.filter(pl.col("file_id").is_in([record.file_id for record in todo]))
        transactions = {record.file_id: 1 for record in todo} | {record.key_id: record.generation for record in todo}
        lake.append(live, INGESTED_FILES, stream(rows, INGESTED_FILES), transactions | {batch_id: 1}, _manifest(rows))

    commit_once(lake, INGESTED_FILES, batch_id, write, failpoint)
    if len(set(tried)) == 1:
        return tried[0]
    # Attempts differed, so an answer was lost or a race was: only the table knows which of them it took.
    return frozenset(lake.read(INGESTED_FILES, ["file_id"], pl.col("batch_id") == batch_id)["file_id"])


def publish_rows(
    lake: Lake,
    spool: SpoolWriter,
    files: pl.DataFrame,
    batch_id: str,
    failpoint: str | None = None,
    *,
    lost: Sequence[str] = (),
) -> None:
    """Commit the rows of files that ``ingested_files`` has under this batch; ``fix_messages`` last.

    Args:
        lake: Where the tables are.
        spool: The rows of all files of the batch.
        files: The batch's rows of ``ingested_files``, all of them.
        batch_id: The batch.
        failpoint: See ``failpoints``.
        lost: Files whose content is gone; the commit's metadata names them.
    """
    file_ids = files["file_id"].to_list()
    for table in ROW_TABLES:
        if table is not FIX_MESSAGES and not spool.rows(table, file_ids):
            continue
        reach(f"before_{table.name}", failpoint)
        commit_once(lake, table, batch_id, _rows_writer(lake, table, spool, files, lost), failpoint)


def _rows_writer(
    lake: Lake, table: Table, spool: SpoolWriter, files: pl.DataFrame, lost: Sequence[str]
) -> Callable[[DeltaTable, Mapping[str, int]], None]:
    def write(live: DeltaTable, done: Mapping[str, int]) -> None:
        todo = [file_id for file_id in files["file_id"] if file_id not in done]
        transactions = dict.fromkeys([*todo, str(files["batch_id"][0])], 1)
        lake.append(live, table, spool.reader(table, todo), transactions, _manifest(files, lost))

    return write


def append_rows(lake: Lake, table: Table, frame: pl.DataFrame, app_txn: str | None) -> None:
    """Append rows once: does nothing when the transaction is there already.

    Args:
        lake: Where the tables are.
        table: Which table.
        frame: Rows of exactly its declared schema.
        app_txn: What identifies this append for ever; with none, it is repeated whenever it is asked for.

    Raises:
        SchemaMismatchError: The frame is not of the declared schema.
        CommitConflictError: Other writers won every attempt.
        StorageError: The lake could not be written.
    """
    assert_schema(frame, table)
    txn = app_txn or secrets.token_hex(12)

    def write(live: DeltaTable, _: Mapping[str, int]) -> None:
        lake.append(live, table, stream(frame, table), {txn: 1}, {})

    commit_once(lake, table, txn, write, None)


def commit_once(
    lake: Lake,
    table: Table,
    app_txn: str,
    write: Callable[[DeltaTable, Mapping[str, int]], None],
    failpoint: str | None,
) -> None:
    """Call ``write`` with a fresh handle and its transactions until ``app_txn`` is in the table.

    ``write`` may decide that nothing is left to do and return without committing.

    Raises:
        SchemaMismatchError: What is written is not of the declared schema.
        CommitConflictError: Other writers won every attempt.
        StorageError: The lake could not be read or written.
    """
    failure: Exception | None = None
    for attempt in range(MAX_ATTEMPTS):
        if failure is not None:
            pause(attempt)
        try:
            live = lake.open(table)
            done = lake.transactions(table, live)
            if app_txn in done:
                return
            reach(f"checked_{table.name}", failpoint)
            write(live, done)
            reach(f"committed_{table.name}", failpoint)
            return
        except SchemaMismatchError:
            raise
        except (StorageError, FailpointError) as error:
            log.info("commit to %s: attempt %d: %s", table.name, attempt + 1, error)
            failure = error
            failpoint = None if isinstance(error, FailpointError) else failpoint
    raise _gave_up(table, failure)


def pause(attempt: int) -> None:
    """Wait before the next attempt, for a random time, so that competitors fall out of step."""
    time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * 2**attempt)))


def _gave_up(table: Table, failure: Exception | None) -> Exception:
    from deltalake.exceptions import CommitFailedError

    if failure is not None and isinstance(failure.__cause__, CommitFailedError):
        conflict = CommitConflictError("commit lost to other writers", where=table.name, got=f"{MAX_ATTEMPTS} attempts")
        conflict.__cause__ = failure
        return conflict
    return failure or StorageError("commit failed", where=table.name)


def ingested_frame(records: Sequence[FileRecord], batch_id: str, ingested_at: Any) -> pl.DataFrame:
    """The files' rows of ``ingested_files``."""
    rows = [{**record.row, "batch_id": batch_id, "ingested_at": ingested_at} for record in records]
    return pl.DataFrame(rows, schema=polars_schema(INGESTED_FILES))


def stream(frame: pl.DataFrame, table: Table) -> pa.RecordBatchReader:
    """The frame in the form that ``Lake.append`` takes."""
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(arrow_schema(table), frame.to_arrow().to_batches())


def _manifest(files: pl.DataFrame, lost: Sequence[str] = ()) -> dict[str, str]:
    entries: Collection[dict[str, Any]] = files.select(MANIFEST).to_dicts()
    manifest = {"batch_id": str(files["batch_id"][0]), "manifest": json.dumps(entries)}
    return manifest | ({"lost": json.dumps(list(lost))} if lost else {})

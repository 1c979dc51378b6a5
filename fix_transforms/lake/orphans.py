"""Batches that began to commit and did not get to ``fix_messages``: finishing what a dead writer left.

Invariant: a batch is finished under its own id, with the rows that ``ingested_files`` counted for it, all of
its files in one commit. Where the content is gone for good, the file is settled without rows and named as lost
in the commit's metadata; ``reconcile`` and the suites then see counts that do not match. The original writer
may still be alive: transactions let only one of the two commit to each table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from fix_transforms.errors import ObjectChangedError
from fix_transforms.lake.commit import publish_rows
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.landing import LandedObject, Landing
from fix_transforms.lake.predecessors import CONTENT_STATUSES, continued_by, messages_before
from fix_transforms.lake.reading import ObjectReader
from fix_transforms.lake.spool import SpoolWriter
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES

if TYPE_CHECKING:
    from fix_transforms.settings import Settings

log = logging.getLogger(__name__)


def find_orphans(lake: Lake) -> dict[str, pl.DataFrame]:
    """Batch id → its rows of ``ingested_files``, of batches that are not in ``fix_messages``.

    Raises:
        StorageError: The lake cannot be read.
    """
    # In this order: a batch that commits in between is then missing from the first answer, not the second.
    batches = lake.read(INGESTED_FILES, ["batch_id"])["batch_id"].unique()
    published = lake.transactions(FIX_MESSAGES)
    orphans = [batch_id for batch_id in batches if batch_id not in published]
    if not orphans:
        return {}
    rows = lake.read(INGESTED_FILES, filter=pl.col("batch_id").is_in(orphans))
    # The oldest first: what a batch says of a session is in the lake before a batch that goes on with it is read.
    in_order = rows.sort("ingested_at").group_by("batch_id", maintain_order=True)
    return {str(batch_id): files for (batch_id,), files in in_order}


def adopt(
    lake: Lake,
    landing: Landing,
    settings: Settings,
    files: pl.DataFrame,
    progress: Callable[[str, str], None] = lambda _key, _status: None,
) -> tuple[str, ...]:
    """Read an orphan batch's files again and commit what is missing.

    Args:
        lake: Where the tables are.
        landing: Where the objects are.
        settings: As for the ingestion.
        files: All of the batch's rows of ``ingested_files``.
        progress: Called with the key and status of each file.

    Returns:
        The files whose content could not be found again.

    Raises:
        StorageError: An object cannot be read now; the batch stays an orphan.
        CommitConflictError: Other writers won every attempt.
    """
    batch_id = str(files["batch_id"][0])
    log.info("finishing batch %s of %d files", batch_id, files.height)
    with SpoolWriter(settings.spool_dir) as spool:
        reader = ObjectReader(settings, landing, spool, batch_id, files["ingested_at"][0], lake)
        chain = _chain(lake, files)
        lost = []
        for row in files.to_dicts():
            if row["status"] not in CONTENT_STATUSES:
                if row["quarantined"]:
                    reader.quarantine_content(row["file_id"], row["detail"], row["content_bytes"])
            elif not _read_again(reader, row, chain):
                log.error("content of %s is gone; batch %s is finished without it", row["file_id"], batch_id)
                lost.append(str(row["file_id"]))
            progress(row["object_key"], row["status"])
        publish_rows(lake, spool, files, batch_id, settings.failpoint, lost=lost)
    return tuple(lost)


def _chain(lake: Lake, files: pl.DataFrame) -> Mapping[str, Mapping[str, Any]]:
    """Rows of every version of the objects that are continued in the batch."""
    keys = files.filter(pl.col("start_offset") > 0)["object_key"].unique().to_list()
    if not keys:
        return {}
    rows = lake.read(
        INGESTED_FILES, ["file_id", "supersedes_file_id", "start_offset", "messages"], pl.col("object_key").is_in(keys)
    )
    return {row["file_id"]: row for row in rows.to_dicts()}


def _read_again(reader: ObjectReader, row: Mapping[str, Any], chain: Mapping[str, Mapping[str, Any]]) -> bool:
    """The version itself or, when the store has it no more, a later one that begins with the same content."""
    if row["content_bytes"] == 0:
        return True
    version = LandedObject(
        bucket=row["bucket"],
        key=row["object_key"],
        version_id=row["version_id"],
        etag=row["etag"],
        size=row["object_bytes"],
        last_modified=row["last_modified"],
    )
    first_message_index, continued = messages_before(row, chain), continued_by(row, chain)
    try:
        if reader.read_again(version, row, first_message_index, continued):
            return True
    except ObjectChangedError:
        pass
    now = reader.landing.find(row["object_key"])
    if now is None:
        return False
    try:
        return reader.read_again(now, row, first_message_index, continued)
    except ObjectChangedError:
        return False

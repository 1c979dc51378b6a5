"""What was ingested of an object before: the version that a changed object continues or replaces.

Invariant: versions of one object are committed one after the other, numbered by a transaction per key, so
those that brought content form a single chain and its end is the predecessor of the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fix_transforms.lake.delta import Lake
from fix_transforms.tables import INGESTED_FILES

if TYPE_CHECKING:
    from fix_transforms.lake.landing import LandedObject

#: Statuses of versions whose content was taken in; the others leave the chain as it was.
CONTENT_STATUSES = ("ingested", "no_messages", "empty")

_COLUMNS = [
    "file_id", "bucket", "object_key", "status", "content_sha256", "supersedes_file_id",
    "start_offset", "resume_offset", "content_bytes", "messages",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The latest version of an object whose content was taken in.

    Attributes:
        file_id: The version.
        content_sha256: Over its uncompressed content, from the first byte.
        content_end: How long that content is.
        resume_offset: End of its last complete message or line.
        next_message_index: How many messages lie before ``resume_offset``.
    """

    file_id: str
    content_sha256: str
    content_end: int
    resume_offset: int
    next_message_index: int


def find_predecessors(
    lake: Lake, objects: Iterable[LandedObject], transactions: Mapping[str, int]
) -> dict[str, Predecessor]:
    """The predecessors of those objects that have one, by ``key_id``; reads nothing when no key was seen before.

    Args:
        lake: Where the tables are.
        objects: Versions that are new.
        transactions: Those of ``ingested_files``.

    Raises:
        StorageError: The lake cannot be read.
    """
    known = {landed.key_text: landed for landed in objects if landed.key_id in transactions}
    if not known:
        return {}
    rows = lake.read(INGESTED_FILES, _COLUMNS, pl.col("object_key").is_in(list(known)))
    found = {}
    for (bucket, key), versions in rows.group_by("bucket", "object_key"):
        landed = known[str(key)]
        end = _end_of_chain(versions.to_dicts()) if bucket == landed.bucket else None
        if end is not None:
            found[landed.key_id] = end
    return found


def _end_of_chain(versions: list[dict[str, Any]]) -> Predecessor | None:
    chain = {row["file_id"]: row for row in versions if row["status"] in CONTENT_STATUSES}
    continued = {row["supersedes_file_id"] for row in chain.values()}
    ends = [row for file_id, row in chain.items() if file_id not in continued]
    if not ends:
        return None
    end = ends[-1]
    return Predecessor(
        file_id=end["file_id"],
        content_sha256=end["content_sha256"],
        content_end=end["start_offset"] + end["content_bytes"],
        resume_offset=end["resume_offset"],
        next_message_index=int(end["messages"]) + messages_before(end, chain),
    )


def messages_before(row: Mapping[str, Any], chain: Mapping[str, Mapping[str, Any]]) -> int:
    """How many messages lie before a version's ``start_offset``: those of the versions it continues.

    Args:
        row: The version's row in ``ingested_files``.
        chain: Rows of the object's versions by ``file_id``.
    """
    messages = 0
    while row["start_offset"] > 0 and row["supersedes_file_id"] in chain:
        row = chain[row["supersedes_file_id"]]
        messages += int(row["messages"])
    return messages

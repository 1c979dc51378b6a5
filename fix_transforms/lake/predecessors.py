"""What was ingested of an object before: the version that a changed object continues or replaces.

Invariant: versions of one object are committed one after the other, numbered by a transaction per key, so
those that brought content form a single chain and its end is the predecessor of the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fix_transforms.lake.delta import Lake
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES

if TYPE_CHECKING:
    from fix_transforms.fix.session_versions import Session
    from fix_transforms.lake.landing import LandedObject

#: Statuses of versions whose content was taken in; the others leave the chain as it was.
CONTENT_STATUSES = ("ingested", "no_messages", "empty")

_LOGON_COLUMNS = ["begin_string", "sender_comp_id", "target_comp_id", "default_appl_ver_id", "message_index"]
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
        continued: This version and those that it continues, the newest first.
    """

    file_id: str
    content_sha256: str
    content_end: int
    resume_offset: int
    next_message_index: int
    continued: tuple[str, ...] = ()


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
        continued=(end["file_id"], *continued_by(end, chain)),
    )


def messages_before(row: Mapping[str, Any], chain: Mapping[str, Mapping[str, Any]]) -> int:
    """How many messages lie before a version's ``start_offset``: those of the versions it continues.

    Args:
        row: The version's row in ``ingested_files``.
        chain: Rows of the object's versions by ``file_id``.
    """
    return sum(int(chain[file_id]["messages"]) for file_id in continued_by(row, chain))


def continued_by(row: Mapping[str, Any], chain: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The versions whose content lies before a version's ``start_offset``, the newest first."""
    found: list[str] = []
    while row["start_offset"] > 0 and row["supersedes_file_id"] in chain:
        row = chain[row["supersedes_file_id"]]
        found.append(row["file_id"])
    return tuple(found)


def agreed_versions(lake: Lake, file_ids: Sequence[str]) -> dict[Session, str]:
    """DefaultApplVerID(1137) by session, as the last Logon in these files stated it.

    Args:
        lake: Where the tables are.
        file_ids: Versions of one object that continue each other, the newest first.

    Raises:
        StorageError: The lake cannot be read.
    """
    if not file_ids:
        return {}
    is_stated = (pl.col("msg_type") == "A") & pl.col("default_appl_ver_id").is_not_null()
    rows = lake.read(FIX_MESSAGES, _LOGON_COLUMNS, pl.col("file_id").is_in(list(file_ids)) & is_stated)
    under_fixt = rows.filter(pl.col("begin_string").str.starts_with("FIXT"))
    in_order = under_fixt.sort("message_index")
    return {
        frozenset((row["sender_comp_id"], row["target_comp_id"])): row["default_appl_ver_id"]
        for row in in_order.iter_rows(named=True)
    }

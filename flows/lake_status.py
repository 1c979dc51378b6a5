"""What the lake holds, in figures that add up: the status that the command line and dashboards show.

Invariant: every figure comes from the lake's own tables, so it agrees with what a parse of the same files says;
nothing is changed by asking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fix_transforms.errors import StorageError

if TYPE_CHECKING:
    import polars as pl

    from fix_transforms.lake.delta import Lake
    from fix_transforms.workspace import Workspace

#: Decisions that let a batch into the marts.
SHOWN = ("passed", "released")
PENDING = "pending"
#: A person decided that the batch stays out, so nothing waits for it.
KEPT_OUT = "held"


@dataclass(frozen=True, slots=True)
class LakeStatus:
    """The state of one lake.

    Attributes:
        files: Object versions ingested, whatever became of them; empty ones too.
        object_bytes: Their sizes as stored.
        content_bytes: Their bytes after decompression, without what an earlier version of the key had brought.
        unreadable: Key → why, of the objects whose latest version could not be read: none of its rows are kept.
        batches: Number of batches by latest decision, ``pending`` for those that none was taken about.
        tables: Delta version of each live table.
        snapshot: Name of the published snapshot, if there is one.
        lag_seconds: Age of the oldest landed object that the snapshot does not show, 0 if it shows them all.
            An object waits if it is not ingested, or its batch is undecided, did not pass, or was let in after
            the snapshot was built. A batch that a person decided to hold is not waited for.
    """

    files: int
    messages: int
    quarantined: int
    log_events: int
    object_bytes: int
    content_bytes: int
    message_bytes: int
    quarantined_bytes: int
    log_event_bytes: int
    decoration_bytes: int
    unreadable: Mapping[str, str]
    batches: Mapping[str, int]
    tables: Mapping[str, int]
    snapshot: str | None
    lag_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The status as JSON holds it."""
        return asdict(self)


SUMS = (
    "messages", "quarantined", "log_events",
    "object_bytes", "content_bytes", "message_bytes", "quarantined_bytes", "log_event_bytes", "decoration_bytes",
)  # fmt: skip

FACTS = ("batch_id", "bucket", "object_key", "last_modified", "ingested_at", "status", "detail")


def lake_status(workspace: Workspace, now: datetime | None = None) -> LakeStatus:
    """Read the status.

    Args:
        workspace: The landing and the lake to look at.
        now: The instant that ages are counted to.

    Raises:
        StorageError: Landing or lake could not be read.
    """
    from fix_transforms.lake.batches import batch_states
    from fix_transforms.lake.delta import Lake
    from fix_transforms.lake.ingest import discover
    from fix_transforms.marts.publish import current_snapshot
    from fix_transforms.tables import INGESTED_FILES

    lake = Lake(workspace.lake)
    versions = lake.versions()
    files = lake.read(INGESTED_FILES, columns=[*FACTS, *SUMS]) if lake.exists(INGESTED_FILES) else None
    decisions = {state.batch_id: state.decision or PENDING for state in batch_states(lake)}
    snapshot = current_snapshot(workspace)

    waiting = [landed.last_modified for landed in discover(workspace)]
    if files is not None:
        shown = _shown_batches(lake, snapshot.table_versions) if snapshot else frozenset[str]()
        waiting += _not_shown(files, decisions, shown)
    sums = {name: 0 if files is None else int(files[name].sum()) for name in SUMS}
    return LakeStatus(
        files=0 if files is None else files.height,
        unreadable={} if files is None else _unreadable(files),
        batches=dict(Counter(decisions.values())),
        tables=versions,
        snapshot=snapshot.name if snapshot else None,
        lag_seconds=_age(waiting, now or datetime.now(UTC)),
        **sums,
    )


def _unreadable(files: pl.DataFrame) -> dict[str, str]:
    latest = files.sort("ingested_at", "last_modified").group_by("bucket", "object_key", maintain_order=True).last()
    rows = latest.filter(latest["status"] == "unreadable").select("object_key", "detail")
    return dict(rows.sort("object_key").iter_rows())


def _shown_batches(lake: Lake, versions: Mapping[str, int]) -> frozenset[str]:
    """Batches that counted when the snapshot was built."""
    import polars as pl

    from fix_transforms.lake.delta import delta_errors
    from fix_transforms.tables import BATCH_DECISIONS

    version = versions.get(BATCH_DECISIONS.name)
    if version is None:
        return frozenset()
    live = lake.open(BATCH_DECISIONS)
    try:
        with delta_errors("cannot be read as it was", BATCH_DECISIONS):
            live.load_as_version(version)
            decided = lake.scan(BATCH_DECISIONS, live).select("batch_id", "decision_number", "decision").collect()
    except StorageError:  # that version was vacuumed away: nobody can say, so nothing counts as shown
        return frozenset()
    latest = decided.sort("decision_number").group_by("batch_id").last()
    return frozenset(latest.filter(pl.col("decision").is_in(SHOWN))["batch_id"])


def _not_shown(files: pl.DataFrame, decisions: Mapping[str, str], shown: frozenset[str]) -> list[datetime]:
    return [
        modified
        for batch_id, modified in files.select("batch_id", "last_modified").iter_rows()
        if batch_id not in shown and decisions.get(batch_id, PENDING) != KEPT_OUT
    ]


def _age(instants: Iterable[datetime], now: datetime) -> float:
    return max((round((now - instant).total_seconds(), 1) for instant in instants), default=0.0)

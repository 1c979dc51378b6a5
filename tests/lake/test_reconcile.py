from collections.abc import Callable

import polars as pl

from fix_transforms.lake.commit import append_rows
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.tables import LOG_EVENTS
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]


def test_fresh_workspace_is_clean(workspace: Workspace) -> None:
    report = reconcile(workspace)
    assert (report.landed, report.settled, report.waiting, report.is_clean) == (0, 0, (), True)


def test_what_waits_and_what_has_gone_is_told_apart(workspace: Workspace, land: Land, fix_log: FixLog) -> None:
    land(workspace, "kept.log", fix_log(1))
    land(workspace, "archived.log", fix_log(2))
    ingest(workspace, discover(workspace))
    (workspace.landing.path / "archived.log").unlink()
    land(workspace, "new.log", fix_log(3))
    report = reconcile(workspace)
    assert (report.landed, report.settled, report.archived, report.waiting) == (2, 2, 1, ("new.log",))
    assert report.oldest_waiting_seconds > 0
    assert report.ledger is None
    assert "1 of 2 landed objects waiting" in str(report)


def test_row_too_many_is_reported(workspace: Workspace, land: Land) -> None:
    land(workspace, "a.log", b"Session started\n")
    ingest(workspace, discover(workspace))
    lake = Lake(workspace.lake)
    stray = lake.read(LOG_EVENTS).with_columns(byte_offset=pl.col("byte_offset") + 1000)
    append_rows(lake, LOG_EVENTS, stray, "by hand")
    (mismatch,) = reconcile(workspace).mismatches
    assert (mismatch.table, mismatch.expected, mismatch.found) == ("log_events", 1, 2)

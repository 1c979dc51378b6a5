from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fix_transforms.lake.batches import decide, pending_batches
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.workspace import Workspace
from flows.cli.status import status as show_status
from flows.lake_status import lake_status


def drop(workspace: Workspace, name: str, content: bytes) -> datetime:
    path = workspace.landing.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def test_landed_object_counts_as_lag_from_when_it_was_written(workspace: Workspace, log: Callable[..., bytes]) -> None:
    landed = drop(workspace, "a.log", log(3))
    status = lake_status(workspace, now=landed + timedelta(seconds=90))
    assert (status.files, status.messages, status.lag_seconds) == (0, 0, 90.0)


def test_batches_are_counted_by_their_latest_decision(workspace: Workspace, log: Callable[..., bytes]) -> None:
    lake = Lake(workspace.lake)
    for number in (1, 2, 3):
        drop(workspace, f"{number}.log", log(number, session=number))
        ingest(workspace, discover(workspace))
    first, second, _ = pending_batches(lake)
    decide(lake, first, "failed", "suite", "broken")
    decide(lake, first, "released", "somebody", "looked at it")
    decide(lake, second, "held", "somebody", "stays out")
    status = lake_status(workspace)
    assert status.batches == {"released": 1, "held": 1, "pending": 1}
    assert (status.files, status.messages) == (3, 6)
    assert status.message_bytes + status.decoration_bytes == status.content_bytes == status.object_bytes


def test_batch_that_a_person_holds_is_not_waited_for(workspace: Workspace, log: Callable[..., bytes]) -> None:
    landed = drop(workspace, "a.log", log(3))
    ingest(workspace, discover(workspace))
    lake, later = Lake(workspace.lake), landed + timedelta(seconds=50)
    (batch_id,) = pending_batches(lake)
    assert lake_status(workspace, now=later).lag_seconds == 50.0
    decide(lake, batch_id, "failed", "suite", "broken")
    assert lake_status(workspace, now=later).lag_seconds == 50.0
    decide(lake, batch_id, "held", "somebody", "stays out")
    assert lake_status(workspace, now=later).lag_seconds == 0.0


def test_object_that_cannot_be_read_is_named_with_its_reason_until_a_version_can(
    workspace: Workspace, log: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.compress(os.urandom(3_000) + b"\n" + log(3))
    drop(workspace, "a.log.gz", whole[:-9])
    drop(workspace, "[bold]b\u202e.zip", b"PK\x03\x04nothing that zip would write")
    ingest(workspace, discover(workspace))

    found = lake_status(workspace).unreadable
    assert list(found) == ["[bold]b\u202e.zip", "a.log.gz"]
    assert "gzip input is damaged or cut short" in found["a.log.gz"]
    show_status(home=workspace.settings.home)
    shown = capsys.readouterr().out
    assert "2 of the landed objects cannot be read" in shown
    assert f"a.log.gz: {found['a.log.gz']}" in shown
    assert "[bold]b\\u202e.zip: " in shown

    drop(workspace, "a.log.gz", whole)
    ingest(workspace, discover(workspace))
    assert list(lake_status(workspace).unreadable) == ["[bold]b\u202e.zip"]

from collections.abc import Callable

import pytest

from fix_transforms.lake.commit import claim_files
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.workspace import Workspace
from flows import steps


class _DeathError(Exception):
    pass


def _claim_and_die(lake: Lake, _spool: object, records: object, frame: object, failpoint: str | None) -> None:
    claim_files(lake, records, frame, failpoint)  # type: ignore[arg-type]
    raise _DeathError


def test_batch_of_a_dead_writer_is_finished_although_its_object_is_gone(
    workspace: Workspace,
    land: Callable[[Workspace, str, bytes], None],
    fix_log: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    land(workspace, "gone.log", b"Session started\n")
    with monkeypatch.context() as patch:
        patch.setattr("fix_transforms.lake.ingest.commit_batch", _claim_and_die)
        with pytest.raises(_DeathError):
            ingest(workspace, discover(workspace))
    (workspace.landing.path / "gone.log").unlink()

    assert steps.poll(workspace).objects == ()
    report = steps.reconcile(workspace)

    assert report.orphan_batches == ()
    # The event that was counted can no longer be read; that is said, not hidden.
    assert [(found.table, found.expected, found.found) for found in report.mismatches] == [("log_events", 1, 0)]

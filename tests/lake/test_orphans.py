import gzip
import json
from collections.abc import Callable

import pytest

from fix_transforms.errors import StorageError
from fix_transforms.lake import orphans
from fix_transforms.lake.commit import claim_files
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.orphans import find_orphans
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.tables import FIX_MESSAGES
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]
Abandon = Callable[[Workspace], None]


@pytest.fixture
def abandon(monkeypatch: pytest.MonkeyPatch) -> Abandon:
    """Ingest what is new, as a writer that dies after its first commit."""

    def run(workspace: Workspace) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("fix_transforms.lake.ingest.commit_batch", _claim_and_die)
            with pytest.raises(_DeathError):
                ingest(workspace, discover(workspace))

    return run


class _DeathError(Exception):
    pass


def _claim_and_die(lake: Lake, _spool: object, records: object, frame: object, failpoint: str | None) -> None:
    claim_files(lake, records, frame, failpoint)  # type: ignore[arg-type]
    raise _DeathError


def test_orphan_is_finished_although_nothing_new_has_landed(
    workspace: Workspace, land: Land, fix_log: FixLog, abandon: Abandon, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(2))
    abandon(workspace)
    assert len(find_orphans(Lake(workspace.lake))) == 1
    assert ingest(workspace, ()).files == 1
    assert find_orphans(Lake(workspace.lake)) == {}
    assert_exactly_once(workspace, {"a.log": 2})


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_orphan_whose_object_has_grown_is_finished_from_its_beginning(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    abandon: Abandon,
    pack: Callable[[bytes], bytes],
    assert_exactly_once: Callable[..., None],
) -> None:
    land(workspace, "a.log", pack(fix_log(2)))
    abandon(workspace)
    land(workspace, "a.log", pack(fix_log(5)))
    report = ingest(workspace, discover(workspace))
    assert (report.files, report.messages) == (2, 5)
    assert_exactly_once(workspace, {"a.log": 5})


def test_orphan_of_a_grown_file_keeps_the_numbering_of_its_messages(
    workspace: Workspace, land: Land, fix_log: FixLog, abandon: Abandon, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(2))
    ingest(workspace, discover(workspace))
    land(workspace, "a.log", fix_log(4))
    abandon(workspace)
    ingest(workspace, ())
    rows = Lake(workspace.lake).read(FIX_MESSAGES, ["message_index", "line_number"]).sort("message_index").rows()
    assert rows == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert_exactly_once(workspace, {"a.log": 4})


@pytest.mark.parametrize("fate", ["replaced", "deleted"])
def test_orphan_whose_content_is_gone_is_settled_and_reported_and_stops_no_other(
    workspace: Workspace, land: Land, fix_log: FixLog, abandon: Abandon, fate: str
) -> None:
    land(workspace, "gone.log", fix_log(2))
    land(workspace, "kept.log", fix_log(3, first=5))
    abandon(workspace)
    if fate == "replaced":
        land(workspace, "gone.log", fix_log(1, first=50))
    else:
        (workspace.landing.path / "gone.log").unlink()

    ingest(workspace, discover(workspace))

    lake = Lake(workspace.lake)
    assert find_orphans(lake) == {}
    assert lake.read(FIX_MESSAGES, ["file_id"]).height == 3 + (fate == "replaced")
    (mismatch,) = (found for found in reconcile(workspace).mismatches if found.table == "fix_messages")
    assert (mismatch.expected, mismatch.found) == (2, 0)
    lost = [json.loads(entry["lost"]) for entry in lake.open(FIX_MESSAGES).history() if "lost" in entry]
    assert lost == [[mismatch.file_id]]


def test_orphan_that_cannot_be_read_now_waits_and_stops_no_other(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    abandon: Abandon,
    monkeypatch: pytest.MonkeyPatch,
    assert_exactly_once: Callable[..., None],
) -> None:
    def unreachable(*_: object) -> bool:
        raise StorageError("cannot be read", where="a.log", got="TimeoutError")

    land(workspace, "a.log", fix_log(2))
    abandon(workspace)
    land(workspace, "b.log", fix_log(1))
    with monkeypatch.context() as patch:
        patch.setattr(orphans, "_read_again", unreachable)
        report = ingest(workspace, discover(workspace))
    assert (report.files, list(report.failed)) == (1, ["a.log"])
    ingest(workspace, discover(workspace))
    assert_exactly_once(workspace, {"a.log": 2, "b.log": 1})

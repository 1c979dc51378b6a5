from collections.abc import Callable

import polars as pl
import pytest

from fix_transforms.lake.commit import claim_files
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.predecessors import agreed_versions
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, INGESTED_FILES
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]


def fixt(body: str) -> bytes:
    fields = body.replace("|", "\x01") + "\x01"
    start = f"8=FIXT.1.1\x019={len(fields)}\x01{fields}"
    return f"{start}10={sum(start.encode()) % 256:03d}\x01\n".encode()


def logon(version: str, number: int = 1) -> bytes:
    return fixt(f"35=A|49=DESK|56=VENUE|34={number}|52=20240102-10:00:00|98=0|108=30|1137={version}")


#: TrdRegTimestamps(768) is a group of ExecutionReport from FIX 5.0 on, and was none in FIX 4.2: 7 and 4 are their codes.
REPORT = fixt(
    "35=8|49=VENUE|56=DESK|34=2|52=20240102-10:00:01|37=1|17=1|150=0|39=0|54=1|151=1|14=0"
    "|768=1|769=20240102-10:00:01|770=1"
)


def poll(workspace: Workspace) -> None:
    ingest(workspace, discover(workspace))


def groups_in(workspace: Workspace) -> int:
    return Lake(workspace.lake).read(FIX_GROUP_FIELDS, ["tag"]).height


@pytest.mark.parametrize(("version", "expected"), [("7", 2), ("4", 0)])
def test_version_that_a_logon_agreed_on_is_known_when_its_log_has_grown(
    workspace: Workspace, land: Land, version: str, expected: int
) -> None:
    land(workspace, "whole.log", logon(version) + REPORT)
    poll(workspace)
    assert groups_in(workspace) == expected

    land(workspace, "grown.log", logon(version))
    poll(workspace)
    land(workspace, "grown.log", logon(version) + REPORT)
    poll(workspace)
    versions = Lake(workspace.lake).read(INGESTED_FILES, filter=pl.col("object_key") == "grown.log")
    assert sorted(versions["messages"]) == [1, 1]
    assert groups_in(workspace) == 2 * expected


def test_last_logon_of_all_versions_decides(workspace: Workspace, land: Land) -> None:
    parts = [logon("4"), logon("7", 2), REPORT, fixt("35=0|49=DESK|56=VENUE|34=3"), REPORT]
    for count in range(1, len(parts) + 1):
        land(workspace, "grown.log", b"".join(parts[:count]))
        poll(workspace)
    assert groups_in(workspace) == 4


def test_other_logs_do_not_decide(workspace: Workspace, land: Land) -> None:
    land(workspace, "other.log", logon("4"))
    land(workspace, "grown.log", logon("7"))
    poll(workspace)
    land(workspace, "grown.log", logon("7") + REPORT)
    poll(workspace)
    assert groups_in(workspace) == 2
    lake = Lake(workspace.lake)
    other = lake.read(FIX_MESSAGES, ["file_id"], pl.col("default_appl_ver_id") == "4")["file_id"].to_list()
    assert agreed_versions(lake, other) == {frozenset(("DESK", "VENUE")): "4"}
    assert agreed_versions(lake, []) == {}


def test_orphan_of_a_grown_log_is_finished_with_the_version_agreed_before(
    workspace: Workspace,
    land: Land,
    monkeypatch: pytest.MonkeyPatch,
    assert_exactly_once: Callable[..., None],
) -> None:
    class _DeathError(Exception):
        pass

    def claim_and_die(lake: Lake, _spool: object, records: object, frame: object, failpoint: str | None) -> None:
        claim_files(lake, records, frame, failpoint)  # type: ignore[arg-type]
        raise _DeathError

    land(workspace, "grown.log", logon("4"))
    poll(workspace)
    land(workspace, "grown.log", logon("4") + REPORT)
    with monkeypatch.context() as patch:
        patch.setattr("fix_transforms.lake.ingest.commit_batch", claim_and_die)
        with pytest.raises(_DeathError):
            poll(workspace)
    poll(workspace)
    assert groups_in(workspace) == 0
    assert_exactly_once(workspace, {"grown.log": 2})

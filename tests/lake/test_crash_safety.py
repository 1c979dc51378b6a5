import signal
import subprocess
from collections.abc import Callable

import pytest

from fix_transforms.errors import SettingsError
from fix_transforms.lake.failpoints import FailpointError, reach
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.settings import Settings
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]
StartIngest = Callable[..., "subprocess.Popen[str]"]

#: Every boundary of the protocol, in order.
BOUNDARIES = (
    "claimed",
    "parsed_chunk",
    "spooled",
    "checked_ingested_files",
    "committed_ingested_files",
    "before_quarantine",
    "committed_quarantine",
    "checked_log_events",
    "committed_log_events",
    "before_fix_group_fields",
    "committed_fix_group_fields",
    "before_market_data_entries",
    "committed_market_data_entries",
    "before_fix_messages",
    "checked_fix_messages",
    "committed_fix_messages",
    "before_mark",
    "marked",
)
COMMITS = tuple(point for point in BOUNDARIES if point.startswith("committed_"))
EXPECTED = {"a.log": 3, "book.log": 1, "b.log": 2, "torn.log": 1, "remarks.log": 0, "empty.log": 0}
BOOK = b"8=FIX.4.4|9=70|35=W|49=V|56=B|34=1|52=20240102-09:30:00|55=ACME|268=2|269=0|270=1|269=1|270=2|10=000|\n"


def land_a_bit_of_everything(workspace: Workspace, land: Land, fix_log: FixLog) -> None:
    land(workspace, "a.log", fix_log(3))
    land(workspace, "b.log", fix_log(2, first=4))
    land(workspace, "book.log", BOOK)
    land(workspace, "torn.log", fix_log(1, first=6) + b"8=FIX.4.4\x019=80\x0135=D\x0149=BUY")
    land(workspace, "remarks.log", b"Session started\n")
    land(workspace, "empty.log", b"")


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_kill_at_any_boundary_then_a_second_run_leaves_each_file_once(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: StartIngest,
    boundary: str,
    assert_exactly_once: Callable[..., None],
) -> None:
    land_a_bit_of_everything(workspace, land, fix_log)
    killed = start_ingest(workspace, failpoint=f"{boundary}:kill")
    output, _ = killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL, output

    ingest(workspace, discover(workspace))

    assert_exactly_once(workspace, EXPECTED)
    assert [path.name for path in workspace.settings.spool_dir.iterdir()] == [".lock"]


@pytest.mark.parametrize("commit", COMMITS)
def test_lost_answer_to_a_commit_is_not_taken_for_a_failure(
    make_settings: Callable[..., Settings],
    land: Land,
    fix_log: FixLog,
    commit: str,
    assert_exactly_once: Callable[..., None],
) -> None:
    workspace = Workspace.from_settings(make_settings(failpoint=f"{commit}:raise"))
    land_a_bit_of_everything(workspace, land, fix_log)
    report = ingest(workspace, discover(workspace))
    assert report.files == len(EXPECTED)
    assert_exactly_once(workspace, EXPECTED)


def test_batch_of_a_dead_writer_keeps_its_id_and_its_time(
    workspace: Workspace, land: Land, fix_log: FixLog, start_ingest: StartIngest
) -> None:
    from fix_transforms.lake.delta import Lake
    from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES

    land(workspace, "a.log", fix_log(3))
    start_ingest(workspace, failpoint="committed_ingested_files").communicate(timeout=60)
    lake = Lake(workspace.lake)
    promised = lake.read(INGESTED_FILES, ["batch_id", "ingested_at"]).rows()
    assert reconcile(workspace).orphan_batches == (promised[0][0],)

    report = ingest(workspace, ())

    assert report.batch_ids == (promised[0][0],)
    assert lake.read(FIX_MESSAGES, ["batch_id", "ingested_at"]).unique().rows() == promised


def test_two_workers_on_one_landing_ingest_each_file_once(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: StartIngest,
    assert_exactly_once: Callable[..., None],
) -> None:
    expected = {}
    for number in range(12):
        land(workspace, f"{number}.log", fix_log(number + 1, first=100 * number))
        expected[f"{number}.log"] = number + 1
    workers = [start_ingest(workspace, failpoint="*:delay", max_batch_files=3) for _ in range(2)]
    for worker in workers:
        output, _ = worker.communicate(timeout=120)
        assert worker.returncode == 0, output
    assert discover(workspace) == ()
    assert_exactly_once(workspace, expected)


def test_worker_killed_beside_another_costs_nothing(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: StartIngest,
    assert_exactly_once: Callable[..., None],
) -> None:
    expected = {f"{number}.log": 2 for number in range(8)}
    for number, key in enumerate(expected):
        land(workspace, key, fix_log(2, first=10 * number))
    victim = start_ingest(workspace, failpoint="before_fix_messages:kill", max_batch_files=3)
    survivor = start_ingest(workspace, failpoint="*:delay", max_batch_files=2)
    output, _ = survivor.communicate(timeout=120)
    victim.communicate(timeout=120)
    assert survivor.returncode == 0, output
    ingest(workspace, discover(workspace))
    assert_exactly_once(workspace, expected)


def test_without_a_failpoint_every_boundary_is_passed() -> None:
    reach("anything", None)
    reach("anything", "something else:raise")
    with pytest.raises(FailpointError):
        reach("here", "here:raise")


def test_unknown_action_of_a_failpoint_is_refused() -> None:
    with pytest.raises(SettingsError, match="explode"):
        reach("here", "here:explode")

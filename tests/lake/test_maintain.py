import subprocess
import sys
from collections.abc import Callable

import pytest

from fix_transforms.errors import BusyError
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.locks import maintenance_lock
from fix_transforms.lake.maintain import maintain
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES, TABLES, Table
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]

COMPACT = """
import sys
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
table = DeltaTable(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    table.optimize.compact()
    print("won")
except CommitFailedError:
    print("lost")
"""


@pytest.fixture
def fragmented(workspace: Workspace, land: Land, fix_log: FixLog) -> Workspace:
    for number in range(4):
        land(workspace, f"{number}.log", fix_log(2, first=10 * number))
        ingest(workspace, discover(workspace))
    return workspace


def content(workspace: Workspace) -> dict[str, list[tuple[object, ...]]]:
    lake = Lake(workspace.lake)

    def key(table: Table) -> list[str]:
        return list(table.primary_key)

    return {table.name: sorted(lake.read(table).sort(key(table)).select(key(table)).rows()) for table in TABLES}


def test_compaction_merges_files_and_changes_no_row(fragmented: Workspace) -> None:
    lake = Lake(fragmented.lake)
    before = content(fragmented)
    transactions = lake.transactions(FIX_MESSAGES)
    assert len(lake.open(FIX_MESSAGES).file_uris()) == 4

    report = maintain(fragmented)

    assert len(lake.open(FIX_MESSAGES).file_uris()) == 1
    assert {table.table: table.files_compacted for table in report.tables}["fix_messages"] == 4
    assert content(fragmented) == before
    assert lake.transactions(FIX_MESSAGES) == transactions
    assert discover(fragmented) == ()
    assert reconcile(fragmented).is_clean


def test_maintenance_with_nothing_to_do_commits_nothing(fragmented: Workspace) -> None:
    maintain(fragmented)
    versions = Lake(fragmented.lake).versions()
    report = maintain(fragmented)
    assert Lake(fragmented.lake).versions() == versions
    assert str(report) == "0 files compacted into 0, 0 old files removed"


def test_ingestion_goes_on_after_maintenance(
    fragmented: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    maintain(fragmented)
    land(fragmented, "late.log", fix_log(3, first=100))
    land(fragmented, "0.log", fix_log(3, first=0))
    ingest(fragmented, discover(fragmented))
    assert_exactly_once(fragmented, {"0.log": 3, "1.log": 2, "2.log": 2, "3.log": 2, "late.log": 3})


def test_second_maintenance_job_is_refused(fragmented: Workspace) -> None:
    with maintenance_lock(fragmented), pytest.raises(BusyError, match="one at a time"):
        maintain(fragmented)
    maintain(fragmented)


@pytest.mark.parametrize("table", [INGESTED_FILES, FIX_MESSAGES], ids=lambda table: table.name)
def test_pinned_deltalake_lets_one_of_several_concurrent_compactions_commit(
    fragmented: Workspace, table: Table
) -> None:
    lake = Lake(fragmented.lake)
    before = lake.read(table).height
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", COMPACT, lake.uri(table)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for job in jobs:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
    outcomes = []
    for job in jobs:
        assert job.stdin is not None
        job.stdin.write("\n")
        job.stdin.flush()
    for job in jobs:
        output, _ = job.communicate(timeout=60)
        outcomes.append(output.strip())
    assert sorted(outcomes) == ["lost", "lost", "won"]
    assert lake.read(table).height == before


def test_vacuum_removes_what_failed_writers_left_once_it_is_old(fragmented: Workspace) -> None:
    import os

    folder = fragmented.lake.path / FIX_MESSAGES.name / "trading_month=2024-01-01"
    old, fresh = folder / "part-old.parquet", folder / "part-fresh.parquet"
    for orphan in (old, fresh):
        orphan.write_bytes(b"left behind")
    os.utime(old, (1, 1))
    before = content(fragmented)
    maintain(fragmented)
    assert (old.exists(), fresh.exists()) == (False, True)
    assert content(fragmented) == before

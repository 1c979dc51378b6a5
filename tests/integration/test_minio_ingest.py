import io
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest
from minio import Minio
from minio.error import S3Error

from fix_transforms.errors import ObjectChangedError, StorageError
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.duck import connect
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.landing import Landing
from fix_transforms.lake.listing import list_any_key
from fix_transforms.lake.maintain import maintain
from fix_transforms.lake.orphans import find_orphans
from fix_transforms.lake.probe import probe
from fix_transforms.settings import Settings
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES
from fix_transforms.workspace import Workspace

pytestmark = pytest.mark.integration

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]
StartIngest = Callable[..., "subprocess.Popen[str]"]
MinioBuckets = object

HOSTILE = (
    "with space.log",
    "é ü;semi.log",
    "quote'\"<b>&.log",
    "100%41.log",
    "#1/*?[x].log",
    "tab\there.log",
    "x\x01y.log",
)


def poll(workspace: Workspace) -> None:
    ingest(workspace, discover(workspace))


def test_everything_works_with_the_least_privileged_key(
    s3_workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(s3_workspace, "a.log", fix_log(3))
    land(s3_workspace, "empty.log", b"")
    poll(s3_workspace)
    land(s3_workspace, "a.log", fix_log(5))
    poll(s3_workspace)
    assert discover(s3_workspace) == ()
    assert_exactly_once(s3_workspace, {"a.log": 5, "empty.log": 0})
    files = Lake(s3_workspace.lake).read(INGESTED_FILES, filter=pl.col("messages") > 0)
    assert files["version_id"].null_count() == 0
    with connect(s3_workspace.lake, [FIX_MESSAGES]) as duck:
        assert duck.execute("SELECT count(*) FROM fix_messages").fetchone() == (5,)


def test_hostile_keys_are_ingested_or_settled_and_stop_no_other(
    s3_workspace: Workspace, land: Land, fix_log: FixLog
) -> None:
    for number, key in enumerate(HOSTILE):
        land(s3_workspace, key, fix_log(1, first=number))
    poll(s3_workspace)
    rows = Lake(s3_workspace.lake).read(INGESTED_FILES, ["object_key", "status"]).rows()
    assert dict(rows) == {
        key: "unreadable" if key in ("tab\there.log", "x\x01y.log") else "ingested" for key in HOSTILE
    }
    assert discover(s3_workspace) == ()


def test_either_way_of_listing_a_bucket_gives_the_same_objects(
    s3_workspace: Workspace, land: Land, fix_log: FixLog
) -> None:
    for key in HOSTILE[:4]:
        land(s3_workspace, key, fix_log(1))
    landing = Landing(s3_workspace.landing)
    ids = {found.file_id for found in landing.list()}
    assert {landing._landed(meta).file_id for meta in list_any_key(s3_workspace.landing)} == ids
    assert len(ids) == 4


def test_landing_may_be_a_prefix_of_a_bucket(
    minio: MinioBuckets, make_settings: Callable[..., Settings], land: Land, fix_log: FixLog, s3_workspace: Workspace
) -> None:
    land(s3_workspace, "desk 1/a.log", fix_log(2))
    land(s3_workspace, "desk 2/b.log", fix_log(3))
    given = minio.settings() | {"landing_uri": f"s3://{minio.landing}/desk 1"}  # type: ignore[attr-defined]
    poll(workspace := Workspace.from_settings(make_settings(**given)))
    assert Lake(workspace.lake).read(INGESTED_FILES, ["object_key", "messages"]).rows() == [("a.log", 2)]


def test_version_that_was_listed_is_the_one_that_is_read(s3_workspace: Workspace, land: Land) -> None:
    land(s3_workspace, "a.log", b"old content")
    landing = Landing(s3_workspace.landing)
    (listed,) = landing.list()
    pinned = landing.open(listed).landed
    assert pinned.version_id is not None
    assert pinned.file_id == listed.file_id
    land(s3_workspace, "a.log", b"new")
    with pytest.raises(ObjectChangedError):
        landing.open(listed)
    assert b"".join(landing.read(pinned, 4)) == b"content"


def test_orphan_is_finished_from_the_version_that_was_read(
    s3_workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: StartIngest,
    assert_exactly_once: Callable[..., None],
) -> None:
    land(s3_workspace, "a.log", fix_log(3))
    start_ingest(s3_workspace, failpoint="committed_ingested_files").communicate(timeout=120)
    land(s3_workspace, "a.log", fix_log(2, first=50))
    assert len(find_orphans(Lake(s3_workspace.lake))) == 1
    poll(s3_workspace)
    assert_exactly_once(s3_workspace, {"a.log": 5})


@pytest.mark.parametrize(
    "boundary",
    ["spooled", "committed_ingested_files", "committed_quarantine", "checked_fix_messages", "committed_fix_messages"],
)
def test_kill_on_object_storage_then_a_second_run_leaves_each_file_once(
    s3_workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: StartIngest,
    boundary: str,
    assert_exactly_once: Callable[..., None],
) -> None:
    land(s3_workspace, "a.log", fix_log(3))
    land(s3_workspace, "torn.log", fix_log(1, first=9) + b"8=FIX.4.4\x019=80\x0135=D\x01")
    killed = start_ingest(s3_workspace, failpoint=boundary)
    output, _ = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, output
    poll(s3_workspace)
    assert_exactly_once(s3_workspace, {"a.log": 3, "torn.log": 1})


def test_two_workers_on_one_bucket_ingest_each_file_once(
    s3_workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: StartIngest,
    assert_exactly_once: Callable[..., None],
) -> None:
    expected = {f"{number}.log": 2 for number in range(8)}
    for number, key in enumerate(expected):
        land(s3_workspace, key, fix_log(2, first=10 * number))
    workers = [start_ingest(s3_workspace, failpoint="*:delay", max_batch_files=3) for _ in range(2)]
    for worker in workers:
        output, _ = worker.communicate(timeout=180)
        assert worker.returncode == 0, output
    assert_exactly_once(s3_workspace, expected)


def test_store_passes_the_probe_and_is_left_clean(s3_workspace: Workspace, minio: MinioBuckets) -> None:
    probe(s3_workspace.lake)
    client: Minio = minio.server.client()  # type: ignore[attr-defined]
    assert list(client.list_objects(minio.lake, prefix="_probe/", recursive=True)) == []  # type: ignore[attr-defined]


def test_ingester_may_neither_delete_nor_write_to_the_landing(
    s3_workspace: Workspace, minio: MinioBuckets, land: Land, fix_log: FixLog
) -> None:
    land(s3_workspace, "a.log", fix_log(1))
    poll(s3_workspace)
    client: Minio = minio.server.client(minio.ingester)  # type: ignore[attr-defined]
    lake, landing = minio.lake, minio.landing  # type: ignore[attr-defined]
    entries = [found.object_name for found in client.list_objects(lake, recursive=True)]
    assert len(entries) > 8
    for key in entries:
        with pytest.raises(S3Error, match="AccessDenied"):
            client.remove_object(lake, str(key))
    for attempt in (
        lambda: client.remove_object(landing, "a.log"),
        lambda: client.put_object(landing, "b.log", io.BytesIO(b"x"), 1),
        lambda: client.make_bucket("another-bucket"),
    ):
        with pytest.raises(S3Error, match="AccessDenied"):
            attempt()
    assert [found.object_name for found in client.list_objects(landing)] == ["a.log"]


def test_uploader_may_put_logs_and_nothing_else(minio: MinioBuckets) -> None:
    client: Minio = minio.server.client(minio.uploader)  # type: ignore[attr-defined]
    lake, landing = minio.lake, minio.landing  # type: ignore[attr-defined]
    client.put_object(landing, "a.log", io.BytesIO(b"x"), 1)
    for attempt in (
        lambda: client.get_object(landing, "a.log"),
        lambda: client.remove_object(landing, "a.log"),
        lambda: client.put_object(lake, "x", io.BytesIO(b"x"), 1),
        lambda: list(client.list_objects(lake)),
    ):
        with pytest.raises(S3Error, match="AccessDenied"):
            attempt()


def test_maintenance_needs_the_maintainer_and_keeps_every_row(
    s3_workspace: Workspace,
    minio: MinioBuckets,
    land: Land,
    fix_log: FixLog,
    make_settings: Callable[..., Settings],
    assert_exactly_once: Callable[..., None],
) -> None:
    for number in range(3):
        land(s3_workspace, f"{number}.log", fix_log(2, first=10 * number))
        poll(s3_workspace)
    maintainer = minio.server.add_user("maintainer", minio.landing, minio.lake)  # type: ignore[attr-defined]
    given = minio.settings(maintainer)  # type: ignore[attr-defined]
    report = maintain(Workspace.from_settings(make_settings(**given)))
    assert {table.table: table.files_compacted for table in report.tables}["fix_messages"] == 3
    assert_exactly_once(s3_workspace, {f"{number}.log": 2 for number in range(3)})


def test_wrong_key_is_a_storage_error_without_the_secret(s3_workspace: Workspace) -> None:
    access = s3_workspace.lake.s3
    assert access is not None
    wrong = replace(s3_workspace.lake, s3=replace(access, secret_access_key="not-the-secret"))
    with pytest.raises(StorageError) as caught:
        Lake(wrong).open(FIX_MESSAGES)
    assert "not-the-secret" not in str(caught.value)

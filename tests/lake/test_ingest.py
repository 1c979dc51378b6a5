import gzip
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fix_transforms.errors import StorageError
from fix_transforms.fix import parse
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.landing import LandedObject
from fix_transforms.settings import Settings
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES, LOG_EVENTS
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]


def statuses(workspace: Workspace) -> dict[str, str]:
    files = Lake(workspace.lake).read(INGESTED_FILES, ["object_key", "status"])
    return dict(files.iter_rows())


def test_every_message_of_every_file_is_in_the_lake_once(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(3))
    land(workspace, "deep/er/b.log", fix_log(2, first=4))
    land(workspace, "c.log.gz", gzip.compress(fix_log(5, first=6)))

    report = ingest(workspace, discover(workspace))

    assert (report.files, report.messages, report.by_status) == (3, 10, {"ingested": 3})
    assert_exactly_once(workspace, {"a.log": 3, "deep/er/b.log": 2, "c.log.gz": 5})
    orders = Lake(workspace.lake).read(FIX_MESSAGES, ["cl_ord_id"])["cl_ord_id"]
    assert sorted(orders) == sorted(f"order-{number}" for number in range(1, 11))


def test_second_run_finds_nothing_and_changes_no_table(workspace: Workspace, land: Land, fix_log: FixLog) -> None:
    land(workspace, "full.log", fix_log(2))
    land(workspace, "empty.log", b"")
    land(workspace, "remarks.log", b"Session started\nSession ended\n")
    landed = discover(workspace)
    ingest(workspace, landed)
    versions = Lake(workspace.lake).versions()

    assert discover(workspace) == ()
    again = ingest(workspace, landed)

    assert (again.files, again.batch_ids) == (0, ())
    assert Lake(workspace.lake).versions() == versions


def test_file_without_messages_is_settled_like_any_other(workspace: Workspace, land: Land) -> None:
    land(workspace, "empty.log", b"")
    land(workspace, "remarks.log", b"Session started\n")
    ingest(workspace, discover(workspace))
    assert statuses(workspace) == {"empty.log": "empty", "remarks.log": "no_messages"}
    assert Lake(workspace.lake).read(LOG_EVENTS, ["text"])["text"].to_list() == ["Session started"]
    assert discover(workspace) == ()


def test_poison_file_is_settled_as_unreadable_and_stops_no_other(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "good.log", fix_log(3))
    land(workspace, "cut.log.gz", gzip.compress(os.urandom(5000) + fix_log(50))[:-9])
    land(workspace, "late.log", fix_log(1))

    report = ingest(workspace, discover(workspace))

    assert report.by_status == {"ingested": 2, "unreadable": 1}
    assert_exactly_once(workspace, {"good.log": 3, "cut.log.gz": 0, "late.log": 1})
    row = Lake(workspace.lake).read(INGESTED_FILES, filter=pl.col("object_key") == "cut.log.gz").to_dicts()[0]
    assert "gzip" in row["detail"]
    assert discover(workspace) == ()


def test_parser_that_fails_on_one_file_stops_no_other(
    workspace: Workspace, land: Land, fix_log: FixLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_on_poison(content: object, options: object) -> object:
        if getattr(options, "source_name", "") == "poison.log":
            raise ZeroDivisionError("account 12345")
        return parse(content, options)  # type: ignore[arg-type]

    monkeypatch.setattr("fix_transforms.lake.reading.parse", fails_on_poison)
    land(workspace, "poison.log", fix_log(1))
    land(workspace, "good.log", fix_log(2))

    ingest(workspace, discover(workspace))

    rows = Lake(workspace.lake).read(INGESTED_FILES, ["object_key", "status", "detail"]).sort("object_key").rows()
    assert rows == [
        ("good.log", "ingested", None),
        ("poison.log", "unreadable", "the parser failed: ZeroDivisionError"),
    ]


def test_object_that_cannot_be_read_waits_and_stops_no_other(
    workspace: Workspace, land: Land, fix_log: FixLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fix_transforms.lake.landing import Landing

    land(workspace, "denied.log", fix_log(1))
    land(workspace, "good.log", fix_log(2))
    opened = Landing.open

    def deny(self: Landing, landed: LandedObject, start: int = 0) -> object:
        if landed.key == "denied.log":
            raise StorageError("cannot be read", where=landed.key, got="PermissionDenied")
        return opened(self, landed, start)

    with monkeypatch.context() as patch:
        patch.setattr(Landing, "open", deny)
        report = ingest(workspace, discover(workspace))
        assert list(report.failed) == ["denied.log"]
        assert report.by_status == {"ingested": 1}
        with pytest.raises(StorageError, match="none of 1 objects"):
            ingest(workspace, discover(workspace))
    assert ingest(workspace, discover(workspace)).by_status == {"ingested": 1}


def test_batches_keep_within_the_limits_of_files_and_bytes(
    make_settings: Callable[..., Settings], land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    by_files = Workspace.from_settings(make_settings(max_batch_files=2))
    for number in range(5):
        land(by_files, f"{number}.log", fix_log(1, first=number))
    report = ingest(by_files, discover(by_files))
    assert (len(report.batch_ids), report.files) == (3, 5)
    by_bytes = Workspace.from_settings(make_settings(max_batch_bytes=len(fix_log(1)) + 10))
    for number in range(5, 8):
        land(by_bytes, f"{number}.log", fix_log(1, first=number))
    assert len(ingest(by_bytes, discover(by_bytes)).batch_ids) == 3
    assert_exactly_once(by_bytes, {f"{number}.log": 1 for number in range(8)})


def test_large_file_passes_in_bounded_pieces(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    monkeypatch: pytest.MonkeyPatch,
    assert_exactly_once: Callable[..., None],
) -> None:
    from fix_transforms.lake.spool import FileSpool

    held = []
    add = FileSpool.add

    def watch(self: FileSpool, chunk: object) -> None:
        add(self, chunk)  # type: ignore[arg-type]
        held.append(sum(frame.height for frame in self.held.values()))

    monkeypatch.setattr(FileSpool, "add", watch)
    monkeypatch.setattr("fix_transforms.fix.assembly.MAX_DECODED_ROWS", 100)
    land(workspace, "large.log", fix_log(450))
    ingest(workspace, discover(workspace))
    assert len(held) > 4
    assert set(held[1:]) == {0}
    assert_exactly_once(workspace, {"large.log": 450})


def test_spool_is_empty_afterwards(workspace: Workspace, land: Land, fix_log: FixLog) -> None:
    land(workspace, "a.log", fix_log(1))
    ingest(workspace, discover(workspace))
    assert [path.name for path in workspace.settings.spool_dir.iterdir()] == [".lock"]


def test_progress_hears_of_every_object(workspace: Workspace, land: Land, fix_log: FixLog) -> None:
    heard: dict[str, str] = {}
    land(workspace, "a.log", fix_log(1))
    land(workspace, "b.log", b"")
    ingest(workspace, discover(workspace), lambda key, status: heard.update({key: status}))
    assert heard == {"a.log": "ingested", "b.log": "empty"}


@pytest.mark.parametrize(
    "key", ["with space.log", "é ü;semi.log", "quote'\"<b>&.log", "50%41.log", "a\\b.log", "*?[x].log"]
)
def test_hostile_key_is_just_a_key(
    workspace: Workspace, land: Land, fix_log: FixLog, key: str, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, key, fix_log(2))
    ingest(workspace, discover(workspace))
    land(workspace, key, fix_log(3))
    ingest(workspace, discover(workspace))
    files = Lake(workspace.lake).read(INGESTED_FILES, ["object_key", "messages"]).sort("messages")
    assert files.rows() == [(key, 1), (key, 2)]


def test_key_that_no_client_can_spell_is_settled_as_unreadable(
    workspace: Workspace, land: Land, fix_log: FixLog
) -> None:
    land(workspace, "good.log", fix_log(1))
    folder = workspace.landing.path
    (folder / "line\nbreak.log").write_bytes(fix_log(1))
    Path(os.fsdecode(os.fsencode(folder) + b"/not-\xff-utf8.log")).write_bytes(fix_log(1))
    ingest(workspace, discover(workspace))
    assert statuses(workspace) == {
        "good.log": "ingested",
        "line\nbreak.log": "unreadable",
        "not-\\xff-utf8.log": "unreadable",
    }
    assert discover(workspace) == ()


def test_fresh_workspace_has_nothing_to_discover(workspace: Workspace) -> None:
    assert discover(workspace) == ()
    assert ingest(workspace, ()).files == 0


def test_home_may_have_any_name(make_settings: Callable[..., Settings], tmp_path: Path, fix_log: FixLog) -> None:
    workspace = Workspace.from_settings(make_settings(home=tmp_path / "my lake, 100% é"))
    workspace.landing.path.mkdir(parents=True)
    (workspace.landing.path / "a b%20c.log").write_bytes(fix_log(3))
    assert ingest(workspace, discover(workspace)).messages == 3
    assert Lake(workspace.lake).read(FIX_MESSAGES, ["message_index"]).height == 3
    assert Lake(workspace.lake).read(INGESTED_FILES, ["object_key"]).rows() == [("a b%20c.log",)]

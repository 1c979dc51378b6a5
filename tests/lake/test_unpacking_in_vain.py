import gzip
import io
import os
import zipfile
from collections.abc import Callable

import polars as pl
import pytest

from fix_transforms.lake.commit import claim_files
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.settings import Settings
from fix_transforms.tables import INGESTED_FILES, QUARANTINE
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]


def zipped(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


def file(workspace: Workspace, key: str) -> dict[str, object]:
    rows = Lake(workspace.lake).read(INGESTED_FILES, filter=pl.col("object_key") == key)
    return rows.sort("ingested_at").to_dicts()[-1]


def quarantined(workspace: Workspace, key: str) -> list[dict[str, object]]:
    return Lake(workspace.lake).read(QUARANTINE, filter=pl.col("file_id") == file(workspace, key)["file_id"]).to_dicts()


@pytest.fixture
def capped(make_settings: Callable[..., Settings]) -> Workspace:
    return Workspace.from_settings(make_settings(max_uncompressed_bytes=5_000, max_archive_members=3))


def test_object_that_grows_too_much_is_quarantined_as_a_whole_with_its_reason_and_place(
    capped: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    content = fix_log(20) * 1000
    land(capped, "bomb.gz", gzip.compress(content))
    land(capped, "bomb.zip", zipped(a=content))
    land(capped, "good.log", fix_log(2))

    report = ingest(capped, discover(capped))

    assert (report.by_status, report.messages, report.quarantined) == ({"ingested": 1, "unreadable": 2}, 2, 2)
    for bomb in ("bomb.gz", "bomb.zip"):
        row, found = file(capped, bomb), quarantined(capped, bomb)
        assert "is too large" in str(row["detail"]), bomb
        assert (row["messages"], row["unaccounted_bytes"], row["content_sha256"]) == (0, 0, None), bomb
        assert [(f["reason"], f["detail"], f["byte_offset"], f["excerpt"]) for f in found] == [
            ("decompression", row["detail"], 0, "")
        ], bomb
        assert found[0]["byte_length"] == row["quarantined_bytes"] == row["content_bytes"], bomb
        assert 0 < row["content_bytes"] < len(content), bomb
    assert_exactly_once(capped, {"bomb.gz": 0, "bomb.zip": 0, "good.log": 2})
    assert discover(capped) == ()


def test_archive_of_too_many_members_is_quarantined(capped: Workspace, land: Land) -> None:
    land(capped, "day.zip", zipped(a=b"1\n", b=b"2\n", c=b"3\n", d=b"4\n"))
    ingest(capped, discover(capped))
    assert "too many members" in str(file(capped, "day.zip")["detail"])
    assert [row["byte_length"] for row in quarantined(capped, "day.zip")] == [6]


def test_object_of_which_nothing_comes_out_has_a_detail_and_no_stretch(workspace: Workspace, land: Land) -> None:
    content = bytearray(zipped(a=b"content"))
    content[6] |= 1
    land(workspace, "locked.zip", bytes(content))
    ingest(workspace, discover(workspace))
    row = file(workspace, "locked.zip")
    assert (row["status"], row["detail"], row["content_bytes"]) == ("unreadable", "a: zip member is encrypted", 0)
    assert quarantined(workspace, "locked.zip") == []


def test_whole_version_of_a_cut_object_is_read_from_its_beginning(
    workspace: Workspace, land: Land, fix_log: FixLog
) -> None:
    whole = gzip.compress(os.urandom(5_000) + b"\n" + fix_log(50))
    land(workspace, "a.log.gz", whole[:-9])
    ingest(workspace, discover(workspace))
    cut = file(workspace, "a.log.gz")
    assert (cut["status"], cut["messages"], cut["quarantined"]) == ("unreadable", 0, 1)
    land(workspace, "a.log.gz", whole)
    ingest(workspace, discover(workspace))
    read = file(workspace, "a.log.gz")
    assert (read["status"], read["messages"], read["start_offset"], read["supersedes_file_id"]) == (
        "ingested",
        50,
        0,
        None,
    )
    assert reconcile(workspace).mismatches == ()


def test_row_of_a_refused_object_survives_the_death_of_its_writer(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    monkeypatch: pytest.MonkeyPatch,
    assert_exactly_once: Callable[..., None],
) -> None:
    def claim_and_die(lake: Lake, _spool: object, records: object, frame: object, failpoint: str | None) -> None:
        claim_files(lake, records, frame, failpoint)  # type: ignore[arg-type]
        raise ZeroDivisionError

    land(workspace, "cut.log.gz", gzip.compress(os.urandom(5_000) + fix_log(50))[:-9])
    land(workspace, "good.log", fix_log(2))
    with monkeypatch.context() as patch:
        patch.setattr("fix_transforms.lake.ingest.commit_batch", claim_and_die)
        with pytest.raises(ZeroDivisionError):
            ingest(workspace, discover(workspace))
    (workspace.landing.path / "cut.log.gz").unlink()

    ingest(workspace, ())

    (row,) = quarantined(workspace, "cut.log.gz")
    assert (row["reason"], row["byte_length"]) == ("decompression", file(workspace, "cut.log.gz")["content_bytes"])
    assert_exactly_once(workspace, {"cut.log.gz": 0, "good.log": 2})


def test_members_of_an_archive_are_one_file_whose_offsets_run_on(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "day.zip", zipped(**{"a.log": fix_log(2)[:-1], "b.log": fix_log(3, first=3)}))
    ingest(workspace, discover(workspace))
    row = file(workspace, "day.zip")
    assert (row["compression"], row["status"], row["quarantined"]) == ("zip", "ingested", 0)
    assert row["content_bytes"] == len(fix_log(2)) + len(fix_log(3, first=3))
    assert_exactly_once(workspace, {"day.zip": 5})


def test_archive_that_got_another_member_goes_on_where_it_stopped(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "day.zip", zipped(a=fix_log(2)[:-1]))
    ingest(workspace, discover(workspace))
    land(workspace, "day.zip", zipped(a=fix_log(2)[:-1], b=fix_log(3, first=3)))
    ingest(workspace, discover(workspace))
    assert file(workspace, "day.zip")["messages"] == 3
    assert_exactly_once(workspace, {"day.zip": 5})

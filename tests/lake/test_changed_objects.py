import gzip
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fix_transforms.lake.commit import commit_batch
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.settings import Settings
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]
MakeSettings = Callable[..., Settings]


def versions_of(workspace: Workspace, key: str = "a.log") -> list[dict[str, object]]:
    rows = Lake(workspace.lake).read(INGESTED_FILES, filter=pl.col("object_key") == key)
    return rows.sort("ingested_at").to_dicts()


def poll(workspace: Workspace) -> None:
    ingest(workspace, discover(workspace))


def orders(workspace: Workspace) -> list[str]:
    return sorted(Lake(workspace.lake).read(FIX_MESSAGES, ["cl_ord_id"])["cl_ord_id"])


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_only_the_tail_of_a_grown_file_is_ingested(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    pack: Callable[[bytes], bytes],
    assert_exactly_once: Callable[..., None],
) -> None:
    torn = fix_log(4)[:-40]
    for content in (fix_log(2), torn, fix_log(6)):
        land(workspace, "a.log", pack(content))
        poll(workspace)

    first, second, third = versions_of(workspace)
    assert [first["messages"], second["messages"], third["messages"]] == [2, 1, 3]
    assert second["start_offset"] == first["resume_offset"] == len(fix_log(2))
    assert (second["supersedes_file_id"], third["supersedes_file_id"]) == (first["file_id"], second["file_id"])
    assert third["start_offset"] == second["resume_offset"] == len(fix_log(3))
    assert not any(row["is_replacement"] for row in (first, second, third))
    assert orders(workspace) == [f"order-{number}" for number in range(1, 7)]
    places = Lake(workspace.lake).read(FIX_MESSAGES, ["message_index", "byte_offset", "line_number"])
    assert places.sort("byte_offset").rows() == [(number, len(fix_log(number)), number + 1) for number in range(6)]
    assert_exactly_once(workspace, {"a.log": 6})


def test_touched_file_is_unchanged(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(3))
    poll(workspace)
    os.utime(workspace.landing.path / "a.log", (1, 1))
    poll(workspace)
    assert [row["status"] for row in versions_of(workspace)] == ["ingested", "unchanged"]
    assert_exactly_once(workspace, {"a.log": 3})


@pytest.mark.parametrize("policy", ["append", "replace", "reject"])
def test_recompressed_content_is_unchanged_under_any_policy(
    make_settings: MakeSettings, land: Land, fix_log: FixLog, policy: str, assert_exactly_once: Callable[..., None]
) -> None:
    workspace = Workspace.from_settings(make_settings(on_change=policy))
    land(workspace, "a.log", fix_log(3))
    poll(workspace)
    land(workspace, "a.log", gzip.compress(fix_log(3)))
    poll(workspace)
    assert [row["status"] for row in versions_of(workspace)] == ["ingested", "unchanged"]
    assert_exactly_once(workspace, {"a.log": 3})


def test_growth_after_a_touch_continues_where_content_ended(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(3))
    poll(workspace)
    os.utime(workspace.landing.path / "a.log", (1, 1))
    poll(workspace)
    land(workspace, "a.log", fix_log(5))
    poll(workspace)
    assert [row["messages"] for row in versions_of(workspace)] == [3, 0, 2]
    assert_exactly_once(workspace, {"a.log": 5})


def test_other_content_under_an_old_key_is_ingested_beside_the_old(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(3))
    poll(workspace)
    land(workspace, "a.log", fix_log(2, first=10))
    poll(workspace)
    assert [row["is_replacement"] for row in versions_of(workspace)] == [False, False]
    assert_exactly_once(workspace, {"a.log": 5})


@pytest.mark.parametrize("second", [(5, 1), (2, 10)], ids=["grown", "other content"])
def test_policy_replace_ingests_the_whole_and_names_what_it_replaces(
    make_settings: MakeSettings,
    land: Land,
    fix_log: FixLog,
    second: tuple[int, int],
    assert_exactly_once: Callable[..., None],
) -> None:
    workspace = Workspace.from_settings(make_settings(on_change="replace"))
    land(workspace, "a.log", fix_log(3))
    poll(workspace)
    land(workspace, "a.log", fix_log(second[0], first=second[1]))
    poll(workspace)
    old, new = versions_of(workspace)
    assert (new["is_replacement"], new["supersedes_file_id"], new["start_offset"]) == (True, old["file_id"], 0)
    assert_exactly_once(workspace, {"a.log": 3 + second[0]})


def test_going_back_to_earlier_content_is_a_change_like_any_other(
    make_settings: MakeSettings, land: Land, fix_log: FixLog
) -> None:
    workspace = Workspace.from_settings(make_settings(on_change="replace"))
    for first in (1, 10, 1):
        land(workspace, "a.log", fix_log(3, first=first))
        poll(workspace)
    rows = versions_of(workspace)
    assert [row["status"] for row in rows] == ["ingested"] * 3
    assert rows[2]["supersedes_file_id"] == rows[1]["file_id"]


def test_policy_reject_settles_the_change_without_rows(
    make_settings: MakeSettings, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    workspace = Workspace.from_settings(make_settings(on_change="reject"))
    land(workspace, "a.log", fix_log(3))
    poll(workspace)
    land(workspace, "a.log", fix_log(5))
    poll(workspace)
    rejected = versions_of(workspace)[1]
    assert (rejected["status"], rejected["detail"]) == ("rejected", "the object has grown")
    assert discover(workspace) == ()
    assert_exactly_once(workspace, {"a.log": 3})


def test_change_is_compared_with_the_last_version_that_was_taken_in(
    make_settings: MakeSettings, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(rejecting := Workspace.from_settings(make_settings(on_change="reject")), "a.log", fix_log(3))
    poll(rejecting)
    land(rejecting, "a.log", b"something else")
    poll(rejecting)
    appending = Workspace.from_settings(make_settings())
    land(appending, "a.log", fix_log(4))
    poll(appending)
    assert [row["messages"] for row in versions_of(appending)] == [3, 0, 1]
    assert_exactly_once(appending, {"a.log": 4})


def test_unreadable_version_is_made_good_by_the_next(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", gzip.compress(fix_log(3))[:-10])
    poll(workspace)
    land(workspace, "a.log", gzip.compress(fix_log(3)))
    poll(workspace)
    assert [row["status"] for row in versions_of(workspace)] == ["unreadable", "ingested"]
    assert_exactly_once(workspace, {"a.log": 3})


def test_two_readers_of_two_versions_never_both_continue_the_same_one(
    workspace: Workspace,
    land: Land,
    fix_log: FixLog,
    monkeypatch: pytest.MonkeyPatch,
    assert_exactly_once: Callable[..., None],
) -> None:
    land(workspace, "a.log", fix_log(2))
    poll(workspace)
    land(workspace, "a.log", fix_log(4))
    slow = discover(workspace)

    def overtaken(*args: object, **kwargs: object) -> object:
        monkeypatch.setattr("fix_transforms.lake.ingest.commit_batch", commit_batch)
        land(workspace, "a.log", fix_log(6))
        poll(workspace)
        return commit_batch(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("fix_transforms.lake.ingest.commit_batch", overtaken)
    report = ingest(workspace, slow)

    assert report.files == 0
    assert_exactly_once(workspace, {"a.log": 6})


def test_file_that_is_being_written_is_read_up_to_where_it_was_listed(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "live.log", fix_log(2))
    listed = discover(workspace)
    with Path(workspace.landing.path / "live.log").open("ab") as log:
        log.write(fix_log(3, first=3))
    assert ingest(workspace, listed).messages == 2
    assert ingest(workspace, discover(workspace)).messages == 3
    assert_exactly_once(workspace, {"live.log": 5})


def test_object_that_was_replaced_since_it_was_listed_is_read_as_it_is_now(
    workspace: Workspace, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(workspace, "a.log", fix_log(2))
    listed = discover(workspace)
    land(workspace, "a.log", fix_log(3, first=10))
    report = ingest(workspace, listed)
    assert report.messages == 3
    assert_exactly_once(workspace, {"a.log": 3})


def test_object_that_is_gone_is_passed_over(workspace: Workspace, land: Land, fix_log: FixLog) -> None:
    land(workspace, "gone.log", fix_log(2))
    land(workspace, "here.log", fix_log(1))
    listed = discover(workspace)
    (workspace.landing.path / "gone.log").unlink()
    report = ingest(workspace, listed)
    assert (report.files, report.changed, report.failed) == (1, 1, {})

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from fix_transforms.errors import ObjectChangedError, StorageError
from fix_transforms.lake.landing import LandedObject, Landing, digest, is_ignored
from fix_transforms.lake.listing import list_any_key
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]

PART = st.text(alphabet=st.sampled_from("ab|/;'\x00 é"), max_size=4)


def landed(key: str = "k", bucket: str = "b", etag: str | None = '"e"', size: int = 1, second: int = 0) -> LandedObject:
    return LandedObject(bucket, key, None, etag, size, datetime(2024, 1, 2, 0, 0, second, tzinfo=UTC))


def keys(workspace: Workspace) -> set[str]:
    return {found.key for found in Landing(workspace.landing).list()}


@given(left=st.lists(PART, max_size=4), right=st.lists(PART, max_size=4))
def test_parts_of_an_identity_never_run_into_each_other(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


def test_every_part_of_an_identity_counts() -> None:
    versions = [
        landed(), landed(key="l"), landed(bucket="c"), landed(etag='"f"'), landed(size=2), landed(second=1),
        landed(key="b", bucket="k"), landed(etag=None),
    ]  # fmt: skip
    ids = {version.file_id for version in versions}
    assert len(ids) == len(versions)
    assert all(len(file_id) == 24 and int(file_id, 16) >= 0 for file_id in ids)


def test_version_id_that_only_a_read_can_tell_does_not_change_the_identity() -> None:
    listed = landed()
    read = LandedObject(listed.bucket, listed.key, "v1", listed.etag, listed.size, listed.last_modified)
    assert read.file_id == listed.file_id


@settings(max_examples=300)
@given(key=st.text(min_size=1, max_size=12))
def test_addressable_is_what_the_store_client_can_spell(key: str) -> None:
    store = MemoryStore()
    try:
        obstore.put(store, key, b"x")
        spelled = [meta["path"] for page in obstore.list(store) for meta in page] == [key]
    except ValueError:
        spelled = False
    assert landed(key=key).is_addressable == spelled


@pytest.mark.parametrize(
    "key", ["a.log.part", ".hidden", "day/.cache/x.log", "b.TMP", "c.log~", "d.filepart", "e.crdownload", "f#1", "g/"]
)
def test_hidden_and_unfinished_objects_are_ignored(key: str) -> None:
    assert is_ignored(key)


@pytest.mark.parametrize("key", ["a.log", "x/y.z", "a.part.log", "tmp", "#1/x.log", "part", "..x", "a b"])
def test_other_names_are_logs(key: str) -> None:
    assert is_ignored(key) == (key == "..x")


def test_ignored_files_are_not_listed(workspace: Workspace, land: Land) -> None:
    land(workspace, "a.log", b"x")
    land(workspace, ".b.log", b"x")
    land(workspace, "c.log.part", b"x")
    assert keys(workspace) == {"a.log"}


def test_file_that_cannot_be_listed_hides_no_other(workspace: Workspace, land: Land) -> None:
    for key in ("a.log", "sub dir/é;'.log", "100%.log"):
        land(workspace, key, b"x")
    before = {found.key: found for found in Landing(workspace.landing).list()}
    (workspace.landing.path / "bell\x07.log").write_bytes(b"x")
    os.mkfifo(workspace.landing.path / "pipe")
    (workspace.landing.path / "dangling").symlink_to("nowhere")
    after = {found.key: found for found in Landing(workspace.landing).list()}
    assert after.keys() - before.keys() == {"bell\x07.log"}
    assert {key: after[key] for key in before} == before


def test_either_way_of_listing_a_folder_gives_the_same_objects(workspace: Workspace, land: Land) -> None:
    for key in ("a.log", "b/c.log", "empty"):
        land(workspace, key, key.encode() if key != "empty" else b"")
    with_obstore = [meta for page in obstore.list(Landing(workspace.landing)._store) for meta in page]
    assert sorted(list_any_key(workspace.landing), key=str) == sorted(with_obstore, key=str)


def test_read_streams_from_any_offset(workspace: Workspace, land: Land) -> None:
    content = bytes(range(256)) * 50_000
    land(workspace, "a.log", content)
    landing = Landing(workspace.landing)
    (found,) = landing.list()
    for start in (0, 1, len(content) - 1, len(content)):
        assert b"".join(landing.read(found, start)) == content[start:]


def test_empty_object_reads_as_nothing(workspace: Workspace, land: Land) -> None:
    land(workspace, "a.log", b"")
    landing = Landing(workspace.landing)
    assert list(landing.read(next(landing.list()))) == []


def test_grown_file_reads_as_it_was_listed(workspace: Workspace, land: Land) -> None:
    land(workspace, "a.log", b"old")
    landing = Landing(workspace.landing)
    (found,) = landing.list()
    with Path(workspace.landing.path / "a.log").open("ab") as log:
        log.write(b" and new")
    assert b"".join(landing.read(found)) == b"old"


@pytest.mark.parametrize("change", ["replaced", "cut", "deleted"])
def test_changed_file_is_refused(workspace: Workspace, land: Land, change: str) -> None:
    land(workspace, "a.log", b"old content")
    landing = Landing(workspace.landing)
    (found,) = landing.list()
    path = workspace.landing.path / "a.log"
    if change == "replaced":
        land(workspace, "a.log", b"new content, longer")
    elif change == "cut":
        os.truncate(path, 3)
    else:
        path.unlink()
    with pytest.raises(ObjectChangedError, match=r"a\.log"):
        list(landing.read(found))


def test_file_cut_while_it_is_read_is_refused(workspace: Workspace, land: Land) -> None:
    land(workspace, "a.log", b"x" * 20_000_000)
    landing = Landing(workspace.landing)
    (found,) = landing.list()
    chunks = landing.read(found)
    next(chunks)
    os.truncate(workspace.landing.path / "a.log", 10)
    with pytest.raises(StorageError):
        list(chunks)


def test_landing_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be opened"):
        Landing(Location.parse(str(tmp_path / "file" / "landing"), S3Access()))


def test_unreachable_store_is_a_storage_error_without_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    monkeypatch.setattr("fix_transforms.lake.stores.MAX_RETRIES", 0)
    monkeypatch.setattr("fix_transforms.lake.stores.RETRY_TIMEOUT", timedelta(seconds=1))
    access = S3Access("http://127.0.0.1:9", access_key_id="key", secret_access_key="very-secret")
    with pytest.raises(StorageError, match="cannot be listed") as caught:
        list(Landing(Location.parse("s3://bucket", access)).list())
    assert "very-secret" not in str(caught.value)


def test_pipe_that_took_a_files_place_is_refused_without_waiting(
    workspace: Workspace, land: Callable[[Workspace, str, bytes], None]
) -> None:
    land(workspace, "a.log", b"x")
    landing = Landing(workspace.landing)
    (listed,) = landing.list()
    path = workspace.landing.path / "a.log"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ObjectChangedError, match="no longer a file"):
        landing.open(listed)

import os
from pathlib import Path

import polars as pl
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.errors import StorageError
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.lake.stores import open_store
from fix_transforms.lake.transactions import transactions_at

ROW = pl.DataFrame({"n": [1]})


def table_with(folder: Path, commits: list[dict[str, int]], checkpoints: set[int] = frozenset()) -> DeltaTable:  # type: ignore[assignment]
    write_deltalake(str(folder / "t"), ROW)
    for number, ids in enumerate(commits, start=1):
        properties = CommitProperties(app_transactions=[Transaction(name, version) for name, version in ids.items()])
        live = DeltaTable(str(folder / "t"))
        write_deltalake(live, ROW, mode="append", commit_properties=properties)
        if number in checkpoints:
            DeltaTable(str(folder / "t")).create_checkpoint()
    return DeltaTable(str(folder / "t"))


def found(folder: Path, version: int) -> dict[str, int]:
    return transactions_at(open_store(Location.parse(str(folder), S3Access())), "t", version)


@settings(max_examples=25, deadline=None)
@given(
    commits=st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), max_size=3), max_size=6),
    checkpoints=st.sets(st.integers(1, 6), max_size=3),
)
def test_all_transactions_at_a_version_are_what_delta_says_of_each(
    commits: list[dict[str, int]], checkpoints: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    table_with(folder, commits, checkpoints)
    for version in range(len(commits) + 1):
        live = DeltaTable(str(folder / "t"), version=version)
        expected = {name: live.transaction_version(name) for name in "abcdef"}
        assert found(folder, version) == {name: seen for name, seen in expected.items() if seen is not None}


def test_transactions_survive_the_clean_up_of_the_log(tmp_path: Path) -> None:
    live = table_with(tmp_path, [{"a": 1}, {"b": 2}, {"c": 3}])
    live.alter.set_table_properties({"delta.logRetentionDuration": "interval 1 days"})
    log = tmp_path / "t" / "_delta_log"
    for entry in log.glob("*.json"):
        os.utime(entry, (1, 1))
    live = DeltaTable(str(tmp_path / "t"))
    live.create_checkpoint()
    live.cleanup_metadata()
    assert not (log / f"{1:020d}.json").exists()
    assert found(tmp_path, live.version()) == {"a": 1, "b": 2, "c": 3}


def test_gap_in_the_log_is_an_error_and_not_a_shorter_answer(tmp_path: Path) -> None:
    live = table_with(tmp_path, [{"a": 1}, {"b": 2}])
    (tmp_path / "t" / "_delta_log" / f"{1:020d}.json").unlink()
    with pytest.raises(StorageError, match="gap"):
        found(tmp_path, live.version())

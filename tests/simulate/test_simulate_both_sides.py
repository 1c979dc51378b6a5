from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.simulate import simulate
from fix_transforms.simulate.day import SessionRun
from fix_transforms.simulate.log_files import LogFile
from fix_transforms.simulate.profiles import PROFILES
from flows import cli

MESSAGES, SEED = 4_000, 17
MIRRORED = {"in": "out", "out": "in"}


@pytest.fixture(scope="module")
def runs() -> list[SessionRun]:
    return list(simulate(MESSAGES, SEED, both_sides=True).runs())


def parsed(file: LogFile) -> pl.DataFrame:
    chunks = list(parse([file.content], ParseOptions(source_name=file.path)))
    assert not any(chunk.quarantine.height or chunk.tally.unaccounted_bytes for chunk in chunks)
    return pl.concat([chunk.messages for chunk in chunks])


def sides(run: SessionRun) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the two logs of a session say, in our directions."""
    ours, theirs = parsed(run.files[0]), parsed(run.files[-1])
    return ours, theirs.with_columns(pl.col("direction").replace_strict(MIRRORED))


def test_both_sides_of_a_session_logged_the_same_messages_in_opposite_directions(runs) -> None:
    assert len(runs) == 2 * len(PROFILES)
    total = 0
    for run in runs:
        ours, theirs = sides(run)
        total += ours.height
        for direction in MIRRORED:
            sent = [
                side.filter(pl.col("direction") == direction).select(
                    "raw", "check_sum", "msg_seq_num", "sender_comp_id"
                )
                for side in (ours, theirs)
            ]
            assert sent[0].height > 20
            assert sent[0].rows() == sent[1].rows()
        assert set(theirs["checksum_status"]) == set(ours["checksum_status"]) == {"ok"}
    assert total == MESSAGES


def test_each_side_tells_the_time_by_its_own_clock_and_in_order(runs) -> None:
    profiles = {profile.counterparty: profile for profile in PROFILES}
    for run in runs:
        ours, theirs = sides(run)
        profile = profiles[run.truth.sessions[0].counterparty]
        assert theirs["log_time"].is_sorted()
        for direction, sign, sender in (("out", 1, ours), ("in", -1, theirs)):
            of = pl.col("direction") == direction
            later = (theirs.filter(of)["log_time"] - ours.filter(of)["log_time"]).dt.total_microseconds()
            # Some of our layouts cut the time to a millisecond.
            travelled = sign * (later - profile.skew)
            assert travelled.is_between(profile.transit[0] - 1_100, profile.transit[0] + 1_100).all()
            assert (sender.filter(of)["log_time"] >= sender.filter(of)["sending_time"]).all()


def test_a_second_log_changes_nothing_about_the_first(runs) -> None:
    alone = list(simulate(MESSAGES, SEED).runs())
    assert [run.files for run in alone] == [run.files[:-1] for run in runs]
    assert [run.truth.orders for run in alone] == [run.truth.orders for run in runs]


def test_damage_is_to_our_own_log_alone(runs) -> None:
    dirty = simulate(MESSAGES, SEED, 0.2, both_sides=True).runs()
    assert [run.files[-1] for run in dirty] == [run.files[-1] for run in runs]


def test_truth_counts_what_the_counterparties_logged(runs) -> None:
    for run in runs:
        file, truth = run.files[-1], run.truth.files[-1]
        assert (truth.path, truth.size, truth.messages) == (file.path, len(file.content), file.content.count(b"\n"))
    assert sum(run.truth.files[-1].messages for run in runs) == MESSAGES


def test_command_writes_both_sides(tmp_path: Path) -> None:
    arguments = ["simulate", "-n", "500", "--seed", "9", "--out", str(tmp_path), "--both-sides"]
    answer = CliRunner().invoke(cli.build(), arguments)
    assert answer.exit_code == 0, answer.output
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.log")}
    runs = simulate(500, 9, both_sides=True).runs()
    assert files == {file.path: file.content for run in runs for file in run.files}
    assert "kestrel/2024-01-02/harboram.log" in files

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer import Typer
from typer.testing import CliRunner

from fix_transforms.errors import SettingsError, StorageError
from fix_transforms.simulate import Truth, read_truth, simulate, write

_DIGEST = """
import hashlib, sys
from fix_transforms.simulate import simulate
digest = hashlib.sha256()
for run in simulate(3000, 11, 0.02).runs():
    for file in run.files:
        digest.update(file.path.encode() + file.content)
    digest.update(repr(run.truth).encode())
print(digest.hexdigest())
"""


def _contents(messages: int, seed: int, damage: float = 0.0) -> dict[str, bytes]:
    return {file.path: file.content for run in simulate(messages, seed, damage).runs() for file in run.files}


def _message_lines(contents: dict[str, bytes]) -> int:
    return sum(content.count(b"8=FIX") for content in contents.values())


def test_same_arguments_give_the_same_bytes_in_any_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={"PYTHONHASHSEED": hash_seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 65


def test_another_seed_tells_another_story() -> None:
    one, other = _contents(1_000, 1), _contents(1_000, 2)
    assert one.keys() == other.keys()
    assert all(one[path] != other[path] for path in one)


@settings(max_examples=40, deadline=None)
@given(messages=st.integers(1, 2_500), seed=st.integers(-5, 10**9))
def test_exactly_as_many_messages_as_asked_for(messages: int, seed: int) -> None:
    assert _message_lines(_contents(messages, seed)) == messages


@pytest.mark.parametrize("messages", [*range(1, 12), 149, 299, 1_999, 2_000, 19_999])
def test_exact_also_where_the_shape_of_the_simulation_changes(messages: int) -> None:
    assert _message_lines(_contents(messages, 3)) == messages


@pytest.mark.parametrize(("messages", "dates"), [(1_999, 1), (2_000, 2), (20_000, 5)])
def test_larger_simulations_span_more_dates(messages: int, dates: int) -> None:
    assert len({path.split("/")[0] for path in _contents(messages, 3)}) == dates


def test_truth_counts_what_each_file_holds(written) -> None:
    by_path = {file.path: file for file in written.truth.files}
    assert [str(path.relative_to(written.folder / "logs")) for path in written.paths] == list(by_path)
    for path, file in by_path.items():
        content = (written.folder / "logs" / path).read_bytes()
        lines = content.splitlines()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert file.messages == sum(b"8=FIX" in line for line in lines)
        assert file.events == len(lines) - file.messages
        assert file.noise_lines == 0
    assert sum(file.messages for file in by_path.values()) == written.simulation.messages


def test_truth_file_says_what_the_simulation_says(written) -> None:
    assert written.truth == written.simulation.truth()


def test_damage_is_where_the_truth_says(tmp_path: Path) -> None:
    clean, dirty = _contents(3_000, 5), _contents(3_000, 5, 0.05)
    truth = simulate(3_000, 5, 0.05).truth()
    assert {damage.kind for damage in truth.damages} == {"torn", "checksum", "noise"}
    assert 90 <= len(truth.damages) <= 210
    for path, content in dirty.items():
        damages = {damage.line_number: damage for damage in truth.damages if damage.path == path}
        lines, untouched = content.splitlines(keepends=True), iter(clean[path].splitlines(keepends=True))
        for number, line in enumerate(lines, 1):
            damage = damages.get(number)
            if damage is not None and damage.kind == "noise":
                assert b"8=FIX" not in line
                assert sum(map(len, lines[: number - 1])) == damage.byte_offset
                continue
            original = next(untouched)
            if damage is None:
                assert line == original
                continue
            delimiter = b"|" if b"\x01" not in original else b"\x01"
            assert b"%b34=%d%b" % (delimiter, damage.msg_seq_num, delimiter) in original
            assert content[damage.byte_offset :].startswith(b"8=FIX")
            if damage.kind == "torn":
                assert original.startswith(line[:-1])
                assert len(line) < len(original)
            else:
                assert line[:-5] == original[:-5]
                assert line[-5:] != original[-5:]
        assert next(untouched, None) is None


def test_damage_does_not_change_the_story() -> None:
    clean, dirty = simulate(2_000, 5).truth(), simulate(2_000, 5, 0.3).truth()
    assert (clean.orders, clean.executions, clean.sessions) == (dirty.orders, dirty.executions, dirty.sessions)


@pytest.mark.parametrize(("messages", "damage"), [(0, 0.0), (-4, 0.0), (10, 1.5), (10, -0.1), (10, float("nan"))])
def test_impossible_requests_are_refused(messages: int, damage: float) -> None:
    with pytest.raises(SettingsError, match="expected"):
        simulate(messages, 1, damage)


def test_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="log could not be written"):
        write(simulate(10, 1), tmp_path / "file" / "logs")
    with pytest.raises(StorageError, match="truth could not be written"):
        write(simulate(10, 1), tmp_path / "logs", tmp_path / "file" / "truth.json")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 999}', '{"format": 1, "orders": [{"a": 1}]}'])
def test_what_is_no_truth_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(content)
    with pytest.raises(StorageError, match="truth"):
        read_truth(path)


def test_command_writes_logs_and_truth(tmp_path: Path) -> None:
    from flows.cli.simulate import command

    app = Typer()
    app.command("simulate")(command)
    arguments = [
        "--messages",
        "500",
        "--seed",
        "9",
        "--out",
        str(tmp_path / "logs"),
        "--truth",
        str(tmp_path / "t.json"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "500 messages in 5 files" in result.output
    files = {str(path.relative_to(tmp_path / "logs")): path.read_bytes() for path in (tmp_path / "logs").rglob("*.log")}
    assert files == _contents(500, 9)
    truth = read_truth(tmp_path / "t.json")
    assert isinstance(truth, Truth)
    assert sum(file.messages for file in truth.files) == 500


def test_command_refuses_nothing_to_simulate(tmp_path: Path) -> None:
    from flows.cli.simulate import command

    app = Typer()
    app.command("simulate")(command)
    assert CliRunner().invoke(app, ["--messages", "0", "--out", str(tmp_path)]).exit_code == 2

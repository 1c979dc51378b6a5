from __future__ import annotations

import fcntl
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fix_transforms.fix import Tally
from fix_transforms.fix.decoders import AUTO_BYTES
from fix_transforms.fix.scanner import readiness
from fix_transforms.fix.scanner.readiness import LOCK_NAME
from tests.fix.same_rows import FRAMES, Rows, first_difference, rows_of
from tests.fuzz.seeds import wire

pytestmark = pytest.mark.timeout(900)

MEBIBYTE = 1024 * 1024
#: Where a reader that is told to waits, with the file half read, until nothing is compiled any more.
HALFWAY = 2 * MEBIBYTE

READER = """
import fcntl, json, pickle, sys, time
from pathlib import Path
from fix_transforms.fix import ParseOptions, parse
begun = time.monotonic()
path, out, decoder, waits_at = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def pieces():
    with path.open("rb") as file:
        while piece := file.read(64 * 1024):
            if file.tell() > waits_at:
                from fix_transforms.fix.scanner import passes, readiness
                with (readiness.kept_in(passes.scan_block) / readiness.LOCK_NAME).open() as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield piece

chunks = list(parse(pieces(), ParseOptions(decoder=decoder)))
seconds = time.monotonic() - begun
out.write_bytes(pickle.dumps(chunks))
readiness = sys.modules.get("fix_transforms.fix.scanner.readiness")
compiler = readiness._compiler._pid if readiness else None
print(json.dumps({"seconds": seconds, "compiler": compiler, "numba": "numba" in sys.modules}))
"""


@dataclass
class Reading:
    """What a process of its own read, and what it started."""

    seconds: float
    compiler: int | None
    numba: bool
    rows: Rows = field(repr=False)

    @property
    def decoders(self) -> list[str]:
        """Who read each message, without repetitions."""
        return self.rows.frames["messages"]["decoder"].rle().struct.field("value").to_list()

    def starts_of(self, decoder: str) -> pl.Series:
        """Offsets of the messages that a decoder has read."""
        messages = self.rows.frames["messages"]
        return messages.filter(pl.col("decoder") == decoder)["byte_offset"]


def start(cache: Path, log: Path, decoder: str = "auto", waits_at: int = 1 << 40) -> Callable[[], Reading]:
    """Start a process that reads a log; what is returned waits for it and tells."""
    out = log.with_name(f"{log.name}.{time.monotonic_ns()}")
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(log), str(out), decoder, str(waits_at)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONWARNINGS": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def finish() -> Reading:
        told, errors = process.communicate(timeout=600)
        assert (process.returncode, errors) == (0, "")
        chunks = pickle.loads(out.read_bytes())
        frames = {name: pl.concat([getattr(chunk, name) for chunk in chunks]) for name in FRAMES}
        return Reading(**json.loads(told), rows=Rows(frames, sum((chunk.tally for chunk in chunks), Tally())))

    return finish


def lock_in(cache: Path) -> Path:
    return next(cache.rglob(LOCK_NAME))


def is_compiling(cache: Path) -> bool:
    with lock_in(cache).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def kill_compiler(cache: Path, reading: Reading) -> None:
    assert reading.compiler is not None
    assert is_compiling(cache)
    os.kill(reading.compiler, signal.SIGKILL)
    with lock_in(cache).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("logs")
    head = ((35, b"D"), (49, b"DESK"), (56, b"VENUE"))
    lines = [
        wire(
            *head, (34, b"%d" % n), (52, b"20240102-09:30:00.123"), (11, b"A-%d" % n), (58, b"x" * 800), (44, b"10.25")
        )
        for n in range(4_200)
    ]
    sizes = {"short": AUTO_BYTES * 3 // 4, "medium": AUTO_BYTES * 3 // 2, "long": HALFWAY + 3 * MEBIBYTE // 2}
    content = b"\n".join(lines) + b"\n"
    assert len(content) > max(sizes.values())
    for name, size in sizes.items():
        (folder / name).write_bytes(content[:size])
    return {name: folder / name for name in sizes}


@dataclass
class Story:
    """A machine on which nothing is compiled, and what readers on it do, from the first one on."""

    cache: Path
    short: Reading
    at_once: list[Reading]
    goes_on: bool
    halfway: Reading
    compile_seconds: float
    later: Reading


@pytest.fixture(scope="module")
def story(logs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    cache = tmp_path_factory.mktemp("compiled")
    short = start(cache, logs["short"])()
    assert list(cache.iterdir()) == []
    at_once = [finish() for finish in [start(cache, logs["medium"]), start(cache, logs["medium"])]]
    begun = time.monotonic()
    goes_on = is_compiling(cache)
    halfway = start(cache, logs["long"], waits_at=HALFWAY)()
    seconds = time.monotonic() - begun
    yield Story(cache, short, at_once, goes_on, halfway, seconds, start(cache, logs["medium"])())
    if is_compiling(cache):
        for reading in at_once:
            if reading.compiler is not None:
                os.kill(reading.compiler, signal.SIGKILL)


def assert_reads_like_the_reference(reading: Reading, log: Path) -> None:
    assert first_difference(rows_of([log.read_bytes()], decoder="simplefix"), reading.rows) is None


def test_a_short_file_starts_nothing(story: Story, logs: dict[str, Path]) -> None:
    assert (story.short.compiler, story.short.numba, story.short.decoders) == (None, False, ["simplefix"])
    assert_reads_like_the_reference(story.short, logs["short"])


def test_nobody_waits_for_the_compiler(story: Story, logs: dict[str, Path]) -> None:
    for reading in story.at_once:
        assert reading.decoders == ["simplefix"]
        assert reading.seconds < story.compile_seconds / 2
        assert_reads_like_the_reference(reading, logs["medium"])


def test_two_readers_start_one_compiler_which_outlives_them(story: Story) -> None:
    assert [reading.compiler is None for reading in story.at_once].count(False) == 1
    assert story.goes_on
    assert story.halfway.compiler is None


def test_a_reader_takes_up_the_compiled_pass_once_it_is_there(story: Story, logs: dict[str, Path]) -> None:
    assert story.halfway.decoders[:2] == ["simplefix", "scanner"]
    assert HALFWAY < story.halfway.starts_of("scanner").min() < HALFWAY + 5 * MEBIBYTE // 4
    assert_reads_like_the_reference(story.halfway, logs["long"])


def test_what_was_compiled_is_used_from_then_on(story: Story, logs: dict[str, Path]) -> None:
    assert story.later.compiler is None
    assert story.later.decoders[:2] == ["simplefix", "scanner"]
    assert AUTO_BYTES * 3 // 4 < story.later.starts_of("scanner").min() < AUTO_BYTES * 5 // 4
    assert_reads_like_the_reference(story.later, logs["medium"])


def test_a_killed_compiler_is_followed_by_another(logs: dict[str, Path], tmp_path: Path) -> None:
    for _ in range(2):
        reading = start(tmp_path, logs["medium"])()
        assert reading.decoders == ["simplefix"]
        kill_compiler(tmp_path, reading)


def test_an_index_without_its_code_is_not_taken_for_code(story: Story, logs: dict[str, Path], tmp_path: Path) -> None:
    cache = shutil.copytree(story.cache, tmp_path / "compiled")
    next(cache.rglob("passes.scan_block*.nbc")).unlink()
    reading = start(cache, logs["medium"])()
    assert reading.decoders == ["simplefix"]
    kill_compiler(cache, reading)


def test_the_compiled_code_of_other_versions_is_not_looked_at(
    story: Story, logs: dict[str, Path], tmp_path: Path
) -> None:
    cache = shutil.copytree(story.cache, tmp_path / "compiled")
    for path in cache.rglob("*.nb[ic]"):
        name, version, rest = path.name.split(".py311.", 1)[0], *path.name.split(".py311.", 1)[1].split(".", 1)
        path.rename(path.with_name(f"{name}.py311.{version[::-1]}.{rest}"))
    reading = start(cache, logs["medium"])()
    assert reading.decoders == ["simplefix"]
    kill_compiler(cache, reading)


def test_whoever_asks_for_the_scanner_gets_it_at_once(story: Story, logs: dict[str, Path]) -> None:
    reading = start(story.cache, logs["short"], decoder="scanner")()
    assert (reading.compiler, reading.decoders[0]) == (None, "scanner")


# ---- where no process can help ----


@pytest.fixture
def nothing_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(readiness, "_compiler", readiness._Compiler())
    monkeypatch.setattr(readiness, "is_at_hand", lambda _: False)
    monkeypatch.setattr(readiness, "kept_in", lambda _: tmp_path)


@pytest.mark.usefixtures("nothing_compiled")
def test_where_nothing_can_be_kept_the_reader_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "kept_in", lambda _: None)
    assert readiness.is_ready()


@pytest.mark.usefixtures("nothing_compiled")
@pytest.mark.parametrize(
    ("attribute", "value"),
    [("sys.executable", ""), ("sys.executable", "/there/is/no/such/program"), ("sys.frozen", True)],
)
def test_where_no_process_can_be_started_the_reader_compiles(
    monkeypatch: pytest.MonkeyPatch, attribute: str, value: object
) -> None:
    monkeypatch.setattr(attribute, value, raising=False)
    assert readiness.is_ready()


@pytest.mark.usefixtures("nothing_compiled")
def test_a_folder_that_cannot_be_locked_leaves_the_reader_to_compile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(readiness, "kept_in", lambda _: tmp_path / "removed")
    assert readiness.is_ready()


@pytest.mark.usefixtures("nothing_compiled")
def test_a_compiler_that_fails_is_let_go_and_not_started_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing, starts = tmp_path / "python", tmp_path / "starts"
    failing.write_text(f"#!/bin/sh\necho started >> {starts}\nexit 1\n", encoding="ascii")
    failing.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(failing))
    assert not readiness.is_ready()
    pid = readiness._compiler._pid
    assert pid is not None
    while readiness._compiler._pid is not None:
        assert not readiness.is_ready()
        time.sleep(0.01)
    assert not readiness.is_ready()
    assert starts.read_text(encoding="ascii") == "started\n"
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


@pytest.mark.usefixtures("nothing_compiled")
def test_while_somebody_compiles_nobody_else_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise AssertionError("started another one")

    monkeypatch.setattr(os, "posix_spawn", refuse)
    with (tmp_path / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not readiness.is_ready()
        monkeypatch.setattr(readiness, "is_at_hand", lambda _: True)
        assert readiness.is_ready()

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fix_transforms.simulate import Simulation, Truth, read_truth, simulate, write

_QUICKFIX = re.compile(rb"(\d{8}-\d\d:\d\d:\d\d\.\d{6}) : (8=FIX.*\x01)\n")
_LOG4J = re.compile(
    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) INFO  \[.*?\] \S+ - (\S+) (incoming|outgoing): (8=FIX.*)\n"
)


@dataclass(frozen=True)
class Logged:
    """A message line, read by this module and by nothing of the simulator."""

    at: datetime
    direction: str
    raw: bytes
    pairs: tuple[tuple[int, str], ...]
    tags: dict[int, str] = field(hash=False)

    @property
    def seq(self) -> int:
        return int(self.tags[34])


@dataclass(frozen=True)
class SessionLogs:
    session: str
    trading_date: str
    messages: tuple[Logged, ...]


@dataclass(frozen=True)
class Written:
    simulation: Simulation
    folder: Path
    paths: list[Path]
    truth: Truth
    sessions: tuple[SessionLogs, ...]


def _logged(at: datetime, raw: bytes) -> Logged:
    pairs = tuple(
        (int(tag), value)
        for tag, _, value in (part.partition("=") for part in raw.decode("latin-1").split("\x01")[:-1])
    )
    tags = dict(reversed(pairs))
    return Logged(at, "out" if tags[49] == "HARBORAM" else "in", raw, pairs, tags)


def _read(path: Path) -> Iterator[Logged]:
    for line in path.read_bytes().splitlines(keepends=True):
        if plain := _QUICKFIX.fullmatch(line):
            at = datetime.strptime(plain[1].decode(), "%Y%m%d-%H:%M:%S.%f").replace(tzinfo=UTC)
            yield _logged(at, plain[2])
        elif worded := _LOG4J.fullmatch(line):
            at = datetime.strptime(worded[1].decode(), "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=UTC)
            logged = _logged(at, worded[4].replace(b"|", b"\x01"))
            assert {"in": b"incoming", "out": b"outgoing"}[logged.direction] == worded[3]
            yield logged


def _written(folder: Path, messages: int, seed: int) -> Written:
    simulation = simulate(messages, seed)
    paths = write(simulation, folder / "logs", folder / "truth.json")
    truth = read_truth(folder / "truth.json")
    sessions = tuple(
        SessionLogs(file.session, file.trading_date, tuple(_read(folder / "logs" / file.path)))
        for file in truth.files
        if not file.path.endswith(".event.current.log")
    )
    return Written(simulation, folder, paths, truth, sessions)


@pytest.fixture(scope="session", params=[7, 2024])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A trading week of four sessions, as files, as truth, and as read back independently."""
    return _written(tmp_path_factory.mktemp("simulated"), 24_000, request.param)

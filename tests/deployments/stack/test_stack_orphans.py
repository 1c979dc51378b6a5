from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.services.descendants import Running
from deployments.stack import orphans
from deployments.stack.layout import MARK, MARK_SERVICE, Layout
from deployments.stack.orphans import alive, end_all, end_service, marked
from deployments.stack.services import SERVICES

#: Starts a child in a session of its own that is deaf to SIGTERM and has forgotten its environment; says its id.
PARENT = """
import os, subprocess, sys, time
deaf = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", deaf], env={}, start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""

Start = Callable[..., tuple[int, int]]


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "STOP_SECONDS", 1.0)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start such a parent with marks; returns its id and that of its child."""
    started: list[subprocess.Popen[str]] = []
    pids: list[int] = []

    def begin(**marks: str) -> tuple[int, int]:
        process = subprocess.Popen(
            [sys.executable, "-c", PARENT],
            env={**os.environ, **marks},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        pids.extend((process.pid, int(process.stdout.readline())))
        return pids[-2], pids[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()
    for pid in pids:
        if Path(f"/proc/{pid}/environ").exists():
            os.kill(pid, signal.SIGKILL)


def pids(processes: dict[Running, str | None]) -> dict[int, str | None]:
    return {process.pid: service for process, service in processes.items()}


def test_processes_of_a_stack_are_found_in_any_session(make_layout: Callable[..., Layout], start: Start) -> None:
    layout = make_layout()
    parent, child = start(**{MARK: str(layout.folder), MARK_SERVICE: "worker"})
    supervisor, _ = start(**{MARK: str(layout.folder)})
    start(**{MARK: str(layout.folder.parent / "another"), MARK_SERVICE: "worker"})
    found = pids(marked(layout))
    assert found[parent] == found[child] == "worker"
    assert found[supervisor] is None
    assert len(found) == 3


def test_without_proc_they_are_found_by_ps(
    make_layout: Callable[..., Layout], start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = make_layout()
    parent, child = start(**{MARK: str(layout.folder), MARK_SERVICE: "worker"})
    monkeypatch.setattr(orphans, "PROC", Path("/nonexistent"))
    assert pids(marked(layout)) == {parent: "worker", child: "worker"}


def test_everything_of_a_stack_is_ended_and_nothing_else(make_layout: Callable[..., Layout], start: Start) -> None:
    layout = make_layout()
    ours = {MARK: str(layout.folder)}
    wanted = {*start(**ours, **{MARK_SERVICE: "worker"}), *start(**ours, **{MARK_SERVICE: "minio"})}
    others = {*start(**{MARK: "/elsewhere", MARK_SERVICE: "minio"}), *start()}
    assert end_all(layout) == 4
    assert marked(layout) == {}
    for pid in wanted:
        assert state_of(pid) in ("", "Z")
    for pid in others:
        assert state_of(pid) not in ("", "Z")


def test_ending_one_service_leaves_the_others(make_layout: Callable[..., Layout], start: Start) -> None:
    layout = make_layout()
    start(**{MARK: str(layout.folder), MARK_SERVICE: "worker"})
    minio = start(**{MARK: str(layout.folder), MARK_SERVICE: "minio"})
    end_service(layout, next(service for service in SERVICES if service.name == "worker"))
    assert pids(marked(layout)) == dict.fromkeys(minio, "minio")


def test_number_that_was_reused_is_not_taken_for_ours(start: Start) -> None:
    pid, _ = start()
    assert alive([Running(pid, "another start")]) == frozenset()


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""

"""Processes of a stack that nobody supervises: what a supervisor that was killed left, and what services started.

Invariant: a process is ours if it carries the stack's mark in its environment, which it has from its supervisor, or
descends from one that does; it is named by id and start time, so that a reused number is never mistaken for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress

from deployments.services.descendants import PROC, Running, descendants, kill
from deployments.stack.layout import MARK, MARK_SERVICE, Layout
from deployments.stack.services import Service, start_order

#: How long processes may take to end when asked.
STOP_SECONDS = 15.0
#: How long the kernel may take to take one away that was killed.
KILL_SECONDS = 30.0
POLL_SECONDS = 0.1


def marked(layout: Layout) -> dict[Running, str | None]:
    """Every process that carries the stack's mark, or descends from one; with its service, if it says."""
    wanted = {MARK: str(layout.folder)}
    found: dict[Running, str | None] = {}
    for process, marks in _marks().items():
        if marks.items() >= wanted.items() and process.pid != os.getpid():
            found[process] = marks.get(MARK_SERVICE)
    # PostgreSQL's processes write their titles over the environment that they were started with.
    for process, service in list(found.items()):
        if service is not None:
            for child in descendants(process.pid):
                found.setdefault(child, service)
    return {process: service for process, service in found.items() if process.pid != os.getpid()}


def end_all(layout: Layout) -> int:
    """End everything of a stack that has no supervisor, in reverse order of its start; returns how many."""
    ours = marked(layout)
    # The supervisor first, if it only does not answer: it would start again what ends.
    _end([one for one, service in ours.items() if service is None], None)
    for service in reversed(start_order()):
        end_service(layout, service)
    kill(marked(layout))
    return len(ours)


def end_service(layout: Layout, service: Service) -> None:
    """End what is left of a service: itself, if nobody supervises it, and what it started."""
    left = [one for one, owner in marked(layout).items() if owner == service.name]
    _end(left, signal.Signals[f"SIG{service.stop_signal}"])


def _end(processes: Iterable[Running], ask: signal.Signals | None) -> None:
    """Ask processes to end, and end those that do not."""
    left = alive(processes)
    if ask is not None:
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process.pid, ask)
        left = _wait(left, STOP_SECONDS)
    kill(left)
    _wait(left, KILL_SECONDS)


def _wait(processes: frozenset[Running], seconds: float) -> frozenset[Running]:
    """Wait until processes are gone; returns those that are not."""
    deadline = time.monotonic() + seconds
    while (left := alive(processes)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return left


def alive(processes: Iterable[Running]) -> frozenset[Running]:
    """Those that still run; one that only waits to be taken away by its parent does not."""
    return frozenset(one for one in frozenset(processes) & descendants(0) if not _is_zombie(one.pid))


def _is_zombie(pid: int) -> bool:
    with suppress(OSError, IndexError):
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"
    return False


def _marks() -> dict[Running, dict[str, str]]:
    """The marks in the environment of every process that we may look into."""
    everyone = descendants(0)
    told = _from_proc(everyone) if PROC.is_dir() else _from_ps()
    return {one: told[one.pid] for one in everyone if one.pid in told}


def _from_proc(everyone: Iterable[Running]) -> dict[int, dict[str, str]]:
    found = {}
    for one in everyone:
        with suppress(OSError):
            found[one.pid] = _parse((PROC / str(one.pid) / "environ").read_bytes().decode(errors="replace").split("\0"))
    return found


def _from_ps() -> dict[int, dict[str, str]]:
    told = subprocess.run(["ps", "axeww", "-o", "pid=,command="], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in told.splitlines()]
    return {int(row[0]): _parse(row[1:]) for row in rows if row}


def _parse(variables: Iterable[str]) -> dict[str, str]:
    pairs = (variable.partition("=") for variable in variables)
    return {name: value for name, _, value in pairs if name in (MARK, MARK_SERVICE)}

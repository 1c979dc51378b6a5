"""Processes that a process of ours started, however far down and in whichever session.

Invariant: a process is named by its id and its start time, so that a number that was reused is never mistaken for
one of ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Running:
    """A process, as long as it runs."""

    pid: int
    started: str

    def kill(self) -> None:
        """End it, if it is still the same process."""
        if self in {one for one, _ in _processes()}:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def descendants(pid: int) -> frozenset[Running]:
    """The children of a process, their children, and so on; not the process itself."""
    parent_of = dict(_processes())
    found: frozenset[Running] = frozenset()
    while True:
        parents = {pid, *(one.pid for one in found)}
        more = frozenset(one for one, parent in parent_of.items() if parent in parents) - found
        if not more:
            return found
        found |= more


def kill(processes: Iterable[Running]) -> None:
    """End those that still run."""
    for process in processes:
        process.kill()


def _processes() -> list[tuple[Running, int]]:
    """Every process with its parent's id."""
    return _from_proc() if PROC.is_dir() else _from_ps()


def _from_proc() -> list[tuple[Running, int]]:
    found = []
    for stat in PROC.glob("[0-9]*/stat"):
        # proc(5): after the command's name in brackets come state (3), ppid (4), …, starttime (22).
        with suppress(OSError, IndexError, ValueError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            found.append((Running(int(stat.parent.name), fields[19]), int(fields[1])))
    return found


def _from_ps() -> list[tuple[Running, int]]:
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,lstart="], check=True, capture_output=True, text=True).stdout
    rows = [line.split(maxsplit=2) for line in told.splitlines()]
    return [(Running(int(pid), started), int(parent)) for pid, parent, started in rows]

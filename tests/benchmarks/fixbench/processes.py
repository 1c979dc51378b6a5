"""Starts the fresh process of each measurement and reads its answer.

Invariant: one process at a time, in the order asked for; a process that fails is an answer with ``error`` in it, never
an exception and never nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
_MODULES = Path(__file__).resolve().parents[1]
_TIMEOUT_SECONDS = 600


def environment(threads: int | None, **more: str) -> dict[str, str]:
    """What a child sees: nothing of the product's settings, and no more threads than it may use."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FIXLAKE_", "POLARS_"))}
    # Hashes of strings decide the layout of dictionaries: the same in every round.
    fixed = {"PYTHONPATH": f"{_MODULES}{os.pathsep}{ROOT}", "PYTHONHASHSEED": "0"}
    limits = {"POLARS_MAX_THREADS": str(threads)} if threads is not None else {}
    return inherited | fixed | limits | more


def run_task(task: str, *arguments: str, threads: int | None) -> dict[str, Any]:
    """One task in a process of its own; what it printed, or ``{"error": …}``."""
    command = [sys.executable, "-m", "fixbench.child", task, *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment(threads),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {_TIMEOUT_SECONDS} seconds"}
    if done.returncode != 0:
        return {"error": _last_words(done)}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The line of a traceback that names the error; what follows it may be a picture of where it is."""
    lines = [line for line in done.stderr.splitlines() if line and not line[0].isspace() and ":" in line]
    return lines[-1][:300] if lines else f"ended with {done.returncode}"


_FIRST_ROWS = """
import sys
from fix_transforms.fix import ParseOptions, parse
path, decoder = sys.argv[1:]
with open(path, "rb") as log:
    chunk = next(parse(log, ParseOptions(decoder=decoder)))
readers = chunk.messages["decoder"].to_list()
print(len(readers) if decoder in ("auto", *readers) else sys.exit(f"Error: no row was read by {decoder}"), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Start:
    """How long a process took from its start to its end, having shown its first rows, and its processor time."""

    seconds: float
    cpu_seconds: float
    error: str | None = None


def _timed(command: list[str], cache: Path, decoder: str) -> Start:
    begun, cpu_before = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(
        command,
        env=environment(None, NUMBA_CACHE_DIR=str(cache), FIXLAKE_DECODER=decoder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    seconds, cpu_seconds = time.perf_counter() - begun, _cpu_of_children() - cpu_before
    if done.returncode != 0:
        return Start(seconds, cpu_seconds, _last_words(done))
    return Start(seconds, cpu_seconds, None if done.stdout.strip() else "no rows")


def _cpu_of_children() -> float:
    """Processor time of the children that have ended: one at a time, so a difference is one child's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_library(path: Path, cache: Path, decoder: str) -> Start:
    """Import the parser, parse a file, print how many messages the first chunk has."""
    return _timed([sys.executable, "-c", _FIRST_ROWS, str(path), decoder], cache, decoder)


def start_command(path: Path, cache: Path, decoder: str) -> Start:
    """``fixlake parse`` to its first row."""
    command = [str(Path(sys.executable).with_name("fixlake")), "parse", "--limit", "1", str(path)]
    return _timed(command, cache, decoder)


def was_compiled(cache: Path) -> bool:
    """Wait for what compiles into a folder in the background: it holds a lock there for as long as it runs."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    for path in cache.rglob("*.lock"):
        with path.open() as lock:
            while time.monotonic() < deadline:
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return any(cache.rglob("*.nbc"))
                time.sleep(0.05)
    return False

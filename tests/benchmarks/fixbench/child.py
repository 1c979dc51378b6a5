"""What one fresh process does: a single task, whose result it prints as one line of JSON.

Invariant: only the task itself is timed. Imports, compiled code, caches and memory are there before the clock starts,
because the same task has run before, on this file or a smaller one; what they take is measured on its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fixbench.contestants import CONTESTANTS
from fixbench.ours import run

Result = dict[str, Any]


def peak_bytes() -> int:
    """Most memory that this process had resident.

    Not ``ru_maxrss`` where the kernel tells better: that one starts at what the parent had when it forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(contestant: str, path: str, warm_up: str) -> Result:
    """Time one contestant on one file."""
    chosen = CONTESTANTS[contestant]
    chosen.run(Path(warm_up), chosen.threads)
    cpu, wall = time.process_time(), time.perf_counter()
    messages = chosen.run(Path(path), chosen.threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"seconds": wall, "cpu_seconds": cpu, "messages": messages, "peak_bytes": peak_bytes()}


def memory(contestant: str, path: str, size: str) -> Result:
    """Peak memory of our parser on a stream of some size, made of a file again and again."""
    chosen = CONTESTANTS[contestant]
    assert chosen.decoder is not None
    messages = run(chosen.decoder)(Path(path), chosen.threads, int(size))  # type: ignore[call-arg]
    return {"messages": messages, "peak_bytes": peak_bytes()}


def agree(contestant: str, path: str, warm_up: str, folder: str) -> Result:
    """Compare a contestant with the reference decoder; ``seconds`` is how long it took to read the file."""
    from fixbench.agreement import compare

    chosen = CONTESTANTS[contestant]
    chosen.run(Path(warm_up), chosen.threads)
    return compare(chosen, Path(path), Path(folder))


def profile(contestant: str, path: str, warm_up: str) -> Result:
    """Where the time of our parser goes."""
    from fixbench.sampling import Sampler

    chosen = CONTESTANTS[contestant]
    chosen.run(Path(warm_up), chosen.threads)
    with Sampler() as sampler:
        chosen.run(Path(path), chosen.threads)
    return {"seconds": sampler.seconds, "lines": sampler.lines()}


TASKS: dict[str, Callable[..., Result]] = {
    "measure": measure,
    "memory": memory,
    "agree": agree,
    "profile": profile,
}


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    print(json.dumps(TASKS[task](*arguments)))

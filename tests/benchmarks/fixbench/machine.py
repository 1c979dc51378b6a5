"""The machine and the versions that the figures are about.

Invariant: nothing here names the machine or who runs it.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fix_transforms import fix

_PACKAGES = ("fix-lakehouse", "simplefix", "polars", "duckdb", "pandas", "numpy", "numba", "pyarrow")


def _line_of(path: str, start: str) -> str | None:
    table = Path(path)
    if not table.exists():
        return None
    lines = (line for line in table.read_text(encoding="utf-8").splitlines() if line.startswith(start))
    line = next(lines, None)
    return None if line is None else line.partition(":")[2].strip()


def code_hash() -> str:
    """Hash over the source of the parser: two figures with the same one are of the same code."""
    source = hashlib.sha256()
    for path in sorted(Path(inspect.getfile(fix)).parent.rglob("*.py")):
        source.update(path.read_bytes())
    return source.hexdigest()[:12]


def describe() -> dict[str, Any]:
    """Processor, cores, memory, versions, date, and how busy the machine was before the first measurement."""
    memory = _line_of("/proc/meminfo", "MemTotal")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": _line_of("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": cores,
        "memory_bytes": int(memory.split()[0]) * 1024 if memory else None,
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: version(name) for name in _PACKAGES},
        "code": code_hash(),
        "date": datetime.now(UTC).date().isoformat(),
        "load_before": round(os.getloadavg()[0], 2),
    }

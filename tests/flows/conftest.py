from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.log_lines import heartbeat_log

#: Runs the command line, then writes which heavy packages were imported to the file named first.
PROBE = """
import sys
sys.argv[1:], seen = sys.argv[2:], sys.argv[1]
from flows.cli import main
try:
    main()
finally:
    names = {name.partition(".")[0] for name in sys.modules}
    open(seen, "w", encoding="ascii").write(" ".join(sorted(names & set(sys.stdlib_module_names) ^ names)))
"""


class Home:
    """A home folder and the command line on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.landing = path / "textfixlogs"
        self.imported: frozenset[str] = frozenset()

    def fixlake(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        seen = self.path.parent / "imported.txt"
        done = subprocess.run(
            [sys.executable, "-c", PROBE, str(seen), verb, "--home", str(self.path), *arguments],
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
            env={name: value for name, value in os.environ.items() if not name.startswith(("FIXLAKE_", "PREFECT_"))},
        )
        self.imported = frozenset(seen.read_text(encoding="ascii").split())
        return done

    def json(self, verb: str, *arguments: str) -> dict[str, Any]:
        done = self.fixlake(verb, "--json", *arguments)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def drop(self, name: str, content: bytes) -> None:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "lakehouse")


@pytest.fixture
def log() -> Callable[..., bytes]:
    return heartbeat_log

"""Importing the package costs next to nothing, since every command line imports it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("great_expectations", "duckdb", "duckdb_engine", "sqlalchemy", "pandas", "polars", "deltalake")


def imported(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_expectations_imports_nothing_heavy() -> None:
    assert imported("import expectations") == set()


def test_preload_imports_what_a_validation_needs() -> None:
    assert {"great_expectations", "duckdb_engine"} <= imported("import expectations; expectations.preload()")

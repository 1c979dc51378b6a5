"""Bring the marts up to date: dbt in a process of its own, on a private copy, one build at a time.

Invariant: ``build/lakehouse.duckdb`` is always the result of a build that succeeded. A build works on a copy of it,
which replaces it at the end and is thrown away otherwise, so a failed or killed build leaves nothing half-done and
the next incremental one starts from what the last success had seen.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fix_transforms.errors import TransformError
from fix_transforms.lake.delta import Lake
from fix_transforms.marts.environment import (
    PROJECT_DIR,
    database_path,
    dbt_arguments,
    process_environment,
    working_path,
)
from fix_transforms.tables import TABLES
from fix_transforms.whole_files import write_whole

if TYPE_CHECKING:
    from fix_transforms.settings import Settings
    from fix_transforms.workspace import Workspace

#: Beside the private file: what it was built from.
RECORD_NAME = "build.json"


class DbtRunner(Protocol):
    """How dbt is run; the default starts a process."""

    def __call__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Run ``dbt`` with these arguments and this whole environment; returns whether it succeeded."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    Attributes:
        table_versions: Versions of the Delta tables that the marts hold at least.
        is_full_refresh: Whether the marts were rebuilt from nothing.
        models: Models that were built.
        tests: Data tests that passed.
        warnings: Data tests that failed and only warn.
    """

    database: Path
    table_versions: dict[str, int]
    is_full_refresh: bool
    models: int
    tests: int
    warnings: tuple[str, ...]
    seconds: float


def build(workspace: Workspace, runner: DbtRunner | None = None, *, full_refresh: bool = False) -> BuildReport:
    """Bring the private DuckDB file up to date with the batches that count.

    Args:
        workspace: Where the lake is.
        runner: How to run dbt; a process of its own unless given.
        full_refresh: Rebuild everything. Happens by itself on the first build, for another lake, and when the dbt
            project has changed since the last build.

    Raises:
        TransformError: Another build is running, the lake has no tables, or dbt failed: then the message names the
            models and tests.
        StorageError: The lake cannot be read.
    """
    started = time.perf_counter()
    settings = workspace.settings
    with only_build(settings):
        versions = _live_versions(workspace)
        fingerprint = project_fingerprint(workspace)
        from_nothing = full_refresh or _record(settings).get("fingerprint") != fingerprint
        start_copy(settings, from_nothing)
        results = _run_dbt(workspace, runner or run_in_process, from_nothing)
        _keep_copy(settings, {"fingerprint": fingerprint, "table_versions": versions})
    return BuildReport(
        database=database_path(settings),
        table_versions=versions,
        is_full_refresh=from_nothing,
        models=sum(name.startswith("model.") and status == "success" for name, status in results.items()),
        tests=sum(name.startswith("test.") and status == "pass" for name, status in results.items()),
        warnings=tuple(_short(name) for name, status in results.items() if status == "warn"),
        seconds=time.perf_counter() - started,
    )


def needs_build(workspace: Workspace) -> bool:
    """Whether the lake or the models have moved on since the published snapshot was built. Reads no rows.

    Raises:
        StorageError: The lake cannot be read.
    """
    from fix_transforms.marts.publish import current_snapshot

    snapshot = current_snapshot(workspace)
    live = Lake(workspace.lake).versions()
    if not live or snapshot is None:
        return bool(live)
    return snapshot.table_versions != live or snapshot.project != project_fingerprint(workspace)


def built_versions(settings: Settings) -> dict[str, int]:
    """Versions of the Delta tables that the private file was built from; empty before the first build."""
    versions = _record(settings).get("table_versions")
    return versions if isinstance(versions, dict) else {}


def built_project(settings: Settings) -> str:
    """``project_fingerprint`` of what the private file was built with; empty before the first build."""
    return str(_record(settings).get("fingerprint", ""))


def project_fingerprint(workspace: Workspace) -> str:
    """Changes when incremental models can no longer be continued: another lake, project or package of it."""
    digest = hashlib.sha256(workspace.lake.uri.encode())
    for path in sorted(PROJECT_DIR.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"}:
            digest.update(path.relative_to(PROJECT_DIR).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def run_in_process(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Run dbt in a process of its own, which ends when this one does.

    In this one, dbt's adapter, a singleton, would keep files locked.
    """
    command = [sys.executable, "-m", "fix_transforms.marts.dbt_process", "--quiet", "--no-use-colors", *arguments]
    log = Path(environment["DBT_LOG_PATH"]) / "dbt.out"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
        )
        with process:
            return process.wait() == 0


@contextmanager
def only_build(settings: Settings) -> Iterator[None]:
    """Hold the build lock; the kernel lets go of it when the holder dies.

    Raises:
        TransformError: Another process holds it, or the folder cannot be written.
    """
    path = settings.build_dir / "build.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise TransformError("cannot be written", where=str(path), got=error.strerror) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TransformError("another build is running", where=str(path), expected="one build at a time") from error
        yield


def _live_versions(workspace: Workspace) -> dict[str, int]:
    versions = Lake(workspace.lake).versions()
    missing = sorted({table.name for table in TABLES} - versions.keys())
    if missing:
        raise TransformError(
            "the lake lacks tables", where=workspace.lake.uri, got=f"no {', '.join(missing)}",
            expected="`fixlake tables apply` to have run",
        )  # fmt: skip
    return versions


def start_copy(settings: Settings, from_nothing: bool) -> None:
    """Give dbt a copy of the last successful build to work on, or nothing."""
    working = working_path(settings)
    try:
        shutil.rmtree(working.parent, ignore_errors=True)
        working.parent.mkdir(parents=True, exist_ok=True)
        if not from_nothing and database_path(settings).is_file():
            shutil.copyfile(database_path(settings), working)
    except OSError as error:
        raise TransformError("cannot be written", where=str(working), got=error.strerror) from error


def _run_dbt(workspace: Workspace, runner: DbtRunner, from_nothing: bool) -> dict[str, str]:
    """Run ``dbt build``; returns the status of every node."""
    results = workspace.settings.build_dir / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    arguments = dbt_arguments(workspace, "build", full_refresh=from_nothing)
    succeeded = runner(arguments, process_environment(workspace, os.environ))
    statuses = _statuses(results)
    failed = [
        f"{_short(name)} ({status})"
        for name, status in statuses.items()
        if status in {"error", "fail", "runtime error"}
    ]
    if failed or not succeeded or not statuses:
        raise TransformError(
            "dbt build failed", where=str(PROJECT_DIR),
            got=", ".join(failed[:20]) or f"no result; see {workspace.settings.build_dir / 'logs'}",
        )  # fmt: skip
    return statuses


def _statuses(results: Path) -> dict[str, str]:
    try:
        found = json.loads(results.read_text(encoding="utf-8"))["results"]
        return {result["unique_id"]: result["status"] for result in found}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep_copy(settings: Settings, record: Mapping[str, object]) -> None:
    """Checkpoint the copy and put it, then its record, in place of the last one.

    The record comes second: a crash between the two leaves an older record, which costs a repeated build.
    """
    import duckdb

    working = working_path(settings)
    try:
        with duckdb.connect(str(working)) as connection:
            connection.execute("CHECKPOINT")
        working.replace(database_path(settings))
        write_whole(settings.build_dir / RECORD_NAME, json.dumps(record, indent=2))
    except (duckdb.Error, OSError) as error:
        raise TransformError("the build could not be kept", where=str(working), got=type(error).__name__) from error


def _record(settings: Settings) -> dict[str, object]:
    try:
        record = json.loads((settings.build_dir / RECORD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and database_path(settings).is_file() else {}


def _short(unique_id: str) -> str:
    return unique_id.split(".", 2)[-1]

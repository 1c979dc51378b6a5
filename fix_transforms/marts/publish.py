"""Publish the marts: an immutable snapshot per build and one relative link that readers resolve.

Invariant: whatever ``published/current`` points to is complete, synced and read-only; it is flipped by one rename,
so a reader sees the old snapshot or the new one. The last five stay, for readers that still have one open.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fix_transforms.errors import PublishError
from fix_transforms.marts.build import built_project, built_versions, only_build
from fix_transforms.marts.environment import DATABASE_NAME, database_path

if TYPE_CHECKING:
    from fix_transforms.settings import Settings
    from fix_transforms.workspace import Workspace

MANIFEST_NAME = "snapshot.json"
CURRENT = "current"
KEPT = 5
VERSION = re.compile(r"v(\d{6,})")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published version.

    Attributes:
        name: ``v000123``.
        path: The DuckDB file.
        table_versions: Versions of the Delta tables it was built from.
        project: Fingerprint of the models that built it; empty for one of a release that did not keep it.
        published_at: When, UTC.
        row_counts: ``schema.table`` → rows.
    """

    name: str
    path: Path
    table_versions: dict[str, int]
    project: str
    published_at: datetime
    row_counts: dict[str, int]


def publish(workspace: Workspace) -> Snapshot:
    """Copy the last successful build into a new version and flip ``current`` to it.

    Raises:
        PublishError: Nothing was built, the file is still open, or a folder could not be written.
        TransformError: A build is running.
    """
    settings = workspace.settings
    with only_build(settings):
        source = database_path(settings)
        versions = built_versions(settings)
        if not source.is_file() or not versions:
            raise PublishError("nothing to publish", where=str(source), expected="a build that succeeded")
        counts = _checkpointed_counts(source)
        if source.with_name(source.name + ".wal").exists():
            raise PublishError("a writer left a log behind", where=str(source), got=f"{source.name}.wal")
        try:
            return _publish(settings, source, versions, built_project(settings), counts)
        except OSError as error:
            raise PublishError("cannot be published", where=str(settings.published_dir), got=error.strerror) from error


def current_snapshot(workspace: Workspace) -> Snapshot | None:
    """The snapshot readers see, or none before the first one.

    Raises:
        PublishError: ``current`` leads to something that is not a snapshot.
    """
    return read_current(workspace.settings)


def read_current(settings: Settings) -> Snapshot | None:
    """The same, from the settings alone."""
    link = settings.published_dir / CURRENT
    if not link.is_symlink():
        return None
    folder = link.resolve()
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return Snapshot(
            name=folder.name,
            path=folder / DATABASE_NAME,
            table_versions={str(name): int(version) for name, version in manifest["table_versions"].items()},
            project=str(manifest.get("project", "")),
            published_at=datetime.fromisoformat(manifest["published_at"]),
            row_counts={str(name): int(rows) for name, rows in manifest["row_counts"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PublishError(
            "not a published snapshot",
            where=str(link),
            got=type(error).__name__,
            expected=f"a folder with {MANIFEST_NAME}",
        ) from error


def _checkpointed_counts(database: Path) -> dict[str, int]:
    """Rows per table, from a file whose log is folded in."""
    import duckdb

    try:
        with duckdb.connect(str(database)) as connection:
            connection.execute("CHECKPOINT")
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
            # duckdb_tables() only estimates: it still counts rows that an incremental build has deleted.
            counts = " UNION ALL ".join(
                f'SELECT \'{schema}.{name}\', count(*) FROM "{schema}"."{name}"' for schema, name in tables
            )
            rows = connection.execute(counts).fetchall() if tables else []
    except duckdb.Error as error:
        raise PublishError("cannot be opened", where=str(database), got=type(error).__name__) from error
    return {str(name): int(count) for name, count in rows}


def _publish(
    settings: Settings, source: Path, versions: dict[str, int], project: str, counts: dict[str, int]
) -> Snapshot:
    published = settings.published_dir
    published.mkdir(parents=True, exist_ok=True)
    numbers = _numbers(published)
    name = f"v{(numbers[-1] if numbers else 0) + 1:06d}"
    partial = published / f".{name}.tmp"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    published_at = datetime.now(UTC)
    manifest = {
        "name": name,
        "published_at": published_at.isoformat(),
        "table_versions": versions,
        "project": project,
        "row_counts": counts,
    }

    shutil.copyfile(source, partial / DATABASE_NAME)
    (partial / MANIFEST_NAME).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for file in (partial / DATABASE_NAME, partial / MANIFEST_NAME):
        file.chmod(0o444)
        _sync(file)
    _sync(partial)
    partial.rename(published / name)
    _sync(published)
    _flip(published, name)
    _forget_old(published)
    return Snapshot(name, published / name / DATABASE_NAME, versions, project, published_at, counts)


def _flip(published: Path, name: str) -> None:
    link = published / f".{CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(published / CURRENT)
    _sync(published)


def _forget_old(published: Path) -> None:
    """Remove all but the newest versions, and what a killed publish left; never what ``current`` leads to."""
    kept = (published / CURRENT).resolve().name
    for number in _numbers(published)[:-KEPT]:
        if f"v{number:06d}" != kept:
            shutil.rmtree(published / f"v{number:06d}", ignore_errors=True)
    for leftover in published.glob(".v*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def _numbers(published: Path) -> list[int]:
    matches = (VERSION.fullmatch(entry.name) for entry in published.iterdir() if entry.is_dir())
    return sorted(int(match.group(1)) for match in matches if match)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

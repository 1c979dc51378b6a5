"""The one database that Superset reads: the snapshot that is published now, opened so that SQL can do no harm.

Invariant: whatever address a connection of Superset is given, it opens the current snapshot, read-only, with no way
to any other file, host, extension or setting. DuckDB keeps one instance per path and process, so the link is resolved
for each connection (an open old snapshot would otherwise be served again) and the settings never vary.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.superset.empty_snapshot import empty_snapshot

DATABASE_NAME = "lakehouse.duckdb"
CURRENT = "current"
BACKEND = "duckdb"


@dataclass(frozen=True, slots=True)
class Analytics:
    """Where snapshots are published, and what a query may use.

    Attributes:
        published: The folder that holds ``current``.
        assets: The folder whose datasets say which tables there are before anything is published.
        scratch: A folder for the empty snapshot.
        memory_limit: Of one open snapshot, as DuckDB writes it.
        threads: Of one open snapshot.
    """

    published: Path
    assets: Path
    scratch: Path
    memory_limit: str
    threads: int

    def database(self) -> Path:
        """The file to open now; one with empty tables while nothing is published."""
        current = (self.published / CURRENT / DATABASE_NAME).resolve()
        return current if current.is_file() else empty_snapshot(self.assets, self.scratch)

    def mutate_connection(
        self,
        uri: Any,
        params: dict[str, Any],
        username: str | None,
        security_manager: Any,
        source: Any,
    ) -> tuple[Any, dict[str, Any]]:
        """Superset's ``DB_CONNECTION_MUTATOR``."""
        only_our_database(uri)
        connect_args = {"read_only": True, "config": self._settings()}
        return uri.set(database=str(self.database()), query={}), {**params, "connect_args": connect_args}

    def _settings(self) -> dict[str, str]:
        return {
            "threads": str(self.threads),
            "memory_limit": self.memory_limit,
            # Nothing is written beside the snapshot, not even for a moment.
            "max_temp_directory_size": "0KiB",
            "enable_external_access": "false",
            "allow_community_extensions": "false",
            "allow_persistent_secrets": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # A table name must never be answered with a variable of the server's own program.
            "python_enable_replacements": "false",
            "lock_configuration": "true",
        }


def only_our_database(uri: Any) -> None:
    """Superset's ``DB_SQLA_URI_VALIDATOR``: no connection to any other kind of database.

    Raises:
        ValueError: It is another kind.
    """
    if uri.get_backend_name() != BACKEND:
        raise ValueError("Only the published DuckDB snapshot may be connected to")

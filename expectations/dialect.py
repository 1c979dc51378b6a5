"""``duckdb+buffered``: a SQLAlchemy dialect whose results outlive their connection.

Great Expectations fetches after it has given the connection back, and a DuckDB cursor dies with its connection,
so with the plain dialect every expectation ends in an error. Results are small (counts), so the dialect reads
them whole when the statement ran; neither library is patched.

Invariant: an engine of this dialect opens the file read-only and can reach nothing else: no other file, no
network, no extension, and none of this can be changed by a statement.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine import cursor
from sqlalchemy.types import NullType

#: What the connection may not do; ``lock_configuration`` comes last so that no statement can undo it.
SANDBOX: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
}


class _BufferedContext(Dialect.execution_ctx_cls):  # type: ignore[valid-type,misc]
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor.description:
            self.cursor_fetch_strategy = cursor.FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class BufferedDialect(Dialect):
    """DuckDB with buffered results."""

    execution_ctx_cls = _BufferedContext
    #: Lists are reflected as what they are to PostgreSQL's dialect: a type it need not know.
    ischema_names = {**Dialect.ischema_names, "list": NullType}  # noqa: RUF012
    supports_statement_cache = Dialect.supports_statement_cache


def register() -> None:
    """Make ``duckdb+buffered`` known to SQLAlchemy; safe to repeat."""
    registry.register("duckdb.buffered", __name__, "BufferedDialect")


def url(path: Path) -> str:
    """The address of a DuckDB file in this dialect."""
    return f"duckdb+buffered:///{path}"


def engine_arguments() -> dict[str, Any]:
    """Arguments of ``create_engine`` that keep the connection read-only and alone with its file."""
    return {"connect_args": {"read_only": True, "config": SANDBOX | {"lock_configuration": True}}}

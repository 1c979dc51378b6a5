"""What Superset's settings cannot say: a clock on queries, slow guesses, lasting logins, escaped exports, whole tasks.

Invariant: these change Superset's own classes in this process, once, each at the smallest place there is; a release
of Superset in which such a place has moved makes ``harden`` raise at the start rather than run without it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any

#: What DuckDB says → what a reader of a dashboard is told.
MESSAGES = {
    r"INTERRUPT Error": "The query took too long and was stopped.",
    r"IO Error|Permission Error": "This is not allowed: queries read the published snapshot and nothing else.",
    r"Catalog Error: Table with name (?P<table>\S+) does not exist": (
        "The snapshot that is published now has no table %(table)s."
    ),
}


def harden(app: Any) -> None:
    """Superset's ``FLASK_APP_MUTATOR``."""
    _limit_logins(app)
    _keep_fresh_logins(app)
    _escape_streamed_exports()
    _explain_errors()
    _make_tasks_now()


def limit_queries(seconds: float) -> None:
    """Interrupt a query of DuckDB that still runs after so long: a thread of the server cannot be stopped otherwise."""
    from duckdb_engine import ConnectionWrapper
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    def start(connection: Any, record: Any) -> None:
        if isinstance(connection, ConnectionWrapper):
            timer = threading.Timer(seconds, connection.interrupt)
            timer.daemon = True
            timer.start()
            record.info["clock"] = timer

    def stop(connection: Any, record: Any) -> None:
        if timer := record.info.pop("clock", None):
            timer.cancel()

    event.listen(Pool, "connect", start)
    event.listen(Pool, "close", stop)


def _limit_logins(app: Any) -> None:
    """The form's own limit does not reach the view that takes the password, and the programs' login has none."""
    from superset import security_manager

    for view in ("AuthDBView.login", "SecurityApi.login"):
        limit = security_manager.limiter.limit(app.config["AUTH_RATE_LIMIT"], methods=["POST"])
        app.view_functions[view] = limit(app.view_functions[view])


def _keep_fresh_logins(app: Any) -> None:
    """Let no answer to what the login page asks meanwhile undo a login.

    The page reports what it does, and is led to the login for it: on a slow server that answer comes last, with the
    cookie of a session without a user. So nobody's reports are not heard, and a cookie is set only when it says
    something new; a login then lasts as long as the settings say, however much somebody clicks.
    """
    from flask import request, session
    from flask.sessions import SecureCookieSessionInterface

    class OnlyNews(SecureCookieSessionInterface):  # type: ignore[misc]  # Flask is in Superset's environment alone.
        def open_session(self, app: Any, request: Any) -> Any:
            opened: Any = super().open_session(app, request)
            if opened is not None:
                opened.as_opened = dict(opened)
            return opened

        def should_set_cookie(self, app: Any, session: Any) -> bool:
            return bool(dict(session) != session.as_opened)

    def hear_no_report_of_nobody() -> tuple[str, int] | None:
        # To ask for the user would be written into the session.
        return ("", 204) if request.path == "/superset/log/" and "_user_id" not in session else None

    app.session_interface = OnlyNews()
    app.before_request(hear_no_report_of_nobody)


def _escape_streamed_exports() -> None:
    """Superset escapes formulas in the exports it holds in memory, not in those it streams."""
    from superset.commands.streaming_export.base import BaseStreamingCSVExportCommand
    from superset.utils.csv import escape_value

    class EscapingWriter:
        def __init__(self, writer: Any) -> None:
            self._writer = writer

        def writerow(self, row: Iterable[Any]) -> None:
            self._writer.writerow([escape_value(cell) if isinstance(cell, str) else cell for cell in row])

    write_header = BaseStreamingCSVExportCommand._write_csv_header
    process_rows = BaseStreamingCSVExportCommand._process_rows

    def header(self: Any, columns: list[str], csv_writer: Any, buffer: Any) -> Any:
        return write_header(self, columns, EscapingWriter(csv_writer), buffer)

    def rows(self: Any, result_proxy: Any, csv_writer: Any, buffer: Any, limit: int | None) -> Any:
        return process_rows(self, result_proxy, EscapingWriter(csv_writer), buffer, limit)

    BaseStreamingCSVExportCommand._write_csv_header = header
    BaseStreamingCSVExportCommand._process_rows = rows


def _make_tasks_now() -> None:
    """A query of SQL Lab is a Celery task, which its first caller makes: a second one at once would find it half made."""
    from superset.extensions import celery_app

    celery_app.finalize()


def _explain_errors() -> None:
    from superset.db_engine_specs.duckdb import DuckDBEngineSpec
    from superset.errors import SupersetErrorType

    DuckDBEngineSpec.custom_errors = {
        **DuckDBEngineSpec.custom_errors,
        **{
            re.compile(pattern): (message, SupersetErrorType.GENERIC_DB_ENGINE_ERROR, {})
            for pattern, message in MESSAGES.items()
        },
    }

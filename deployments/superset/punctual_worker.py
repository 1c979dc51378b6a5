"""Gunicorn's threaded worker, with a time limit on what a client sends.

Invariant: a thread waits for a request, head and body, no longer than ``SECONDS`` in all, however slowly it comes;
gunicorn's own limit ends with the first byte. Otherwise a few connections that never finish a line hold every thread,
and nobody needs to log in for that.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

#: For all of a request. Ours are small; an answer may take longer. However many wait, each takes no more of a thread.
SECONDS = 5.0


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # Gunicorn is in Superset's environment alone.
    """Stops listening to clients that do not come to an end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """Take a connection that has something to say; runs in a thread."""
        self._deadlines[conn] = time.monotonic() + SECONDS
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def murder_pending(self) -> None:
        """Runs each second. Who is late is heard no more, which ends the thread's waiting; an answer still gets out."""
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self._deadlines.items()):
            if deadline < now:
                # Closed by its client meanwhile, or by its thread.
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)

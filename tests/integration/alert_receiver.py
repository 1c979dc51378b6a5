"""What an operator would have: a web service that takes what alerts post."""

from __future__ import annotations

import json
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class AlertHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, self.headers["Content-Type"], json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class AlertReceiver(ThreadingHTTPServer):
    """What an operator would have: takes what alerts post."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AlertHandler)
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.path = f"/hook/{secrets.token_hex(8)}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{self.path}"

    def raised(self, alert: str) -> list[dict[str, Any]]:
        return [body for _, _, body in self.calls if body["alert"] == alert]

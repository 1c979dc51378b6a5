"""How a service is asked whether it is well. Each check asks once, waits seconds at most and never raises.

Invariant: a check asks the service itself; that its process runs is known already and proves nothing.
"""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

#: Longest wait for an answer, in seconds.
ANSWER_SECONDS = 5.0
#: What can go wrong on the way to an answer.
NO_ANSWER = (OSError, urllib.error.URLError, http.client.HTTPException, ValueError)
#: Never through a proxy: everything asked here is on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Health(Protocol):
    """A way to ask; fields are templates that ``values`` fills."""

    def is_well(self, values: Mapping[str, str], since: float) -> bool:
        """Whether the service that was started at ``since`` (Unix time) does its work."""


@dataclass(frozen=True, slots=True)
class Answers:
    """It answers 200 at an address."""

    url: str

    def is_well(self, values: Mapping[str, str], since: float) -> bool:
        """Whether it answers."""
        try:
            with _OPENER.open(self.url.format_map(values), timeout=ANSWER_SECONDS) as answer:
                return bool(answer.status == 200)
        except NO_ANSWER:
            return False


@dataclass(frozen=True, slots=True)
class AcceptsConnections:
    """PostgreSQL accepts connections."""

    host: str
    port: str

    def is_well(self, values: Mapping[str, str], since: float) -> bool:
        """Whether ``pg_isready`` says so."""
        ask = Path(values["postgres_bin"], "pg_isready")
        host, port = self.host.format_map(values), self.port.format_map(values)
        try:
            done = subprocess.run(
                (ask, "--quiet", "--host", host, "--port", port, "--timeout", f"{ANSWER_SECONDS:.0f}"),
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except OSError:
            return False
        return done.returncode == 0


@dataclass(frozen=True, slots=True)
class IsOnline:
    """A Prefect worker that reported itself to the server after it was started."""

    api: str
    pool: str
    auth: str

    def is_well(self, values: Mapping[str, str], since: float) -> bool:
        """Whether the server has seen a heartbeat of this very start: the last one's row says ONLINE for a while."""
        try:
            workers = self._workers(values)
            return any(
                worker["status"] == "ONLINE"
                and datetime.fromisoformat(worker["last_heartbeat_time"]).timestamp() >= since
                for worker in workers
            )
        except (*NO_ANSWER, KeyError, TypeError):
            return False

    def _workers(self, values: Mapping[str, str]) -> list[dict[str, str]]:
        auth = Path(self.auth.format_map(values)).read_bytes()
        request = urllib.request.Request(
            f"{self.api.format_map(values)}/work_pools/{self.pool}/workers/filter",
            data=b"{}",
            headers={"Content-Type": "application/json", "Authorization": f"Basic {base64.b64encode(auth).decode()}"},
        )
        with _OPENER.open(request, timeout=ANSWER_SECONDS) as answer:
            found: list[dict[str, str]] = json.load(answer)
        return found

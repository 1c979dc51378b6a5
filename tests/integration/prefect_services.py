"""A real Prefect server with its worker, receiver and stores, for the tests of this folder."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deployments.services.process import ServerProcess, free_port
from fix_transforms.settings import PROJECT_ROOT

#: Generous: a flow run is a process of its own, and test machines are busy.
PATIENCE = 300.0
PYTHON = (sys.executable, "-m")

#: As the start scripts of the stack have it.
SERVER_SETTINGS = {"PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2"}
WORKER_SETTINGS = {
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_WORKER_PREFETCH_SECONDS": "0",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def wait_for(what: str, probe: Callable[[], Any], seconds: float = PATIENCE, pause: float = 0.3) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(pause)
    pytest.fail(f"waited {seconds:.0f} s for {what}")


def clean_variables() -> dict[str, str]:
    """The environment without what a person running the tests has set for Prefect and us."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FIXLAKE_"))}


@contextmanager
def database(server_dsn: str) -> Iterator[str]:
    """A database of its own on a server, dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(server_dsn, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """A running server, and the commands that speak to it."""

    root: str
    auth_string: str = field(repr=False)
    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"{self.root}/api"

    def having(self, **variables: str) -> PrefectServer:
        """The same with more variables for the commands."""
        return replace(self, environment={**self.environment, **variables})

    # ---- commands ----

    def prefect(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.command("prefect", *arguments)

    def apply(self, *arguments: str) -> list[str]:
        """What `fixlake prefect apply` said, line by line."""
        done = self.command("flows.cli", "prefect", "apply", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    def command(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PYTHON, module, *arguments],
            cwd=PROJECT_ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    # ---- the API ----

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        token = base64.b64encode(self.auth_string.encode()).decode()
        request = urllib.request.Request(
            f"{self.url}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Basic {token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
            return json.loads(content) if content else None

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.ask("POST", path, body)

    def all(self, path: str, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self.post(path, {**(body or {}), "limit": 200, "offset": len(found)})
            found += page
            if len(page) < 200:
                return found

    def runs(self) -> list[dict[str, Any]]:
        """Flow runs of the pipeline that ran, oldest first; one that was cancelled for another ends as it starts."""
        found = self.all("/flow_runs/filter", {"flows": {"name": {"any_": ["pipeline"]}}})
        ran = [run for run in found if run["start_time"] and run["start_time"] != run["end_time"]]
        return sorted(ran, key=lambda run: run["start_time"])

    def deployment(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/deployments/name/{name}")
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        found = self.post("/events/filter", {"filter": {"event": {"name": [name]}}, "limit": 50})
        return list(found["events"])


def start_patiently(
    name: str, command: list[str], *, env: Mapping[str, str], log: Path, is_ready: Callable[[], bool]
) -> ServerProcess:
    """A process that has answered; on a busy machine Prefect takes longer to than a service may."""
    process = ServerProcess.start(name, command, env=env, log=log, is_ready=lambda: True)
    try:
        wait_for(f"{name} to answer", lambda: is_ready() or not process.is_running)
        assert process.is_running, log.read_text(errors="replace")[-5000:]
    except BaseException:
        process.stop()
        raise
    return process


def start_server(
    running: ExitStack, folder: Path, dsn: str, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> PrefectServer:
    """A server on PostgreSQL that wants a password. Stopped when ``running`` closes."""
    account = conninfo_to_dict(dsn)
    port = port or free_port()
    root = f"http://127.0.0.1:{port}"
    auth_string = f"admin:{secrets.token_hex(16)}"
    base = {
        **clean_variables(),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_API_URL": f"{root}/api",
        "FIXLAKE_HOME": str(folder / "lakehouse"),
    }
    server = start_patiently(
        "Prefect server",
        [*PYTHON, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env={
            **base,
            **SERVER_SETTINGS,
            "PREFECT_HOME": str(folder / "prefect-server"),
            "PREFECT_SERVER_API_AUTH_STRING": auth_string,
            "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}".format_map(account),
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            "PREFECT_UI_URL": root,
            **(settings or {}),
        },
        log=folder / "server.log",
        is_ready=lambda: answers(f"{root}/api/health"),
    )  # fmt: skip
    running.callback(server.stop)
    environment = {**base, "PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_AUTH_STRING": auth_string}
    return PrefectServer(root, auth_string, folder, environment)


def start_worker(running: ExitStack, server: PrefectServer, **variables: str) -> ServerProcess:
    """A worker that knows no store. Stopped when ``running`` closes."""
    worker = start_patiently(
        "Prefect worker",
        [*PYTHON, "prefect", "worker", "start", "--pool", "fixlake", "--name", "test"],
        env={**server.environment, **WORKER_SETTINGS, **variables},
        log=server.folder / "worker.log",
        is_ready=lambda: any(
            found["status"] == "ONLINE" for found in server.post("/work_pools/fixlake/workers/filter", {})
        ),
    )
    running.callback(worker.stop)
    return worker


def start_receiver(running: ExitStack, server: PrefectServer, port: int, token: str) -> ServerProcess:
    """The receiver of MinIO's notifications. Stopped when ``running`` closes."""
    folder = server.folder / "receiver-secrets"
    folder.mkdir(exist_ok=True)
    (folder / "auth_string").write_text(server.auth_string)
    (folder / "webhook_token").write_text(token)
    receiver = start_patiently(
        "receiver",
        [*PYTHON, "deployments.receiver"],
        env={
            **clean_variables(),
            "FIXLAKE_SECRETS": str(folder),
            "FIXLAKE_PREFECT_URL": server.root,
            "FIXLAKE_RECEIVER_PORT": str(port),
        },
        log=server.folder / "receiver.log",
        is_ready=lambda: answers(f"http://127.0.0.1:{port}/health"),
    )
    running.callback(receiver.stop)
    return receiver


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

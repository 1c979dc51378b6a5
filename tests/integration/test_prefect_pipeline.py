from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from deployments.services.process import ServerProcess, free_port
from fix_transforms.settings import PROJECT_ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

#: Generous: a flow run is a process of its own, and test machines are busy.
PATIENCE = 300.0
MASK_KEY = "mask-key-that-must-not-show"
PYTHON = (sys.executable, "-m")


@dataclass(frozen=True, slots=True)
class Stack:
    url: str
    environment: dict[str, str]
    secrets: tuple[str, ...]
    logs: Path

    def prefect(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.command("prefect", *arguments)

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

    def post(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

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


def wait_for(what: str, probe: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.5)
    pytest.fail(f"waited {seconds:.0f} s for {what}")


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def stack(postgres: str, minio: Any, tmp_path: Path) -> Iterator[Stack]:
    """A Prefect server on PostgreSQL that knows the blocks and deployments, and a worker that knows no store."""
    account = conninfo_to_dict(postgres)
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    database = "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}".format_map(account)
    stores = {f"FIXLAKE_{name.upper()}": str(value) for name, value in minio.settings().items()}
    base = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_COLORS": "false",
        "FIXLAKE_HOME": str(tmp_path / "lakehouse"),
    }
    worker_only = {"FIXLAKE_LEDGER_DSN": postgres, "FIXLAKE_MASK_KEY": MASK_KEY}
    secrets = (minio.ingester.secret_key, minio.uploader.secret_key, str(account["password"]), MASK_KEY)
    with ExitStack() as running:
        server = ServerProcess.start(
            "Prefect server",
            [*PYTHON, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env={**base, "PREFECT_API_DATABASE_CONNECTION_URL": database},
            log=tmp_path / "server.log",
            is_ready=lambda: is_healthy(url),
        )
        running.callback(server.stop)
        stack = Stack(url, base, secrets, tmp_path)

        registered = Stack(url, base | stores, secrets, tmp_path).command("flows.cli", "blocks", "register")
        assert registered.returncode == 0, registered.stderr
        deployed = stack.prefect("--no-prompt", "deploy", "--all")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr

        worker = ServerProcess.start(
            "Prefect worker",
            [*PYTHON, "prefect", "worker", "start", "--pool", "fixlake", "--name", "test"],
            env=base | worker_only,
            log=tmp_path / "worker.log",
            is_ready=lambda: any(
                found["status"] == "ONLINE" for found in stack.post("/work_pools/fixlake/workers/filter", {})
            ),
        )
        running.callback(worker.stop)
        yield stack


def log_of_session(number: int, messages: int) -> bytes:
    """A QuickFIX-like log of heartbeats, with a logon that carries a password."""
    lines = []
    for sequence in range(1, messages + 1):
        kind, extra = ("A", f"98=0\x01108=30\x01554=hunter{number}pass\x01") if sequence == 1 else ("0", "")
        clock = f"20240102-10:{number:02d}:{sequence % 60:02d}.000"
        body = f"35={kind}\x0134={sequence}\x0149=BUY{number}\x0152={clock}\x0156=SELL\x01{extra}"
        head = f"8=FIX.4.4\x019={len(body)}\x01{body}"
        lines.append(f"{clock} : {head}10={sum(head.encode()) % 256:03d}\x01")
    return ("\n".join(lines) + "\n").encode()


def drop(minio: Any, key: str, content: bytes) -> None:
    import io

    client = minio.server.client(minio.uploader)
    client.put_object(minio.landing, key, io.BytesIO(content), len(content))


def poll_by_hand(stack: Stack) -> None:
    """Run the deployment and wait: for its end, and before for the scheduled poll that may be at work."""
    done = stack.prefect("deployment", "run", "pipeline/poll", "--watch")
    assert done.returncode == 0, done.stdout + done.stderr + (stack.logs / "worker.log").read_text()[-5000:]


def test_pipeline_on_a_server_with_postgres_and_a_store_with_minio(stack: Stack, minio: Any) -> None:
    drop(minio, "session one.log", log_of_session(1, 40))
    poll_by_hand(stack)

    first = wait_for("the first file", lambda: [run for run in stack.runs() if run["name"].startswith("ingested")])
    assert [run["name"] for run in first] == ["ingested 1 file, 40 messages, published v000001"]
    (run,) = first
    assert (run["state_type"], run["parameters"]) == ("COMPLETED", {})
    assert_every_step_and_model_is_a_task_run(stack, run)
    assert_the_artifact_says_what_was_done(stack, run)

    drop(minio, "später/session;2.log", log_of_session(2, 25))
    second = wait_for(
        "a scheduled poll to pick up what was dropped later",
        lambda: [run for run in stack.runs() if run["name"].startswith("ingested 1 file, 25 messages")],
    )
    assert [run["auto_scheduled"] for run in second] == [True]
    wait_for(
        "a poll with nothing new", lambda: [r for r in stack.runs() if r["name"] == "nothing new" and r["end_time"]]
    )

    runs = stack.runs()
    assert {run["state_type"] for run in runs if run["end_time"]} == {"COMPLETED"}
    assert_never_two_at_once(runs)
    assert_no_secret_is_shown(stack)


def assert_every_step_and_model_is_a_task_run(stack: Stack, run: dict[str, Any]) -> None:
    # Task runs are recorded from events, a moment after they happened.
    wanted = {"poll", "ingest", "validate", "transform", "publish", "model fct_orders", "model landing_fix"}

    def finished() -> set[str]:
        tasks = stack.all("/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
        return {task["name"] for task in tasks if task["state_type"] == "COMPLETED"}

    wait_for("the task runs", lambda: wanted <= finished(), 60)


def assert_the_artifact_says_what_was_done(stack: Stack, run: dict[str, Any]) -> None:
    found = stack.all("/artifacts/filter", {"artifacts": {"key": {"any_": ["fixlake-run"]}}})
    (artifact,) = [one for one in found if one["flow_run_id"] == run["id"]]
    (row,) = json.loads(artifact["data"])
    assert (row["files"], row["messages"], row["quarantined"], row["outcome"]) == (1, 40, 0, "ok")
    assert (row["batches"], row["snapshot"]) == ("1 passed", "v000001")
    assert row["fix_messages version"] > 0


def assert_never_two_at_once(runs: list[dict[str, Any]]) -> None:
    told = "\n".join(f"{run['start_time']} {run['end_time']} {run['state_name']} {run['name']}" for run in runs)
    for before, after in pairwise(runs):
        assert before["end_time"], told
        assert datetime.fromisoformat(before["end_time"]) <= datetime.fromisoformat(after["start_time"]), told


def assert_no_secret_is_shown(stack: Stack) -> None:
    shown = {
        path: json.dumps(stack.all(f"/{path}/filter"))
        for path in ("flow_runs", "task_runs", "logs", "artifacts", "deployments", "block_documents", "variables")
    }
    assert all(len(text) > 2 for path, text in shown.items() if path != "variables")
    assert "read 1 of 1 objects" in shown["logs"]
    for secret in (*stack.secrets, "hunter1pass", "hunter2pass"):
        assert [path for path, text in shown.items() if secret in text] == []
        for log in ("server.log", "worker.log"):
            assert secret not in (stack.logs / log).read_text(encoding="utf-8", errors="replace")

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.integration.prefect_services import (
    PrefectServer,
    start_server,
    start_worker,
    wait_for,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

MASK_KEY = "mask-key-that-must-not-show"


@dataclass(frozen=True, slots=True)
class Stack:
    server: PrefectServer
    secrets: tuple[str, ...]

    @property
    def logs(self) -> Path:
        return self.server.folder


@pytest.fixture
def stack(postgres: str, minio: Any, tmp_path: Path) -> Iterator[Stack]:
    """A Prefect server on PostgreSQL that knows the blocks and deployments, and a worker that knows no store."""
    stores = {f"FIXLAKE_{name.upper()}": str(value) for name, value in minio.settings().items()}
    password = str(conninfo_to_dict(postgres)["password"])
    with ExitStack() as running:
        server = start_server(running, tmp_path, postgres)
        server.having(**stores).apply()
        start_worker(running, server, FIXLAKE_LEDGER_DSN=postgres, FIXLAKE_MASK_KEY=MASK_KEY)
        auth = server.auth_string.partition(":")[2]
        yield Stack(server, (minio.ingester.secret, minio.uploader.secret, password, MASK_KEY, auth))


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
    client = minio.server.client(minio.uploader)
    client.put_object(minio.landing, key, io.BytesIO(content), len(content))


def poll_by_hand(stack: Stack) -> None:
    """Run the deployment and wait: for its end, and before for the scheduled poll that may be at work."""
    done = stack.server.prefect("deployment", "run", "pipeline/poll", "--watch")
    assert done.returncode == 0, done.stdout + done.stderr + (stack.logs / "worker.log").read_text()[-5000:]


def test_pipeline_on_a_server_with_postgres_and_a_store_with_minio(stack: Stack, minio: Any) -> None:
    drop(minio, "session one.log", log_of_session(1, 40))
    poll_by_hand(stack)

    first = wait_for(
        "the first file", lambda: [run for run in stack.server.runs() if run["name"].startswith("ingested")]
    )
    assert [run["name"] for run in first] == ["ingested 1 file, 40 messages, published v000001"]
    (run,) = first
    assert (run["state_type"], run["parameters"]) == ("COMPLETED", {})
    assert_every_step_and_model_is_a_task_run(stack, run)
    assert_the_artifact_says_what_was_done(stack, run)

    drop(minio, "später/session;2.log", log_of_session(2, 25))
    second = wait_for(
        "a scheduled poll to pick up what was dropped later",
        lambda: [run for run in stack.server.runs() if run["name"].startswith("ingested 1 file, 25 messages")],
    )
    assert [run["auto_scheduled"] for run in second] == [True]
    wait_for(
        "a poll with nothing new",
        lambda: [r for r in stack.server.runs() if r["name"] == "nothing new" and r["end_time"]],
    )

    runs = stack.server.runs()
    assert {run["state_type"] for run in runs if run["end_time"]} == {"COMPLETED"}
    assert_never_two_at_once(runs)
    assert_no_secret_is_shown(stack)


def assert_every_step_and_model_is_a_task_run(stack: Stack, run: dict[str, Any]) -> None:
    # Task runs are recorded from events, a moment after they happened.
    wanted = {"poll", "ingest", "validate", "transform", "publish", "model fct_orders", "model landing_fix"}

    def finished() -> set[str]:
        tasks = stack.server.all("/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
        return {task["name"] for task in tasks if task["state_type"] == "COMPLETED"}

    wait_for("the task runs", lambda: wanted <= finished(), 60)


def assert_the_artifact_says_what_was_done(stack: Stack, run: dict[str, Any]) -> None:
    found = stack.server.all("/artifacts/filter", {"artifacts": {"key": {"any_": ["fixlake-run"]}}})
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
        path: json.dumps(stack.server.all(f"/{path}/filter"))
        for path in ("flow_runs", "task_runs", "logs", "artifacts", "deployments", "block_documents", "variables")
    }
    assert all(len(text) > 2 for path, text in shown.items() if path != "variables")
    assert "read 1 of 1 objects" in shown["logs"]
    for secret in (*stack.secrets, "hunter1pass", "hunter2pass"):
        assert [path for path, text in shown.items() if secret in text] == []
        for log in ("server.log", "worker.log"):
            assert secret not in (stack.logs / log).read_text(encoding="utf-8", errors="replace")

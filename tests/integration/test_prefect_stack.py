"""One Prefect server with a password, on PostgreSQL, with MinIO, receiver and worker: many claims about it."""

from __future__ import annotations

import io
import json
import os
import secrets
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import polars as pl
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from deployments.receiver.app import MAX_BODY
from deployments.services.descendants import descendants
from deployments.services.process import ServerProcess, free_port
from fix_transforms.lake.delta import Lake
from fix_transforms.settings import load_settings
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES
from tests.integration.prefect_services import (
    PrefectServer,
    start_receiver,
    wait_for,
)
from tests.integration.prefect_stack import LAKE, LANDING, Stack, standing, working
from tests.log_lines import heartbeat_log

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LANDED = "fixlake.object.landed"
OVERDUE = "fixlake.data.overdue"


# ---- the stack ----


@pytest.fixture(scope="module")
def stack(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing(postgres_server, tmp_path_factory.mktemp("stack")) as stood:
        yield stood


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Iterator[ServerProcess]:
    with working(stack) as worker:
        yield worker


def notification(objects: int = 1) -> bytes:
    record = {"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": LANDING}, "object": {"key": "hush.log"}}}
    return json.dumps({"EventName": "s3:ObjectCreated:Put", "Records": [record] * objects}).encode()


# ---- apply ----


def snapshot(server: PrefectServer) -> dict[str, Any]:
    """Everything on the server that apply writes, ids and times of change included."""
    return {
        path: sorted(server.all(f"/{path}/filter"), key=lambda one: str(one["id"]))
        for path in ("block_documents", "variables", "automations", "v2/concurrency_limits")
    } | {
        "work_pools": [{**pool, "status": None} for pool in server.all("/work_pools/filter")],
        "deployments": [
            {"id": one["id"], "updated": one["updated"], "schedules": [each["id"] for each in one["schedules"]]}
            for one in sorted(server.all("/deployments/filter"), key=lambda one: one["id"])
        ],
    }


def test_applying_twice_changes_nothing(stack: Stack) -> None:
    before = snapshot(stack.server)
    said = stack.server.apply()
    assert [line for line in said if ": unchanged" not in line] == []
    assert len(said) > 20
    assert snapshot(stack.server) == before


def test_what_was_declared_once_is_pruned_and_what_others_made_stays(stack: Stack) -> None:
    server = stack.server
    ours, theirs = ["fixlake"], ["somebody"]
    for tags, name in ((ours, "old"), (theirs, "their")):
        server.post("/variables/", {"name": f"{name}_variable", "value": 1, "tags": tags})
        server.post("/automations/", {
            "name": f"{name} automation", "tags": tags, "enabled": False,
            "trigger": {"type": "event", "posture": "Reactive", "expect": ["nothing"], "threshold": 1, "within": 0},
            "actions": [{"type": "do-nothing"}],
        })  # fmt: skip
    flow = server.deployment("pipeline/poll")["flow_id"]
    for tags, name in ((ours, "old"), (theirs, "their")):
        server.post("/deployments/", {"name": name, "flow_id": flow, "tags": tags, "entrypoint": "flows/pipeline.py:pipeline"})  # fmt: skip
    for name in ("fixlake-old", "their-limit"):
        server.post("/v2/concurrency_limits/", {"name": name, "limit": 1})
    server.ask("PATCH", "/v2/concurrency_limits/fixlake-upkeep", {"limit": 9})

    said = server.apply()
    assert sorted(line for line in said if ": unchanged" not in line) == [
        "automation old automation: removed",
        "concurrency limit fixlake-old: removed",
        "concurrency limit fixlake-upkeep: changed",
        "deployment pipeline/old: removed",
        "variable old_variable: removed",
    ]
    assert {one["name"] for one in server.all("/deployments/filter")} >= {"their", "poll"}
    assert {one["name"] for one in server.all("/variables/filter")} >= {"their_variable"}
    assert {one["name"] for one in server.all("/automations/filter")} >= {"their automation"}


def test_without_an_address_alerts_are_disabled_and_apply_says_so(stack: Stack) -> None:
    said = stack.server.having(FIXLAKE_ALERT_WEBHOOK_URL="").apply()
    disabled = [line for line in said if "disabled: FIXLAKE_ALERT_WEBHOOK_URL is not set" in line]
    assert len(disabled) == 3
    assert "webhook block fixlake-alerts: removed" in said
    alerts = [one for one in stack.server.all("/automations/filter") if one["name"].startswith("fixlake alert: ")]
    assert [one["enabled"] for one in alerts] == [False] * 3
    again = stack.server.apply()
    assert "webhook block fixlake-alerts: created (address not shown)" in again
    alerts = [one for one in stack.server.all("/automations/filter") if one["name"].startswith("fixlake alert: ")]
    assert [one["enabled"] for one in alerts] == [True] * 3


def test_without_the_password_a_call_is_refused(stack: Stack) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{stack.server.url}/admin/version", timeout=30)
    refused.value.close()
    assert refused.value.code == 401
    done = stack.server.having(PREFECT_API_AUTH_STRING="admin:wrong").command("flows.cli", "prefect", "apply")
    assert done.returncode == 1
    assert done.stderr.startswith(f"fixlake: {stack.server.url}: refused or not there; got status 401")
    assert "Traceback" not in done.stderr


# ---- the receiver ----


def test_receiver_wants_the_token_and_reads_no_more_than_it_must(stack: Stack) -> None:
    assert stack.notify(notification(), token="wrong") == 401
    assert stack.notify(notification(), token="") == 401
    assert stack.notify(b"x" * (MAX_BODY + 1)) == 413
    assert stack.notify(b"{}") == 400
    assert stack.notify(b"not json") == 400
    assert stack.notify(b'{"Records": []}') == 204


def test_receiver_tells_once_at_its_start_and_many_uploads_in_one_word(stack: Stack) -> None:
    def told() -> list[int]:
        return [event["payload"]["objects"] for event in stack.server.events(LANDED)]

    wait_for("the word at the start", lambda: 0 in told())
    for _ in range(30):
        assert stack.notify(notification(2)) == 204
    wait_for("sixty objects", lambda: sum(told()) == 60)
    # One word per second at most; thirty requests take a moment on a slow machine.
    assert len(told()) <= 15
    (resource,) = {
        event["resource"]["prefect.resource.id"] for event in stack.server.events(LANDED) if event["payload"]["objects"]
    }
    assert resource == f"fixlake.landing.{LANDING}"
    assert "hush" not in json.dumps(stack.server.events(LANDED))


def test_receiver_says_503_while_prefect_does_not_answer_and_forgets_nothing(stack: Stack) -> None:
    silent = free_port()
    elsewhere = PrefectServer(f"http://127.0.0.1:{silent}", "admin:x", stack.server.folder / "elsewhere", {})
    elsewhere.folder.mkdir()
    heard: list[Any] = []
    words = {"fixlake.landing.any", f"fixlake.landing.{LANDING}"}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ExitStack() as running:
        port = free_port()
        start_receiver(running, elsewhere, port, stack.token)
        alone = Stack(elsewhere, stack.minio, stack.alerts, port, stack.receiver, "", stack.token, ())
        wait_for("503", lambda: alone.notify(notification()) == 503)
        late = ThreadingHTTPServer(("127.0.0.1", silent), Handler)
        running.callback(late.server_close)
        running.callback(late.shutdown)
        threading.Thread(target=late.serve_forever, daemon=True).start()
        wait_for("204", lambda: alone.notify(notification()) == 204)
        wait_for("the upload", lambda: {one["resource"]["prefect.resource.id"] for one in heard} == words)


# ---- uploads ----


def test_upload_is_ingested_and_published_without_waiting_for_the_schedule(stack: Stack, worker: ServerProcess) -> None:
    seen = {run["id"] for run in stack.server.runs()}
    stack.drop("a/first.log", heartbeat_log(40, 1))
    runs = wait_for(
        "the upload to be ingested",
        lambda: [run for run in stack.new_runs(seen) if run["name"].startswith("ingested 1 file, 40 messages")],
    )
    assert runs[0]["created_by"]["type"] == "AUTOMATION"
    assert runs[0]["name"] == "ingested 1 file, 40 messages, published v000001"


def test_uploads_while_a_poll_is_at_work_take_one_more_poll_and_not_one_each(
    stack: Stack, worker: ServerProcess
) -> None:
    seen = {run["id"] for run in polls(stack)}

    def asked_for() -> list[dict[str, Any]]:
        return [run for run in polls(stack) if run["id"] not in seen]

    for number in range(2, 8):
        stack.drop(f"a/{number}.log", heartbeat_log(10, number))
        wait_for("its run to be asked for", lambda number=number: len(asked_for()) == number - 1)
    wait_for("nothing to be left", lambda: not unfinished(stack))
    ingested = [run["name"] for run in stack.new_runs(seen) if run["name"].startswith("ingested")]
    assert sum(int(name.split()[1]) for name in ingested) == 6
    dropped = [run for run in asked_for() if run["state_type"] == "CANCELLED"]
    assert dropped
    assert {run["state"]["message"] for run in dropped} == {"a later poll does its work"}


def polls(stack: Stack) -> list[dict[str, Any]]:
    """Runs of the poll that were asked for, whatever became of them."""
    found = stack.server.all("/flow_runs/filter", {"deployments": {"name": {"any_": ["poll"]}}})
    return [run for run in found if not run["auto_scheduled"]]


def unfinished(stack: Stack) -> list[dict[str, Any]]:
    return [run for run in polls(stack) if run["state_type"] in ("PENDING", "RUNNING", "SCHEDULED")]


def test_nightly_run_deletes_with_the_maintainers_key(stack: Stack, worker: ServerProcess) -> None:
    deployment = stack.server.deployment("maintain/nightly")
    run = stack.ended(stack.server.post(f"/deployments/{deployment['id']}/create_flow_run", {})["id"])
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    assert "files compacted into" in run["name"]


# ---- alerts ----


def set_variable(stack: Stack, name: str, value: Any) -> None:
    stack.server.ask("PATCH", f"/variables/name/{name}", {"value": value})


def assert_payload(stack: Stack, body: dict[str, Any], run: dict[str, Any], resource: str) -> None:
    assert body["resource"].startswith(resource)
    assert body["flow_run"] == run["id"]
    assert body["link"] == f"{stack.server.root}/runs/flow-run/{run['id']}"
    assert abs(datetime.fromisoformat(body["occurred"]) - datetime.now(UTC)) < timedelta(minutes=10)


def test_quarantine_burst_and_overdue_data_are_each_told_once(stack: Stack, worker: ServerProcess) -> None:
    set_variable(stack, "fixlake_quarantine_burst", {"count": 5, "share": 0.1})
    set_variable(stack, "fixlake_data_due", [{
        "prefix": "nowhere/", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "from": "00:00", "to": "23:59:59", "zone": "UTC", "every_minutes": 1,
    }])  # fmt: skip
    # Both notifications lead to polls of their own; those by hand make sure that there are two that see it.
    for number in (1, 2):
        stack.drop(f"b/broken-{number}.log", broken_lines(20, number))
        stack.poll()
    wait_for("nothing to be left", lambda: not unfinished(stack))
    wait_for("the burst", lambda: stack.alerts.raised("quarantine burst"))
    wait_for("the overdue data", lambda: stack.alerts.raised("data overdue"))
    # Prefect's server keeps events in batches: the second is there some seconds after its run has ended.
    wait_for("a second report of it", lambda: len(stack.server.events(OVERDUE)) >= 2)

    (burst,) = stack.alerts.raised("quarantine burst")
    assert burst["event"] == "fixlake.quarantine.burst"
    assert (burst["resource"], burst["facts"]["quarantined"]) == (f"fixlake.landing.{LANDING}", 20)
    assert_payload(stack, burst, stack.server.get(f"/flow_runs/{burst['flow_run']}"), "fixlake.landing.")
    (overdue,) = stack.alerts.raised("data overdue")
    assert (overdue["facts"]["prefix"], overdue["facts"]["every_minutes"]) == ("nowhere/", 1)
    assert_payload(stack, overdue, stack.server.get(f"/flow_runs/{overdue['flow_run']}"), "fixlake.landing.")
    assert {(path, kind) for path, kind, _ in stack.alerts.calls} == {(stack.alerts.path, "application/json")}
    set_variable(stack, "fixlake_data_due", [])


def broken_lines(count: int, session: int) -> bytes:
    """Messages that are cut off: each is quarantined."""
    return b"".join(b"8=FIX.4.4\x019=999\x0135=0\x0134=%d\x0149=B%d\n" % (n, session) for n in range(1, count + 1))


def test_failed_batch_is_told_with_its_id_and_the_run_that_found_it(stack: Stack, worker: ServerProcess) -> None:
    batch_id = commit_a_batch_that_lies(stack)
    assert stack.poll()["state_type"] == "FAILED"
    wait_for("the failed batch", lambda: stack.alerts.raised("failed batch"))
    stack.poll()
    (told,) = stack.alerts.raised("failed batch")
    assert told["event"] == "fixlake.batch.failed"
    assert told["facts"]["outcome"] == "failed"
    assert told["facts"]["rules_broken"] >= 1
    run = stack.server.get(f"/flow_runs/{told['flow_run']}")
    assert (run["state_type"], told["facts"]["batch_id"]) == ("FAILED", batch_id)
    assert_payload(stack, told, run, f"fixlake.batch.{batch_id}")


def test_batch_that_cannot_be_judged_is_told_once_and_judged_when_it_can_be(
    stack: Stack, worker: ServerProcess
) -> None:
    batch_id = secrets.token_hex(8)
    told_before = len(stack.alerts.raised("failed batch"))
    with without_its_messages(stack, batch_id):
        assert stack.poll()["state_type"] == "FAILED"
        wait_for("the batch", lambda: len(stack.alerts.raised("failed batch")) > told_before)
        stack.poll()
    (told,) = stack.alerts.raised("failed batch")[told_before:]
    assert (told["event"], told["facts"]["outcome"]) == ("fixlake.batch.error", "error")
    run = stack.server.get(f"/flow_runs/{told['flow_run']}")
    assert_payload(stack, told, run, f"fixlake.batch.{batch_id}")

    stack.poll()
    # The row of its file tells of more messages than it brought, which can be seen now.
    wait_for("the verdict", lambda: {"batch_id": batch_id, "outcome": "failed"} in verdicts(stack))
    assert len(stack.alerts.raised("failed batch")) == told_before + 1


def verdicts(stack: Stack) -> list[dict[str, str]]:
    payloads = [event["payload"] for event in stack.server.events("fixlake.batch.failed")]
    return [{key: payload[key] for key in ("batch_id", "outcome")} for payload in payloads]


@contextmanager
def without_its_messages(stack: Stack, batch_id: str) -> Iterator[None]:
    """A batch is committed, but the object with its messages is away meanwhile."""
    lake = foreign_lake(stack)
    before = set(lake.open(FIX_MESSAGES).file_uris())
    lie(lake, batch_id, lake.read(FIX_MESSAGES).head(1).with_columns(batch_id=pl.lit(batch_id)))
    (added,) = set(lake.open(FIX_MESSAGES).file_uris()) - before
    client, key = stack.minio.client(), added.removeprefix(f"s3://{LAKE}/")
    content = client.get_object(LAKE, key).read()
    client.remove_object(LAKE, key)
    try:
        yield
    finally:
        client.put_object(LAKE, key, io.BytesIO(content), len(content))


def commit_a_batch_that_lies(stack: Stack) -> str:
    """A foreign writer commits a file whose row claims messages that are not there."""
    lake, batch_id = foreign_lake(stack), secrets.token_hex(8)
    return lie(lake, batch_id, lake.read(FIX_MESSAGES).clear())


def foreign_lake(stack: Stack) -> Lake:
    """The lake, in the hands of somebody who may do anything."""
    root = stack.minio.root
    settings = load_settings(
        home=stack.server.folder / "foreign", landing_uri=f"s3://{LANDING}", lake_uri=f"s3://{LAKE}",
        s3_endpoint=stack.minio.endpoint, s3_access_key_id=root.name, s3_secret_access_key=root.secret,
    )  # fmt: skip
    return Lake(settings.lake)


def lie(lake: Lake, batch_id: str, messages: pl.DataFrame) -> str:
    row = lake.read(INGESTED_FILES).head(1)
    row = row.with_columns(
        batch_id=pl.lit(batch_id), file_id=pl.lit(secrets.token_hex(8)), object_key=pl.lit("lie.log")
    )
    # A batch is complete when fix_messages has its transaction.
    complete = CommitProperties(app_transactions=[Transaction(batch_id, 1)])
    for table, rows, commit in (
        (INGESTED_FILES, row.select(INGESTED_FILES.column_names), None),
        (FIX_MESSAGES, messages, complete),
    ):
        write_deltalake(
            lake.uri(table), rows.to_arrow(), mode="append", commit_properties=commit,
            storage_options=lake.location.storage_options(),
        )  # fmt: skip
    return batch_id


def test_no_secret_is_shown(stack: Stack, worker: ServerProcess) -> None:
    shown = {
        path: json.dumps(stack.server.all(f"/{path}/filter"))
        for path in ("flow_runs", "logs", "artifacts", "deployments", "block_documents", "variables", "automations")
    }
    for name in ("server.log", "worker.log", "receiver.log"):
        shown[name] = (stack.server.folder / name).read_text(encoding="utf-8", errors="replace")
    for secret in stack.secrets:
        assert [name for name, text in shown.items() if secret in text] == []


# ---- dead runs: last, for they end the worker ----


def test_run_whose_process_was_killed_is_marked_crashed_and_its_slot_is_free(
    stack: Stack, worker: ServerProcess
) -> None:
    server = stack.server
    wait_for_less(server, "fixlake: crash zombies", 40)
    stack.drop("d/last.log", heartbeat_log(500, 9))
    (zombie,) = wait_for("a run with a task", lambda: [run for run in running(stack) if tasks_of(stack, run)])
    slot = server.deployment("pipeline/poll")["global_concurrency_limit"]
    for process in descendants(worker.pid):
        process.kill()
    os.kill(worker.pid, signal.SIGKILL)
    assert server.get(f"/v2/concurrency_limits/{slot['id']}")["active_slots"] == 1

    dead = stack.ended(zombie["id"])
    assert (dead["state_type"], dead["state"]["message"]) == ("CRASHED", "no sign of life for 90 seconds")
    wait_for("the slot", lambda: server.get(f"/v2/concurrency_limits/{slot['id']}")["active_slots"] == 0)
    with working(stack):
        wait_for("a poll that gets the slot", lambda: stack.poll()["state_type"] == "COMPLETED")


def wait_for_less(server: PrefectServer, name: str, seconds: int) -> None:
    """Let an automation wait for a shorter time than it is declared to."""
    (found,) = [one for one in server.all("/automations/filter") if one["name"] == name]
    found["trigger"]["within"] = seconds
    wanted = {key: found[key] for key in ("name", "description", "enabled", "tags", "trigger", "actions")}
    server.ask("PUT", f"/automations/{found['id']}", wanted)


def running(stack: Stack) -> list[dict[str, Any]]:
    return stack.server.all("/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}})


def tasks_of(stack: Stack, run: dict[str, Any]) -> list[dict[str, Any]]:
    return stack.server.all("/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})

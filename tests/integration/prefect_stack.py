"""Everything around the pipeline in one test: Prefect's server with a password, MinIO, receiver, alerts, worker."""

from __future__ import annotations

import http.client
import io
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.services.minio_server import MinioServer
from deployments.services.process import ServerProcess, free_port
from deployments.stores.object_store import ObjectStore
from deployments.stores.plan import LANDING_EVENTS
from tests.integration.alert_receiver import AlertReceiver
from tests.integration.prefect_services import (
    PrefectServer,
    database,
    start_receiver,
    start_server,
    start_worker,
    wait_for,
)

LANDING, LAKE = "textfixlogs", "parquetfixlogs"

#: Nothing but uploads and the tests themselves starts a run. A schedule that is paused once the deployment is there
#: may already have runs, and get more from a scheduler that has just read it.
UNSCHEDULED = {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}


@dataclass(slots=True)
class Stack:
    server: PrefectServer
    minio: MinioServer
    alerts: AlertReceiver
    receiver_port: int
    receiver: ServerProcess
    ledger: str = field(repr=False)
    token: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def drop(self, key: str, content: bytes) -> None:
        self.minio.client().put_object(LANDING, key, io.BytesIO(content), len(content))

    def notify(self, body: bytes, token: str | None = None) -> int:
        """Post to the receiver as MinIO does; returns the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.receiver_port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        try:
            connection.request("POST", "/minio", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def new_runs(self, seen: set[str]) -> list[dict[str, Any]]:
        return [run for run in self.server.runs() if run["id"] not in seen and run["end_time"]]

    def poll(self) -> dict[str, Any]:
        """Run the deployment by hand, to its end."""
        deployment = self.server.deployment("pipeline/poll")
        run = self.server.post(f"/deployments/{deployment['id']}/create_flow_run", {})
        return self.ended(run["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

        def state() -> dict[str, Any] | None:
            run: dict[str, Any] = self.server.get(f"/flow_runs/{run_id}")
            return run if run["state_type"] in final else None

        run: dict[str, Any] = wait_for("the run to end", state)
        return run


@contextmanager
def standing(postgres_server: str, folder: Path) -> Iterator[Stack]:
    """All of it but a worker."""
    receiver_port, token = free_port(), secrets.token_hex(16)
    alerts = AlertReceiver()
    threading.Thread(target=alerts.serve_forever, daemon=True).start()
    with ExitStack() as running:
        running.callback(alerts.server_close)
        running.callback(alerts.shutdown)
        dsn, ledger = running.enter_context(database(postgres_server)), running.enter_context(database(postgres_server))
        minio = MinioServer.start(
            folder / "minio",
            environment={
                "MINIO_NOTIFY_WEBHOOK_ENABLE_FIXLAKE": "on",
                "MINIO_NOTIFY_WEBHOOK_ENDPOINT_FIXLAKE": f"http://127.0.0.1:{receiver_port}/minio",
                "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_FIXLAKE": token,
                "MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_FIXLAKE": str(folder / "minio" / "queue"),
            },
        )
        running.callback(minio.stop)
        minio.make_bucket(LANDING)
        minio.make_bucket(LAKE)
        ingester, maintainer = (minio.add_user(role, LANDING, LAKE) for role in ("ingester", "maintainer"))
        server = start_server(running, folder, dsn, settings=UNSCHEDULED).having(
            FIXLAKE_LANDING_URI=f"s3://{LANDING}",
            FIXLAKE_LAKE_URI=f"s3://{LAKE}",
            FIXLAKE_S3_ENDPOINT=minio.endpoint,
            FIXLAKE_S3_ACCESS_KEY_ID=ingester.name,
            FIXLAKE_S3_SECRET_ACCESS_KEY=ingester.secret,
            FIXLAKE_MAINTAINER_ACCESS_KEY_ID=maintainer.name,
            FIXLAKE_MAINTAINER_SECRET_ACCESS_KEY=maintainer.secret,
            FIXLAKE_ALERT_WEBHOOK_URL=alerts.url,
        )
        server.apply()
        receiver = start_receiver(running, server, receiver_port, token)
        ObjectStore(minio.endpoint, minio.root).ensure_events(LANDING, LANDING_EVENTS)
        hidden = (ingester.secret, maintainer.secret, token, server.auth_string.partition(":")[2], alerts.path)
        yield Stack(server, minio, alerts, receiver_port, receiver, ledger, token, hidden)


@contextmanager
def working(stack: Stack) -> Iterator[ServerProcess]:
    """A worker that knows no key of a store."""
    without = {name: "" for name in stack.server.environment if name.startswith("FIXLAKE_") and name != "FIXLAKE_HOME"}
    bare = {name: value for name, value in stack.server.environment.items() if name not in without}
    with ExitStack() as running:
        yield start_worker(
            running,
            PrefectServer(stack.server.root, stack.server.auth_string, stack.server.folder, bare),
            FIXLAKE_LEDGER_DSN=stack.ledger,
        )

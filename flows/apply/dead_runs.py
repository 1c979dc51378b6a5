"""Runs that are called running and are not: they hold the slot that every later run of the deployment needs.

Invariant: a run is ended only if nothing was heard of it for three heartbeats, or if the caller knows that no worker
runs. What it had begun, the next poll finishes. (While the server runs, its automations do the same.)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flows.apply.server import Applied, Server

#: Three heartbeats of 30 seconds; a run that does not beat at all is given as long from its last change of state.
SILENCE = timedelta(seconds=90)
#: A run that waits for its process says nothing; workers take a while to start one.
PENDING_SILENCE = timedelta(seconds=180)

UNFINISHED = ["PENDING", "RUNNING", "CANCELLING"]


def end_dead_runs(server: Server, *, no_worker_runs: bool = False, now: datetime | None = None) -> list[Applied]:
    """Mark dead runs as crashed.

    Args:
        server: Where to look.
        no_worker_runs: Every unfinished run is dead, and need not be silent for a while.
        now: The time that silence is counted to.
    """
    now = now or datetime.now(UTC)
    ended = []
    for run in server.all("/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": UNFINISHED}}}}):
        patience = PENDING_SILENCE if run["state_type"] == "PENDING" else SILENCE
        if not no_worker_runs and now - _last_sign(server, run) < patience:
            continue
        state = {"type": "CRASHED", "name": "Crashed", "message": "nothing was heard of it any more"}
        server.post(f"/flow_runs/{run['id']}/set_state", {"state": state})
        ended.append(Applied("flow run", run["name"], "changed", "was dead: marked as crashed"))
    return ended


def _last_sign(server: Server, run: dict[str, Any]) -> datetime:
    since = _instant(run["state"]["timestamp"])
    answer = server.post(
        "/events/filter",
        {
            "filter": {
                "event": {"name": ["prefect.flow-run.heartbeat"]},
                "resource": {"id": [f"prefect.flow-run.{run['id']}"]},
                "occurred": {"since": since.isoformat()},
                "order": "DESC",
            },
            "limit": 1,
        },
    )
    beats = [_instant(event["occurred"]) for event in answer["events"]]
    return max([since, *beats])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)

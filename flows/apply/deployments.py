"""Deployments, as ``prefect.yaml`` has them: written by ``prefect deploy``, but only those that differ.

Invariant: an unchanged deployment is not deployed again, which would throw its schedules and the runs they made
away. A schedule that an operator paused stays paused until its deployment changes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT
from flows.apply.declared import Deployment
from flows.apply.server import MARK, Applied, Server

#: How much of what `prefect deploy` said gets into an error.
SAID = 1000


def apply_deployments(server: Server, deployments: Sequence[Deployment]) -> list[Applied]:
    """Create, change or remove deployments.

    Raises:
        ServiceError: ``prefect deploy`` failed.
    """
    found = {_name(one): one for one in server.all("/deployments/filter") if MARK in one["tags"]}
    differing = [one for one in deployments if not _same(one, found.get(one.full_name))]
    if differing:
        _deploy([one.full_name for one in differing])
    applied = []
    for one in deployments:
        if one not in differing:
            applied.append(Applied("deployment", one.full_name, "unchanged"))
        else:
            applied.append(Applied("deployment", one.full_name, "changed" if one.full_name in found else "created"))
    for name in sorted(found.keys() - {one.full_name for one in deployments}):
        server.delete(f"/deployments/{found[name]['id']}")
        applied.append(Applied("deployment", name, "removed"))
    return applied


def _name(found: Mapping[str, Any]) -> str:
    return f"{(found['entrypoint'] or '').partition(':')[2]}/{found['name']}"


def _deploy(names: Sequence[str]) -> None:
    chosen = [part for name in names for part in ("--name", name)]
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", *chosen],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise ServiceError("failed", where="prefect deploy", got=(done.stderr or done.stdout).strip()[-SAID:])


def _same(wanted: Deployment, found: Mapping[str, Any] | None) -> bool:
    if found is None:
        return False
    options = found["concurrency_options"] or {}
    limit = found["global_concurrency_limit"] or {}
    return (
        not wanted.model_extra
        and found["description"] == wanted.description
        and sorted(found["tags"]) == sorted(wanted.tags)
        and found["entrypoint"] == wanted.entrypoint
        and {"name": found["work_pool_name"]} | _named(found["job_variables"]) == wanted.work_pool
        and {"limit": limit.get("limit"), "collision_strategy": options.get("collision_strategy")}
        == wanted.concurrency_limit
        and _steps(found) == [str(PROJECT_ROOT)]
        and sorted(map(_when, (one["schedule"] for one in found["schedules"]))) == sorted(map(_when, wanted.schedules))
    )


def _named(job_variables: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"job_variables": dict(job_variables)} if job_variables else {}


def _steps(found: Mapping[str, Any]) -> list[str]:
    """The folders that a run enters before it starts."""
    steps = found["pull_steps"] or []
    return [settings.get("directory", "") for step in steps for settings in step.values()]


def _when(schedule: Mapping[str, Any]) -> str:
    """A schedule in words; one by interval has no zone, for its start says it."""
    if schedule.get("interval") is not None:
        return f"every {float(schedule['interval'])} s"
    return f"{schedule.get('cron') or schedule.get('rrule')} {schedule.get('timezone') or 'UTC'}"

"""How each service of a stack is, as its supervisor and the service itself say.

Invariant: asking changes nothing, and the answer holds no secret.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from deployments.stack.layout import Layout
from deployments.stack.services import Service, start_order
from deployments.stack.supervision import Process, State, running


class Health(StrEnum):
    """What matters of a service."""

    HEALTHY = "healthy"
    DONE = "done"
    STARTING = "starting"
    UNHEALTHY = "unhealthy"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_good(self) -> bool:
        """Whether nothing needs to be done, or waited for."""
        return self in (Health.HEALTHY, Health.DONE)


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service, as it is now.

    Attributes:
        service: Its name.
        health: What matters.
        state: What its supervisor says.
        pid: Its process; nothing if there is none.
        uptime_seconds: Since it was started last; nothing if it does not run.
        address: Where a person finds it.
    """

    service: str
    health: Health
    state: str
    pid: int | None
    uptime_seconds: float | None
    address: str | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def stack_status(layout: Layout) -> list[ServiceStatus]:
    """Ask for every service, in the order of their start."""
    supervisor = running(layout)
    known: Mapping[str, Process] = {}
    if supervisor is not None:
        with supervisor:
            known = supervisor.processes()
    return [_status(layout, service, known.get(service.name)) for service in start_order()]


def health_of(layout: Layout, service: Service, process: Process) -> Health:
    """How a service is whose supervisor runs."""
    if process.state is State.FATAL or (process.state is State.EXITED and not process.is_done):
        return Health.FAILED
    if process.is_done and service.is_once:
        return Health.DONE
    if not process.state.is_up:
        return Health.STOPPED
    # Cheap first: what has no process cannot answer, whoever does at its address.
    if process.pid and service.health is not None and service.health.is_well(layout.values, process.started):
        return Health.HEALTHY
    return Health.UNHEALTHY if process.state is State.RUNNING and not service.is_once else Health.STARTING


def _status(layout: Layout, service: Service, process: Process | None) -> ServiceStatus:
    address = service.address and service.address.format_map(layout.values)
    if process is None:
        return ServiceStatus(service.name, Health.STOPPED, State.STOPPED, None, None, address)
    return ServiceStatus(
        service=service.name,
        health=health_of(layout, service, process),
        state=process.state,
        pid=process.pid or None,
        uptime_seconds=max(0.0, time.time() - process.started) if process.pid else None,
        address=address,
    )

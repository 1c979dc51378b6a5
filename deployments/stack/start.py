"""Bring the stack up: each service after what it needs is healthy, those that need nothing of each other at once.

Invariant: may be repeated at any time. What runs and is well stays untouched, unless its settings have changed;
what is missing is started, what a killed supervisor left is ended first, and the bootstrap runs again each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from deployments.services.sole_holder import only_holder
from deployments.stack.layout import Layout
from deployments.stack.orphans import end_all
from deployments.stack.secret_files import make_secrets
from deployments.stack.services import Service, start_order, with_needs
from deployments.stack.status import Health, health_of
from deployments.stack.supervision import Process, State, Supervisor, launch, running
from deployments.stack.supervisor_config import render
from fix_transforms.errors import ServiceError
from fix_transforms.settings import Settings

#: How long a service may take to become healthy, or to run to its end.
READY_SECONDS = 600.0
#: How often a service may fail to start before it is given up on; a port may be held for a moment by a passer-by.
STARTS = 4
POLL_SECONDS = 0.3
#: How much of a log is shown of a service that failed.
TAIL_LINES = 25


def up(layout: Layout, lakehouse: Settings, say: Callable[[str], None], names: Collection[str] = ()) -> None:
    """Start what does not run, and wait until everything is well.

    Args:
        layout: The stack.
        lakehouse: Settings of the lakehouse, for the worker.
        say: Told what happens, line by line.
        names: Services to start, with what they need; all if none is named.

    Raises:
        BusyError: Another process brings this stack up or down.
        ServiceError: A service does not start, or the bootstrap failed. What runs by then runs on.
    """
    wanted = with_needs(names)
    make_folders(layout)
    with only_holder(layout.lock, "fixlake stack"):
        make_secrets(layout, lakehouse)
        with _supervised(layout, say) as supervisor:
            _Start(layout, supervisor, say).run(wanted)


def make_folders(layout: Layout) -> None:
    """Make the stack's folders. PostgreSQL's account passes through the first; the rest is the owner's alone."""
    layout.settings.home.mkdir(parents=True, exist_ok=True)
    layout.folder.mkdir(exist_ok=True)
    layout.folder.chmod(0o711)
    layout.logs.mkdir(mode=0o700, exist_ok=True)
    (layout.settings.home / "docs").mkdir(exist_ok=True)


def _supervised(layout: Layout, say: Callable[[str], None]) -> Supervisor:
    """A supervisor that knows the services as they are declared now."""
    supervisor = running(layout)
    if supervisor is None and (ended := end_all(layout)):
        say(f"ended {ended} processes that a killed supervisor had left")
    layout.config.touch(mode=0o600)
    layout.config.write_text(render(layout), encoding="utf-8")
    layout.record.write_text(layout.recordable(), encoding="utf-8")
    if supervisor is None:
        return launch(layout)
    changed = supervisor.reread()
    for service in reversed(start_order()):
        if service.name in changed:
            say(f"{service.name}: its settings have changed, stopping it")
            supervisor.stop(service.name, service.stop_seconds + 30)
    known = supervisor.processes()
    for name in {*changed, *(service.name for service in start_order() if service.name not in known)}:
        supervisor.replace(name)
    return supervisor


@dataclass(slots=True)
class _Start:
    """One bringing up."""

    layout: Layout
    supervisor: Supervisor
    say: Callable[[str], None]
    ready: set[str] = field(default_factory=set)
    begun: dict[str, float] = field(default_factory=dict)
    starts: dict[str, set[float]] = field(default_factory=dict)

    def run(self, services: Iterable[Service]) -> None:
        waiting = list(services)
        while waiting:
            processes = self.supervisor.processes()
            for service in waiting:
                if self.ready.issuperset(service.needs):
                    self._advance(service, processes[service.name])
            waiting = [service for service in waiting if service.name not in self.ready]
            if waiting:
                time.sleep(POLL_SECONDS)

    def _advance(self, service: Service, process: Process) -> None:
        """Start a service that can start, or see how far it is."""
        if service.name not in self.begun:
            self._begin(service, process)
            return
        health = health_of(self.layout, service, process)
        seconds = time.monotonic() - self.begun[service.name]
        if health.is_good:
            self.ready.add(service.name)
            self.say(f"{service.name}: {health} after {seconds:.0f} s")
        elif health in (Health.FAILED, Health.STOPPED) or self._failed_again(process):
            self._give_up(service, _reason(process))
        elif seconds > READY_SECONDS:
            self._give_up(service, f"{health} for {seconds:.0f} s")

    def _begin(self, service: Service, process: Process) -> None:
        if not service.is_once and health_of(self.layout, service, process) is Health.HEALTHY:
            self.ready.add(service.name)
            self.say(f"{service.name}: runs already")
            return
        self.say(f"{service.name}: starting …")
        self.begun[service.name] = time.monotonic()
        self.supervisor.start(service.name)

    def _failed_again(self, process: Process) -> bool:
        starts = self.starts.setdefault(process.name, set())
        if process.state is State.BACKOFF:
            starts.add(process.started)
        return len(starts) >= STARTS

    def _give_up(self, service: Service, why: str) -> None:
        log = self.layout.log(service.name)
        with suppress(OSError):
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]:
                self.say(f"  {service.name} | {line}")
        raise ServiceError(f"{service.name} failed", where=str(log), got=why)


def _reason(process: Process) -> str:
    return f"exit status {process.exit_status}" if process.exit_status else process.note or f"state {process.state}"

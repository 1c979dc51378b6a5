"""Bring the stack down, in reverse order of its start.

Invariant: afterwards no process of the stack is left, whatever state it was found in; its data stay.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from deployments.services.sole_holder import only_holder
from deployments.stack.layout import Layout
from deployments.stack.orphans import POLL_SECONDS, alive, end_all, end_service, marked
from deployments.stack.services import start_order
from deployments.stack.supervision import Supervisor, running
from fix_transforms.errors import ServiceError

#: How long the supervisor may take to end once all its services have.
SHUTDOWN_SECONDS = 30.0


def down(layout: Layout, say: Callable[[str], None]) -> None:
    """Stop every service, then the supervisor.

    Args:
        layout: The stack.
        say: Told what happens, line by line.

    Raises:
        BusyError: Another process brings this stack up or down.
        ServiceError: A process cannot be ended.
    """
    if not layout.folder.is_dir():
        say(f"there is no stack in {layout.settings.home}")
        return
    with only_holder(layout.lock, "fixlake stack"):
        supervisor = running(layout)
        if supervisor is not None:
            with supervisor:
                _stop_services(layout, supervisor, say)
                _shut_down(layout, supervisor)
        if ended := end_all(layout):
            say(f"ended {ended} processes without a supervisor")
        if left := alive(marked(layout)):
            raise ServiceError("cannot be ended", where=f"processes {sorted(one.pid for one in left)}")
        layout.socket.unlink(missing_ok=True)
        say("stopped; the data stay")


def _stop_services(layout: Layout, supervisor: Supervisor, say: Callable[[str], None]) -> None:
    known = supervisor.processes()
    for service in reversed(start_order()):
        if service.name in known and not known[service.name].state.is_down:
            say(f"{service.name}: stopping …")
            supervisor.stop(service.name, service.stop_seconds + 30)
        # A worker gives every flow run a session of its own, which no signal to the worker's group reaches.
        end_service(layout, service)


def _shut_down(layout: Layout, supervisor: Supervisor) -> None:
    ours = [one for one, service in marked(layout).items() if service is None]
    supervisor.shut_down()
    deadline = time.monotonic() + SHUTDOWN_SECONDS
    while alive(ours) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)

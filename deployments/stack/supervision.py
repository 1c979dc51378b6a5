"""supervisord: started as a daemon, and spoken to over its Unix socket.

Invariant: every call has a time limit, and one that is not answered says that the supervisor is not there.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from deployments.stack.layout import MARK, Layout
from fix_transforms.errors import ServiceError

ANSWER_SECONDS = 30.0
START_SECONDS = 60.0
POLL_SECONDS = 0.1
#: Variables of whoever brings the stack up that its processes may see. Everything else stays outside.
PASSED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
NO_ANSWER = (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError)


class State(StrEnum):
    """What supervisord knows of a process."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"

    @property
    def is_up(self) -> bool:
        """Whether there is a process, or will be one without anybody's doing."""
        return self in (State.STARTING, State.RUNNING, State.BACKOFF)

    @property
    def is_down(self) -> bool:
        """Whether there is no process, and will not be one by itself."""
        return self in (State.STOPPED, State.EXITED, State.FATAL)


@dataclass(frozen=True, slots=True)
class Process:
    """What supervisord says of a service.

    Attributes:
        name: Of the service.
        state: See ``State``.
        pid: Process id; 0 if there is none.
        started: When it was started last, in Unix time; 0 for never.
        stopped: When it ended last.
        exit_status: What it ended with.
        note: Why it did not start.
    """

    name: str
    state: State
    pid: int = 0
    started: float = 0
    stopped: float = 0
    exit_status: int = 0
    note: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it ran to its end, and all went well."""
        return self.state is State.EXITED and self.exit_status == 0


class Supervisor:
    """A supervisord that answers."""

    def __init__(self, layout: Layout) -> None:
        self._socket = layout.socket
        self._proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(layout.socket))

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self._proxy("close")()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._call("getPID"))

    def processes(self) -> dict[str, Process]:
        """Every service that it knows."""
        return {one["name"]: _process(one) for one in self._call("getAllProcessInfo")}

    def process(self, name: str) -> Process:
        """One service."""
        return _process(self._call("getProcessInfo", name))

    def start(self, name: str) -> None:
        """Start a service, if it does not run; does not wait."""
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in (Faults.ALREADY_STARTED, Faults.SPAWN_ERROR, Faults.ABNORMAL_TERMINATION):
                raise ServiceError("cannot be started", where=name, got=fault.faultString) from None

    def stop(self, name: str, seconds: float) -> None:
        """Ask a service to end and wait for that; supervisord ends it when its time is over.

        Raises:
            ServiceError: It is still there, which the kernel alone can be the reason of.
        """
        try:
            self._call("stopProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in (Faults.NOT_RUNNING, Faults.BAD_NAME):
                raise ServiceError("cannot be stopped", where=name, got=fault.faultString) from None
            return
        deadline = time.monotonic() + seconds
        while not self.process(name).state.is_down:
            if time.monotonic() > deadline:
                raise ServiceError("does not end", where=name, expected=f"an end within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def reread(self) -> list[str]:
        """Read the configuration again; returns the services that it has changed or dropped and are to be stopped."""
        ((_added, changed, removed),) = self._call("reloadConfig")
        return [*changed, *removed]

    def replace(self, name: str) -> None:
        """Forget a service that does not run, and take it as the configuration has it now, if it still does."""
        for call in ("removeProcessGroup", "addProcessGroup"):
            try:
                self._call(call, name)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode not in (Faults.BAD_NAME, Faults.ALREADY_ADDED):
                    raise ServiceError("cannot be replaced", where=name, got=fault.faultString) from None

    def shut_down(self) -> None:
        """Ask it to end."""
        self._call("shutdown")

    def _call(self, name: str, *arguments: object) -> Any:
        try:
            return getattr(self._proxy.supervisor, name)(*arguments)
        except NO_ANSWER as error:
            raise ServiceError(
                "does not answer", where=f"supervisord at {self._socket}", got=type(error).__name__
            ) from error


class _Transport(SupervisorTransport):  # type: ignore[misc]
    """The library's transport, with a time limit on every answer."""

    def __init__(self, socket: Path) -> None:
        super().__init__(serverurl=f"unix://{socket}")
        connect: Callable[[], http.client.HTTPConnection] = self._get_connection

        def connect_with_limit() -> http.client.HTTPConnection:
            connection = connect()
            connection.connect()
            connection.sock.settimeout(ANSWER_SECONDS)
            return connection

        self._get_connection: Callable[[], http.client.HTTPConnection] = connect_with_limit


def running(layout: Layout) -> Supervisor | None:
    """The supervisor of a stack, if it answers."""
    if not layout.socket.exists():
        return None
    supervisor = Supervisor(layout)
    try:
        supervisor.processes()
    except ServiceError:
        return None
    return supervisor


def launch(layout: Layout) -> Supervisor:
    """Start supervisord as a daemon, on a configuration that is written already.

    Raises:
        ServiceError: It refused, or does not answer.
    """
    layout.socket.unlink(missing_ok=True)
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    done = subprocess.run(
        (sys.executable, "-m", "supervisor.supervisord", "--configuration", str(layout.config)),
        env={**environment, "TZ": "UTC", MARK: str(layout.folder)},
        cwd=layout.folder,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ServiceError("does not start", where="supervisord", got=(done.stderr + done.stdout).strip()[-1000:])
    deadline = time.monotonic() + START_SECONDS
    while (supervisor := running(layout)) is None:
        if time.monotonic() > deadline:
            raise ServiceError(
                "does not answer", where="supervisord", expected=f"an answer; see {layout.log('supervisor')}"
            )
        time.sleep(POLL_SECONDS)
    return supervisor


def _process(info: dict[str, Any]) -> Process:
    return Process(
        name=info["name"],
        state=State(info["statename"]),
        pid=info["pid"],
        started=info["start"],
        stopped=info["stop"],
        exit_status=info["exitstatus"],
        note=info["spawnerr"],
    )

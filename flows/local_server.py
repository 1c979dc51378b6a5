"""A Prefect server, a worker and every deployment on this machine, with no other service.

Invariant: everything is bound to the loopback address, keeps its state under the home folder, and is stopped by
the process that started it, by its own pid: no child outlives ``serve``.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pydantic import SecretStr

from deployments.services.descendants import descendants, kill
from deployments.services.sole_holder import only_holder
from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT, Settings

HOST = "127.0.0.1"
WORK_POOL = "fixlake"
#: How soon what is due begins, and what is dead is known; the same as in the stack.
SOON = {
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    # Else a scheduled poll takes the only slot ten seconds before its time, and everything else waits for it.
    "PREFECT_WORKER_PREFETCH_SECONDS": "0",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}

READY_SECONDS = 180.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Service:
    """A process that was started here, in a session of its own, with its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Make sure that it is alive.

        Raises:
            ServiceError: It ended.
        """
        code = self.process.poll()
        if code is not None:
            raise ServiceError(
                f"{self.name} ended", where=str(self.log), got=f"exit code {code}", expected="to keep running"
            )

    def stop(self) -> None:
        """Ask it to end, wait, then end whatever it has started and left.

        A worker gives every flow run a session of its own, so its descendants are looked up, not its session.
        """
        ours = descendants(self.process.pid)
        self.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            ours |= descendants(self.process.pid)
            time.sleep(0.1)
        self.process.kill()
        self.process.wait()
        kill(ours)


@dataclass(frozen=True, slots=True)
class Place:
    """Where processes are started from, and with which environment."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def start(self, started: ExitStack, name: str, module: str, *arguments: str) -> Service:
        """Start a Python module as a process that is stopped when ``started`` closes."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                (sys.executable, "-m", module, *arguments),
                cwd=PROJECT_ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        service = Service(name, process, log)
        started.callback(service.stop)
        return service

    def finish(self, name: str, module: str, *arguments: str) -> None:
        """Run a Python module to its end.

        Raises:
            ServiceError: It failed; its output is in the file that the message names.
        """
        with ExitStack() as started:
            service = self.start(started, name, module, *arguments)
            code = service.process.wait()
        if code != 0:
            raise ServiceError(f"{name} failed", where=str(service.log), got=f"exit code {code}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the server answers."""

    ui: str
    api: str


def addresses(port: int) -> Addresses:
    """The server's addresses on a port."""
    return Addresses(ui=f"http://{HOST}:{port}", api=f"http://{HOST}:{port}/api")


def serve(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Run server, worker and deployments until interrupted or terminated.

    Args:
        settings: The home and stores to work on.
        port: The server's port on the loopback address.
        say: Told what happens, line by line.

    Raises:
        BusyError: This home is being served already.
        ServiceError: The port is taken, or a process did not start or died.
    """
    where = addresses(port)
    place = Place(settings.home / "prefect", child_environment(settings, where))
    place.folder.mkdir(parents=True, exist_ok=True)
    with only_holder(place.folder / "serve.lock", "fixlake serve"), _terminate_as_interrupt(), ExitStack() as started:
        refuse_taken(port)
        try:
            say("starting the Prefect server …")
            server = place.start(started, "server", "prefect", "server", "start", "--host", HOST, "--port", str(port))
            wait_until_healthy(server, where)
            say("telling the server what this lakehouse is …")
            # No worker runs yet: a run that is called running died with the last `serve`, and holds the only slot.
            place.finish("apply", "flows.cli", "prefect", "apply", "--no-worker-runs")
            worker = place.start(
                started, "worker", "prefect", "worker", "start", "--pool", WORK_POOL, "--name", "local"
            )
            for line in ready_lines(settings, where):
                say(line)
            while True:
                server.check()
                worker.check()
                time.sleep(1)
        except KeyboardInterrupt:
            say("stopping …")
            # A second Ctrl-C must not leave half of it running; stopping takes seconds.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


def ready_lines(settings: Settings, where: Addresses) -> list[str]:
    """What a person needs to know once everything runs."""
    return [
        "",
        f"ready: {where.ui}",
        f"  export PREFECT_API_URL={where.api}",
        "  prefect deployment run pipeline/poll      poll now; otherwise every 30 s",
        f"  logs dropped into {settings.landing.uri} are picked up",
        f"  what the server and the worker say: {settings.home / 'prefect'}/*.log",
        "Ctrl-C stops everything.",
    ]


def child_environment(settings: Settings, where: Addresses) -> dict[str, str]:
    """The environment of server and worker: this one, the settings as resolved here, and Prefect's own folder."""
    home = settings.home / "prefect"
    inherited = dict(os.environ)
    if "PREFECT_SERVER_API_AUTH_STRING" in inherited:
        # A password that this server is told to want is the one that its own clients use.
        inherited["PREFECT_API_AUTH_STRING"] = inherited["PREFECT_SERVER_API_AUTH_STRING"]
    return {
        **inherited,
        **_settings_environment(settings),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        # In memory, the default, a restart forgets who holds a deployment's only slot, and no poll gets it again.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        **SOON,
        "PREFECT_UI_STATIC_DIRECTORY": str(home / "ui"),
        "PREFECT_API_URL": where.api,
        "PREFECT_UI_API_URL": where.api,
        "PREFECT_UI_URL": where.ui,
    }


def _settings_environment(settings: Settings) -> Mapping[str, str]:
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {
        f"FIXLAKE_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }


def refuse_taken(port: int) -> None:
    """Make sure that nobody listens on the port.

    Raises:
        ServiceError: Somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServiceError(
                "the port cannot be used",
                where=f"{HOST}:{port}",
                got=error.strerror,
                expected="a free one: fixlake serve --port N",
            ) from None


def wait_until_healthy(server: Service, where: Addresses) -> None:
    """Wait for the server's own word that it is ready.

    Raises:
        ServiceError: It died or took too long.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        server.check()
        with (
            suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{where.api}/health", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.3)
    raise ServiceError(
        "the Prefect server did not become ready",
        where=str(server.log),
        expected=f"an answer within {READY_SECONDS:.0f} s",
    )


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end what Ctrl-C ends, by the same way."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

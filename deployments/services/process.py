"""One server process of ours: started, waited for, stopped by its own process id.

Invariant: ``start`` returns when the service answers or raises with the end of its log; ``stop`` ends that very
process and nothing else. A server is started in a session of its own, so that Ctrl-C in a terminal reaches the
program that owns it and not the server.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fix_transforms.errors import ServiceError

#: Longest wait for a service to answer, and to end, in seconds.
START_SECONDS = 60.0
STOP_SECONDS = 15.0
#: Pause between two questions whether it answers.
POLL_SECONDS = 0.05
#: How much of the log goes into an error.
LOG_TAIL_BYTES = 2000
#: Free ports are looked for from here on: above those that services are known by and that browsers refuse.
FIRST_PORT = 20_000
PORTS_TRIED = 100
OUTGOING_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A loopback port that nothing holds now.

    It lies below the ports that the kernel gives to outgoing connections (ip(7), ip_local_port_range), if there is
    room: one of those could take it before the server listens, or while it is restarted.
    """
    below = range(FIRST_PORT, _first_outgoing_port())
    for port in [*random.sample(below, min(PORTS_TRIED, len(below))), 0]:
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return int(listener.getsockname()[1])
    raise ServiceError("no port is free", where="127.0.0.1")


def _first_outgoing_port() -> int:
    with contextlib.suppress(OSError):
        return int(OUTGOING_PORTS.read_text(encoding="ascii").split()[0])
    return FIRST_PORT


@dataclass(frozen=True, slots=True)
class RunAs:
    """The unprivileged account that a server runs under when we are root."""

    uid: int
    gid: int


@dataclass(slots=True)
class ServerProcess:
    """A running server."""

    name: str
    log: Path
    _process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path,
        is_ready: Callable[[], bool],
        run_as: RunAs | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> ServerProcess:
        """Start the command and wait until ``is_ready`` says so.

        Raises:
            ServiceError: It cannot be started, ended early, or did not answer in time.
        """
        account = {} if run_as is None else {"user": run_as.uid, "group": run_as.gid, "extra_groups": []}
        try:
            with log.open("ab") as sink:
                process = subprocess.Popen(  # type: ignore[call-overload]
                    [str(part) for part in command],
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **account,
                )
        except OSError as error:
            raise ServiceError("cannot be started", where=name, got=error.strerror) from error
        server = cls(name, log, process)
        try:
            server._wait(is_ready)
        except BaseException:
            server.stop(stop_signal)
            raise
        return server

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end; after a while, end it."""
        if not self.is_running:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if not self.is_running:
                raise ServiceError(
                    "ended while starting", where=self.name, got=f"exit {self._process.returncode}: {self._log_tail()}"
                )
            if time.monotonic() > deadline:
                raise ServiceError(
                    "does not answer",
                    where=self.name,
                    got=self._log_tail(),
                    expected=f"an answer in {START_SECONDS:.0f} s",
                )
            time.sleep(POLL_SECONDS)

    def _log_tail(self) -> str:
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()

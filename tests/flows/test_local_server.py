from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from fix_transforms.errors import ServiceError
from fix_transforms.settings import load_settings
from flows.local_server import Place, Service, addresses, child_environment, refuse_taken


def test_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ServiceError, match=f"127.0.0.1:{port}: the port cannot be used.*--port"):
            refuse_taken(port)
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", "serve", "--home", str(tmp_path), "--port", str(port)],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"fixlake: 127.0.0.1:{port}: the port cannot be used")


def test_children_get_the_settings_and_tell_nobody(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, mask_key="k", landing_uri=str(tmp_path / "in"))
    environment = child_environment(settings, addresses(4200))
    assert environment["FIXLAKE_HOME"] == str(tmp_path)
    assert environment["FIXLAKE_LANDING_URI"] == str(tmp_path / "in")
    assert environment["FIXLAKE_MASK_KEY"] == "k"
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["PREFECT_API_DATABASE_CONNECTION_URL"].endswith(f"{tmp_path}/prefect/prefect.db")
    assert "'k'" not in repr(Place(tmp_path, environment))


def test_password_of_the_server_is_its_clients_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "admin:hush")
    environment = child_environment(load_settings(home=tmp_path), addresses(4200))
    assert environment["PREFECT_API_AUTH_STRING"] == "admin:hush"


def test_stopping_a_service_ends_its_children_too(tmp_path: Path) -> None:
    child = tmp_path / "child.pid"
    code = (
        "import signal, subprocess, sys, time\n"
        "started = subprocess.Popen([sys.executable, '-c', 'import signal, time; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'])\n"
        f"open({str(child)!r}, 'w').write(str(started.pid))\ntime.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    while not child.exists() or not child.read_text():
        time.sleep(0.02)
    Service("parent", process, tmp_path / "log").stop()
    assert process.returncode == -signal.SIGTERM
    deadline = time.monotonic() + 30  # the kernel takes a moment to reap what was killed
    while is_alive(int(child.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_command_that_fails_is_told_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"failing\.log: failing failed; got exit code 2"):
        Place(tmp_path, os.environ).finish("failing", "flows.cli", "--no-such-option")


def test_dead_service_is_noticed(tmp_path: Path) -> None:
    with ExitStack() as started:
        service = Place(tmp_path, os.environ).start(started, "short", "flows.cli", "--version")
        service.process.wait()
        with pytest.raises(ServiceError, match="short ended; got exit code 0"):
            service.check()

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from deployments.services.process import ServerProcess, free_port
from deployments.superset.environment import superset_environment
from fix_transforms.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration

CONFIGURATION = PROJECT_ROOT / "deployments" / "superset" / "gunicorn_conf.py"
THREADS = 4
HALF_A_HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
HALF_A_BODY = HALF_A_HEAD + b"Content-Length: 9\r\n\r\nx"
#: Reads all of the body, then says so.
APPLICATION = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the account that serves."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def port(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where a small application is served as Superset is."""
    folder, port = tmp_path_factory.mktemp("app"), free_port()
    (folder / "small.py").write_text(APPLICATION, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": f"{folder}:{PROJECT_ROOT}",
        "FIXLAKE_SUPERSET_PORT": str(port), "SUPERSET_WORKERS": "1", "SUPERSET_THREADS": str(THREADS),
    }  # fmt: skip
    server = ServerProcess.start(
        "gunicorn", [superset_environment() / "bin" / "gunicorn", "--config", CONFIGURATION, "small:app"],
        env=environment, log=folder / "log", is_ready=lambda: answers(port, 1),
    )  # fmt: skip
    yield port
    server.stop()


def answers(port: int, seconds: float) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=seconds).text == "ok"
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("beginning", [HALF_A_HEAD, HALF_A_BODY])
def test_clients_that_come_to_no_end_do_not_hold_every_thread(beginning: bytes, port: int) -> None:
    with ExitStack() as slow:
        for _ in range(THREADS):
            slow.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(beginning)
        time.sleep(1)
        assert not answers(port, 2)
        assert answers(port, 60)


def test_the_server_leaves_nothing_in_the_home_of_its_account(home: Path, port: int) -> None:
    assert answers(port, 60)
    assert list(home.iterdir()) == []

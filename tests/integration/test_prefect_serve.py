from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployments.services.descendants import Running, descendants
from deployments.services.process import free_port
from tests.integration.prefect_services import PATIENCE, clean_variables, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

#: What an empty poll may not import, for it costs seconds of every 30.
HEAVY = ("great_expectations", "dbt", "prefect_dbt", "numba", "pandas", "scipy")


@dataclass(frozen=True, slots=True)
class Served:
    process: subprocess.Popen[bytes]
    said: Path
    home: Path
    port: int
    environment: dict[str, str]

    @classmethod
    def start(cls, home: Path, folder: Path) -> Served:
        port, said = free_port(), folder / "said.txt"
        environment = clean_variables()
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "serve", "--home", str(home), "--port", str(port)],
                stdout=output, stderr=output, env=environment, start_new_session=True,
            )  # fmt: skip
        return cls(process, said, home, port, environment)

    def wait_until_ready(self) -> str:
        """Returns the address to export."""
        wait_for(
            "serve to be ready", lambda: self.process.poll() is not None or "Ctrl-C stops" in self.said.read_text()
        )
        assert self.process.poll() is None, self.said.read_text()
        (api,) = re.findall(r"export PREFECT_API_URL=(\S+)", self.said.read_text())
        return str(api)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        assert self.process.returncode == 0, self.said.read_text()


def test_serve_needs_no_other_service_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "lakehouse"
    (home / "textfixlogs").mkdir(parents=True)
    served = Served.start(home, tmp_path)
    children: frozenset[Running] = frozenset()
    try:
        api = served.wait_until_ready()
        assert_ui_answers(served.port)
        assert_deployment_runs(api, served.environment)
        assert_empty_poll_is_cheap(api, served.environment, tmp_path)
        children = descendants_with_a_flow_run(served.process.pid, home)
    finally:
        served.terminate()
    assert len(children) >= 3
    wait_for("every process to be gone", lambda: not [one for one in children if Path(f"/proc/{one.pid}").exists()], 30)

    # The run that was cut off held the deployment's only slot.
    again = Served.start(home, tmp_path)
    try:
        again.wait_until_ready()
        wait_for("the next poll to finish what was begun", lambda: (home / "published" / "current").exists())
    finally:
        again.terminate()


def descendants_with_a_flow_run(pid: int, home: Path) -> frozenset[Running]:
    """Give the worker something to do, and wait until a flow run has ingested it and is not done yet."""
    (home / "textfixlogs" / "a.log").write_bytes(b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01\n" * 1000)
    wait_for("a poll to ingest", lambda: list((home / "parquetfixlogs" / "fix_messages").glob("*/*.parquet")))
    found = descendants(pid)
    assert any("prefect.engine" in command_of(one.pid) for one in found), [command_of(one.pid) for one in found]
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def assert_ui_answers(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        assert b"<html" in answer.read()


def assert_deployment_runs(api: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "prefect", "deployment", "run", "pipeline/poll", "--watch"]
    done = subprocess.run(
        command,
        env={**environment, "PREFECT_API_URL": api},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def assert_empty_poll_is_cheap(api: str, environment: dict[str, str], folder: Path) -> None:
    """The flow as a process of its own: what it imports, and its CPU time beyond that of a flow that does nothing."""
    empty = "from prefect import flow\n@flow(name='empty', validate_parameters=False)\ndef run():\n    pass\n"
    poll = "from flows.pipeline import pipeline as run\n"
    report = (
        "run()\nimport json, resource, sys\nused = resource.getrusage(resource.RUSAGE_SELF)\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(json.dumps({'cpu': used.ru_utime + used.ru_stime, 'modules': sorted(names)}))\n"
    )

    def measure(code: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", code + report],
            env={**environment, "PREFECT_API_URL": api, "PREFECT_HOME": str(folder / "client"), "FIXLAKE_HOME": str(folder / "other")},
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    polled = measure(poll)
    assert set(HEAVY) & set(polled["modules"]) == set()
    # The lowest of three each: CPU time grows when the machine is busy, it never shrinks.
    extra = min(measure(poll)["cpu"] for _ in range(3)) - min(measure(empty)["cpu"] for _ in range(3))
    assert extra < 2.0

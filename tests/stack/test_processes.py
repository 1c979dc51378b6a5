from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from deployments.services.minio_server import minio_binary
from deployments.stack.orphans import alive
from deployments.stack.ports import is_free
from tests.browser.access import Access
from tests.browser.checks import assert_stack
from tests.deployments.stack.running import Stack, free_ports, wait_for
from tests.superset.client import Person

pytestmark = [pytest.mark.stack, pytest.mark.timeout(3600)]

#: From an upload to its figures on a dashboard; on a slow machine that is busy.
PATIENCE = 900.0
#: What `fixlake demo` simulates unless told otherwise.
DEMO_MESSAGES = 20_000
#: Everything that runs on, in an order in which each still has what it needs.
KILLED = ("minio", "postgres", "prefect-server", "worker", "receiver", "superset", "site")

Log = Callable[..., bytes]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """All of it, in a home of its own, with the tools of this machine."""
    minio_binary()
    # Not under pytest's own folder: nobody but its owner may enter that, and PostgreSQL is not root.
    folder, ports = Path(tempfile.mkdtemp(prefix="fixlake-stack-")), free_ports()
    folder.chmod(0o755)
    foreign = ("FIXLAKE_", "PREFECT_", "AWS_", "PG", "SUPERSET_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {f"FIXLAKE_{name.upper()}": str(port) for name, port in ports.items()} | {"FIXLAKE_DEMO": "1"}
    made = Stack(folder / "home", environment, ports)
    try:
        made.up()
        yield made
    finally:
        made.run("down")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def dashboards(stack: Stack) -> Iterator[Dashboards]:
    made = Dashboards(stack)
    yield made
    made.person.close()


class Dashboards:
    """What somebody who has logged in to Superset sees."""

    def __init__(self, stack: Stack) -> None:
        self.person = Person(f"http://127.0.0.1:{stack.ports['superset_port']}")
        password = (stack.layout.secrets / "people" / "superset_admin_password").read_text()
        assert self.person.log_in("admin", password)

    def messages(self) -> dict[str, list[int]]:
        """For each file that is shown: its messages in the marts, once for every row about it."""
        try:
            dataset = self.person.names("dataset")["file_integration"]
            answer = self.person.chart_data(dataset, columns=["object_key", "file_id", "integrated_messages"])
            rows = answer.raise_for_status().json()["result"][0]["data"]
        except (httpx.HTTPError, KeyError):
            return {}
        shown: dict[str, list[int]] = {}
        for row in rows:
            shown.setdefault(row["object_key"], []).append(row["integrated_messages"])
        return shown

    def wait_until_shown(self, expected: dict[str, int]) -> None:
        def missing() -> list[str]:
            shown = self.messages()
            return [key for key, count in expected.items() if shown.get(key) != [count]]

        try:
            wait_for("the dashboards to show every file once and whole", lambda: not missing(), PATIENCE)
        except pytest.fail.Exception:
            shown = self.messages()
            pytest.fail(f"not shown: {[(key, expected[key], shown.get(key)) for key in missing()]}")


def test_everything_is_well_and_a_repeated_up_touches_nothing(stack: Stack) -> None:
    before = stack.status()
    assert {row["health"] for row in before.values()} == {"healthy", "done"}
    assert stack.run("status").returncode == 0
    said = stack.up()
    for service in KILLED:
        assert f"{service}: runs already" in said
    assert {name: stack.status()[name]["pid"] for name in KILLED} == {name: before[name]["pid"] for name in KILLED}


def test_what_is_uploaded_is_seen_on_the_dashboards(stack: Stack, dashboards: Dashboards, fix_log: Log) -> None:
    stack.upload("first/day.log", fix_log(250))
    dashboards.wait_until_shown({"first/day.log": 250})


def test_a_person_sees_all_of_it_in_a_browser(stack: Stack, dashboards: Dashboards, tmp_path: Path) -> None:
    wait_for("the demo's messages", lambda: sum(map(sum, dashboards.messages().values())) >= DEMO_MESSAGES, PATIENCE)
    people = stack.layout.secrets / "people"
    access = Access(
        screenshots=tmp_path / "screenshots",
        superset_url=f"http://127.0.0.1:{stack.ports['superset_port']}",
        superset_password=(people / "superset_admin_password").read_text(),
        prefect_url=f"http://127.0.0.1:{stack.ports['prefect_port']}",
        prefect_auth=(people / "prefect_auth_string").read_text(),
        site_url=f"http://127.0.0.1:{stack.ports['site_port']}",
    )
    assert_stack(access, stack.home / "published")


def test_services_killed_under_load_come_back_and_nothing_is_lost(
    stack: Stack, dashboards: Dashboards, fix_log: Log
) -> None:
    enough, acknowledged = Event(), dict[str, int]()

    def upload_until_enough() -> None:
        # A key for each attempt: what was not acknowledged may be there or not.
        while not enough.wait(2):
            first = 1000 * len(acknowledged) + 1000
            key = f"load/{secrets.token_hex(6)}.log"
            try:
                stack.upload(key, fix_log(20, first=first))
            except (MinioException, HTTPError, OSError):
                continue
            acknowledged[key] = 20

    with ThreadPoolExecutor(1) as pool:
        uploading = pool.submit(upload_until_enough)
        try:
            for service in KILLED:
                stack.kill(service)
        finally:
            enough.set()
        uploading.result()
    assert len(acknowledged) > len(KILLED)
    dashboards.wait_until_shown(acknowledged)
    doubled = {key: counts for key, counts in dashboards.messages().items() if len(counts) > 1}
    assert doubled == {}
    assert {row["health"] for row in stack.status().values()} == {"healthy", "done"}


def test_killed_supervisor_is_replaced_and_nothing_is_lost(stack: Stack, dashboards: Dashboards, fix_log: Log) -> None:
    ours = stack.processes()
    stack.upload("supervisor/before.log", fix_log(30, first=500_000))
    os.kill(stack.supervisor(), signal.SIGKILL)
    assert "that a killed supervisor had left" in stack.up()
    assert alive(ours) == frozenset()
    stack.upload("supervisor/after.log", fix_log(30, first=600_000))
    dashboards.wait_until_shown({"supervisor/before.log": 30, "supervisor/after.log": 30})


def test_no_secret_is_on_a_command_line_or_in_a_log(stack: Stack) -> None:
    hidden = {path.read_text() for path in stack.layout.secrets.rglob("*") if path.is_file()}
    lines = [Path(f"/proc/{one.pid}/cmdline").read_bytes().decode() for one in stack.processes()]
    logs = [path.read_text(errors="replace") for path in stack.layout.logs.iterdir()]
    assert len(hidden) > 10
    assert len(lines) > len(KILLED)
    assert [text[:80] for text in (*lines, *logs) if any(secret in text for secret in hidden)] == []


def test_down_leaves_nothing_but_the_data(stack: Stack, dashboards: Dashboards) -> None:
    shown = dashboards.messages()
    ours = stack.processes()
    assert shown
    stack.down()
    assert alive(ours) | stack.processes() == frozenset()
    assert all(is_free("127.0.0.1", port) for port in stack.ports.values())
    stack.up()
    assert dashboards.messages() == shown

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.services.minio_server import minio_binary
from deployments.services.postgres_server import postgres_binaries
from deployments.stack.orphans import alive
from tests.deployments.stack.running import Stack

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture
def start_stack(free_ports: dict[str, int]) -> Iterator[Callable[..., Stack]]:
    # Not under pytest's own folder: nobody but its owner may enter that, and PostgreSQL is not root.
    folder = Path(tempfile.mkdtemp(prefix="fixlake-stack-"))
    folder.chmod(0o755)
    (folder / "superset").mkdir()
    (folder / "superset" / ".installed").touch()
    variables = {
        "FIXLAKE_MINIO_BIN": minio_binary(),
        "FIXLAKE_POSTGRES_BIN": postgres_binaries(),
        "FIXLAKE_SUPERSET_VENV": folder / "superset",
        **{f"FIXLAKE_{name.upper()}": port for name, port in free_ports.items()},
    }
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    made: list[Stack] = []

    def make(*, account: str | None = None) -> Stack:
        home, own = folder / "home", dict(environment)
        become: tuple[str, ...] = ()
        if account is not None:
            entry = pwd.getpwnam(account)
            home.mkdir()
            os.chown(home, entry.pw_uid, entry.pw_gid)
            become = (
                "setpriv", "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups",
                # The interpreter and the tools of whoever runs the tests may lie where others may not look.
                "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search",
            )  # fmt: skip
            own["HOME"] = str(home)
        made.append(Stack(home, own, free_ports, become))
        return made[-1]

    yield make
    for stack in made:
        stack.run("down")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stack(start_stack: Callable[..., Stack]) -> Stack:
    return start_stack()


def test_up_may_be_repeated_and_touches_nothing_that_is_well(stack: Stack) -> None:
    said = stack.up("stores")
    assert said.index("minio: healthy") < said.index("stores: starting")
    assert said.index("postgres: healthy") < said.index("stores: starting")
    before = stack.status()
    health = {name: row["health"] for name, row in before.items()}
    assert health.pop("minio") == health.pop("postgres") == "healthy"
    assert health.pop("stores") == "done"
    assert set(health.values()) == {"stopped"}

    again = stack.up("stores")
    assert "minio: runs already" in again
    assert "postgres: runs already" in again
    assert "stores: done" in again
    assert {row["pid"] for row in stack.status().values()} == {row["pid"] for row in before.values()}


def test_service_that_is_killed_comes_back_with_what_it_held(stack: Stack) -> None:
    stack.up("stores")
    stack.upload("before.log", b"before")
    for service in ("minio", "postgres"):
        stack.kill(service)
    stack.upload("after.log", b"after")
    assert "stores: done" in stack.up("stores")


def test_up_after_the_supervisor_was_killed_ends_what_it_left(stack: Stack) -> None:
    stack.up("stores")
    stack.upload("kept.log", b"kept")
    ours = stack.processes()
    os.kill(stack.supervisor(), signal.SIGKILL)
    assert stack.run("status").returncode == 1
    assert "that a killed supervisor had left" in stack.up("stores")
    assert alive(ours) == frozenset()
    stack.upload("kept.log", b"kept")


def test_down_leaves_no_process(stack: Stack) -> None:
    stack.up("stores")
    ours = stack.processes()
    assert len(ours) > 3
    said = stack.down()
    assert said.index("postgres: stopping") < said.index("stopped; the data stay")
    assert alive(ours) | stack.processes() == frozenset()
    assert (stack.home / "stack" / "postgres" / "data" / "PG_VERSION").exists()
    assert stack.run("status").returncode == 1
    assert "minio: healthy" in stack.up("stores")


def test_down_leaves_no_process_even_if_the_supervisor_was_killed(stack: Stack) -> None:
    stack.up("stores")
    ours = stack.processes()
    os.kill(stack.supervisor(), signal.SIGKILL)
    assert "without a supervisor" in stack.down()
    assert alive(ours) | stack.processes() == frozenset()


def test_down_ends_a_supervisor_that_does_not_answer(stack: Stack) -> None:
    stack.up("stores")
    ours = stack.processes()
    os.kill(stack.supervisor(), signal.SIGSTOP)
    stack.down()
    assert alive(ours) | stack.processes() == frozenset()


def test_only_what_is_changed_is_started_again(stack: Stack, free_ports: dict[str, int]) -> None:
    stack.up("stores")
    before = stack.status()
    said = stack.up(
        "stores", FIXLAKE_MINIO_PORT=free_ports["superset_port"], FIXLAKE_SUPERSET_PORT=free_ports["minio_port"]
    )
    assert "minio: its settings have changed, stopping it" in said
    after = stack.status()
    assert after["minio"]["pid"] != before["minio"]["pid"]
    assert after["minio"]["address"].startswith(f"http://127.0.0.1:{free_ports['superset_port']} ")
    assert after["postgres"]["pid"] == before["postgres"]["pid"]


def test_bootstrap_that_fails_stops_up_with_the_end_of_its_log(stack: Stack) -> None:
    stack.up("stores")
    wrong = secrets.token_hex(16)
    for file in ("postgres", "stores"):
        (path,) = (stack.layout.secrets / file).glob("*superuser_password")
        path.unlink()
        path.write_text(wrong)
    done = stack.run("up")
    assert done.returncode == 1
    assert "stores failed; got exit status" in done.stderr
    assert "  stores | " in done.stdout
    assert "prefect-server: starting" not in done.stdout
    assert stack.status()["stores"]["health"] == "failed"
    assert wrong not in done.stdout + done.stderr


def test_no_secret_is_on_a_command_line_or_in_a_log(stack: Stack) -> None:
    said = stack.up("stores")
    hidden = {path.read_text() for path in stack.layout.secrets.rglob("*") if path.is_file()}
    assert len(hidden) > 10
    lines = [Path(f"/proc/{one.pid}/cmdline").read_bytes().decode() for one in stack.processes()]
    logs = [path.read_text() for path in stack.layout.logs.iterdir()]
    config = [stack.layout.config.read_text(), stack.layout.record.read_text()]
    assert len(lines) > 3
    assert [secret for secret in hidden for text in (said, *lines, *logs, *config) if secret in text] == []


def test_everything_listens_on_loopback_alone(stack: Stack) -> None:
    stack.up("stores")
    sockets = {
        str(link.readlink())
        for one in stack.processes()
        for link in Path(f"/proc/{one.pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:")
    }
    listening = {
        row[1].partition(":")[0]
        for table in ("tcp", "tcp6")
        for row in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if row[3] == "0A" and f"socket:[{row[9]}]" in sockets
    }
    assert listening <= {"0100007F", "00000000000000000000000001000000"}
    assert "0100007F" in listening


@pytest.mark.skipif(os.geteuid() != 0, reason="is an ordinary user already")
def test_ordinary_user_can_do_it_all(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack(account="nobody")
    stack.up("stores")
    uid = pwd.getpwnam("nobody").pw_uid
    ours = stack.processes()
    assert {Path(f"/proc/{one.pid}").stat().st_uid for one in ours} == {uid}
    os.kill(stack.supervisor(), signal.SIGKILL)
    assert "that a killed supervisor had left" in stack.up("stores")
    stack.down()
    assert stack.processes() == frozenset()

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.stack.layout import Layout
from deployments.stack.ports import holders, is_free
from deployments.stack.preflight import PASSING_SECONDS, Problem, problems


@pytest.fixture
def no_tools(tmp_path: Path) -> dict[str, Path]:
    """Settings of a machine on which nothing is installed."""
    return {"cache": tmp_path / "cache", "postgres_bin": tmp_path / "postgres"}


def solutions(found: list[Problem]) -> str:
    return "\n".join(problem.solution for problem in found)


def test_every_missing_tool_is_named_with_the_command_that_gets_it(
    make_layout: Callable[..., Layout], no_tools: dict[str, Path], open_folder: Path
) -> None:
    found = problems(make_layout(**no_tools))
    assert [problem.what.split()[0] for problem in found] == ["MinIO", "PostgreSQL", "Superset"]
    assert f"deployments/minio/build.sh {no_tools['cache']}/minio/" in solutions(found)
    assert f"deployments/superset/install.sh {no_tools['cache']}/superset/" in solutions(found)
    assert "apt-get install postgresql" in solutions(found)


def test_nothing_is_in_the_way_of_tools_that_are_there(make_layout: Callable[..., Layout], open_folder: Path) -> None:
    for name in ("minio", "postgres/initdb", "superset/.installed"):
        (open_folder / name).parent.mkdir(exist_ok=True)
        (open_folder / name).touch()
    tools = {"minio_bin": "minio", "postgres_bin": "postgres", "superset_venv": "superset"}
    assert problems(make_layout(**{setting: open_folder / name for setting, name in tools.items()})) == []


def test_environment_of_superset_that_is_half_installed_is_missing(
    make_layout: Callable[..., Layout], tmp_path: Path
) -> None:
    (tmp_path / "superset" / "bin").mkdir(parents=True)
    found = problems(make_layout(superset_venv=tmp_path / "superset"))
    assert "Superset is not installed" in [problem.what for problem in found]


def test_holder_of_a_port_is_named(make_layout: Callable[..., Layout], free_ports: dict[str, int]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_ports["superset_port"]))
        listener.listen()
        found = [problem for problem in problems(make_layout()) if "held by" in problem.what]
    assert len(found) == 1
    assert f"port {free_ports['superset_port']} on 127.0.0.1 is held by" in found[0].what
    assert f"(process {os.getpid()})" in found[0].what
    assert "FIXLAKE_SUPERSET_PORT=N" in found[0].solution


def test_port_that_nobody_listens_on_any_more_is_waited_for(
    make_layout: Callable[..., Layout], free_ports: dict[str, int]
) -> None:
    # Bound and not listening, as the port of a process that is ending: no holder can be named.
    ending = socket.socket()
    ending.bind(("127.0.0.1", free_ports["superset_port"]))
    assert holders(free_ports["superset_port"]) == {}
    timer = threading.Timer(PASSING_SECONDS / 5, ending.close)
    timer.start()
    assert not is_free("127.0.0.1", free_ports["superset_port"])
    assert [problem.what for problem in problems(make_layout()) if "held by" in problem.what] == []
    timer.join()


def test_two_services_cannot_have_one_port(make_layout: Callable[..., Layout], free_ports: dict[str, int]) -> None:
    found = [problem.what for problem in problems(make_layout(site_port=free_ports["minio_port"]))]
    assert f"port {free_ports['minio_port']} of FIXLAKE_SITE_PORT is wanted more than once" in found


def test_port_that_is_free_has_no_holder(free_ports: dict[str, int]) -> None:
    port = free_ports["site_port"]
    assert is_free("127.0.0.1", port)
    assert holders(port) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another account")
def test_home_that_postgres_cannot_reach_is_said_under_root(
    make_layout: Callable[..., Layout], open_folder: Path
) -> None:
    (open_folder / "closed").mkdir(mode=0o700)
    found = problems(make_layout(home=open_folder / "closed" / "home"))
    assert f"chmod o+x {open_folder / 'closed'}" in solutions(found)
    assert "--home /var/lib/fix-lakehouse" in solutions(found)


def test_home_whose_path_is_too_long_for_a_socket_is_said(make_layout: Callable[..., Layout], tmp_path: Path) -> None:
    found = problems(make_layout(home=tmp_path / ("long" * 20)))
    assert any("too long for a Unix socket" in problem.what for problem in found)


def test_up_says_everything_that_is_missing_at_once_and_makes_nothing(
    tmp_path: Path, no_tools: dict[str, Path], free_ports: dict[str, int]
) -> None:
    home = tmp_path / "home"
    variables = {**no_tools, **free_ports, "site_port": free_ports["minio_port"]}
    answer = subprocess.run(
        [sys.executable, "-m", "flows.cli", "stack", "up", "--home", str(home)],
        env={**os.environ, **{f"FIXLAKE_{name.upper()}": str(value) for name, value in variables.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    for word in (
        "MinIO",
        "build.sh",
        "PostgreSQL",
        "apt-get",
        "Superset",
        "install.sh",
        "FIXLAKE_SITE_PORT",
        "stack-tools",
    ):
        assert word in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not home.exists()

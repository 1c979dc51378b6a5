from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.services.process import free_port
from fix_transforms.simulate import simulate, write
from tests.stack.compose_stack import ComposeStack, engine_environment

PORTS = ("minio", "minio_console", "postgres", "superset", "prefect", "site")


@pytest.fixture(scope="module")
def stack() -> Iterator[ComposeStack]:
    """The stack with its demo, every service well."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fix-lakehouse"
    ports: set[int] = set()
    while len(ports) < len(PORTS):
        ports.add(free_port())
    with (
        engine_environment(cache / "engine") as environment,
        # The engine mounts the folder, so it must be one that the engine sees.
        tempfile.TemporaryDirectory(prefix="fixlake-stack-") as folder,
    ):
        stack = ComposeStack(
            project=f"fixlake-test-{secrets.token_hex(4)}",
            secrets=Path(folder) / "secrets",
            ports=dict(zip(PORTS, sorted(ports), strict=True)),
            environment=environment,
        )
        stack.compose("build")
        try:
            stack.up()
            yield stack
        finally:
            stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "10", check=False)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes, int]]:
    """Key, content and number of messages of simulated logs."""
    folder = tmp_path_factory.mktemp("logs")
    paths = write(simulate(6000, seed=99), folder / "logs", folder / "truth.json")
    truth = json.loads((folder / "truth.json").read_text())
    assert truth["messages"] == 6000
    found = [(f"uploaded/{path.relative_to(folder / 'logs').as_posix()}", path.read_bytes()) for path in paths]
    return [(key, content, content.count(b"8=FIX")) for key, content in found]

"""A stack that the command brings up and down, as a person would; and free ports for it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from minio import Minio

from deployments.services.descendants import Running
from deployments.services.process import free_port
from deployments.stack.layout import Layout
from deployments.stack.orphans import alive, marked
from deployments.stack.settings import StackSettings, load_stack_settings


def free_ports() -> dict[str, int]:
    """A free port for each that a stack listens on, by the name of its setting."""
    names = [name for name in StackSettings.model_fields if name.endswith("_port")]
    ports: set[int] = set()
    while len(ports) < len(names):
        ports.add(free_port())
    return dict(zip(names, sorted(ports), strict=True))


def wait_for(what: str, probe: Callable[[], Any], seconds: float = 180.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.5)
    pytest.fail(f"waited {seconds:.0f} s for {what}")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack in a home of its own."""

    home: Path
    environment: dict[str, str]
    ports: Mapping[str, int]
    become: tuple[str, ...] = ()

    def run(self, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.become, sys.executable, "-m", "flows.cli", "stack", *arguments, "--home", str(self.home)],
            env={**self.environment, **{name: str(value) for name, value in variables.items()}},
            capture_output=True, text=True, check=False, timeout=1500,
        )  # fmt: skip

    def up(self, *services: str, **variables: object) -> str:
        done = self.run("up", *services, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def down(self) -> str:
        done = self.run("down")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, dict[str, Any]]:
        return {row["service"]: row for row in json.loads(self.run("status", "--json").stdout)}

    @property
    def layout(self) -> Layout:
        return Layout.recorded(load_stack_settings(home=self.home))

    def processes(self) -> frozenset[Running]:
        return alive(marked(self.layout))

    def supervisor(self) -> int:
        (one,) = (process.pid for process, service in marked(self.layout).items() if service is None)
        return one

    def client(self) -> Minio:
        key = (self.layout.secrets / "people" / "uploader_secret_key").read_text()
        return Minio(f"127.0.0.1:{self.ports['minio_port']}", "fixlake-uploader", key, secure=False, region="us-east-1")

    def upload(self, name: str, content: bytes) -> None:
        """As the uploader, by an ordinary S3 client."""
        self.client().put_object("textfixlogs", name, io.BytesIO(content), len(content))

    def is_back(self, service: str, other_than: int) -> bool:
        """Whether a service is healthy, as another process than before."""
        row = self.status()[service]
        return row["health"] == "healthy" and row["pid"] != other_than

    def kill(self, service: str) -> None:
        """Kill a service and wait until it is back."""
        pid = self.status()[service]["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_for(f"{service} to come back", lambda: self.is_back(service, pid), 600)

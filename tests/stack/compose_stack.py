"""The stack of docker-compose.yml, brought up for tests: its own project, secrets and ports, and gone afterwards.

Invariant: nothing of another project on the same engine is touched; images stay, so that the next build is short.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "deployments" / "engine.sh"
#: Longest wait for something that takes seconds on a machine with nothing else to do.
PATIENCE = 300.0


def wait_until(claim: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Ask until it is true; the last answer is in the failure."""
    deadline = time.monotonic() + seconds
    while not (answer := claim()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}; last answer {answer!r}"
        time.sleep(1)


@contextmanager
def engine_environment(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which ``docker`` finds an engine: one that answers, or one that runs under a folder meanwhile."""
    own = {**os.environ, "DOCKER_HOST": f"unix://{folder}/sock"}
    answers = any(
        subprocess.run(["docker", "info"], env=environment, check=False, capture_output=True).returncode == 0
        for environment in (os.environ, own)
        if shutil.which("docker")
    )
    printed = subprocess.run([ENGINE, "up", folder], check=True, capture_output=True, text=True).stdout.strip()
    host = printed.removeprefix("export DOCKER_HOST=")
    try:
        yield {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    finally:
        if not answers:
            subprocess.run([ENGINE, "down", folder], check=True)


def compose_command() -> list[str]:
    """Compose v2 where it is installed, else v1."""
    plugin = subprocess.run(["docker", "compose", "version"], check=False, capture_output=True)
    return ["docker", "compose"] if plugin.returncode == 0 else [shutil.which("docker-compose") or "docker-compose"]


@dataclass(slots=True)
class ComposeStack:
    """A project of compose."""

    project: str
    secrets: Path
    ports: Mapping[str, int]
    environment: dict[str, str] = field(repr=False)
    command: list[str] = field(default_factory=compose_command)

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run compose on the project."""
        variables = {
            **self.environment,
            "COMPOSE_PROJECT_NAME": self.project,
            "FIXLAKE_SECRETS_DIR": str(self.secrets),
            "FIXLAKE_DEMO": "1",
            **{f"FIXLAKE_{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
        }
        done = subprocess.run(
            [*self.command, *arguments], cwd=ROOT, env=variables, check=False, capture_output=True, text=True
        )
        assert not check or done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done

    def docker(self, *arguments: str) -> str:
        """Run docker, and give what it says."""
        done = subprocess.run(["docker", *arguments], env=self.environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout + done.stderr

    def inspect(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by the name of its service."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = self.docker("ps", "--all", "--quiet", "--filter", label).split()
        found = json.loads(self.docker("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def unwell(self) -> dict[str, str]:
        """Services that do not run as they should, with what is the matter."""
        return {name: state for name, one in self.inspect().items() if (state := _matter(one["State"]))}

    def up(self) -> None:
        """Bring it up, and wait until all of it is well."""
        self.compose("up", "--detach")
        wait_until(lambda: not self.unwell(), f"all services well: {self.unwell()}")

    def container(self, service: str) -> str:
        """Id of a service's container."""
        return str(self.inspect()[service]["Id"])

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the published marts; nothing before the first snapshot."""
        done = self.compose("exec", "-T", "worker", "fixlake", "query", "--json", "--limit", "0", sql, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def integrated(self) -> dict[str, int]:
        """Messages of each object that readers see now, counted in the marts and not as reported."""
        sql = (
            "select object_key, sum(integrated_messages)::bigint as messages from file_integration group by object_key"
        )
        return {row["object_key"]: row["messages"] for row in self.query(sql)}

    def secret(self, name: str) -> str:
        """A secret, by folder and name."""
        return (self.secrets / name).read_text(encoding="utf-8")

    def uploader(self) -> Any:
        """An ordinary S3 client with the uploader's key, which tries again while the store is away."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.ports['minio']}",
            aws_access_key_id="fixlake-uploader",
            aws_secret_access_key=self.secret("people/uploader_secret_key"),
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 30, "mode": "standard"}, connect_timeout=10, read_timeout=60),
        )


def _matter(state: dict[str, Any]) -> str:
    health = state.get("Health")
    if health is None:
        ended_well = state["Status"] == "exited" and state["ExitCode"] == 0
        return "" if ended_well else f"{state['Status']} {state['ExitCode']}"
    return "" if health["Status"] == "healthy" else f"{state['Status']}, {health['Status']}"

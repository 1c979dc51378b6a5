"""A MinIO server on a folder: its binary, its process, its buckets, users and policies.

Invariant: the root key stays with whoever sets the server up; every service gets a user with one of the
policies in ``deployments/minio/policies``.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from deployments.services.process import ServerProcess, free_port
from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from minio import Minio
    from minio.minioadmin import MinioAdmin

FOLDER = PROJECT_ROOT / "deployments" / "minio"
BUILD_SCRIPT = FOLDER / "build.sh"


def minio_binary() -> Path:
    """The server's binary in the cache folder of this machine; built the first time, which takes minutes.

    Raises:
        ServiceError: It cannot be built.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    version = subprocess.run([BUILD_SCRIPT, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    binary = cache / "fix-lakehouse" / "minio" / version / "minio"
    if not binary.exists():
        built = subprocess.run([BUILD_SCRIPT, binary], check=False, capture_output=True, text=True)
        if built.returncode:
            raise ServiceError("cannot be built", where="MinIO", got=built.stderr.strip()[-2000:])
    return binary


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key and its secret."""

    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def random(cls, name: str) -> Credentials:
        """Credentials that nobody can guess."""
        return cls(f"{name}-{secrets.token_hex(4)}", secrets.token_hex(20))


@dataclass(slots=True)
class MinioServer:
    """A running server."""

    port: int
    console_port: int
    root: Credentials
    process: ServerProcess

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        port: int | None = None,
        console_port: int | None = None,
        root: Credentials | None = None,
        environment: dict[str, str] | None = None,
    ) -> MinioServer:
        """Start a server on a folder, on loopback; ports and root key are made up unless given.

        Raises:
            ServiceError: There is no binary, or the server does not answer.
        """
        root = root or Credentials.random("root")
        port, console_port = port or free_port(), console_port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        env = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "MINIO_ROOT_USER": root.access_key,
            "MINIO_ROOT_PASSWORD": root.secret_key,
            "MINIO_UPDATE": "off",
            **(environment or {}),
        }
        command: list[str | Path] = [
            minio_binary(), "server", "--quiet",
            "--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{console_port}", folder / "data",
        ]  # fmt: skip
        process = ServerProcess.start(
            "MinIO", command, env=env, log=folder / "minio.log", is_ready=lambda: _is_ready(port)
        )
        return cls(port, console_port, root, process)

    @property
    def endpoint(self) -> str:
        """The S3 endpoint's URL."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop the server."""
        self.process.stop()

    def client(self, credentials: Credentials | None = None) -> Minio:
        """An S3 client; as root unless told otherwise."""
        from minio import Minio

        as_who = credentials or self.root
        return Minio(
            f"127.0.0.1:{self.port}",
            access_key=as_who.access_key,
            secret_key=as_who.secret_key,
            secure=False,
            region="us-east-1",
        )

    def make_bucket(self, name: str) -> None:
        """Make a bucket that keeps versions; leaves one that exists as it is."""
        from minio.commonconfig import ENABLED
        from minio.versioningconfig import VersioningConfig

        client = self.client()
        if not client.bucket_exists(name):
            client.make_bucket(name)
        client.set_bucket_versioning(name, VersioningConfig(ENABLED))

    def add_user(self, role: str, landing: str, lake: str, credentials: Credentials | None = None) -> Credentials:
        """Add a user that may do what the role's policy says, in these two buckets.

        Args:
            role: Name of a file in ``deployments/minio/policies``.
            landing: Bucket of the landing.
            lake: Bucket of the lake.
            credentials: Of the user; made up unless given.
        """
        user = credentials or Credentials.random(role)
        admin = self._admin()
        name = f"{role}-{landing}-{lake}"
        admin.policy_add(name, policy=render_policy(role, landing, lake))
        admin.user_add(user.access_key, user.secret_key)
        admin.attach_policy([name], user=user.access_key)
        return user

    def _admin(self) -> MinioAdmin:
        from minio.credentials.providers import StaticProvider
        from minio.minioadmin import MinioAdmin

        provider = StaticProvider(self.root.access_key, self.root.secret_key)
        return MinioAdmin(endpoint=f"127.0.0.1:{self.port}", credentials=provider, secure=False, region="us-east-1")


def render_policy(role: str, landing: str, lake: str) -> dict[str, object]:
    """A role's policy for two buckets."""
    template = Template((FOLDER / "policies" / f"{role}.json").read_text(encoding="utf-8"))
    policy: dict[str, object] = json.loads(template.substitute(landing=landing, lake=lake))
    return policy


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/minio/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

"""A MinIO server on a folder: its binary, its process, and clients of it.

Invariant: the root key stays with whoever sets the server up; every service gets a user with one of the
policies in ``deployments/minio/policies``, which ``deployments.stores.object_store`` gives out.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.services.process import ServerProcess, free_port
from deployments.stack.settings import load_stack_settings
from deployments.stack.tools import BUILD_MINIO, find_tools
from deployments.stores.object_store import ObjectStore, render_policy, s3_client
from deployments.stores.plan import Credentials
from deployments.stores.waiting import minio_answers
from fix_transforms.errors import ServiceError

if TYPE_CHECKING:
    from minio import Minio


def minio_binary() -> Path:
    """The server's binary; built into the cache of this machine the first time, which takes minutes.

    Raises:
        ServiceError: It cannot be built.
    """
    binary = find_tools(load_stack_settings()).minio
    if not binary.exists():
        built = subprocess.run([BUILD_MINIO, binary], check=False, capture_output=True, text=True)
        if built.returncode:
            raise ServiceError("cannot be built", where="MinIO", got=built.stderr.strip()[-2000:])
    return binary


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
        url = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        env = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "MINIO_ROOT_USER": root.name,
            "MINIO_ROOT_PASSWORD": root.secret,
            "MINIO_UPDATE": "off",
            **(environment or {}),
        }
        command: list[str | Path] = [
            minio_binary(), "server", "--quiet",
            "--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{console_port}", folder / "data",
        ]  # fmt: skip
        process = ServerProcess.start(
            "MinIO", command, env=env, log=folder / "minio.log", is_ready=lambda: minio_answers(url)
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
        return s3_client(self.endpoint, credentials or self.root)

    def make_bucket(self, name: str) -> None:
        """Make a bucket that keeps versions; leaves one that exists as it is."""
        self._store().ensure_bucket(name)

    def add_user(self, role: str, landing: str, lake: str, credentials: Credentials | None = None) -> Credentials:
        """Add a user that may do what the role's policy says, in these two buckets.

        Args:
            role: Name of a file in ``deployments/minio/policies``.
            landing: Bucket of the landing.
            lake: Bucket of the lake.
            credentials: Of the user; made up unless given.
        """
        user = credentials or Credentials.random(role)
        name = f"{role}-{landing}-{lake}"
        self._store().ensure_policy(name, render_policy(role, landing, lake))
        self._store().ensure_user(user, policy=name)
        return user

    def _store(self) -> ObjectStore:
        return ObjectStore(self.endpoint, self.root)

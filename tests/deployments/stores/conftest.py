"""Real MinIO and PostgreSQL, the secrets of a stack, and the bootstrap as the program that it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from minio import Minio

from deployments.services.minio_server import MinioServer
from deployments.services.postgres_server import PostgresServer
from deployments.services.process import free_port
from deployments.stores.plan import Credentials

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Stores:
    minio: MinioServer
    postgres: PostgresServer
    secrets: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "FIXLAKE_SECRETS": str(self.secrets),
            "FIXLAKE_MINIO_URL": self.minio.endpoint,
            "FIXLAKE_POSTGRES_HOST": "127.0.0.1",
            "FIXLAKE_POSTGRES_PORT": str(self.postgres.port),
        }

    def bootstrap(self, **overrides: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deployments.stores"],
            cwd=ROOT, env=self.environment | overrides, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text(encoding="utf-8")

    def user(self, role: str) -> Credentials:
        return Credentials(f"fixlake-{role}", self.secret(f"{role}_secret_key"))

    def s3(self, role: str) -> Minio:
        return self.minio.client(self.user(role))

    def connect(self, role: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """As a role of the plan; the superuser is ``postgres``."""
        files = {"postgres": "postgres_superuser_password", "ledger_reader": "ledger_reader_password"}
        return psycopg.connect(
            host="127.0.0.1", port=self.postgres.port, user=role, dbname=database, autocommit=True,
            password=self.secret(files.get(role, f"{role}_database_password")),
        )  # fmt: skip


@pytest.fixture(scope="package")
def stores() -> Iterator[Stores]:
    """Servers after one run of the bootstrap."""
    with _started() as started:
        done = started.bootstrap()
        assert done.returncode == 0, done.stderr
        yield started


@contextmanager
def _started() -> Iterator[Stores]:
    """Servers as the stack starts them."""
    # Not under pytest's own folder: nobody but root may enter that, and PostgreSQL is not root.
    folder = Path(tempfile.mkdtemp(prefix="fixlake-stores-"))
    folder.chmod(0o755)
    try:
        subprocess.run([ROOT / "deployments" / "secrets" / "generate.sh", folder / "secrets"], check=True)
        secrets = folder / "secrets" / "stores"
        webhook = {
            "MINIO_NOTIFY_WEBHOOK_ENABLE_FIXLAKE": "on",
            # Nobody is there yet, as in the stack.
            "MINIO_NOTIFY_WEBHOOK_ENDPOINT_FIXLAKE": f"http://127.0.0.1:{free_port()}/minio",
            "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_FIXLAKE": "token",
            "MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_FIXLAKE": str(folder / "queue"),
        }
        root = Credentials("fixlake-root", (secrets / "minio_root_password").read_text())
        minio = MinioServer.start(folder / "minio", root=root, environment=webhook)
        try:
            password = (secrets / "postgres_superuser_password").read_text()
            postgres = PostgresServer.start(folder / "postgres", user="postgres", password=password, durable=False)
            try:
                yield Stores(minio, postgres, secrets)
            finally:
                postgres.stop()
        finally:
            minio.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)

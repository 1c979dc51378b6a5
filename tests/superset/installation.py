"""A real Superset for tests: its own environment, real metadata in PostgreSQL, a folder of published snapshots."""

from __future__ import annotations

import os
import secrets
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from deployments.services.process import ServerProcess, free_port
from deployments.superset.environment import FOLDER, superset_environment
from fix_transforms.settings import PROJECT_ROOT

ROLE = "superset_of_tests"


@dataclass(frozen=True, slots=True)
class Installation:
    """One Superset. Its metadata is a database of its own on the tests' server.

    Attributes:
        folder: For secrets, snapshots and Superset's own files.
        dsn: Superuser's address of PostgreSQL.
        database: Of the metadata.
        password: Of the role that owns it.
    """

    folder: Path
    dsn: str = field(repr=False)
    database: str
    password: str = field(repr=False)
    port: int = field(default_factory=free_port)

    @classmethod
    def make(cls, folder: Path, dsn: str, password: str, *, template: str = "template0") -> Installation:
        """A new one; with the metadata of another one if that is named."""
        database = f"superset_{secrets.token_hex(4)}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(password))
                )
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(database), sql.Identifier(ROLE), sql.Identifier(template)
                )
            )
        made = cls(folder, dsn, database, password)
        made.published.mkdir(parents=True)
        for name, value in (("database_password", password), ("secret_key", "5" * 64), ("admin_password", "a" * 64)):
            made.write_secret(name, value)
        return made

    def drop(self) -> None:
        """Remove the metadata."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.database)))

    @property
    def published(self) -> Path:
        return self.folder / "published"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "superset.log"

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text()

    def write_secret(self, name: str, value: str) -> None:
        path = self.folder / "secrets" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(value)

    def publish(self, database: Path) -> None:
        """Make a folder with a database the current snapshot."""
        link = self.published / ".current.new"
        link.symlink_to(database.parent.name)
        link.replace(self.published / "current")

    def environment(self, **more: str) -> dict[str, str]:
        """What the start scripts give to Superset's programs. No secret."""
        address = psycopg.conninfo.conninfo_to_dict(self.dsn)
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": f"{superset_environment() / 'bin'}:{os.defpath}",
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT_ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
            "SUPERSET_ENV": "production",
            "SUPERSET_HOME": str(home),
            "SUPERSET_DATABASE": self.database,
            "SUPERSET_DATABASE_USER": ROLE,
            "SUPERSET_ASSETS": str(self.folder / "assets"),
            "FIXLAKE_SECRETS": str(self.folder / "secrets"),
            "FIXLAKE_POSTGRES_HOST": str(address["host"]),
            "FIXLAKE_POSTGRES_PORT": str(address["port"]),
            "FIXLAKE_PUBLISHED": str(self.published),
            "FIXLAKE_BIND": "127.0.0.1",
            "FIXLAKE_SUPERSET_PORT": str(self.port),
            "FIXLAKE_SITE_URL": "http://127.0.0.1:8090",
            **more,
        }

    def run(self, module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """One of our programs, to its end."""
        return subprocess.run(
            [superset_environment() / "bin" / "python", "-m", f"deployments.superset.{module}", *map(str, arguments)],
            env=self.environment(),
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )

    def start(self, **more: str) -> ServerProcess:
        """Gunicorn, answering."""
        return ServerProcess.start(
            "Superset",
            [
                superset_environment() / "bin" / "gunicorn", "--chdir", self.folder,
                "--config", FOLDER / "gunicorn_conf.py", "superset.app:create_app()",
            ],
            env=self.environment(**more),
            log=self.log,
            is_ready=self._is_ready,
        )  # fmt: skip

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

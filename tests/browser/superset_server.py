"""Superset with our configuration and assets, on a database of its own, as processes that end with the test."""

from __future__ import annotations

import os
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from deployments.services.process import ServerProcess, free_port
from deployments.superset.environment import FOLDER, superset_environment
from fix_transforms.settings import PROJECT_ROOT
from tests.browser.access import Access


@contextmanager
def serving(
    folder: Path, postgres_dsn: str, published: Path, *, site_url: str = "http://127.0.0.1:8090"
) -> Iterator[Access]:
    """Set up and start Superset on the PostgreSQL server of a DSN, on the snapshots of a folder."""
    database, password = f"superset_{secrets.token_hex(4)}", secrets.token_hex(16)
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        name, role = sql.Identifier(database), sql.Identifier(database)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))
        try:
            yield from _running(folder, connection.info, database, password, published, site_url)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def _running(
    folder: Path, postgres: psycopg.ConnectionInfo, database: str, password: str, published: Path, site_url: str
) -> Iterator[Access]:
    environment, port, admin_password = superset_environment(), free_port(), secrets.token_hex(16)
    given = {"database_password": password, "secret_key": secrets.token_hex(32), "admin_password": admin_password}
    (folder / "secrets").mkdir(parents=True)
    (folder / "home").mkdir()
    for name, value in given.items():
        (folder / "secrets" / name).write_text(value)
    variables = {
        "PATH": f"{environment / 'bin'}:{os.defpath}",
        "PYTHONPATH": str(PROJECT_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
        "TZ": "UTC",
        "SUPERSET_ENV": "production",
        "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
        "SUPERSET_HOME": str(folder / "home"),
        "SUPERSET_DATABASE": database,
        "SUPERSET_DATABASE_USER": database,
        "SUPERSET_LOGIN_LIMIT": "1000 per minute",
        "SUPERSET_WORKERS": "1",
        "FIXLAKE_SECRETS": str(folder / "secrets"),
        "FIXLAKE_POSTGRES_HOST": postgres.host,
        "FIXLAKE_POSTGRES_PORT": str(postgres.port),
        "FIXLAKE_PUBLISHED": str(published),
        "FIXLAKE_SITE_URL": site_url,
        "FIXLAKE_BIND": "127.0.0.1",
        "FIXLAKE_SUPERSET_PORT": str(port),
    }
    setup = [environment / "bin" / "python", "-m", "deployments.superset.setup", FOLDER / "assets"]
    done = subprocess.run(setup, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-2000:]
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        environment / "bin" / "gunicorn", "--config", FOLDER / "gunicorn_conf.py", "superset.app:create_app()",
    ]  # fmt: skip
    server = ServerProcess.start(
        "Superset", command, env=variables, log=folder / "superset.log", is_ready=lambda: _is_healthy(url)
    )
    try:
        yield Access(folder / "screenshots", superset_url=url, superset_password=admin_password, site_url=site_url)
    finally:
        server.stop()


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

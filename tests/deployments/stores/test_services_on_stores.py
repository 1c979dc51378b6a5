"""The services live with what the bootstrap gives them: the pipeline with its keys, Prefect with its database."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deployments.services.process import ServerProcess, free_port
from deployments.stores.plan import LAKE, LANDING
from fix_transforms.errors import StorageError
from fix_transforms.lake.delta import Lake, delta_errors
from fix_transforms.lake.ledger import Ledger
from fix_transforms.lake.maintain import compact
from fix_transforms.settings import Settings
from fix_transforms.tables import FIX_MESSAGES, INGESTED_FILES
from fix_transforms.workspace import Workspace

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Stores = Any


def ledger_dsn(stores: Stores) -> str:
    return psycopg.conninfo.make_conninfo(
        host="127.0.0.1", port=stores.postgres.port, user="ledger", dbname="fix_db",
        password=stores.secret("ledger_database_password"),
    )  # fmt: skip


def settings_of(stores: Stores, role: str) -> dict[str, str]:
    user = stores.user(role)
    return {
        "landing_uri": f"s3://{LANDING}",
        "lake_uri": f"s3://{LAKE}",
        "s3_endpoint": stores.minio.endpoint,
        "s3_access_key_id": user.name,
        "s3_secret_access_key": user.secret,
        "ledger_dsn": ledger_dsn(stores),
    }


def fixlake(*arguments: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    variables = {f"FIXLAKE_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        env={**os.environ, **variables, "FIXLAKE_HOME": str(home)},
        cwd=home.parent, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip


def test_each_step_of_the_pipeline_needs_no_more_than_its_own_key(
    stores: Stores, tmp_path: Path, fix_log: Callable[..., bytes], make_settings: Callable[..., Settings]
) -> None:
    home = tmp_path / "home"
    for number in range(2):
        log = fix_log(3, first=10 * number)
        stores.s3("uploader").put_object(LANDING, f"desk/{number}.log", io.BytesIO(log), len(log))
        done = fixlake("run", home=home, **settings_of(stores, "ingester"))
        assert done.returncode == 0, done.stdout + done.stderr
    with Ledger(ledger_dsn(stores)) as ledger:
        assert {row["object_key"]: row["state"] for row in ledger.rows().values()}["desk/1.log"] == "committed"
        assert {row["state"] for row in ledger.rows().values()} == {"committed"}

    def lake(role: str) -> Lake:
        return Lake(Workspace.from_settings(make_settings(**settings_of(stores, role))).lake)

    def vacuum(role: str) -> list[str]:
        with delta_errors("vacuum failed", FIX_MESSAGES):
            return (
                lake(role)
                .open(FIX_MESSAGES)
                .vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
            )

    with pytest.raises(StorageError):
        compact(lake("reader"), FIX_MESSAGES)
    done = fixlake("maintain", home=home, **settings_of(stores, "maintainer"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fix_messages: 2 files compacted into 1" in done.stdout

    with pytest.raises(StorageError):
        vacuum("ingester")
    assert len(vacuum("maintainer")) >= 2
    read = lake("reader")
    assert read.read(FIX_MESSAGES, ["file_id"]).height == 6
    assert read.read(INGESTED_FILES, ["object_key"])["object_key"].is_in(["desk/0.log", "desk/1.log"]).sum() == 2


def test_prefect_makes_its_tables_as_the_plain_owner_of_its_database(stores: Stores, tmp_path: Path) -> None:
    port = free_port()
    password = stores.secret("prefect_database_password")
    database = f"postgresql+asyncpg://prefect:{password}@127.0.0.1:{stores.postgres.port}/prefect"

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    # Its start, with every migration, may take longer than that of our own services.
    server = ServerProcess.start(
        "Prefect", [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env={
            "PATH": os.defpath, "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect"),
            "PREFECT_API_DATABASE_CONNECTION_URL": database, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
            "PREFECT_UI_STATIC_DIRECTORY": str(tmp_path / "ui"),
        },
        log=tmp_path / "prefect.log", is_ready=is_ready,
    )  # fmt: skip
    try:
        with stores.connect("prefect", "prefect") as connection:
            tables = connection.execute(
                "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            indexes = connection.execute(
                "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'"
            ).fetchone()
            extensions = connection.execute(
                "SELECT extname FROM pg_extension WHERE extowner = 'prefect'::regrole"
            ).fetchall()
        assert {"flow_run", "block_document", "alembic_version"} <= {name for name, _ in tables}
        assert {owner for _, owner in tables} == {"prefect"}
        assert indexes is not None
        assert indexes[0] > 0
        assert extensions == []
    finally:
        server.stop()

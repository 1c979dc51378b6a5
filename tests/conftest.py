"""Fixtures that every folder of tests may use: real services, and places to work in."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from deployments.services.minio_server import MinioServer
from deployments.services.postgres_server import PostgresServer
from deployments.stores.plan import Credentials
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.settings import Settings, load_settings
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, INGESTED_FILES
from fix_transforms.workspace import Workspace

#: Names that settings or clients would read from the environment of whoever runs the tests.
FOREIGN = ("FIXLAKE_", "AWS_", "PREFECT_", "PG", "DBT_", "GX_")
#: A PostgreSQL server to use instead of starting one.
POSTGRES_DSN = os.environ.get("FIXLAKE_TEST_POSTGRES_DSN")


def pytest_configure() -> None:
    """A session that is asked to end stops its servers first, as it does for Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that may take longest go first, so that at the end no process waits for one of them alone."""
    patience: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        patience[item.path] = max(patience.get(item.path, 0), mark.args[0] if mark else 0)
    items.sort(key=lambda item: -patience[item.path])


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither variables nor a .env file of the person running the tests reach the code under test."""
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings whose home is the test's own folder."""

    def make(**overrides: object) -> Settings:
        return load_settings(**{"home": tmp_path / "lakehouse", **overrides})

    return make


@pytest.fixture
def workspace(make_settings: Callable[..., Settings]) -> Workspace:
    """Embedded mode in the test's own folder."""
    return Workspace.from_settings(make_settings())


# ---- logs ----


def fix_message(body: str) -> bytes:
    """A message with the right BodyLength and CheckSum; fields are separated by ``|``."""
    fields = body.replace("|", "\x01").encode() + b"\x01"
    message = b"8=FIX.4.4\x019=%d\x01%b" % (len(fields), fields)
    return message + b"10=%03d\x01" % (sum(message) % 256)


@pytest.fixture
def fix_log() -> Callable[..., bytes]:
    """Lines of a log: ``fix_log(3, first=10)`` holds orders 10, 11 and 12."""

    def log(count: int, first: int = 1, sender: str = "BUYSIDE") -> bytes:
        return b"".join(
            fix_message(
                f"35=D|49={sender}|56=BROKER|34={number}|52=20240102-10:00:{number % 60:02d}.123|11=order-{number}"
                "|55=MSFT|54=1|38=100|40=2|44=10.25|60=20240102-10:00:00.000"
                "|453=2|448=FIRM|447=D|452=1|448=TRADER|447=D|452=11"
            )
            + b"\n"
            for number in range(first, first + count)
        )

    return log


@pytest.fixture
def land(request: pytest.FixtureRequest) -> Callable[[Workspace, str, bytes], None]:
    """Put an object into a workspace's landing: into its folder, or into its bucket as root."""

    def put(workspace: Workspace, key: str, content: bytes) -> None:
        if workspace.landing.is_local:
            path = workspace.landing.path / key
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.part")
            fresh.write_bytes(content)
            fresh.replace(path)
        else:
            server: MinioServer = request.getfixturevalue("minio_server")
            server.client().put_object(workspace.landing.bucket, key, io.BytesIO(content), len(content))

    return put


# ---- a lake seen from outside ----


@pytest.fixture
def assert_exactly_once() -> Callable[[Workspace, Mapping[str, int]], None]:
    """Assert that the lake holds just these keys with so many messages each, and that every count adds up."""

    def check(workspace: Workspace, expected: Mapping[str, int]) -> None:
        lake = Lake(workspace.lake)
        files = lake.read(INGESTED_FILES)
        messages = lake.read(FIX_MESSAGES, ["file_id", "message_index", "byte_offset", "batch_id"])
        groups = lake.read(FIX_GROUP_FIELDS, ["file_id", "message_index", "position"])
        assert files["file_id"].is_unique().all()
        assert messages.select("file_id", "message_index").is_unique().all()
        assert groups.is_unique().all()
        rows = files.join(messages, on="file_id", how="left", suffix="_of_row")
        assert rows.filter(pl.col("batch_id") != pl.col("batch_id_of_row")).is_empty()
        found = rows.group_by("object_key").agg(pl.col("byte_offset").drop_nulls().len())
        assert dict(found.iter_rows()) == dict(expected)
        report = reconcile(workspace)
        assert (report.mismatches, report.orphan_batches, report.waiting) == ((), (), ())

    return check


# ---- ingestion as a process of its own ----

INGEST = """
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.settings import load_settings
from fix_transforms.workspace import Workspace
workspace = Workspace.from_settings(load_settings())
print(ingest(workspace, discover(workspace)))
"""


@pytest.fixture
def start_ingest(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that ingests what it finds, with the workspace's settings and those given."""
    started: list[subprocess.Popen[str]] = []

    def start(workspace: Workspace, **overrides: object) -> subprocess.Popen[str]:
        given = {name: getattr(workspace.settings, name) for name in workspace.settings.model_fields_set} | overrides
        values = {name: v.get_secret_value() if isinstance(v, SecretStr) else v for name, v in given.items()}
        variables = {f"FIXLAKE_{name.upper()}": str(value) for name, value in values.items() if value is not None}
        process = subprocess.Popen(
            [sys.executable, "-c", INGEST],
            env={**os.environ, **variables},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


# ---- MinIO ----


@dataclass(frozen=True, slots=True)
class MinioBuckets:
    """Two fresh buckets on the session's server, and a user for each role in them."""

    server: MinioServer
    landing: str
    lake: str
    ingester: Credentials
    uploader: Credentials

    @property
    def endpoint(self) -> str:
        return self.server.endpoint

    def settings(self, as_who: Credentials | None = None) -> dict[str, object]:
        """Keyword arguments of ``load_settings``, as the ingester unless told otherwise."""
        who = as_who or self.ingester
        return {
            "landing_uri": f"s3://{self.landing}",
            "lake_uri": f"s3://{self.lake}",
            "s3_endpoint": self.endpoint,
            "s3_access_key_id": who.name,
            "s3_secret_access_key": who.secret,
        }


@pytest.fixture(scope="session")
def minio_server() -> Iterator[MinioServer]:
    folder = Path(tempfile.mkdtemp(prefix="fixlake-minio-"))
    server = MinioServer.start(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def minio(minio_server: MinioServer) -> MinioBuckets:
    """Fresh buckets with versions, an ingester and an uploader that may do no more than they must."""
    tag = secrets.token_hex(4)
    landing, lake = f"textfixlogs-{tag}", f"parquetfixlogs-{tag}"
    minio_server.make_bucket(landing)
    minio_server.make_bucket(lake)
    return MinioBuckets(
        server=minio_server,
        landing=landing,
        lake=lake,
        ingester=minio_server.add_user("ingester", landing, lake),
        uploader=minio_server.add_user("uploader", landing, lake),
    )


@pytest.fixture
def s3_workspace(minio: MinioBuckets, make_settings: Callable[..., Settings]) -> Workspace:
    """A workspace on MinIO, as the ingester."""
    return Workspace.from_settings(make_settings(**minio.settings()))


# ---- PostgreSQL ----


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """DSN of a server whose databases we may make and drop."""
    if POSTGRES_DSN:
        yield POSTGRES_DSN
        return
    # Not under pytest's own folder: nobody but root may enter that, and the server is not root.
    folder = Path(tempfile.mkdtemp(prefix="fixlake-postgres-"))
    server = PostgresServer.start(folder, durable=False)
    try:
        yield server.dsn()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """DSN of a fresh database."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield psycopg.conninfo.make_conninfo(postgres_server, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

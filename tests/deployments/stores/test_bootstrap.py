"""``python -m deployments.stores`` on real servers."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError
from minio.error import S3Error

from deployments.services.process import free_port
from deployments.stores.object_store import admin_client
from deployments.stores.plan import LAKE, LANDING, LANDING_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

#: Fixture values of the conftest beside this file.
Stores = Any


def in_order(value: Any) -> Any:
    """The server gives lists of a policy in any order."""
    if isinstance(value, dict):
        return {key: in_order(inner) for key, inner in value.items()}
    return sorted(map(in_order, value), key=repr) if isinstance(value, list) else value


def state(stores: Stores) -> dict[str, object]:
    """Everything the bootstrap looks after, with what the servers know of when it was last written."""
    root = stores.minio.client()
    admin = admin_client(stores.minio.endpoint, stores.minio.root)
    events = {name: root.get_bucket_notification(name).queue_config_list for name in (LANDING, LAKE)}
    found: dict[str, object] = {
        "buckets": [(bucket.name, root.get_bucket_versioning(bucket.name).status) for bucket in root.list_buckets()],
        "events": {name: [(one.queue, one.events) for one in queues or ()] for name, queues in events.items()},
        "policies": in_order(json.loads(admin.policy_list())),
        "users": json.loads(admin.user_list()),
    }
    with stores.connect("postgres", "postgres") as connection:
        # xmin changes whenever a row is written, with the same values or not.
        found["roles"] = connection.execute("SELECT xmin::text, * FROM pg_authid ORDER BY rolname").fetchall()
        found["databases"] = connection.execute(
            "SELECT xmin::text, datname, datdba, datacl::text FROM pg_database"
        ).fetchall()
    for database in ("prefect", "fix_db", "superset"):
        with stores.connect("postgres", database) as connection:
            found[database] = [
                connection.execute(query).fetchall()
                for query in (
                    "SELECT nspname, nspacl::text FROM pg_namespace ORDER BY 1",
                    "SELECT relname, relacl::text FROM pg_class ORDER BY 1",
                    "SELECT defaclrole, defaclobjtype, defaclacl::text FROM pg_default_acl",
                    "SELECT extname, extversion FROM pg_extension ORDER BY 1",
                )
            ]
    return found


@pytest.fixture
def secret_file(stores: Stores) -> Iterator[Any]:
    """Put another value into a secret file for the time of a test."""
    kept: dict[Path, bytes] = {}

    def change(name: str, value: str) -> None:
        path = stores.secrets / name
        kept.setdefault(path, path.read_bytes())
        path.unlink()
        path.write_text(value)

    yield change
    for path, content in kept.items():
        path.unlink(missing_ok=True)
        path.write_bytes(content)
    assert stores.bootstrap().returncode == 0


def test_another_run_changes_nothing_and_says_so(stores: Stores) -> None:
    before = state(stores)
    again = stores.bootstrap()
    assert (again.returncode, again.stderr) == (0, "")
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"found"}
    assert state(stores) == before
    assert before["buckets"] == [(LAKE, "Enabled"), (LANDING, "Enabled")]
    assert before["events"] == {LANDING: [(LANDING_EVENTS, ["s3:ObjectCreated:*"])], LAKE: []}


def test_no_secret_is_in_what_it_prints(stores: Stores, secret_file: Any) -> None:
    secret_file("ledger_database_password", "b" * 64)
    secret_file("reader_secret_key", "c" * 64)
    done = stores.bootstrap()
    said = done.stdout + done.stderr
    assert "changed  role ledger\n" in said
    assert [path.name for path in stores.secrets.iterdir() if path.read_text() in said] == []


def test_what_somebody_bent_is_mended(stores: Stores) -> None:
    before = state(stores)
    root = stores.minio.client()
    admin = admin_client(stores.minio.endpoint, stores.minio.root)
    root.delete_bucket_notification(LANDING)
    root.delete_bucket_lifecycle(LAKE)
    admin.policy_add("fixlake-reader", policy={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}]})  # fmt: skip
    admin.attach_policy(["readwrite"], user="fixlake-uploader")
    admin.user_remove("fixlake-ingester")
    with stores.connect("postgres", "fix_db") as connection:
        connection.execute("ALTER ROLE prefect SUPERUSER CREATEROLE")
        connection.execute("GRANT CONNECT ON DATABASE superset TO PUBLIC")
        connection.execute("CREATE TABLE bent (x int)")
        connection.execute("GRANT ALL ON bent TO ledger_reader")
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        connection.execute("ALTER DATABASE fix_db OWNER TO postgres")
    done = stores.bootstrap()
    assert done.returncode == 0, done.stderr
    changed = [line[9:] for line in done.stdout.splitlines() if not line.startswith("found")]
    assert changed == [
        "parquetfixlogs forgets old versions after 7 days",
        f"events of textfixlogs to {LANDING_EVENTS}",
        "user fixlake-uploader",
        "user fixlake-ingester",
        "policy fixlake-reader",
        "role prefect",
        "database fix_db, owned by ledger",
        "database superset, owned by superset",
        "ledger_reader reads what ledger makes",
    ]
    with stores.connect("postgres", "fix_db") as connection:
        connection.execute("DROP TABLE bent")
    after = state(stores)
    for part in ("buckets", "events", "prefect", "fix_db", "superset"):
        assert after[part] == before[part]
    assert {name: user["policyName"] for name, user in json.loads(admin.user_list()).items()} == {
        f"fixlake-{role}": f"fixlake-{role}" for role in ("uploader", "ingester", "maintainer", "reader")
    }
    assert stores.bootstrap().stdout.count("found") == len(done.stdout.splitlines())


def test_changed_store_secret_takes_effect_and_ends_keys_got_with_the_old_one(stores: Stores, secret_file: Any) -> None:
    old = stores.user("reader")

    def s3(key: str, secret: str, token: str | None = None) -> Any:
        return boto3.client("s3", endpoint_url=stores.minio.endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
                            aws_session_token=token, region_name="us-east-1")  # fmt: skip

    sts = boto3.client("sts", endpoint_url=stores.minio.endpoint, aws_access_key_id=old.name,
                       aws_secret_access_key=old.secret, region_name="us-east-1")  # fmt: skip
    temporary = sts.assume_role(RoleArn="arn:x:ignored:by:minio:role", RoleSessionName="test")["Credentials"]
    by_token = s3(temporary["AccessKeyId"], temporary["SecretAccessKey"], temporary["SessionToken"])
    by_token.list_objects_v2(Bucket=LAKE)

    secret_file("reader_secret_key", "d" * 64)
    assert "changed  user fixlake-reader\n" in stores.bootstrap().stdout
    s3("fixlake-reader", "d" * 64).list_objects_v2(Bucket=LAKE)
    for stale in (by_token, s3(old.name, old.secret)):
        with pytest.raises(ClientError, match=r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidTokenId"):
            stale.list_objects_v2(Bucket=LAKE)


@pytest.mark.parametrize(
    ("role", "database", "file"),
    [
        ("prefect", "prefect", "prefect_database_password"),
        ("ledger", "fix_db", "ledger_database_password"),
        ("ledger_reader", "fix_db", "ledger_reader_password"),
        ("superset", "superset", "superset_database_password"),
    ],
)
def test_changed_database_password_takes_effect(
    stores: Stores, secret_file: Any, role: str, database: str, file: str
) -> None:
    old = stores.secret(file)
    secret_file(file, "e" * 64)
    assert f"changed  role {role}\n" in stores.bootstrap().stdout
    stores.connect(role, database).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=stores.postgres.port, user=role, password=old, dbname=database)


def test_server_that_logs_every_statement_logs_no_password_and_no_verifier(stores: Stores, secret_file: Any) -> None:
    loud = ("log_statement = 'all'", "log_min_duration_statement = 0", "log_min_error_statement = 'info'")
    with stores.connect("postgres", "postgres") as connection:
        for setting in loud:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    try:
        secret_file("superset_database_password", "f" * 64)
        assert stores.bootstrap().returncode == 0
        with stores.connect("postgres", "postgres") as connection:
            connection.execute("SELECT 'the server does log'")
    finally:
        with stores.connect("postgres", "postgres") as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")
    log = stores.postgres.process.log.read_text()
    assert "the server does log" in log
    assert "f" * 64 not in log
    assert "SCRAM-SHA-256$" not in log


def test_passwords_are_kept_as_scram_verifiers(stores: Stores) -> None:
    with stores.connect("postgres", "postgres") as connection:
        rows = connection.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin").fetchall()
    assert {name for name, _ in rows} == {"postgres", "prefect", "ledger", "ledger_reader", "superset"}
    assert all(str(verifier).startswith("SCRAM-SHA-256$") for _, verifier in rows)


# ---- what stops it ----


def refusal(stores: Stores, **overrides: str) -> str:
    done = stores.bootstrap(**overrides)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return str(done.stderr)


def test_missing_variable_or_secret_is_named_before_anything_is_changed(stores: Stores, tmp_path: Path) -> None:
    before = state(stores)
    assert "FIXLAKE_MINIO_URL: not set" in refusal(stores, FIXLAKE_MINIO_URL="")
    assert "expected http://host:port" in refusal(stores, FIXLAKE_MINIO_URL="minio:9000")
    assert "FIXLAKE_POSTGRES_PORT: not a port" in refusal(stores, FIXLAKE_POSTGRES_PORT="x")
    assert f"{tmp_path / 'minio_root_password'}: secret cannot be read" in refusal(
        stores, FIXLAKE_SECRETS=str(tmp_path)
    )
    assert state(stores) == before


def test_wrong_root_secret_or_superuser_password_is_refused_without_being_shown(
    stores: Stores, secret_file: Any
) -> None:
    secret_file("minio_root_password", "wrong-root-secret")
    said = refusal(stores)
    assert "the server refuses; got SignatureDoesNotMatch" in said
    assert "wrong-root-secret" not in said
    secret_file("minio_root_password", stores.minio.root.secret)
    secret_file("postgres_superuser_password", "wrong-superuser-password")
    said = refusal(stores)
    assert "postgres cannot connect to postgres" in said
    assert "wrong-superuser-password" not in said
    secret_file("postgres_superuser_password", stores.postgres.password)


def test_server_without_the_webhook_is_named(minio_server: Any, stores: Stores) -> None:
    from deployments.stores.object_store import ObjectStore
    from fix_transforms.errors import ServiceError

    store = ObjectStore(minio_server.endpoint, minio_server.root)
    minio_server.make_bucket("without-webhook")
    with pytest.raises(ServiceError, match="expected a server started with this webhook"):
        store.ensure_events("without-webhook", LANDING_EVENTS)


def test_server_that_does_not_answer_is_an_error_when_the_time_is_up() -> None:
    from deployments.stores.waiting import minio_answers, postgres_answers, wait_for
    from fix_transforms.errors import ServiceError

    port = free_port()
    with pytest.raises(ServiceError, match="MinIO: does not answer; expected an answer in 0 s"):
        wait_for("MinIO", lambda: minio_answers(f"http://127.0.0.1:{port}"), 0.3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        assert not postgres_answers("127.0.0.1", mute.getsockname()[1])


def test_upload_is_announced_while_nobody_listens(stores: Stores) -> None:
    client = stores.s3("uploader")
    client.put_object(LANDING, "announced.log", io.BytesIO(b"x"), 1)
    queue = stores.secrets.parents[1] / "queue"
    assert any(path.is_file() for path in queue.rglob("*"))
    with pytest.raises(S3Error, match="AccessDenied"):
        client.get_object(LANDING, "announced.log")

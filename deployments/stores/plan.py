"""What the stores are to hold: buckets and their users, databases and their roles, and how to reach the servers.

Invariant: names are fixed here and nowhere else; secrets come from files of the folder ``FIXLAKE_SECRETS`` only, and
are in no repr.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fix_transforms.errors import ServiceError

LANDING = "textfixlogs"
LAKE = "parquetfixlogs"
#: The webhook that the server is started with; it tells the receiver of every upload.
LANDING_EVENTS = "arn:minio:sqs::FIXLAKE:webhook"
#: Each is a user ``fixlake-<role>`` with the policy ``deployments/minio/policies/<role>.json``.
STORE_ROLES = ("uploader", "ingester", "maintainer", "reader")
MINIO_ROOT = "fixlake-root"

POSTGRES_SUPERUSER = "postgres"
LEDGER_DATABASE = "fix_db"
LEDGER_OWNER = "ledger"
LEDGER_READER = "ledger_reader"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who somebody is and how they prove it."""

    name: str
    secret: str = field(repr=False)

    @classmethod
    def random(cls, name: str) -> Credentials:
        """Credentials that nobody can guess."""
        return cls(f"{name}-{secrets.token_hex(4)}", secrets.token_hex(20))


@dataclass(frozen=True, slots=True)
class Database:
    """A database, who owns it, and what the superuser has to install in it.

    Attributes:
        reader: A role that may read what the owner makes, and no more.
    """

    name: str
    owner: Credentials
    reader: Credentials | None = None
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectStorePlan:
    """The object store."""

    url: str
    root: Credentials
    users: Mapping[str, Credentials]
    landing: str = LANDING
    lake: str = LAKE
    landing_events: str = LANDING_EVENTS


@dataclass(frozen=True, slots=True)
class DatabasePlan:
    """The database server."""

    host: str
    port: int
    superuser: Credentials
    databases: tuple[Database, ...]

    @property
    def where(self) -> str:
        """The server, for messages."""
        return f"PostgreSQL {self.host}:{self.port}"


def object_store_plan(environment: Mapping[str, str]) -> ObjectStorePlan:
    """What MinIO is to hold.

    Raises:
        ServiceError: A variable or a secret is missing or cannot be used.
    """
    url = _variable(environment, "FIXLAKE_MINIO_URL")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ServiceError("not an address", where="FIXLAKE_MINIO_URL", got=repr(url), expected="http://host:port")
    folder = _secrets(environment)
    return ObjectStorePlan(
        url=f"{parts.scheme}://{parts.netloc}",
        root=Credentials(MINIO_ROOT, _secret(folder, "minio_root_password")),
        users={role: Credentials(f"fixlake-{role}", _secret(folder, f"{role}_secret_key")) for role in STORE_ROLES},
    )


def database_plan(environment: Mapping[str, str]) -> DatabasePlan:
    """What PostgreSQL is to hold.

    Raises:
        ServiceError: A variable or a secret is missing or cannot be used.
    """
    port = _variable(environment, "FIXLAKE_POSTGRES_PORT")
    if not port.isdecimal():
        raise ServiceError("not a port", where="FIXLAKE_POSTGRES_PORT", got=repr(port), expected="a number")
    folder = _secrets(environment)
    return DatabasePlan(
        host=_variable(environment, "FIXLAKE_POSTGRES_HOST"),
        port=int(port),
        superuser=Credentials(POSTGRES_SUPERUSER, _secret(folder, "postgres_superuser_password")),
        databases=(
            # Prefect's migrations index names by trigrams.
            Database("prefect", Credentials("prefect", _secret(folder, "prefect_database_password")), extensions=("pg_trgm",)),
            Database(
                LEDGER_DATABASE,
                Credentials(LEDGER_OWNER, _secret(folder, "ledger_database_password")),
                reader=Credentials(LEDGER_READER, _secret(folder, "ledger_reader_password")),
            ),
            Database("superset", Credentials("superset", _secret(folder, "superset_database_password"))),
        ),
    )  # fmt: skip


def _variable(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ServiceError("not set", where=name)
    return value


def _secrets(environment: Mapping[str, str]) -> Path:
    return Path(_variable(environment, "FIXLAKE_SECRETS"))


def _secret(folder: Path, name: str) -> str:
    path = folder / name
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError("secret cannot be read", where=str(path), got=type(error).__name__) from None
    if not secret:
        raise ServiceError("secret is empty", where=str(path), expected="what deployments/secrets/generate.sh makes")
    return secret

"""Each role of PostgreSQL: where it may go, what it may do there, and that everything else is refused."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest

from fix_transforms.lake.ledger import Ledger

pytestmark = pytest.mark.integration

Stores = Any

#: Role → the one database that it may enter.
HOME = {"prefect": "prefect", "ledger": "fix_db", "ledger_reader": "fix_db", "superset": "superset"}
DATABASES = ("prefect", "fix_db", "superset", "postgres", "template1")

REFUSED_TO_ALL: tuple[LiteralString, ...] = (
    "CREATE ROLE intruder",
    "CREATE DATABASE intruders",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER ROLE postgres PASSWORD 'x'",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "CREATE EXTENSION file_fdw",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' LIMIT 1",
    "CREATE TABLE pg_catalog.intruder (x int)",
)

REFUSED_TO_THE_READER: tuple[LiteralString, ...] = (
    "INSERT INTO processed_files (file_id) VALUES ('x')",
    "UPDATE processed_files SET state = 'failed'",
    "DELETE FROM processed_files",
    "TRUNCATE processed_files",
    "DROP TABLE processed_files",
    "ALTER TABLE processed_files ADD COLUMN x int",
    "CREATE INDEX ON processed_files (state)",
    "SELECT * FROM processed_files FOR UPDATE",
    "DO 'BEGIN LOCK TABLE processed_files IN EXCLUSIVE MODE; END'",
    "CREATE TABLE public.intruder (x int)",
    "CREATE TEMPORARY TABLE intruder (x int)",
    "CREATE SCHEMA intruder",
    "SET ROLE ledger",
)


def dsn(stores: Stores, role: str) -> str:
    secret = stores.secret(f"{role}_database_password")
    return psycopg.conninfo.make_conninfo(
        host="127.0.0.1", port=stores.postgres.port, user=role, password=secret, dbname=HOME[role]
    )


@pytest.mark.parametrize("role", HOME)
def test_role_enters_its_own_database_and_no_other(stores: Stores, role: str) -> None:
    for database in DATABASES:
        if database == HOME[role]:
            stores.connect(role, database).close()
        else:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                stores.connect(role, database)


@pytest.mark.parametrize("role", HOME)
def test_role_has_no_power_over_the_server(stores: Stores, role: str) -> None:
    with stores.connect(role, HOME[role]) as connection, stores.connect("postgres", HOME[role]):
        for statement in REFUSED_TO_ALL:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pytest.fail(f"{role} may {statement}: {connection.execute(statement)}")


@pytest.mark.parametrize("role", [role for role in HOME if role != "ledger_reader"])
def test_owner_makes_tables_in_its_own_database(stores: Stores, role: str) -> None:
    with stores.connect(role, HOME[role]) as connection:
        connection.execute("CREATE TABLE made_by_owner (x int)")
        connection.execute("DROP TABLE made_by_owner")


def test_ledger_makes_its_table_and_the_reader_reads_it_and_no_more(stores: Stores) -> None:
    with Ledger(dsn(stores, "ledger")) as ledger:
        files = len(ledger.rows())
    with stores.connect("ledger_reader", "fix_db") as connection:
        assert connection.execute("SELECT count(*) FROM processed_files").fetchone() == (files,)
        for statement in REFUSED_TO_THE_READER:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pytest.fail(f"ledger_reader may {statement}: {connection.execute(statement)}")
    with stores.connect("postgres", "fix_db") as connection:
        owners = connection.execute("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [("ledger",)]


def test_reader_reads_also_tables_that_the_ledger_makes_later(stores: Stores) -> None:
    with stores.connect("ledger", "fix_db") as owner, stores.connect("ledger_reader", "fix_db") as reader:
        owner.execute("CREATE TABLE later (x int)")
        assert reader.execute("SELECT * FROM later").fetchall() == []
        owner.execute("DROP TABLE later")


def test_nobody_gets_in_without_a_password(stores: Stores) -> None:
    for role in (*HOME, "postgres"):
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(host="127.0.0.1", port=stores.postgres.port, user=role, dbname=HOME.get(role, role))

"""PostgreSQL as it is to be: a database per service, owned by a role of its own that can do nothing elsewhere.

Invariant: every statement may be repeated and the roles end up with exactly what is here: they may log in with their
password, connect to their own database and no other, and are no superusers. Passwords travel as SCRAM verifiers, in
statements that the server is told not to log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString, TypeAlias

from deployments.stores.passwords import is_verifier_of, verifier_of
from deployments.stores.plan import Credentials, Database, DatabasePlan
from deployments.stores.steps import Step, Steps, outcome
from deployments.stores.waiting import postgres_answers, wait_for
from fix_transforms.errors import ServiceError

if TYPE_CHECKING:
    import psycopg

    Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

#: The first release whose schema ``public`` belongs to the database's owner and is closed to everyone else.
OLDEST_SERVER = 150000
CONNECT_SECONDS = 10
#: No statement of this program is logged by the server, whatever it is configured to log.
_SILENT = " ".join(
    f"-c {setting}"
    for setting in ("log_statement=none", "log_min_duration_statement=-1", "log_duration=off", "log_min_error_statement=panic")
)  # fmt: skip

_ROLE: LiteralString = """
SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolpassword
FROM pg_authid WHERE rolname = %s
"""
#: What the first columns say of a role with ``_ATTRIBUTES``.
_WANTED = (True, False, False, False, False, False)
_ATTRIBUTES: LiteralString = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

_DATABASE: LiteralString = """
SELECT pg_get_userbyid(datdba), has_database_privilege('public', oid, 'CONNECT, TEMPORARY')
FROM pg_database WHERE datname = %s
"""


def bring_up(plan: DatabasePlan) -> Steps:
    """Wait for the server, then make or mend everything in the plan.

    Raises:
        ServiceError: The server does not answer, is too old, or refuses.
    """
    wait_for(plan.where, lambda: postgres_answers(plan.host, plan.port))
    with _connect(plan, plan.superuser, "postgres") as connection, _errors(plan, "statement"):
        if connection.info.server_version < OLDEST_SERVER:
            raise ServiceError("too old", where=plan.where, got=connection.info.server_version, expected=OLDEST_SERVER)
        for database in plan.databases:
            for role in filter(None, (database.owner, database.reader)):
                yield _ensure_role(connection, role)
            yield _ensure_database(connection, database)
        yield _close_to_public(connection)
    for database in plan.databases:
        with _connect(plan, plan.superuser, database.name) as connection, _errors(plan, f"database {database.name}"):
            yield from _furnish(connection, database)
        for role in filter(None, (database.owner, database.reader)):
            # Also proof that the password works.
            with _connect(plan, role, database.name):
                pass


def _ensure_role(connection: Connection, who: Credentials) -> Step:
    from psycopg import sql

    row = connection.execute(_ROLE, [who.name]).fetchone()
    plain = row is not None and row[:-1] == _WANTED
    same_password = row is not None and is_verifier_of(row[-1], who.secret)
    name = sql.Identifier(who.name)
    if row is None:
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
    if not plain:
        connection.execute(sql.SQL("ALTER ROLE {} " + _ATTRIBUTES).format(name))
    if not same_password:
        verifier = sql.Literal(verifier_of(connection, who))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, verifier))
    return Step(f"role {who.name}", outcome(existed=row is not None, changed=not (plain and same_password)))


def _ensure_database(connection: Connection, database: Database) -> Step:
    from psycopg import sql

    row = connection.execute(_DATABASE, [database.name]).fetchone()
    name, owner = sql.Identifier(database.name), sql.Identifier(database.owner.name)
    if row is None:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    elif row[0] != database.owner.name:
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    is_closed = row is not None and not row[1]
    if not is_closed:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    lets_in = row is not None and _may_connect(connection, database)
    if database.reader is not None and not lets_in:
        reader = sql.Identifier(database.reader.name)
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, reader))
    changed = row is None or row[0] != database.owner.name or not is_closed or not lets_in
    what = f"database {database.name}, owned by {database.owner.name}"
    return Step(what, outcome(existed=row is not None, changed=changed))


def _may_connect(connection: Connection, database: Database) -> bool:
    if database.reader is None:
        return True
    query: LiteralString = "SELECT has_database_privilege(%s, %s, 'CONNECT')"
    row = connection.execute(query, [database.reader.name, database.name]).fetchone()
    return row is not None and bool(row[0])


def _close_to_public(connection: Connection) -> Step:
    """The databases that every server has: a service has no business in them."""
    from psycopg import sql

    open_ones = []
    for name in ("postgres", "template1"):
        row = connection.execute(_DATABASE, [name]).fetchone()
        if row is not None and row[1]:
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
            open_ones.append(name)
    return Step("other databases closed to the roles", outcome(existed=True, changed=bool(open_ones)))


def _furnish(connection: Connection, database: Database) -> Steps:
    """What lies inside a database: its extensions, its schema closed to others, its reader's rights."""
    from psycopg import sql

    for extension in database.extensions:
        found = connection.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [extension]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
        yield Step(f"extension {extension} in {database.name}", outcome(existed=found is not None, changed=False))
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    if database.reader is not None:
        yield _ensure_reader(connection, database.owner, database.reader)


def _ensure_reader(connection: Connection, owner: Credentials, reader: Credentials) -> Step:
    """SELECT on every table that the owner has made or will make, and nothing else."""
    from psycopg import sql

    names = {"owner": sql.Identifier(owner.name), "reader": sql.Identifier(reader.name)}
    before = _rights(connection, reader.name)
    for statement in (
        sql.SQL("REVOKE ALL ON SCHEMA public FROM {reader}"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {reader}"),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {reader}"),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"),
        sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public REVOKE ALL ON TABLES FROM {reader}"),
        sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {reader}"),
    ):
        connection.execute(statement.format(**names))
    after = _rights(connection, reader.name)
    what = f"{reader.name} reads what {owner.name} makes"
    return Step(what, outcome(existed=bool(before), changed=before != after))


def _rights(connection: Connection, role: str) -> list[tuple[Any, ...]]:
    """Everything that the access lists of a database say about a role."""
    query: LiteralString = """
        WITH lists AS (
            SELECT 'schema ' || nspname AS thing, nspacl AS acl FROM pg_namespace
            UNION ALL SELECT 'table ' || oid::regclass::text, relacl FROM pg_class
            UNION ALL SELECT 'new tables', defaclacl FROM pg_default_acl
        )
        SELECT thing, privilege_type FROM lists, aclexplode(acl)
        WHERE grantee = (SELECT oid FROM pg_roles WHERE rolname = %s)
        ORDER BY thing, privilege_type
    """
    return connection.execute(query, [role]).fetchall()


@contextmanager
def _connect(plan: DatabasePlan, who: Credentials, database: str) -> Iterator[Connection]:
    import psycopg

    options = _SILENT if who == plan.superuser else ""
    try:
        connection = psycopg.connect(
            host=plan.host, port=plan.port, user=who.name, password=who.secret, dbname=database, options=options,
            autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="fixlake stores",
        )  # fmt: skip
    except psycopg.Error as error:
        # The library's texts hold host, user and the server's answer, never a password.
        raise ServiceError(
            f"{who.name} cannot connect to {database}", where=plan.where, got=str(error).strip(),
            expected="the password in the secret file",
        ) from None  # fmt: skip
    with connection:
        yield connection


@contextmanager
def _errors(plan: DatabasePlan, what: str) -> Iterator[None]:
    """Turn a refusal into our error. The statement, which may hold a verifier, is not repeated."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        got = error.diag.message_primary or type(error).__name__
        raise ServiceError(f"{what}: the server refuses", where=plan.where, got=got) from None

"""``processed_files``: the PostgreSQL table that hands out work and shows its state to people.

Invariant: nothing is ever decided by it. A lease spares two workers the same work; whether a file is done is
for Delta to say, and a ledger that is empty, stale or wrong costs time, never rows. Every transition is one
statement guarded by the state it starts from. The DSN, which holds a password, is in no error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, LiteralString

from fix_transforms.errors import LedgerError

if TYPE_CHECKING:
    from fix_transforms.lake.landing import LandedObject

STATES: Final = ("discovered", "claimed", "committed", "failed")

#: How long to wait for a connection, in seconds.
CONNECT_SECONDS: Final = 10

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS processed_files (
    file_id       text PRIMARY KEY,
    bucket        text NOT NULL,
    object_key    text NOT NULL,
    version_id    text,
    etag          text,
    size          bigint NOT NULL,
    last_modified timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('discovered', 'claimed', 'committed', 'failed')),
    status        text,
    lease_owner   text,
    lease_until   timestamptz,
    attempts      integer NOT NULL DEFAULT 0,
    last_error    text,
    batch_id      text,
    messages      bigint,
    quarantined   bigint,
    delta_version bigint,
    discovered_at timestamptz NOT NULL DEFAULT now(),
    claimed_at    timestamptz,
    committed_at  timestamptz,
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS processed_files_unfinished ON processed_files (state, lease_until)
    WHERE state <> 'committed';
"""

#: Held while the table is created: two sessions that create it at once would trip over each other.
_SCHEMA_LOCK: Final = 5_064_193_377_201_001

_REGISTER: Final = """
INSERT INTO processed_files (file_id, bucket, object_key, version_id, etag, size, last_modified, state)
VALUES (%(file_id)s, %(bucket)s, %(object_key)s, %(version_id)s, %(etag)s, %(size)s, %(last_modified)s, 'discovered')
ON CONFLICT (file_id) DO NOTHING
"""

# An owner is present as long as its session: a lease of one that was killed is free at once. A bigint's lock is shown
# as two halves (PostgreSQL manual, "pg_locks").
_CLAIM: Final = """
WITH present AS (
    SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
UPDATE processed_files AS f
SET state = 'claimed', lease_owner = %(owner)s, lease_until = now() + make_interval(secs => %(seconds)s),
    attempts = f.attempts + 1, claimed_at = now(), updated_at = now()
FROM (
    SELECT file_id FROM processed_files
    WHERE file_id = ANY(%(file_ids)s)
      AND (state <> 'claimed' OR lease_until IS NULL OR lease_until < now() OR lease_owner = %(owner)s
           OR NOT EXISTS (SELECT FROM present WHERE present.key = hashtextextended(lease_owner, 0)))
    ORDER BY file_id
    FOR UPDATE SKIP LOCKED
) AS free
WHERE f.file_id = free.file_id
RETURNING f.file_id
"""

_RENEW: Final = """
UPDATE processed_files
SET lease_until = now() + make_interval(secs => %(seconds)s), updated_at = now()
WHERE file_id = ANY(%(file_ids)s) AND state = 'claimed' AND lease_owner = %(owner)s
"""

_FAIL: Final = """
UPDATE processed_files
SET state = 'failed', lease_owner = NULL, lease_until = NULL, last_error = %(error)s, updated_at = now()
WHERE file_id = ANY(%(file_ids)s) AND state = 'claimed' AND lease_owner = %(owner)s
"""

_RELEASE: Final = """
UPDATE processed_files
SET state = 'discovered', lease_owner = NULL, lease_until = NULL, updated_at = now()
WHERE file_id = ANY(%(file_ids)s) AND state = 'claimed' AND lease_owner = %(owner)s
"""

# What Delta says overrides whatever state the row is in.
_COMMIT: Final = """
INSERT INTO processed_files (file_id, bucket, object_key, version_id, etag, size, last_modified, state, status,
                             batch_id, messages, quarantined, delta_version, committed_at)
VALUES (%(file_id)s, %(bucket)s, %(object_key)s, %(version_id)s, %(etag)s, %(object_bytes)s, %(last_modified)s,
        'committed', %(status)s, %(batch_id)s, %(messages)s, %(quarantined)s, %(delta_version)s, %(ingested_at)s)
ON CONFLICT (file_id) DO UPDATE
SET state = 'committed', status = excluded.status, version_id = excluded.version_id, batch_id = excluded.batch_id,
    messages = excluded.messages, quarantined = excluded.quarantined,
    delta_version = coalesce(excluded.delta_version, processed_files.delta_version),
    committed_at = excluded.committed_at, lease_owner = NULL, lease_until = NULL, last_error = NULL, updated_at = now()
"""

_REOPEN: Final = """
UPDATE processed_files
SET state = 'discovered', status = NULL, batch_id = NULL, messages = NULL, quarantined = NULL, delta_version = NULL,
    committed_at = NULL, lease_owner = NULL, lease_until = NULL, updated_at = now()
WHERE file_id = ANY(%(file_ids)s) AND state = 'committed'
"""


# Not those that somebody is reading: they may be in the landing by the time this looks again.
_FORGET: Final = """
DELETE FROM processed_files
WHERE file_id = ANY(%(file_ids)s) AND state <> 'committed' AND (lease_until IS NULL OR lease_until < now())
"""


class Ledger:
    """One connection to the ledger; use as a context manager."""

    def __init__(self, dsn: str) -> None:
        """Connect, and create the table where it is missing.

        Raises:
            LedgerError: PostgreSQL cannot be reached or refuses.
        """
        import psycopg

        self._present: set[str] = set()
        with ledger_errors("cannot be reached"):
            self._connection = psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_SECONDS)
        try:
            with ledger_errors("table cannot be created"):
                self._create()
        except LedgerError:
            self.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def register(self, objects: Iterable[LandedObject]) -> None:
        """Add objects that are not there yet as discovered.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        self._many(_REGISTER, [_of_object(landed) for landed in objects])

    def claim(self, file_ids: Sequence[str], owner: str, seconds: int) -> frozenset[str]:
        """Take a lease on those files that nobody else holds one on.

        Args:
            file_ids: Files wanted; registered before.
            owner: Who asks; asking again renews.
            seconds: How long the lease runs, at most: it ends with this connection.

        Returns:
            The files that are the owner's now.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        values = {"file_ids": list(file_ids), "owner": owner, "seconds": seconds}
        with ledger_errors("files cannot be claimed"):
            if owner not in self._present:
                self._connection.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", [owner])
                self._present.add(owner)
            return frozenset(row[0] for row in self._connection.execute(_CLAIM, values))

    def known(self, file_ids: Sequence[str]) -> frozenset[str]:
        """Those of the files that have a row.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        query: LiteralString = "SELECT file_id FROM processed_files WHERE file_id = ANY(%s)"
        with ledger_errors("table cannot be read"):
            return frozenset(row[0] for row in self._connection.execute(query, [list(file_ids)]))

    def renew(self, file_ids: Sequence[str], owner: str, seconds: int) -> None:
        """Let the owner's leases run from now.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        self._one(_RENEW, {"file_ids": list(file_ids), "owner": owner, "seconds": seconds})

    def complete(self, rows: Iterable[Mapping[str, Any]], delta_version: int | None) -> None:
        """Record files that Delta has.

        Args:
            rows: Their rows of ``ingested_files``.
            delta_version: Version of ``fix_messages`` that has them, where known.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        self._many(_COMMIT, [{**row, "delta_version": delta_version} for row in rows])

    def fail(self, file_ids: Sequence[str], owner: str, error: str) -> None:
        """Give leases back after a failure; the files may be tried again.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        self._one(_FAIL, {"file_ids": list(file_ids), "owner": owner, "error": error.replace("\x00", "")})

    def release(self, file_ids: Sequence[str], owner: str) -> None:
        """Give leases back without having done anything.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        self._one(_RELEASE, {"file_ids": list(file_ids), "owner": owner})

    def reopen(self, file_ids: Sequence[str]) -> None:
        """Take back a ``committed`` that Delta knows nothing of.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        self._one(_REOPEN, {"file_ids": list(file_ids)})

    def forget(self, file_ids: Sequence[str]) -> int:
        """Remove rows of files that are neither committed nor claimed; returns how many there were.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        with ledger_errors("statement was refused"):
            return self._connection.execute(_FORGET, {"file_ids": list(file_ids)}).rowcount

    def try_lock(self, number: int) -> bool:
        """Take an advisory lock that ends with this connection; false if somebody else holds it.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        with ledger_errors("lock cannot be asked for"):
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
        return row is not None and bool(row[0])

    def rows(self) -> dict[str, dict[str, Any]]:
        """Every row by ``file_id``.

        Raises:
            LedgerError: PostgreSQL refuses.
        """
        from psycopg.rows import dict_row

        with ledger_errors("table cannot be read"), self._connection.cursor(row_factory=dict_row) as cursor:
            return {row["file_id"]: row for row in cursor.execute("SELECT * FROM processed_files")}

    def _create(self) -> None:
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_SCHEMA_LOCK])
            self._connection.execute(_SCHEMA)

    def _one(self, statement: LiteralString, values: Mapping[str, Any]) -> None:
        with ledger_errors("statement was refused"):
            self._connection.execute(statement, values)

    def _many(self, statement: LiteralString, values: Sequence[Mapping[str, Any]]) -> None:
        # In one order everywhere, so that two sessions cannot wait for each other.
        ordered = sorted(values, key=lambda row: str(row["file_id"]))
        with (
            ledger_errors("statement was refused"),
            self._connection.transaction(),
            self._connection.cursor() as cursor,
        ):
            cursor.executemany(statement, ordered)


@contextmanager
def ledger_errors(what: str) -> Iterator[None]:
    """Turn psycopg's errors into ``LedgerError``; they may quote the DSN, so only their class is kept."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        state = f"{type(error).__name__}" + (f" {error.sqlstate}" if error.sqlstate else "")
        raise LedgerError(what, where="PostgreSQL ledger", got=state) from None


def _of_object(landed: LandedObject) -> dict[str, Any]:
    return {
        "file_id": landed.file_id,
        "bucket": landed.bucket,
        "object_key": landed.key_text.replace("\x00", "\\x00"),
        "version_id": landed.version_id,
        "etag": landed.etag,
        "size": landed.size,
        "last_modified": landed.last_modified,
    }

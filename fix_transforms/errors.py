"""Every error this project raises on purpose, in one tree.

    FixLakehouseError
    ├── SettingsError            a setting is missing, malformed or contradicts another
    ├── TableSpecError           a declared table contradicts itself
    ├── SchemaMismatchError      a frame or a live table differs from its declaration
    │   └── NarrowingError       applying the declaration would lose data
    ├── DictionaryError          a FIX dictionary cannot be read or contradicts itself
    ├── StorageError             landing or lake could not be read or written
    │   ├── ObjectChangedError   the object is no longer the version that was listed
    │   └── UnsafeStoreError     the store ignores conditional writes
    ├── CommitConflictError      another writer won every attempt
    ├── LedgerError              PostgreSQL could not be reached or refused a statement
    ├── DecompressionError       an input would not decompress within its limits
    ├── QualityError             Great Expectations itself failed: says nothing about the data
    ├── TransformError           dbt failed
    ├── PublishError             a snapshot could not be published
    ├── QueryError               a query was refused or failed
    ├── ReportError              a report could not be computed or written
    ├── ServiceError             a local service did not start or died
    └── BusyError                another process holds the lock that this needs

Invariant: errors of third-party libraries are wrapped where they enter (``lake/``, ``expectations/``,
``flows/``), so that callers catch ``FixLakehouseError`` and nothing else. Every message says what failed,
where, what was got and what was expected, and carries no secret. Bad *data* is never an exception: it is
a row in ``quarantine``.
"""

from __future__ import annotations


class FixLakehouseError(Exception):
    """Base of every error raised on purpose.

    Args:
        what: The operation that failed, as a short clause.
        where: The file, object, table or setting it failed on.
        got: What was found.
        expected: What would have been right.
    """

    def __init__(self, what: str, *, where: str | None = None, got: object = None, expected: object = None) -> None:
        self.what = what
        self.where = where
        self.got = got
        self.expected = expected
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        parts = [self.what if self.where is None else f"{self.where}: {self.what}"]
        if self.got is not None:
            parts.append(f"got {self.got}")
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        return "; ".join(parts)


# ---- configuration and declarations ----


class SettingsError(FixLakehouseError):
    """Error raised when a setting is missing, malformed or contradicts another."""


class TableSpecError(FixLakehouseError):
    """Error raised when a declared table contradicts itself."""


class SchemaMismatchError(FixLakehouseError):
    """Error raised when a frame or a live table differs from its declaration."""


class NarrowingError(SchemaMismatchError):
    """Error raised when applying a declaration would drop or narrow a live column."""


class DictionaryError(FixLakehouseError):
    """Error raised when a FIX dictionary cannot be read or contradicts itself."""


# ---- storage ----


class StorageError(FixLakehouseError):
    """Error raised when the landing or the lake could not be read or written."""


class ObjectChangedError(StorageError):
    """Error raised when an object is no longer the version that was listed."""


class UnsafeStoreError(StorageError):
    """Error raised when a store lets two conditional writes to one key both succeed."""


class CommitConflictError(FixLakehouseError):
    """Error raised when every attempt to commit lost to another writer."""


class LedgerError(FixLakehouseError):
    """Error raised when PostgreSQL could not be reached or refused a statement."""


class DecompressionError(FixLakehouseError):
    """Error raised when an input would not decompress within its limits.

    Attributes:
        offset: How many bytes had come out, where that is known.
    """

    offset = 0


# ---- judging, modelling, showing ----


class QualityError(FixLakehouseError):
    """Error raised when Great Expectations itself failed; it says nothing about the data."""


class TransformError(FixLakehouseError):
    """Error raised when dbt failed."""


class PublishError(FixLakehouseError):
    """Error raised when a snapshot could not be published."""


class QueryError(FixLakehouseError):
    """Error raised when a query was refused or failed."""


class ReportError(FixLakehouseError):
    """Error raised when a report could not be computed or written."""


class ServiceError(FixLakehouseError):
    """Error raised when a local service did not start or died."""


class BusyError(FixLakehouseError):
    """Error raised when another process holds the lock that this one needs."""

"""Rows of a question to a snapshot as values of a class whose fields are named like its columns.

Invariant: the date goes into a statement as a parameter; nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from datetime import date

    import duckdb

T = TypeVar("T")


def rows(connection: duckdb.DuckDBPyConnection, kind: type[T], sql: str, day: date) -> tuple[T, ...]:
    """Every row of the answer.

    Args:
        connection: A connection to a snapshot.
        kind: A class whose fields are the columns of the answer.
        sql: A question that may name the trading date ``$day``.
        day: The trading date.

    Raises:
        duckdb.Error: The snapshot cannot answer it.
    """
    answer = connection.execute(sql, {"day": day} if "$day" in sql else None)
    names = [column[0] for column in answer.description or ()]
    return tuple(kind(**dict(zip(names, row, strict=True))) for row in answer.fetchall())


def only_row(connection: duckdb.DuckDBPyConnection, kind: type[T], sql: str, day: date) -> T:
    """The one row of an answer that has one."""
    (row,) = rows(connection, kind, sql, day)
    return row

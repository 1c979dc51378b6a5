"""The dialect's results outlive their connection, and its connection reaches nothing but its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from expectations import dialect


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    path = tmp_path / "a b.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT i FROM range(3) r(i)")
    dialect.register()
    made = sa.create_engine(dialect.url(path), **dialect.engine_arguments())
    yield made
    made.dispose()


def test_rows_are_read_after_the_connection_was_given_back(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        result = connection.execute(sa.text("SELECT i FROM t ORDER BY i"))
    engine.dispose()
    assert [row[0] for row in result.fetchall()] == [0, 1, 2]


def test_statement_that_finds_nothing_gives_no_rows(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        result = connection.execute(sa.text("SELECT i FROM t WHERE i > 5"))
    assert result.fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE u AS SELECT 1",
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY t TO '/tmp/quality-leak.csv'",
        "ATTACH '/tmp/quality-other.duckdb'",
        "INSTALL httpfs",
        "LOAD delta",
        "SET enable_external_access = true",
        "SET autoload_known_extensions = true",
    ],
)
def test_connection_reaches_nothing_but_its_file(engine: sa.Engine, statement: str) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.text(statement))

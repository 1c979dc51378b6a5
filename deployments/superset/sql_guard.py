"""SQL may read tables, and that is all.

Invariant: what reaches DuckDB from a chart or from SQL Lab is SELECTs, as DuckDB's own parser sees them, over tables
and a few harmless table functions. DuckDB's settings refuse most of the rest a second time, yet not all of it: one
``CALL enable_logging(…, storage='file')`` would end the whole server process with the next query.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

BACKEND = "duckdb"
#: Table functions that read nothing but their arguments.
TABLE_FUNCTIONS = {"generate_series", "json_each", "json_tree", "range", "regexp_split_to_table", "repeat", "unnest"}
#: Functions that tell about the server, or change it.
FUNCTIONS = {"current_setting", "getenv", "getvariable", "write_log", "nextval", "currval"}
#: Tables that do. The last is what PostgreSQL calls ``duckdb_settings``, paths of the server included.
TABLE_PREFIXES = ("duckdb_", "pragma_", "pg_settings")


class NotReadOnly(Exception):  # noqa: N818
    """The SQL does more than read tables."""


def read_only_sql(sql: str, *, database: Any = None, **_: Any) -> str:
    """Superset's ``SQL_QUERY_MUTATOR``: the same SQL.

    Raises:
        SupersetSecurityException: It does more than read tables.
    """
    if database is None or database.backend == BACKEND:
        try:
            require_read_only(sql)
        except NotReadOnly as error:
            from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
            from superset.exceptions import SupersetSecurityException

            raise SupersetSecurityException(
                SupersetError(str(error), SupersetErrorType.DATABASE_SECURITY_ACCESS_ERROR, ErrorLevel.ERROR)
            ) from error
    return sql


def require_read_only(sql: str) -> None:
    """Look into SQL that DuckDB can parse; what it cannot parse, it will refuse itself and say where.

    Raises:
        NotReadOnly: It does more than read tables.
    """
    import duckdb

    cursor = _parser().cursor()
    try:
        cursor.extract_statements(sql)
    except duckdb.ParserException:
        return
    row = cursor.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    tree = json.loads(row[0])
    if tree.get("error"):
        raise NotReadOnly("Only SELECT is allowed here")
    for node in _nodes(tree):
        _refuse_node(node)


@cache
def _parser() -> Any:
    import duckdb

    return duckdb.connect(":memory:", config={"enable_external_access": "false", "lock_configuration": "true"})


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _refuse_node(node: dict[str, Any]) -> None:
    if node.get("type") == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise NotReadOnly(f"The table function {name} is not allowed here")
    elif node.get("type") == "BASE_TABLE":
        name = str(node.get("table_name", "")).lower()
        if name.startswith(TABLE_PREFIXES):
            raise NotReadOnly(f"The table {name} is not allowed here")
    elif str(node.get("function_name", "")).lower() in FUNCTIONS:
        raise NotReadOnly(f"The function {node['function_name']} is not allowed here")

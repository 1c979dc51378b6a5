from __future__ import annotations

import duckdb
import pytest

from deployments.superset.sql_guard import NotReadOnly, require_read_only

READS = [
    "select 1",
    "from marts.trades",
    "select symbol, sum(quantity) as q from marts.trades where symbol in ('a''b', '=1') group by all order by q desc",
    "with a as (select 1 as n) select * from a, range(3), unnest([1, 2])",
    "select 1 -- ; drop table x",
    "show tables",
    "describe marts.trades",
    "select date_trunc('minute', traded_at) from marts.trades limit 10;",
]
DOES_MORE = [
    "call enable_logging('QueryLog', storage='file', storage_path='/tmp/fixlake-must-not-exist')",
    "from enable_logging('QueryLog', storage='file')",
    'select * from "ENABLE_LOGGING"()',
    "select * from system.main.enable_logging()",
    "with a as (from read_text('/etc/passwd')) from a",
    "select (select count(*) from duckdb_settings())",
    "select * from duckdb_settings",
    "select * from duckdb_secrets()",
    "select * from pragma_database_list",
    "select setting from pg_catalog.pg_settings",
    'select * from system.pg_catalog."PG_Settings"',
    "select current_setting('secret_directory')",
    "select \"current_setting\"('secret_directory')",
    "select write_log('x')",
    "select * from query('select 1')",
    "select 1; drop table marts.trades",
    "/* select */ pragma database_list",
    "prepare p as select 1",
    "execute p",
    "explain analyze select 1",
    "begin",
    "checkpoint",
    "set threads = 1",
]


@pytest.mark.parametrize("sql", READS)
def test_what_only_reads_tables_passes(sql):
    require_read_only(sql)


@pytest.mark.parametrize("sql", DOES_MORE)
def test_what_does_more_is_refused(sql):
    with pytest.raises(NotReadOnly):
        require_read_only(sql)


def test_what_is_no_sql_is_left_for_the_database_to_explain():
    require_read_only("selec from")
    with pytest.raises(duckdb.ParserException):
        duckdb.connect().execute("selec from")

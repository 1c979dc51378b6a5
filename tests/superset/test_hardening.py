from __future__ import annotations

import csv
import io
import re
import secrets
import subprocess
from pathlib import Path

import psutil
import pytest

from deployments.superset.environment import superset_environment
from tests.superset.bundles import FORMULA, MARKUP
from tests.superset.client import Person

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NO_FILE = "/tmp/fixlake-must-not-exist"
ESCAPES = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_json('/etc/passwd')",
    "select * from read_parquet('/etc/passwd')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from query_table('/etc/passwd')",
    "select * from query('select 1')",
    "from 'http://127.0.0.1:1/x.csv'",
    "from glob('/*')",
    "with x as (select * from read_text('/etc/passwd')) select * from x",
    f"copy (select 1) to '{NO_FILE}'",
    f"copy marts.trades to '{NO_FILE}'",
    f"select 1; copy (select 1) to '{NO_FILE}'",
    f"export database '{NO_FILE}'",
    f"import database '{NO_FILE}'",
    f"attach '{NO_FILE}'",
    "attach ':memory:' as m",
    "detach lakehouse",
    "use memory",
    "install httpfs",
    "load httpfs",
    "set threads = 1",
    "reset threads",
    "set enable_external_access = true",
    "pragma enable_profiling",
    "pragma database_list",
    "call pragma_version()",
    f"call enable_logging('QueryLog', storage='file', storage_path='{NO_FILE}')",
    f"from enable_logging('QueryLog', storage='file', storage_path='{NO_FILE}')",
    "create table t as select 1",
    "create temp table t as select 1",
    "create view v as select 1",
    "create macro f() as 1",
    "create secret s (type s3)",
    "insert into marts.trades select * from marts.trades",
    "delete from marts.trades",
    "drop table marts.trades",
    "prepare p as select 1",
    "checkpoint",
    "select getenv('HOME')",
    "select current_setting('secret_directory')",
    "select * from duckdb_settings()",
    "select * from pg_catalog.pg_settings",
    "select * from duckdb_secrets()",
    "select * from duckdb_databases()",
    "select * from which_secret('s3://a', 's3')",
    # A variable of the server's program, were names of tables looked up there.
    "select * from app",
]


@pytest.fixture(scope="module")
def database(admin):
    return admin.names("database")["lakehouse"]


def _said(answer):
    return answer.text.replace("&#39;", "'")


@pytest.mark.parametrize("sql", ESCAPES)
def test_even_the_administrator_cannot_leave_the_snapshot_in_sql_lab(sql, admin, database):
    answer = admin.sql(database, sql)
    assert answer.status_code >= 400, answer.text[:500]
    for leak in ("root:", "Traceback", "secret_key", "site-packages", "lakehouse.duckdb"):
        assert leak not in _said(answer)
    assert not Path(NO_FILE).exists()


def test_reading_the_published_tables_in_sql_lab_works(admin, database):
    answer = admin.sql(database, "select count(*) as n from marts.trades")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == [{"n": 3}]


def test_a_chart_cannot_leave_the_snapshot_either(admin):
    dataset = admin.names("dataset")["trades"]
    for expression in ("current_setting('secret_directory')", "(select content from read_text('/etc/passwd'))"):
        metric = {"expressionType": "SQL", "sqlExpression": expression, "label": "x"}
        answer = admin.chart_data(dataset, metrics=[metric])
        assert answer.status_code >= 400, answer.text[:500]
        assert "root:" not in answer.text
        assert "stored_secrets" not in answer.text


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:////etc/passwd", "shillelagh://", "gsheets://", "superset://", "postgresql://u:p@127.0.0.1/superset",
        "metricflow:///", "duckdb+nothing:///x",
    ],
)  # fmt: skip
def test_no_other_database_can_be_connected_to(uri, admin):
    body = {"database_name": "other", "sqlalchemy_uri": uri, "expose_in_sqllab": True}
    assert admin.send("POST", "/api/v1/database/", body).status_code >= 400
    assert admin.send("POST", "/api/v1/database/test_connection/", body).status_code >= 400
    assert set(admin.names("database")) == {"lakehouse"}


def test_another_duckdb_file_is_the_published_snapshot_too(admin):
    # An address of DuckDB is never taken at its word: there is but one database.
    body = {"database_name": "mine", "sqlalchemy_uri": "duckdb:////etc/passwd?threads=1", "expose_in_sqllab": True}
    made = admin.send("POST", "/api/v1/database/", body)
    assert made.status_code == 201, made.text
    try:
        answer = admin.sql(made.json()["id"], "select count(*) as n from marts.trades")
        assert answer.json()["data"] == [{"n": 3}]
        assert admin.sql(made.json()["id"], "create table t as select 1").status_code >= 400
    finally:
        assert admin.send("DELETE", f"/api/v1/database/{made.json()['id']}").status_code == 200


def test_files_cannot_be_uploaded(admin, database):
    answer = admin.http.post(
        f"/api/v1/database/{database}/upload/",
        headers=admin.headers,
        data={"type": "csv", "table_name": "t"},
        files={"file": ("t.csv", b"a\n1\n")},
    )
    assert answer.status_code >= 400


def test_every_page_wants_a_login(people):
    nobody = people()
    for path in ("/superset/welcome/", "/dashboard/list/", "/superset/dashboard/board/", "/sqllab/", "/explore/",
                 "/chart/list/", "/users/list/", "/logmodelview/list/"):  # fmt: skip
        answer = nobody.get(path)
        assert answer.status_code in (302, 401, 403, 404), path
        assert "Board" not in answer.text
    for path in ("/api/v1/dashboard/", "/api/v1/dashboard/board", "/api/v1/chart/", "/api/v1/chart/1", "/api/v1/dataset/1",
                 "/api/v1/dashboard/board/charts", "/api/v1/database/", "/api/v1/security/users/", "/api/v1/query/",
                 "/api/v1/sqllab/", "/api/v1/log/", "/api/v1/me/"):  # fmt: skip
        answer = nobody.get(path)
        # Lists of what a visitor may see: there is nothing.
        nothing = answer.status_code == 200 and answer.json().get("count") == 0
        assert nothing or answer.status_code in (401, 403, 404), (path, answer.text[:200])
    assert nobody.chart_data(1, metrics=["rows"]).status_code in (401, 403)
    assert nobody.sql(1, "select 1").status_code in (400, 401, 403)
    assert nobody.get("/swagger/v1").status_code in (302, 404)


def test_a_request_from_elsewhere_is_not_taken_for_the_users_own(admin, served):
    body = {"dashboard_title": "forged"}
    for headers in ({}, {"X-CSRFToken": "wrong"}):
        answer = admin.http.post("/api/v1/dashboard/", json=body, headers=headers)
        assert answer.status_code == 400, answer.text[:200]
    assert "forged" not in admin.names("dashboard")


def test_a_viewer_sees_dashboards_and_may_do_nothing_else(viewer, admin, database):
    assert set(viewer.names("dashboard")) == {"Board"}
    dataset = admin.names("dataset")["trades"]
    board = admin.names("dashboard")["Board"]
    chart = admin.names("chart")["Trades"]
    assert viewer.get("/superset/dashboard/board/").status_code == 200
    for path in ("", "/charts", "/datasets", "/tabs"):
        assert viewer.get(f"/api/v1/dashboard/board{path}").status_code == 200, path
    assert viewer.value(dataset, "rows") == 3
    assert viewer.sql(database, "select 1").status_code == 403
    for method, path in (
        ("GET", "/sqllab/"),
        ("POST", "/api/v1/dashboard/"),
        ("PUT", f"/api/v1/dashboard/{board}"),
        ("DELETE", f"/api/v1/dashboard/{board}"),
        ("POST", "/api/v1/chart/"),
        ("PUT", f"/api/v1/chart/{chart}"),
        ("DELETE", f"/api/v1/chart/{chart}"),
        ("POST", "/api/v1/dataset/"),
        ("PUT", f"/api/v1/dataset/{dataset}"),
        ("POST", "/api/v1/database/"),
        ("GET", f"/api/v1/database/{database}"),
        ("GET", f"/api/v1/database/{database}/schemas/"),
        ("GET", "/api/v1/security/users/"),
        ("GET", "/api/v1/security/roles/"),
        ("GET", "/api/v1/query/"),
        ("GET", "/api/v1/saved_query/"),
        ("GET", "/api/v1/dashboard/export/?q=!(1)"),
        ("GET", "/api/v1/assets/export/"),
        ("POST", "/api/v1/assets/import/"),
        ("GET", "/api/v1/log/"),
    ):
        answer = viewer.send(method, path, {"dashboard_title": "x"} if method in ("POST", "PUT") else None)
        redirected = answer.status_code == 302 and answer.headers["location"].startswith(
            ("/login/", "/superset/welcome")
        )
        assert redirected or answer.status_code in (401, 403, 404), (
            method,
            path,
            answer.status_code,
            answer.text[:200],
        )


def test_headers_confine_a_page_to_this_host(people):
    answer = people().get("/login/")
    policy = answer.headers["content-security-policy"]
    assert "http" not in policy
    assert "*" not in policy
    assert "unsafe-eval" not in policy
    assert "default-src 'self'" in policy
    assert re.search(r"script-src 'self' 'strict-dynamic' 'nonce-", policy)
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "access-control-allow-origin" not in answer.headers


def test_nothing_tells_the_version_before_the_login(people):
    nobody = people()
    for path in ("/login/", "/health", "/no/such/page", "/api/v1/no_such"):
        answer = nobody.get(path)
        assert "6.1.0" not in answer.text, path
        assert "gunicorn" not in str(answer.headers).lower()
        assert "werkzeug" not in str(answer.headers).lower()


def test_the_session_cookie_is_for_http_and_this_site_only(people):
    cookie = people().get("/login/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_the_login_page_reports_brings_no_cookie_that_could_undo_the_login(people):
    nobody = people()
    nobody.get("/login/")
    answer = nobody.send("POST", "/superset/log/", {})
    assert (answer.status_code, answer.headers.get("set-cookie")) == (204, None)


def test_behind_tls_the_cookie_is_secure_and_plain_http_is_left(installation):
    server = installation.start(SUPERSET_TLS="1", SUPERSET_BEHIND_PROXY="1", SUPERSET_WORKERS="1")
    try:
        person = Person(installation.url)
        assert person.get("/login/").headers["location"].startswith("https://")
        secure = person.get("/login/", headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in secure.headers["set-cookie"]
        assert "max-age" in secure.headers["strict-transport-security"]
        person.close()
    finally:
        server.stop()


def test_cells_come_as_text_and_formulas_are_defused_in_every_export(admin, database):
    dataset = admin.names("dataset")["trades"]
    columns = ["symbol"]
    rows = admin.chart_data(dataset, columns=columns).json()["result"][0]["data"]
    assert {row["symbol"] for row in rows} == {MARKUP, FORMULA, "MSFT"}
    answer = admin.chart_data(dataset, "csv", columns=columns)
    assert answer.headers["content-type"].startswith("text/csv")
    cells = {row[0] for row in csv.reader(io.StringIO(answer.text), escapechar="\\")}
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))], cells

    # SQL Lab streams what a chart's export holds in memory.
    client = secrets.token_hex(5)
    assert admin.sql(database, "select symbol from marts.trades", client).status_code == 200
    streamed = admin.http.post("/api/v1/sqllab/export_streaming/", headers=admin.headers, data={"client_id": client})
    cells = {row[0] for row in csv.reader(io.StringIO(streamed.text))}
    assert any("HYPERLINK" in cell for cell in cells), streamed.text[:300]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))], cells


def test_errors_tell_no_more_than_what_went_wrong(admin, database):
    for answer in (
        admin.get("/api/v1/dashboard/does-not-exist"),
        admin.get("/no/such/page"),
        admin.send("POST", "/api/v1/chart/data", {"queries": "x"}),
        admin.sql(database, "select * from marts.no_such_table"),
    ):
        assert answer.status_code >= 400
        for leak in ("Traceback", "site-packages", 'File \\"/', "postgresql://"):
            assert leak not in answer.text


def test_a_password_cannot_be_guessed_fast(installation):
    server = installation.start(SUPERSET_LOGIN_LIMIT="5 per minute", SUPERSET_WORKERS="1")
    person = Person(installation.url)
    try:
        body = {"username": "admin", "password": "x", "provider": "db"}
        by_api = [person.send("POST", "/api/v1/security/login", body).status_code for _ in range(12)]
        assert set(by_api) == {401, 429}, by_api
        by_form = []
        for _ in range(12):
            page = person.get("/login/").text
            token = re.search(r'id="csrf_token"\s+value="([^"]+)"', page)
            form = {"username": "admin", "password": "x", "csrf_token": token.group(1)}
            by_form.append(person.http.post("/login/", data=form).status_code)
        assert 429 in by_form, by_form
    finally:
        person.close()
        server.stop()


TASK_OF_SQL_LAB = """
from superset.app import create_app
create_app()
from superset.extensions import celery_app
print(celery_app._tasks["sql_lab.get_sql_results"].request_stack)
"""


def test_the_task_of_sql_lab_is_whole_before_the_first_query(installation):
    done = subprocess.run(
        [superset_environment() / "bin" / "python", "-c", TASK_OF_SQL_LAB],
        env=installation.environment(), cwd=installation.folder, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "LocalStack" in done.stdout


def test_no_secret_is_in_a_log_an_environment_or_an_answer(served, admin, viewer):
    hidden = [served.secret("admin_password"), served.secret("secret_key"), served.password]
    log = served.log.read_text()
    assert "POST" in log
    for process in psutil.process_iter(["cmdline", "pid"]):
        command = " ".join(process.info["cmdline"] or ())
        if str(served.folder) in command:
            environment = Path(f"/proc/{process.info['pid']}/environ").read_text(errors="replace")
            assert not [secret for secret in hidden if secret in command + environment]
    for path in (
        "/superset/welcome/",
        "/api/v1/database/1",
        "/api/v1/database/1/connection",
        "/superset/dashboard/board/",
    ):
        for person in (admin, viewer):
            assert not [secret for secret in hidden if secret in person.get(path).text], path
    assert not [secret for secret in hidden if secret in log]

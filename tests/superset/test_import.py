from __future__ import annotations

import json

import psycopg
import pytest

from tests.superset.bundles import BOARD, ROWS, good_bundle, write_bundle
from tests.superset.client import Person

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

#: Table of the metadata → what identifies a row for people, and everything an import decides.
CONTENT = {
    "dbs": "id, uuid, database_name, sqlalchemy_uri, extra, allow_file_upload, allow_dml, external_url",
    "tables": "id, uuid, table_name, schema, main_dttm_col, external_url",
    "table_columns": "id, uuid, column_name, type, is_dttm",
    "sql_metrics": "id, uuid, metric_name, expression",
    "slices": "id, uuid, slice_name, params, datasource_id, is_managed_externally, external_url",
    "dashboards": "id, uuid, slug, position_json, json_metadata, is_managed_externally, external_url",
    "dashboard_slices": "dashboard_id, slice_id",
}


def _metadata(installation):
    found = {}
    with psycopg.connect(installation.dsn, dbname=installation.database) as connection:
        for table, columns in CONTENT.items():
            found[table] = sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=str)
    return found


def _execute(installation, statement, values=()):
    with psycopg.connect(installation.dsn, dbname=installation.database) as connection:
        connection.execute(statement, values)


def _write(installation, documents, name="next"):
    return write_bundle(installation.folder / name, documents)


def test_importing_again_changes_nothing_and_undoes_edits(installation):
    before = _metadata(installation)
    assert len(before["slices"]) == len(before["dashboard_slices"]) == 3
    _execute(installation, "UPDATE slices SET slice_name = 'edited by hand' WHERE uuid = %s", [ROWS])
    done = installation.run("import_assets", installation.folder / "assets")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Imported 1 databases, 2 datasets, 3 charts, 1 dashboards" in done.stdout
    assert _metadata(installation) == before


def test_a_broken_bundle_is_refused_with_its_reason_and_changes_nothing(installation):
    before = _metadata(installation)
    documents = good_bundle()
    documents["charts/count.yaml"]["params"]["metric"] = "gone"
    documents["charts/rows.yaml"]["slice_name"] = "renamed"
    for program in ("import_assets", "setup"):
        done = installation.run(program, _write(installation, documents))
        assert done.returncode == 3
        assert "charts/count.yaml: params.metric: got 'gone', expected a metric of trades" in done.stderr
    assert _metadata(installation) == before


def test_what_superset_refuses_halfway_leaves_nothing_behind(installation):
    before = _metadata(installation)
    documents = good_bundle()
    documents["charts/rows.yaml"]["slice_name"] = "renamed"
    documents["datasets/lakehouse/versions.yaml"]["metrics"].append({"metric_name": "more", "expression": "1"})
    # Longer than its column: the database refuses it after everything else was written.
    documents["dashboards/board.yaml"]["slug"] = "b" * 300
    done = installation.run("import_assets", _write(installation, documents))
    assert done.returncode == 3
    assert "too long" in done.stderr
    assert _metadata(installation) == before


def test_a_field_that_superset_does_not_know_is_refused(installation):
    documents = good_bundle()
    documents["charts/rows.yaml"]["colour"] = "red"
    done = installation.run("import_assets", _write(installation, documents))
    assert done.returncode == 3
    assert "charts/rows.yaml" in done.stderr
    assert "colour" in done.stderr


def test_what_is_no_longer_a_file_goes_and_what_people_made_or_use_stays(installation):
    # Somebody's own chart on one of our datasets, and their own dashboard with one of our charts.
    _execute(
        installation,
        "INSERT INTO slices (id, uuid, slice_name, datasource_id, datasource_type, viz_type, params,"
        " is_managed_externally) SELECT 900, gen_random_uuid(), 'their chart', id, 'table', 'table', '{}', false"
        " FROM tables WHERE table_name = 'versions'",
    )
    _execute(
        installation,
        "INSERT INTO dashboards (id, uuid, dashboard_title, slug, is_managed_externally, published)"
        " VALUES (900, gen_random_uuid(), 'their board', 'theirs', false, true)",
    )
    _execute(
        installation,
        "INSERT INTO dashboard_slices (dashboard_id, slice_id) SELECT 900, id FROM slices WHERE slice_name = 'Trades'",
    )
    documents = good_bundle()
    for gone in (
        "charts/count.yaml",
        "charts/newest.yaml",
        "datasets/lakehouse/versions.yaml",
        "dashboards/board.yaml",
    ):
        del documents[gone]
    done = installation.run("import_assets", _write(installation, documents))
    assert done.returncode == 0, done.stderr[-2000:]
    after = _metadata(installation)
    assert [row[2] for row in after["dashboards"]] == ["theirs"]
    assert sorted(row[2] for row in after["slices"]) == ["Latest trades", "Trades", "their chart"]
    assert sorted(row[2] for row in after["tables"]) == ["trades", "versions"]
    assert "Removed chart Version" in done.stdout
    assert "Kept, for it is still used: chart Trades" in done.stdout
    assert "versions" in done.stdout

    everything = installation.run("import_assets", "--prune-all", _write(installation, documents))
    assert everything.returncode == 0, everything.stderr[-2000:]
    after = _metadata(installation)
    assert after["dashboards"] == []
    assert [row[2] for row in after["slices"]] == ["Latest trades"]
    assert [row[2] for row in after["tables"]] == ["trades"]


def test_a_name_that_somebody_uses_already_is_not_taken_from_them(installation):
    _execute(
        installation,
        "INSERT INTO dashboards (id, uuid, dashboard_title, slug, is_managed_externally)"
        " VALUES (900, gen_random_uuid(), 'their board', 'theirs', false)",
    )
    before = _metadata(installation)
    documents = good_bundle()
    documents["dashboards/board.yaml"]["slug"] = "theirs"
    done = installation.run("import_assets", _write(installation, documents))
    assert done.returncode == 3
    assert "board.yaml: slug: got 'theirs'" in done.stderr
    assert _metadata(installation) == before


def test_adding_a_dashboard_is_adding_a_file(installation):
    documents = good_bundle()
    second = json.loads(json.dumps(documents["dashboards/board.yaml"]).replace(BOARD, BOARD[:-1] + "8"))
    documents["dashboards/second.yaml"] = {**second, "slug": "second", "dashboard_title": "Second"}
    done = installation.run("import_assets", _write(installation, documents))
    assert done.returncode == 0, done.stderr[-2000:]
    after = _metadata(installation)
    assert sorted(row[2] for row in after["dashboards"]) == ["board", "second"]
    assert len(after["dashboard_slices"]) == 6


def test_setting_up_again_takes_the_password_of_the_secret_file_and_keeps_the_rest(installation):
    before = _metadata(installation)
    old, new = installation.secret("admin_password"), "b" * 64
    installation.write_secret("admin_password", new)
    # Rights that somebody clicked together are taken back.
    _execute(
        installation,
        "INSERT INTO ab_permission_view_role (id, permission_view_id, role_id) SELECT 90000, pv.id, r.id"
        " FROM ab_permission_view pv JOIN ab_permission p ON p.id = pv.permission_id"
        " JOIN ab_view_menu v ON v.id = pv.view_menu_id, ab_role r"
        " WHERE p.name = 'can_execute_sql_query' AND v.name = 'SQLLab' AND r.name = 'Viewer'",
    )
    done = installation.run("setup", installation.folder / "assets")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the administrator was given the new password" in done.stdout
    assert _metadata(installation) == before
    for secret in (old, new, installation.password, installation.secret("secret_key")):
        assert secret not in done.stdout + done.stderr
    rights = (
        "SELECT p.name FROM ab_permission_view_role pr JOIN ab_role r ON r.id = pr.role_id"
        " JOIN ab_permission_view pv ON pv.id = pr.permission_view_id JOIN ab_permission p ON p.id = pv.permission_id"
        " JOIN ab_view_menu v ON v.id = pv.view_menu_id WHERE r.name = %s"
    )
    with psycopg.connect(installation.dsn, dbname=installation.database) as connection:
        viewer = {name for (name,) in connection.execute(rights, ["Viewer"])}
        assert connection.execute(rights, ["Public"]).fetchall() == []
    assert "datasource_access" in viewer
    assert not viewer & {"can_execute_sql_query", "database_access", "all_datasource_access", "can_sqllab"}

    server = installation.start()
    person = Person(installation.url)
    try:
        assert not person.log_in("admin", old)
        assert person.log_in("admin", new)
    finally:
        person.close()
        server.stop()

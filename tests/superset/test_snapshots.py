from __future__ import annotations

import time

import pytest

from deployments.superset.analytics import Analytics
from tests.superset.bundles import good_bundle, write_bundle, write_database
from tests.superset.client import Person

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

#: Runs for hours unless it is stopped.
ENDLESS = "select count(*) as n from range(10000000) a, range(10000000) b where hash(a.range + b.range) % 7 = 8"


@pytest.fixture
def analytics(tmp_path):
    write_bundle(tmp_path / "assets", good_bundle())
    (tmp_path / "published").mkdir()
    return Analytics(tmp_path / "published", tmp_path / "assets", tmp_path / "scratch", "100MB", 1)


def test_before_anything_is_published_there_are_the_declared_tables_without_rows(analytics):
    import duckdb

    empty = analytics.database()
    assert empty.name == "lakehouse.duckdb"
    with duckdb.connect(str(empty), read_only=True) as connection:
        assert connection.execute("SELECT count(*), max(traded_at) FROM marts.trades").fetchone() == (0, None)
        assert connection.execute("SELECT count(seq) FROM marts.versions").fetchone() == (0,)
    assert analytics.database() == empty


def test_the_current_link_is_resolved_anew_each_time(analytics):
    for version in ("v000001", "v000002"):
        database = analytics.published / version / "lakehouse.duckdb"
        write_database(database, seq=1)
        link = analytics.published / ".new"
        link.symlink_to(version)
        link.replace(analytics.published / "current")
        assert analytics.database() == database.resolve()


def test_dashboards_are_empty_until_the_first_snapshot_and_new_ones_show_with_the_next_query(
    first_installation, installation
):
    (installation.published / "current").unlink()
    server = installation.start(SUPERSET_QUERY_SECONDS="8")
    person = Person(installation.url)
    try:
        assert person.get("/health").text == "OK"
        assert person.log_in("admin", installation.secret("admin_password"))
        datasets = person.names("dataset")
        answer = person.chart_data(datasets["trades"], columns=["symbol"])
        assert answer.status_code == 200, answer.text
        assert answer.json()["result"][0]["data"] == []
        assert person.value(datasets["trades"], "rows") == 0
        assert person.value(datasets["versions"], "newest") is None
        for seq in (1, 2, 3):
            database = installation.published / f"v00000{seq}" / "lakehouse.duckdb"
            if seq > 1:
                write_database(database, seq=seq)
            installation.publish(database)
            assert person.value(datasets["versions"], "newest") == seq
            assert person.value(datasets["trades"], "rows") == 3

        # A query without end is stopped, and the server goes on.
        started = time.monotonic()
        answer = person.sql(person.names("database")["lakehouse"], ENDLESS)
        assert answer.status_code >= 400
        assert "took too long" in answer.text
        assert 7 < time.monotonic() - started < 60
        assert person.value(datasets["versions"], "newest") == 3
    finally:
        person.close()
        server.stop()
    assert "Traceback" not in installation.log.read_text().split("Booting worker")[0]
    written = sorted(path.name for path in (installation.published / "v000003").iterdir())
    assert written == ["lakehouse.duckdb"]

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from fix_transforms.errors import ReportError
from fix_transforms.marts.publish import Snapshot
from fix_transforms.marts.query import SCHEMAS
from fix_transforms.reports import trading_days
from fix_transforms.reports.trading_days import Changes, update_reports
from fix_transforms.settings import Settings

FIRST, SECOND, THIRD = date(2024, 3, 5), date(2024, 3, 6), date(2024, 3, 7)

MADE = """
create table "000_monitoring".trading_date_changes as select unnest([date '2024-03-05', date '2024-03-06']) as trading_date,
    timestamp '2024-03-08 01:00:00' as changed_at;
create table "000_monitoring".file_integration as select unnest(['a', 'b']) as file_id, 'held' as integration_status,
    timestamp '2024-03-08 02:00:00' as decided_at, timestamp '2024-03-05 17:00:00' as last_sent_at, now()::timestamp as last_modified_at;
create table "03_analytics".fct_sequence_gaps as select 'g' as sequence_gap_key, date '2024-03-06' as trading_date, 3 as unaccounted_numbers;
"""

CHANGES = {
    "its marts were recomputed": (
        "update trading_date_changes set changed_at = '2024-03-09' where trading_date = '2024-03-05'", [FIRST]),
    "a later date filled a gap of it": ("update fct_sequence_gaps set unaccounted_numbers = 0", [SECOND]),
    "all its files were decided about again": ("update file_integration set decided_at = '2024-03-09'", [FIRST]),
    "a file of it came and is held": (
        "insert into file_integration select 'c', 'held', null, timestamp '2024-03-06 09:00:00', null", [SECOND]),
    "a file of it has no messages": (
        "insert into file_integration select 'c', 'nothing_to_integrate', null, null, timestamp '2024-03-06 09:00:00'", [SECOND]),
    "it is new": ("insert into trading_date_changes values ('2024-03-07', '2024-03-09')", [THIRD]),
}  # fmt: skip


@pytest.fixture
def change(tmp_path: Path) -> Callable[[str], Snapshot]:
    """A small snapshot with two dates, after a statement."""
    path = tmp_path / "lakehouse.duckdb"

    def execute(sql: str) -> Snapshot:
        with duckdb.connect(str(path)) as connection:
            connection.execute("set search_path = '" + ",".join(f'"{name}"' for name in SCHEMAS) + "'")
            connection.execute(sql)
        return Snapshot("v000001", path, {}, "", datetime(2024, 3, 8, tzinfo=UTC), {})

    with duckdb.connect(str(path)) as connection:
        connection.execute("".join(f'create schema if not exists "{name}";' for name in SCHEMAS) + MADE)
    return execute


@pytest.fixture
def settings(make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A site whose reports say their date and no more."""
    monkeypatch.setattr(trading_days, "read_day", lambda _connection, _snapshot, day: day)
    monkeypatch.setattr(trading_days, "report_page", str)
    return make_settings()


def there(settings: Settings) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((settings.docs_dir / "reports").glob("*.html"))}


@pytest.mark.parametrize("why", CHANGES)
def test_a_report_is_written_again_when_what_it_rests_on_changes(
    settings: Settings, change: Callable[[str], Snapshot], why: str
) -> None:
    assert update_reports(settings, change("select 1")) == Changes((FIRST, SECOND), ())
    assert update_reports(settings, change("select 1")) == Changes((), ())
    sql, days = CHANGES[why]
    assert update_reports(settings, change(sql)) == Changes(tuple(days), ())
    assert update_reports(settings, change("select 1")) == Changes((), ())


def test_the_report_of_a_date_that_left_the_marts_leaves_and_other_files_stay(
    settings: Settings, change: Callable[[str], Snapshot]
) -> None:
    update_reports(settings, change("select 1"))
    mine = settings.docs_dir / "reports" / "mine.html"
    mine.write_text("mine")
    gone = change("delete from trading_date_changes where trading_date = '2024-03-05'")
    assert update_reports(settings, gone) == Changes((), (FIRST,))
    assert there(settings) == {"mine.html": "mine", "trading-day-2024-03-06.html": "2024-03-06"}


@pytest.mark.parametrize("lost", ["trading-day-2024-03-05.html", ".written.json"])
def test_what_was_lost_is_written_again(settings: Settings, change: Callable[[str], Snapshot], lost: str) -> None:
    update_reports(settings, change("select 1"))
    (settings.docs_dir / "reports" / lost).unlink()
    assert FIRST in update_reports(settings, change("select 1")).written
    assert len(there(settings)) == 2


def test_a_report_that_fails_is_tried_again_and_those_before_it_are_not(
    settings: Settings, change: Callable[[str], Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_connection: object, _snapshot: object, day: date) -> date:
        if day == FIRST:
            raise duckdb.OutOfMemoryException("too little memory")
        return day

    with monkeypatch.context() as patch:
        patch.setattr(trading_days, "read_day", fails)
        with pytest.raises(ReportError, match=r"the snapshot cannot be read; got .*too little memory"):
            update_reports(settings, change("select 1"))
    assert there(settings) == {"trading-day-2024-03-06.html": "2024-03-06"}
    assert update_reports(settings, change("select 1")) == Changes((FIRST,), ())


def test_a_publish_writes_the_latest_of_many_dates_and_leaves_no_outdated_report(
    settings: Settings, change: Callable[[str], Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    update_reports(settings, change("select 1"))
    monkeypatch.setattr(trading_days, "MOST_WRITTEN", 1)
    all_of_them = "update trading_date_changes set changed_at = '2024-03-09'"
    assert update_reports(settings, change(all_of_them)) == Changes((SECOND,), (FIRST,))
    assert there(settings) == {"trading-day-2024-03-06.html": "2024-03-06"}
    assert update_reports(settings, change("select 1")) == Changes((FIRST,), ())
    assert len(there(settings)) == 2

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fix_transforms.errors import ReportError
from fix_transforms.marts.docs import write_index
from fix_transforms.reports.files import report_date, report_name, write_report_file, written_reports


def test_name_of_a_report_tells_its_date_and_back() -> None:
    assert report_name(date(2024, 3, 5)) == "trading-day-2024-03-05.html"
    assert report_date("trading-day-2024-03-05.html") == date(2024, 3, 5)
    for name in (
        "trading-day-2024-13-05.html",
        "trading-day-2024-03-05.html.part",
        ".trading-day-2024-03-05.html",
        "x",
    ):
        assert report_date(name) is None


def test_reports_are_known_by_trading_date_and_other_files_are_left_alone(tmp_path: Path) -> None:
    assert written_reports(tmp_path / "reports") == {}
    for name in ("trading-day-2024-03-06.html", "trading-day-2024-03-05.html", "trading-day-mine.html", "v000009.html"):
        write_report_file(tmp_path / "reports" / name, "<p>here</p>")
    assert list(written_reports(tmp_path / "reports")) == [date(2024, 3, 5), date(2024, 3, 6)]


def test_a_report_that_cannot_be_finished_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trading-day-2024-03-05.html"
    write_report_file(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ReportError, match="cannot be written; got No space left on device"):
        write_report_file(path, "new")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"


def test_index_leads_to_the_newest_report_first(tmp_path: Path) -> None:
    assert "Trading day" not in write_index(tmp_path).read_text()
    for day in ("2024-03-05", "2024-03-04"):
        write_report_file(tmp_path / "reports" / f"trading-day-{day}.html", "<p>here</p>")
    page = write_index(tmp_path).read_text()
    assert 'Trading day <a href="reports/trading-day-2024-03-05.html">2024-03-05</a>' in page
    assert '<a href="reports/trading-day-2024-03-04.html">2024-03-04</a>' in page
    assert page.index("2024-03-05") < page.index("2024-03-04") < page.index("Marts")


def test_index_says_how_to_get_what_is_not_there(tmp_path: Path) -> None:
    assert "<code>fixlake docs</code>" in write_index(tmp_path).read_text()

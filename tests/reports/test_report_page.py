from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from fix_transforms.reports.figures import DayFigures, Notional
from fix_transforms.reports.notes import NOTES
from fix_transforms.reports.page import report_page
from fix_transforms.reports.tables import MOST_ROWS

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"onmouseover='alert(1)",
    "</style></title><svg onload=alert(1)>",
    "&lt;b&gt;",
    "\x1b[31m\u202eevil\x00",
)
LOADING = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use", "foreignobject"}


class Seen(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("hostile", HOSTILE)
def test_texts_of_the_data_never_become_markup(figures: Callable[..., DayFigures], hostile: str) -> None:
    plain, seen = Seen(report_page(figures("MSFT"))), Seen(report_page(figures(hostile)))
    assert seen.tags == plain.tags
    assert [name for name, _ in seen.attributes] == [name for name, _ in plain.attributes]
    assert not any(character in seen.text for character in "\x00\x1b\u202e")


def test_page_runs_nothing_and_loads_nothing(figures: Callable[..., DayFigures]) -> None:
    page = report_page(figures(rows=3))
    seen = Seen(page)
    assert LOADING.isdisjoint(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in {"src", "srcset", "action"}]
    assert all(value.startswith("#") for name, value in seen.attributes if name == "href")
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_mark_leads_to_a_footnote_and_every_footnote_is_needed(figures: Callable[..., DayFigures]) -> None:
    seen = Seen(report_page(figures()))
    marks = {value for name, value in seen.attributes if name == "href"}
    places = {f"#{value}" for name, value in seen.attributes if name == "id"}
    assert marks <= places
    assert {f"#note-{number}" for number in range(1, len(NOTES) + 1)} <= marks


def test_sections_with_nothing_say_so_in_a_sentence(figures: Callable[..., DayFigures]) -> None:
    page = report_page(replace(figures(rows=0, number=0), latency=None))
    assert "<table>" not in page
    for sentence in (
        "Nobody was sent an order.", "No order and no execution names an instrument.", "Nothing was refused.", "No session was seen.",
        "No order was left open.", "No file ends on this date", "Nothing of these files is in quarantine.", "No batch with these files",
        "Nothing to look into",
    ):  # fmt: skip
        assert sentence in page


def test_a_long_table_is_cut_and_says_by_how_much(figures: Callable[..., DayFigures]) -> None:
    page = report_page(figures(rows=MOST_ROWS + 7))
    assert "7 more rows not shown." in page


def test_notional_stands_beside_its_currency_and_executions_without_one_are_counted(
    figures: Callable[..., DayFigures],
) -> None:
    notional = (Notional("USD", 3, 12_500_000.0), Notional("EUR", 2, 950_000.0), Notional(None, 4, None))
    text = Seen(report_page(replace(figures(), notional=notional))).text
    assert "USD 12.50 m" in text
    assert "EUR 950,000, 4 executions without a currency" in text


def test_page_names_the_snapshot_its_time_and_the_clock(figures: Callable[..., DayFigures]) -> None:
    text = Seen(report_page(replace(figures(), snapshot="v000042"))).text
    assert "Tuesday, 5 March 2024" in text
    assert "Snapshot v000042, published 2024-03-05 12:00:00 UTC" in text
    assert "two clocks, their difference included" in text

"""What a person does in Superset: log in, open a dashboard, read a headline, filter by choosing or by clicking.

Invariant: each function returns when every chart of the dashboard has been drawn from the answer to its last
question.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Locator, expect

from fix_transforms.settings import PROJECT_ROOT
from tests.browser.access import Access
from tests.browser.visit import PATIENCE, WIDTH, Visit

ASSETS = PROJECT_ROOT / "deployments" / "superset" / "assets"
DATA = "/api/v1/chart/data"
HOLDER = ".dashboard-component-chart-holder:has(.chart-container)"

#: True when as many charts as declared have something in them, and none is still loading.
DRAWN = """
(expected) => {
  const charts = [...document.querySelectorAll('.dashboard-component-chart-holder')]
    .filter(holder => holder.querySelector('.chart-container'));
  return charts.length === expected && charts.every(chart =>
    !chart.querySelector('.loading, [data-test="loading-indicator"]') &&
    chart.querySelector('canvas, table tbody tr, .header-line, .ant-alert, .error-alert, .ant-empty'));
}
"""


def dashboards(assets: Path = ASSETS) -> dict[str, dict[str, Any]]:
    """Slug → dashboard, as declared."""
    declared = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(assets.glob("dashboards/*.yaml"))]
    return {dashboard["slug"]: dashboard for dashboard in declared}


def chart_titles(dashboard: dict[str, Any]) -> set[str]:
    """Titles of a declared dashboard's charts."""
    parts = (part for part in dashboard["position"].values() if isinstance(part, dict))
    return {part["meta"]["sliceName"] for part in parts if part["type"] == "CHART"}


def log_in(visit: Visit, access: Access) -> None:
    """Log in as the administrator."""
    visit.go(f"{access.superset_url}/login/")
    visit.page.fill("#username", access.superset_user)
    visit.page.fill("#password", access.superset_password)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(lambda url: "/login" not in url)


def open_dashboard(visit: Visit, access: Access, slug: str) -> set[str]:
    """Open a dashboard in a window high enough for all of it, as charts out of sight are not drawn; returns titles."""
    titles = chart_titles(dashboards()[slug])
    visit.page.set_viewport_size({"width": WIDTH, "height": 1000})
    visit.go(f"{access.superset_url}/superset/dashboard/{slug}/")
    visit.page.wait_for_selector(".dashboard-component-chart-holder")
    height = visit.page.evaluate(
        "() => document.querySelector('[data-test=\"grid-container\"], .grid-container').scrollHeight"
    )
    visit.page.set_viewport_size({"width": WIDTH, "height": int(height) + 200})
    wait_drawn(visit, len(titles))
    return titles


def wait_drawn(visit: Visit, charts: int | None = None) -> None:
    """Wait until no chart waits for data and all are drawn."""
    expected = visit.page.locator(HOLDER).count() if charts is None else charts
    while True:
        visit.page.wait_for_function(DRAWN, arg=expected, timeout=PATIENCE)
        asked = [request for request in visit.waiting if DATA in request.url]
        if not asked:
            break
        for request in asked:
            request.response()
        # Events of the page are only delivered while we wait for something.
        visit.page.wait_for_timeout(100)
    # Charts move while they appear.
    visit.page.wait_for_timeout(1200)


def chart(visit: Visit, title: str) -> Locator:
    """The frame of the chart with this title."""
    exact = re.compile(rf"^{re.escape(title)}$")
    return visit.page.locator(HOLDER).filter(has=visit.page.locator('[data-test="editable-title"]', has_text=exact))


def broken_charts(visit: Visit) -> dict[str, str]:
    """Title → what it says, of charts that show an error or nothing."""
    found = {}
    for frame in visit.page.locator(HOLDER).all():
        text = frame.inner_text()
        if frame.locator(".ant-alert, .error-alert, .ant-empty").count() or "No results" in text:
            found[text.partition("\n")[0]] = text
    return found


def headline(visit: Visit, title: str) -> str:
    """The number that a tile shows."""
    return chart(visit, title).locator(".header-line").inner_text().strip()


def rows(visit: Visit, title: str) -> list[list[str]]:
    """The cells of the page of a table that is shown."""
    lines = chart(visit, title).locator("tbody tr").all()
    return [[cell.strip() for cell in line.locator("td").all_inner_texts()] for line in lines]


def choose(visit: Visit, column: str, *values: str) -> None:
    """Choose values in the filter bar's filter on a column, and apply."""
    identifier = f"#NATIVE_FILTER-{column.replace('_', '-')}"
    visit.page.locator(identifier).click(force=True)
    options = visit.page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option")
    for value in values:
        # The list follows what is typed after a moment, and forgets a choice made before.
        visit.page.keyboard.type(value)
        expect(options).to_have_count(1, timeout=PATIENCE)
        options.click()
        chosen = visit.page.locator(f'.ant-select:has({identifier}) .ant-select-selection-item[title="{value}"]')
        chosen.wait_for()
    visit.page.keyboard.press("Escape")
    _act(visit, visit.page.locator('[data-test="filter-bar__apply-button"]'))


def choose_time(visit: Visit, start: str, end: str) -> None:
    """Choose a time range in the filter bar, from an instant up to another, and apply."""
    visit.page.locator('[data-test="time-range-trigger"]').click()
    popover = visit.page.locator(".time-range-popover")
    popover.locator('[data-test="Range type"]').click()
    visit.page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden) [title="Advanced"]').click()
    for field, instant in zip(popover.locator('input[type="text"]').all(), (start, end), strict=True):
        field.fill(instant)
    # The button waits until the server has said which instants the words mean.
    popover.locator('[data-test="date-filter-control__apply-button"]:enabled').click()
    _act(visit, visit.page.locator('[data-test="filter-bar__apply-button"]'))


def clear_filters(visit: Visit) -> None:
    """Clear the filter bar, which applies by itself."""
    _act(visit, visit.page.locator('[data-test="filter-bar__clear-button"]'))


def click_cell(visit: Visit, title: str, value: str) -> None:
    """Click a cell of a table, which filters the other charts by its value."""
    exact = re.compile(rf"^\s*{re.escape(value)}\s*$")
    _act(visit, chart(visit, title).locator("tbody td", has_text=exact).first)


def click_canvas(visit: Visit, title: str, across: float, down: float) -> None:
    """Click into the drawing of a chart, at a part of its width and height; what is there filters the other charts."""
    drawing = chart(visit, title).locator("canvas").first
    box = drawing.bounding_box()
    assert box is not None, title
    _act(visit, drawing, position={"x": box["width"] * across, "y": box["height"] * down})


def _act(visit: Visit, what: Locator, **click: Any) -> None:
    with visit.page.expect_response(lambda response: DATA in response.url):
        what.click(**click)
    wait_drawn(visit)

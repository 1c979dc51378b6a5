"""The dashboards' files on a snapshot of simulated logs, in Superset with our configuration, seen through a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import superset_pages as superset
from tests.browser.access import Access
from tests.browser.checks import assert_dashboards, assert_filters
from tests.browser.superset_server import serving
from tests.browser.visit import Visit, visiting

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def access(postgres_server: str, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    with serving(tmp_path_factory.mktemp("superset"), postgres_server, published) as started:
        yield started


@pytest.fixture(scope="module")
def visit(access: Access) -> Iterator[Visit]:
    with visiting(access.screenshots) as opened:
        superset.log_in(opened, access)
        yield opened


def test_every_dashboard_draws_every_chart_with_the_figures_of_the_snapshot(visit, access, published):
    assert_dashboards(visit, access, published)


def test_a_filter_and_a_click_change_the_figures_to_those_of_what_was_chosen(visit, access, published):
    assert_filters(visit, access, published)


def test_links_to_the_reports_lead_to_the_site(visit, access):
    superset.open_dashboard(visit, access, "data-quality")
    links = visit.page.locator(".dashboard-markdown a").evaluate_all("links => links.map(link => link.href)")
    assert links == [f"{access.site_url}/data-docs/", f"{access.site_url}/dbt/"]

"""The stack's other pages: Prefect, the Data Docs and dbt's documentation."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.access import Access
from tests.browser.visit import PATIENCE, Visit


def log_in_to_prefect(visit: Visit, access: Access) -> None:
    """Give Prefect's page the server's auth string; without one it shows nothing."""
    visit.go(f"{access.prefect_url}/login")
    visit.page.locator('input[type="password"], input').first.fill(access.prefect_auth)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(lambda url: "/login" not in url)


def open_prefect(visit: Visit, access: Access, path: str, *texts: str) -> None:
    """Open ``runs``, ``artifacts`` or another page of Prefect (there is none for assets) and wait until it shows these texts."""
    visit.go(f"{access.prefect_url}/{path}")
    for text in texts:
        expect(visit.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)
    visit.shoot(f"prefect-{path.replace('/', '-')}")


def open_data_docs(visit: Visit, access: Access) -> int:
    """Open the Data Docs and the newest report; returns how many reports there are."""
    visit.go(f"{access.site_url}/data-docs/")
    reports = visit.page.locator("a[href$='index.html'], a[href*='-']")
    reports.first.wait_for()
    count = reports.count()
    visit.shoot("data-docs")
    reports.first.click()
    visit.page.wait_for_load_state("load")
    expect(visit.page.locator("body")).to_contain_text(re.compile("passed|failed"), timeout=PATIENCE)
    visit.shoot("data-docs-report")
    return count


def open_dbt_docs(visit: Visit, access: Access, model: str = "fct_orders") -> None:
    """Open dbt's documentation at a model, and wait for its columns."""
    visit.go(f"{access.site_url}/dbt/#!/model/model.fix_lakehouse.{model}")
    expect(visit.page.get_by_text(model).first).to_be_visible(timeout=PATIENCE)
    expect(visit.page.get_by_text("order_key").first).to_be_visible(timeout=PATIENCE)
    visit.shoot("dbt-docs")

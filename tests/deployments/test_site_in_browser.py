"""The static site in a real browser, with real Data Docs and real dbt docs, under the policies it sends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.services.process import ServerProcess, free_port
from fix_transforms.marts.docs import docs_are_behind
from fix_transforms.settings import load_settings
from fix_transforms.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "tests" / "data" / "FIX.4.4-DESK-VENUE.messages.current.log"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Longest wait for a page on a slow machine, in milliseconds.
PATIENCE = 120_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everything a run leaves, and the documentation of its marts."""
    home = tmp_path_factory.mktemp("documented") / "home"
    (home / "textfixlogs").mkdir(parents=True)
    (home / "textfixlogs" / "a.log").write_bytes(LOG.read_bytes())
    for command in ("run", "docs"):
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", command],
            env={**os.environ, "FIXLAKE_HOME": str(home)},
            cwd=home.parent, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture
def docs(home: Path, tmp_path: Path) -> Path:
    """A copy of the docs folder, for a test to spoil."""
    return shutil.copytree(home / "docs", tmp_path / "docs")


@pytest.fixture
def address(docs: Path, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "FIXLAKE_DOCS": str(docs),
        "FIXLAKE_SITE_PORT": str(port),
    }
    command = [sys.executable, "-m", "deployments.site"]
    process = ServerProcess.start("site", command, env=environment, log=tmp_path / "site.log", is_ready=is_ready)
    try:
        yield address
    finally:
        process.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


def test_every_page_renders_without_a_complaint_and_fetches_nothing_from_elsewhere(address: str, page: Page) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{address}/")
    assert page.locator("section h2").all_inner_texts() == ["Reports", "Data quality", "Marts"]
    page.click("text=The latest day")
    page.wait_for_selector("#activity svg rect")
    assert page.locator("#brokers tbody tr").count() > 0

    page.goto(f"{address}/")
    page.click("text=All validations")
    page.click("tbody a")
    page.wait_for_selector(".badge.passed")
    page.click("text=fix_messages_rules")
    page.wait_for_url("**/fix_messages_rules.html")
    page.wait_for_selector("main")

    page.goto(f"{address}/")
    page.click("text=Models and lineage")
    page.wait_for_selector("text=Welcome!")
    page.goto(f"{address}/dbt/#!/model/model.fix_lakehouse.fct_orders")
    page.wait_for_selector("text=Referenced By")
    assert page.locator("text=One row per order").first.is_visible()
    page.locator(".launcher-btn").first.click()
    page.wait_for_selector("canvas", state="attached")

    assert said == []
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {address.removeprefix("http://")}


def test_script_that_dbt_did_not_write_does_not_run(address: str, page: Page, docs: Path) -> None:
    file = docs / "dbt" / "index.html"
    text = file.read_text(encoding="utf-8")
    assert "</body>" in text
    file.write_text(text.replace("</body>", "<script>document.title = 'taken over'</script></body>"), encoding="utf-8")
    page.goto(f"{address}/dbt/")
    page.wait_for_selector("text=Welcome!")
    assert page.title() != "taken over"


def test_scripts_do_not_run_in_the_other_areas(address: str, page: Page, docs: Path) -> None:
    hostile = "<title>mine</title><script>document.title = 'taken over'</script><img src=x onerror=\"document.title='taken over'\">"
    for area in ("data-docs", "reports"):
        file = docs / area / "hostile.html"
        file.parent.mkdir(exist_ok=True)
        file.write_text(hostile, encoding="utf-8")
        page.goto(f"{address}/{area}/hostile.html")
        assert page.title() == "mine"


def test_documentation_is_behind_when_the_project_has_changed_and_not_otherwise(home: Path) -> None:
    workspace = Workspace.from_settings(load_settings(home=home))
    record = home / "docs" / "dbt" / ".project"
    made_from = record.read_text()
    assert not docs_are_behind(workspace)
    record.write_text("another project")
    assert docs_are_behind(workspace)
    record.unlink()
    assert docs_are_behind(workspace)
    record.write_text(made_from)

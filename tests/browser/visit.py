"""A page in Chromium, and everything that went wrong on it.

Invariant: what a page asks of another host, logs as an error or fails to load is kept until ``assert_clean``;
requests that the page's own security policy refused never left the browser and are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
#: A service may be slow to answer on a busy machine; in milliseconds.
PATIENCE = 180_000
WIDTH, HEIGHT = 1600, 1000
_REFUSED = "violates the following Content Security Policy directive"


@dataclass  # Playwright keeps something of its own on whoever listens, so there are no slots.
class Visit:
    """A page, and what went wrong on it."""

    page: Page
    screenshots: Path
    foreign: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    waiting: set[Request] = field(default_factory=set)
    _home: str = ""

    def go(self, url: str) -> None:
        """Open a URL; its host is the only one the page may speak to from now on."""
        self._home = urlsplit(url).netloc
        self.page.goto(url, wait_until="domcontentloaded")

    def shoot(self, name: str) -> Path:
        """Keep a picture of what the window shows."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        path = self.screenshots / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def assert_clean(self) -> None:
        """Assert that nothing was asked of another host, failed, or was logged as an error."""
        assert self.foreign == []
        assert self.failures == []
        assert self.errors == []

    def on_request(self, request: Request) -> None:
        """A request begins."""
        self.waiting.add(request)

    def on_finished(self, request: Request) -> None:
        """A request was answered."""
        self.waiting.discard(request)
        if self._is_foreign(request.url):
            self.foreign.append(request.url)

    def on_failed(self, request: Request) -> None:
        """A request was refused by the page's policy, given up, or lost."""
        self.waiting.discard(request)
        if request.failure == "csp":
            self.refused.append(request.url)
        elif self._is_foreign(request.url):
            self.foreign.append(request.url)

    def on_response(self, response: Response) -> None:
        """An answer begins."""
        if response.status >= 400:
            self.failures.append(f"{response.status} {response.url}")

    def on_console(self, message: ConsoleMessage) -> None:
        """The page logs something."""
        if message.type == "error" and _REFUSED not in message.text:
            self.errors.append(message.text)

    def _is_foreign(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._home


@contextmanager
def visiting(screenshots: Path, **context: object) -> Iterator[Visit]:
    """Open a browser with nothing in it; ``context`` are options of Playwright's ``new_context``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS))
        try:
            fresh = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, **context)
            fresh.set_default_timeout(PATIENCE)
            visit = Visit(fresh.new_page(), screenshots)
            visit.page.on("request", visit.on_request)
            visit.page.on("requestfinished", visit.on_finished)
            visit.page.on("requestfailed", visit.on_failed)
            visit.page.on("response", visit.on_response)
            visit.page.on("console", visit.on_console)
            visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
            yield visit
        finally:
            browser.close()

"""``python -m deployments.site``: the static site, as a process on a free port."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployments.services.process import ServerProcess, free_port

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Site:
    port: int
    docs: Path

    def ask(self, target: str, method: str = "GET", **headers: str) -> Answer:
        """Send the target as it is: clients would tidy up a path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            lower = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, lower, answer.read().decode())
        finally:
            connection.close()

    def put(self, path: str, content: str = "<p>here</p>") -> Path:
        file = self.docs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.part")
        fresh.write_text(content)
        fresh.replace(file)
        return file


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    port, docs = free_port(), folder / "inside" / "docs"

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    process = ServerProcess.start(
        "site",
        [sys.executable, "-m", "deployments.site"],
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "FIXLAKE_DOCS": str(docs),
            "FIXLAKE_SITE_PORT": str(port),
            "FIXLAKE_BIND": "127.0.0.1",
        },
        log=folder / "site.log",
        is_ready=is_ready,
    )
    try:
        yield Site(port, docs)
    finally:
        process.stop()


@pytest.fixture
def site(server: Site) -> Site:
    """A site whose docs folder does not exist yet."""
    shutil.rmtree(server.docs.parent, ignore_errors=True)
    server.docs.parent.mkdir()
    return server


# ---- the first page ----


def test_says_what_to_do_while_there_is_nothing(site: Site) -> None:
    front = site.ask("/")
    assert front.status == 200
    assert "No batch was validated yet" in front.body
    assert "fixlake docs" in front.body
    assert "Reports" not in front.body
    assert site.ask("/data-docs/").status == 404


def test_shows_what_appears_later_and_when_it_was_written(site: Site) -> None:
    site.put("dbt/index.html")
    site.put("reports/v000001.html")
    os.utime(site.put("data-docs/index.html"), (1_700_000_000, 1_700_000_000))
    front = site.ask("/").body
    assert '<a class="button" href="/dbt/">' in front
    assert '<a href="/reports/v000001.html">v000001.html</a>' in front
    assert "2023-11-14 22:13:20 UTC" in front
    assert "No batch was validated yet" not in front


def test_names_the_newest_validations(site: Site) -> None:
    for number in range(14):
        summary = {"validated_at": f"2024-01-02 10:00:{number:02d}", "batch_id": f"batch-{number:02d}", "decision": "passed",
                   "rules": 7, "failed": 0, "errors": 0}  # fmt: skip
        site.put(f"data-docs/folder{number}/summary.json", json.dumps(summary))
        site.put(f"data-docs/folder{number}/index.html")
    site.put("data-docs/index.html")
    site.put("data-docs/torn/summary.json", '{"validated_at": ')
    front = site.ask("/").body
    assert [number for number in range(14) if f"batch-{number:02d}" in front] == list(range(2, 14))
    assert site.ask("/data-docs/folder13/").status == 200


def test_reports_are_named_by_their_trading_day_latest_first(site: Site) -> None:
    for day in range(1, 21):
        site.put(f"reports/trading-day-2024-01-{day:02d}.html")
    os.utime(site.put("reports/trading-day-2024-01-31.html"), (1_700_000_000, 1_700_000_000))
    site.put("reports/.written.json", "{}")
    front = site.ask("/").body
    assert '<a class="button" href="/reports/trading-day-2024-01-31.html">The latest day</a>' in front
    assert '<a href="/reports/trading-day-2024-01-20.html">Saturday, 20 January 2024</a>' in front
    assert front.count("<li>") == 12
    assert front.index("31 January") < front.index("20 January") < front.index("19 January")
    assert site.ask("/reports/.written.json").status == 404


def test_names_from_disk_are_escaped(site: Site) -> None:
    evil = "<img src=x onerror=alert(1)>\"'&"
    site.put(f"reports/{evil}.html")
    summary = dict.fromkeys(("validated_at", "batch_id", "decision", "rules", "failed", "errors"), evil)
    site.put(f"data-docs/{evil}/summary.json", json.dumps(summary))
    site.put("data-docs/index.html")
    front = site.ask("/").body
    assert "<img" not in front
    assert front.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;") == 8


# ---- what is served, and how ----


def test_every_answer_carries_the_headers_errors_too(site: Site) -> None:
    site.put("data-docs/index.html")
    site.put("dbt/index.html")
    site.put("reports/latest.html")
    targets = [
        "/",
        "/style.css",
        "/health",
        "/data-docs/",
        "/data-docs",
        "/dbt/",
        "/reports/latest.html",
        "/nothing",
        "/dbt/x",
    ]
    for target in targets:
        headers = site.ask(target).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-cache"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert ("script-src" in policy) == (target == "/dbt/")
        assert "http" not in policy
        assert "server" not in headers


def test_only_get_and_head_are_answered(site: Site) -> None:
    site.put("data-docs/index.html", "12345")
    for target in ("/", "/data-docs/", "/health"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            assert site.ask(target, method).status == 405
    head = site.ask("/data-docs/", "HEAD")
    assert (head.status, head.headers["content-length"], head.body) == (200, "5", "")


@pytest.mark.parametrize(
    "target",
    [
        "/data-docs/../secret.html",
        "/data-docs/%2e%2e/secret.html",
        "/data-docs/..%2fsecret.html",
        "/data-docs/%2e%2e%2f%2e%2e%2foutside.html",
        "/data-docs//../../outside.html",
        "/data-docs/..%5csecret.html",
        "/../outside.html",
        "/%2e%2e/outside.html",
        "//outside.html",
        "/data-docs/%2fetc%2fpasswd",
        "/data-docs/index.html%00.css",
        "/data-docs/%ff%fe.html",
        "/secret.html",
        "/data-docs/.hidden.html",
        "/data-docs/.draft-x/index.html",
        "/data-docs/program.js",
        "/data-docs/noextension",
        "/data-docs/link.html",
        "/data-docs/linked/index.html",
        "/data-docs/inner.html",
        "/data-docs/fifo.html",
        "/data-docs/folder.html",
        "/data-docs/folder.html/",
        "/data-docs/empty/",
        "/data-docs/index.html/",
        "/data-docs/" + "a" * 300 + ".html",
    ],
)  # fmt: skip
def test_nothing_but_plain_files_of_the_areas_is_served(site: Site, target: str) -> None:
    outside = site.docs.parent / "outside.html"
    outside.write_text("secret")
    (site.docs.parent / "index.html").write_text("secret")
    for path in ("secret.html", "data-docs/.hidden.html", "data-docs/.draft-x/index.html", "data-docs/program.js"):
        site.put(path, "secret")
    site.put("data-docs/noextension", "secret")
    site.put("data-docs/index.html", "fine")
    (site.docs / "data-docs/link.html").symlink_to(outside)
    (site.docs / "data-docs/linked").symlink_to(site.docs.parent)
    (site.docs / "data-docs/inner.html").symlink_to("index.html")
    (site.docs / "data-docs/folder.html").mkdir()
    (site.docs / "data-docs/empty").mkdir()
    os.mkfifo(site.docs / "data-docs/fifo.html")
    answer = site.ask(target)
    assert answer.status == 404
    assert "secret" not in answer.body.replace("secret.html", "")
    assert site.ask("/data-docs/").body == "fine"


def test_folders_are_reached_with_and_without_their_slash_and_never_listed(site: Site) -> None:
    site.put("data-docs/index.html")
    site.put("data-docs/a b/index.html")
    assert site.ask("/data-docs").headers["location"] == "/data-docs/"
    assert site.ask("/data-docs/a%20b").headers["location"] == "/data-docs/a%20b/"
    assert site.ask("/data-docs/a%20b/").status == 200
    assert site.ask("/index.html").headers["location"] == "/"
    site.put("reports/one.html")
    assert site.ask("/reports/").status == 404


def test_fresh_file_is_seen_at_once_and_an_old_one_is_not_sent_again(site: Site) -> None:
    site.put("reports/latest.html", "first")
    first = site.ask("/reports/latest.html")
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    for condition in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": modified}):
        known = site.ask("/reports/latest.html", **condition)
        assert (known.status, known.body, known.headers["etag"]) == (304, "", tag)
        assert "default-src 'none'" in known.headers["content-security-policy"]
    # As long, and within the same second: only the tag can tell.
    site.put("reports/latest.html", "other")
    again = site.ask("/reports/latest.html", If_None_Match=tag, If_Modified_Since=modified)
    assert (again.status, again.body) == (200, "other")
    assert site.ask("/reports/latest.html", If_Modified_Since="nonsense").status == 200


def test_missing_variable_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployments.site"], cwd=ROOT, env={"PATH": os.defpath}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 1
    assert "FIXLAKE_DOCS must name a folder" in done.stderr

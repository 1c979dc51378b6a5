"""The site loads nothing, runs nothing and does not grow without end."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import data_docs, validate_batch
from expectations.clean import ATTRIBUTES, PASSED, VOID, clean
from expectations.results import BatchValidation, RuleResult
from fix_transforms.workspace import Workspace

RESULT = RuleResult("fix_messages", "known_side", "warning", "failed", 10, 3, "Side < has & a code.")


def validation(number: int = 0) -> BatchValidation:
    return BatchValidation(f"{number:016x}", "0" * 16, (RESULT,), "passed")


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_pages_load_their_style_sheet_and_nothing_else(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows([build.message(0, checksum_status="bad")]))
    validate_batch(workspace, build.batch_id)
    site = workspace.settings.docs_dir / "data-docs"
    pages = list(site.rglob("*.html"))
    assert len(pages) == 2 + 13
    for path in pages:
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|\bon[a-z]+=|javascript:|style=|<style|<script", html, re.IGNORECASE), (
            path
        )
        loads = [attrs["href"] for tag, attrs in Seen(html).tags if tag == "link"]
        assert [(path.parent / str(href)).resolve() for href in loads] == [(site / "style.css").resolve()]
        policy = [
            a["content"]
            for tag, a in Seen(html).tags
            if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        ]
        assert ["default-src 'none'" in str(content) for content in policy] == [True]
        for tag, attrs in Seen(html).tags:
            if tag == "a" and not str(attrs.get("href", "#")).startswith("#"):
                assert (path.parent / str(attrs["href"])).is_file(), attrs


def test_page_tells_what_broke_and_how_often(tmp_path: Path) -> None:
    page = data_docs.publish(tmp_path, validation(), ()).read_text(encoding="utf-8")
    assert "known_side" in page
    assert "Side &lt; has &amp; a code." in page
    assert ">3<" in page


def test_suite_with_an_error_in_it_does_not_cost_the_batch_its_page(tmp_path: Path) -> None:
    config = {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["a"]}, "meta": {}}
    info = {"raised_exception": True, "exception_message": "Boom", "exception_traceback": "Boom"}
    failed = {"expectation_config": config, "success": False, "result": {}, "meta": {}, "exception_info": info}
    whole = {"results": [failed], "success": False, "suite_name": "structure", "statistics": {}, "meta": {}}
    run = SimpleNamespace(suite=SimpleNamespace(name="structure"), result=whole)
    page = data_docs.publish(tmp_path, validation(), [run])  # type: ignore[list-item]
    assert "known_side" in page.read_text(encoding="utf-8")
    assert page.with_name("structure.html").is_file()


def test_oldest_validations_are_forgotten(tmp_path: Path) -> None:
    for number in range(5):
        data_docs.publish(tmp_path, validation(number), (), kept=3)
        written = tmp_path / "data-docs" / f"{number:016x}-{'0' * 16}" / "summary.json"
        written.write_text(re.sub(r"\d{4}-\d\d-\d\d", f"2026-01-0{number + 1}", written.read_text()))
    data_docs.publish(tmp_path, validation(9), (), kept=3)
    site = tmp_path / "data-docs"
    kept = {path.name[:16] for path in site.iterdir() if path.is_dir()}
    assert kept == {f"{number:016x}" for number in (3, 4, 9)}
    index = (site / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r"<code>([0-9a-f]{16})</code>", index)) == kept


def test_damaged_summary_does_not_stop_the_index(tmp_path: Path) -> None:
    data_docs.publish(tmp_path, validation(1), ())
    (tmp_path / "data-docs" / f"{1:016x}-{'0' * 16}" / "summary.json").write_text("{")
    data_docs.publish(tmp_path, validation(2), ())
    assert f"{2:016x}" in (tmp_path / "data-docs" / "index.html").read_text(encoding="utf-8")


def test_pages_that_are_there_are_kept_when_a_run_is_finished_from_its_records(tmp_path: Path) -> None:
    page = data_docs.publish(tmp_path, validation(), ())
    (page.parent / "fix_messages_rules.html").write_text("from Great Expectations")
    data_docs.publish(tmp_path, validation(), ())
    assert (page.parent / "fix_messages_rules.html").exists()


# ---- cleaning ----


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<p class='a' onclick='x()'>t</p>", '<p class="a">t</p>'),
        ("<script>alert(1)</script>t", "t"),
        ("<script/>alert(1)</script>t", "t"),
        ("<style>@import 'https://x'</style><b>t</b>", "<b>t</b>"),
        ("<img src='https://x/y.png'>t", "t"),
        ("<a href='https://x'>t</a>", "<a>t</a>"),
        ("<a href='#section-1'>t</a>", '<a href="#section-1">t</a>'),
        ("<a href='javascript:alert(1)'>t</a>", "<a>t</a>"),
        ("<nav><div>menu</div></nav><p>t</p>", "<p>t</p>"),
        ("<center>t</center>", "t"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
        ("<p style='background:url(https://x)'>t</p>", "<p>t</p>"),
    ],
)
def test_only_harmless_markup_passes(html: str, cleaned: str) -> None:
    assert clean(html) == cleaned


@given(st.text(alphabet="<>/=\"' abpscriptimgonlockhref#&;!-", max_size=80))
def test_whatever_goes_in_only_listed_markup_comes_out(html: str) -> None:
    for tag, attrs in Seen(clean(html)).tags:
        assert tag in PASSED
        assert set(attrs) <= ATTRIBUTES | {"href"}
        assert str(attrs.get("href", "#")).startswith("#")


def test_void_elements_are_not_closed() -> None:
    assert not VOID & {"p", "div", "span", "table"}
    assert clean("a<br></br>b<hr>") == "a<br>b<hr>"

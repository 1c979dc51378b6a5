"""Great Expectations' HTML → HTML that loads nothing, runs nothing and fits under a strict policy.

Its pages fetch Bootstrap, jQuery, fonts, Vega and a logo from seven hosts, which a site behind a firewall cannot
and a site with a Content-Security-Policy must not. The markup is kept, everything active or remote is dropped,
and our own style sheet stands in.

Invariant: only listed elements and attributes pass, whatever the input; links stay inside the page.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

#: Elements that pass; of any other, only the content does.
PASSED = frozenset(
    [
        "a",
        "b",
        "br",
        "code",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "small",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
#: Elements that go with their content.
DROPPED = frozenset(
    {"button", "footer", "form", "head", "iframe", "nav", "object", "script", "style", "svg", "template"}
)
#: Elements without an end tag.
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
ATTRIBUTES = frozenset({"class", "colspan", "id", "rowspan"})


def clean(html: str) -> str:
    """The body of a page, without anything that loads or runs."""
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return "".join(cleaner.parts)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping or tag in DROPPED:
            if tag not in VOID:
                self._dropping.append(tag)
        elif tag in PASSED:
            self.parts.append(f"<{tag}{_attributes(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML knows no self-closing elements: `<script/>` opens one.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass
        elif tag in PASSED and tag not in VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.parts.append(escape(data))


def _attributes(attrs: list[tuple[str, str | None]]) -> str:
    kept = [
        (name, value or "")
        for name, value in attrs
        if name in ATTRIBUTES or (name == "href" and (value or "").startswith("#"))
    ]
    return "".join(f' {name}="{escape(value)}"' for name, value in kept)

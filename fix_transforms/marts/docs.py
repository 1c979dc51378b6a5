"""The documentation site: dbt's pages about the marts, and an index that leads to them, the Data Docs and the reports.

Invariant: no page loads anything from elsewhere. dbt's page is one file with everything inlined; its policy names the
scripts that it came with by their hashes and lets nothing else run, which also stops the usage tracker that the file
brings along and whatever a model's description might try.
"""

from __future__ import annotations

import base64
import hashlib
import os
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from fix_transforms.errors import TransformError
from fix_transforms.html_page import html_page
from fix_transforms.marts.build import only_build, project_fingerprint, run_in_process, start_copy
from fix_transforms.marts.environment import database_path, dbt_arguments, process_environment
from fix_transforms.reports.files import REPORTS, written_reports
from fix_transforms.whole_files import write_whole

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace

#: dbt's page is scripted and styled inline, and compiles its templates at run time; it may fetch nothing.
DBT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
#: What is wrong in dbt's page and what is right: an icon that was never built in, and pictures that a browser would
#: look for before the page has put in where they are.
MENDED = {
    """<link rel="shortcut icon" href="${require('./assets/favicons/favicon.ico')}"/>""": '<link rel="icon" href="data:,">',
    '<use xlink:href="{{': '<use ng-attr-xlink:href="{{',
}
#: Beside dbt's page: what it was made from.
RECORD_NAME = ".project"
INDEX_CSS = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:44rem;padding:0 1rem}"
    "ul{list-style:none;padding:0}li{margin:1rem 0;padding:1rem 1.25rem;border:1px solid #8884;border-radius:.6rem}"
    "a,code{white-space:nowrap}a{text-underline-offset:.15em}b{font-size:1.1rem}"
)

#: Folder inside the site → what is in it, and where that comes from while it is not there.
SECTIONS = {
    "dbt": (
        "Marts",
        "Every model and column, its tests, and where it comes from.",
        "Written by <code>fixlake docs</code>.",
    ),
    "data-docs": ("Data quality", "What the expectations said of each batch.", "Written with the first batch."),
}
#: Days whose reports the index leads to.
MOST_DAYS = 20


def build_docs(workspace: Workspace) -> Path:
    """Generate dbt's documentation of the marts as they were last built, and the site's index; returns the index.

    Raises:
        TransformError: Nothing was built yet, dbt failed, or the site could not be written.
    """
    settings = workspace.settings
    with only_build(settings):
        if not database_path(settings).is_file():
            raise TransformError(
                "nothing to document", where=str(database_path(settings)), expected="a build that succeeded"
            )
        start_copy(settings, from_nothing=False)
        if not run_in_process(dbt_arguments(workspace, "docs"), process_environment(workspace, os.environ)):
            raise TransformError("dbt docs failed", where=str(settings.build_dir / "logs"))
        try:
            folder = settings.docs_dir / "dbt"
            _install(settings.build_dir / "target" / "static_index.html", folder)
            (folder / RECORD_NAME).write_text(project_fingerprint(workspace), encoding="utf-8")
            return write_index(settings.docs_dir)
        except OSError as error:
            raise TransformError("cannot be written", where=str(settings.docs_dir), got=error.strerror) from error


def docs_are_behind(workspace: Workspace) -> bool:
    """Whether dbt's page is missing, or was made from another project. What is in the marts is not in the page."""
    folder = workspace.settings.docs_dir / "dbt"
    try:
        made_from = (folder / RECORD_NAME).read_text(encoding="utf-8")
    except OSError:
        return True
    return not (folder / "index.html").is_file() or made_from != project_fingerprint(workspace)


def write_index(site: Path) -> Path:
    """Write the page that leads to the reports, the newest first, and to the sections that exist.

    Raises:
        TransformError: The site could not be written.
    """
    entries = [_section(site, folder, *words) for folder, words in SECTIONS.items()]
    days = sorted(written_reports(site / REPORTS).items(), reverse=True)[:MOST_DAYS]
    if days:
        newest, *others = [_link(f"{REPORTS}/{path.name}", str(day)) for day, path in days]
        earlier = f" Before it: {', '.join(others)}." if others else ""
        entries.insert(0, f"<li><b>Trading day {newest}</b><br>On one page, to read, print or mail.{earlier}</li>")
    page = html_page("FIX Lakehouse", f"<h1>FIX Lakehouse</h1><ul>{''.join(entries)}</ul>", css=INDEX_CSS)
    try:
        write_whole(site / "index.html", page)
    except OSError as error:
        raise TransformError("cannot be written", where=str(site), got=error.strerror) from error
    return site / "index.html"


def _section(site: Path, folder: str, title: str, text: str, origin: str) -> str:
    page = f"{folder}/index.html"
    if (site / page).is_file():
        return f"<li><b>{_link(page, title)}</b><br>{text}</li>"
    return f"<li><b>{title}</b><br>{text} {origin}</li>"


def _link(address: str, words: str) -> str:
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def _install(generated: Path, folder: Path) -> None:
    """Put dbt's single file in place, with a policy as the first thing in its head."""
    page = generated.read_text(encoding="utf-8")
    for wrong, right in MENDED.items():
        page = page.replace(wrong, right)
    head, mark, rest = page.partition("<head>")
    if not mark:
        raise TransformError("dbt's page has no head to put a policy into", where=str(generated))
    own_scripts = DBT_POLICY.replace("'unsafe-inline'", " ".join(_script_hashes(page)), 1)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{own_scripts}"><meta name="referrer" content="no-referrer">'
    write_whole(folder / "index.html", f"{head}{mark}{policy}{rest}")


def _script_hashes(page: str) -> list[str]:
    """The scripts of a page as its policy names them."""
    parser = _Scripts(convert_charrefs=False)
    parser.feed(page)
    parser.close()
    digests = (hashlib.sha256("".join(script).encode()).digest() for script in parser.scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


class _Scripts(HTMLParser):
    """Collects what is between the tags of scripts, as a browser does."""

    def __init__(self, *, convert_charrefs: bool) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self.scripts: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append([])

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1].append(data)

"""The documentation site: dbt's pages about the marts, and an index that leads to them and to the Data Docs.

Invariant: no page loads anything from elsewhere. dbt's page is one file with everything inlined; its policy lets it
run its own code and nothing else, which also stops the usage tracker that the file brings along.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from fix_transforms.errors import TransformError
from fix_transforms.marts.build import only_build, run_in_process, start_copy
from fix_transforms.marts.environment import database_path, dbt_arguments, process_environment

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace

#: dbt's page is scripted and styled inline, and compiles its templates at run time; it may fetch nothing.
DBT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
INDEX_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

#: Folder inside the site → what is in it.
SECTIONS = {
    "dbt": ("Marts", "Every model and column, its tests, and where it comes from."),
    "data-docs": ("Data quality", "What the expectations said of each batch."),
}


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
            _install(settings.build_dir / "target" / "static_index.html", settings.docs_dir / "dbt")
            return write_index(settings.docs_dir)
        except OSError as error:
            raise TransformError("cannot be written", where=str(settings.docs_dir), got=error.strerror) from error


def write_index(site: Path) -> Path:
    """Write the page that leads to the sections that exist."""
    site.mkdir(parents=True, exist_ok=True)
    entries = "".join(
        f'<li><a href="{folder}/index.html">{escape(title)}</a><br>{escape(text)}</li>'
        if (site / folder / "index.html").is_file()
        else f"<li>{escape(title)}<br>Not there yet.</li>"
        for folder, (title, text) in SECTIONS.items()
    )
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{INDEX_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>FIX Lakehouse</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}}li{{margin:1rem 0}}</style>
</head>
<body><h1>FIX Lakehouse</h1><ul>{entries}</ul></body>
</html>
"""
    _replace(site / "index.html", page)
    return site / "index.html"


def _install(generated: Path, folder: Path) -> None:
    """Put dbt's single file in place, with a policy as the first thing in its head."""
    page = generated.read_text(encoding="utf-8")
    head, mark, rest = page.partition("<head>")
    if not mark:
        raise TransformError("dbt's page has no head to put a policy into", where=str(generated))
    folder.mkdir(parents=True, exist_ok=True)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{DBT_POLICY}"><meta name="referrer" content="no-referrer">'
    _replace(folder / "index.html", f"{head}{mark}{policy}{rest}")


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)

"""Data Docs: a static site with a folder per validation, the newest ``KEPT`` of them, and an index.

Each folder has our page with every rule, and Great Expectations' own page of every suite, cleaned. A folder is
written beside its place and renamed into it, and the index is replaced in one step, so readers never see half.

Invariant: pages are made of rule names, descriptions, counts and ids. Values from the data do not get this far:
Great Expectations never had them (see ``materialise``), and its exception texts are dropped (see ``outcome``).
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from expectations import pages
from expectations.clean import clean
from expectations.outcome import presentable
from expectations.results import BatchValidation

if TYPE_CHECKING:
    from expectations.suites import SuiteRun

log = logging.getLogger(__name__)

#: Validations whose pages are kept; results of all are in ``quality_results``.
KEPT = 50

_FOLDER = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}\Z")
_SUMMARY = "summary.json"


def publish(docs_dir: Path, validation: BatchValidation, runs: Sequence[SuiteRun], kept: int = KEPT) -> Path:
    """Write the pages of one validation, forget the oldest, rebuild the index.

    Args:
        docs_dir: Folder of the whole documentation; the site is ``data-docs`` inside.
        validation: What was found.
        runs: What Great Expectations said; none when the validation is finished from its records, and then
            its pages stay as they are, or hold our page only.
        kept: How many validations to keep.
    """
    site = docs_dir / "data-docs"
    site.mkdir(parents=True, exist_ok=True)
    folder = site / f"{validation.batch_id}-{validation.validation_id}"
    if runs or not folder.exists():
        _write_validation(site, folder, validation, runs)
    _write_index(site, kept)
    return folder / "index.html"


def _write_validation(site: Path, folder: Path, validation: BatchValidation, runs: Sequence[SuiteRun]) -> None:
    draft = Path(mkdtemp(prefix=".draft-", dir=site))
    draft.chmod(0o755)
    now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    for run in runs:
        body = f'<p><a href="index.html">Batch {validation.batch_id}</a></p>{_suite_html(run)}'
        (draft / f"{run.suite.name}.html").write_text(pages.page(run.suite.name, body, "../"), encoding="utf-8")
    own = pages.validation(validation, now, [run.suite.name for run in runs])
    (draft / "index.html").write_text(own, encoding="utf-8")
    summary = {
        "validated_at": now,
        "batch_id": validation.batch_id,
        "decision": validation.decision,
        "rules": len(validation.results),
        "failed": validation.count("failed"),
        "errors": validation.count("error"),
    }
    (draft / _SUMMARY).write_text(json.dumps(summary), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        draft.rename(folder)
    except OSError:
        # Another process has published the same validation in the meantime.
        shutil.rmtree(draft, ignore_errors=True)


def _suite_html(run: SuiteRun) -> str:
    """The suite as Great Expectations shows it, where it can: its renderer stumbles over rules that ended in an error."""
    try:
        return clean(_gx_html(run.result))
    except Exception as error:
        log.warning("suite %s cannot be shown: %s", run.suite.name, type(error).__name__)
        return "<p>Great Expectations cannot show this suite, for a rule in it ended in an error.</p>"


def _gx_html(result: dict[str, Any]) -> str:
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    safe = expectationSuiteValidationResultSchema.load(presentable(result))
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(safe)
    view: Any = DefaultJinjaPageView()
    return str(view.render(document, template="page_minimal.j2"))


def _write_index(site: Path, kept: int) -> None:
    found = []
    for folder in site.iterdir():
        if _FOLDER.match(folder.name):
            with suppress(OSError, ValueError):
                found.append(json.loads((folder / _SUMMARY).read_text(encoding="utf-8")) | {"folder": folder.name})
    found.sort(key=lambda summary: (summary["validated_at"], summary["folder"]), reverse=True)
    for summary in found[kept:]:
        shutil.rmtree(site / summary["folder"], ignore_errors=True)
    _replace(site / "style.css", files("expectations").joinpath("style.css").read_text(encoding="utf-8"))
    _replace(site / "index.html", pages.index(found[:kept]))


def _replace(path: Path, content: str) -> None:
    draft = Path(mkdtemp(prefix=".draft-", dir=path.parent))
    (draft / path.name).write_text(content, encoding="utf-8")
    (draft / path.name).replace(path)
    draft.rmdir()

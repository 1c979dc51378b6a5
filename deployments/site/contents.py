"""What lies in the docs folder: the facts that the first page shows.

Invariant: reads names, times and the summaries of validations, and takes whatever cannot be read for not there. The
values are as found on disk: whoever shows them escapes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from deployments.site import files
from fix_transforms.reports.files import report_date

#: How many validations and reports the first page names.
NAMED: Final = 12
#: How many folders are looked at for them: the pipeline keeps fewer.
LOOKED_AT: Final = 500


@dataclass(frozen=True, slots=True)
class Validation:
    """One validated batch."""

    folder: str
    batch_id: str
    decision: str
    rules: str
    failed: str
    errors: str
    validated_at: str


@dataclass(frozen=True, slots=True)
class Report:
    """One report; ``day`` is the trading date that it is about, where its name tells."""

    name: str
    day: date | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything there is to lead to.

    Attributes:
        quality_at: When the index of the Data Docs was written, if it was.
        marts_at: The same of dbt's page.
        validations: The newest first.
        reports: The latest trading day first, then whatever else is there, the newest first.
    """

    quality_at: datetime | None
    marts_at: datetime | None
    validations: tuple[Validation, ...]
    reports: tuple[Report, ...]


def look(root: Path) -> Contents:
    """What is in the folder now."""
    return Contents(
        quality_at=_written_at(root, "data-docs/index.html"),
        marts_at=_written_at(root, "dbt/index.html"),
        validations=_validations(root),
        reports=_reports(root),
    )


def _written_at(root: Path, path: str) -> datetime | None:
    page = files.read(root, path)
    return datetime.fromtimestamp(page.modified, UTC) if page else None


def _names(folder: Path, *, latest: bool = False) -> Iterator[str]:
    with suppress(OSError):
        yield from sorted((entry.name for entry in folder.iterdir()), reverse=latest)[:LOOKED_AT]


def _validations(root: Path) -> tuple[Validation, ...]:
    found = [_validation(root, name) for name in _names(root / "data-docs")]
    newest = sorted(filter(None, found), key=lambda one: (one.validated_at, one.folder), reverse=True)
    return tuple(newest[:NAMED])


def _validation(root: Path, folder: str) -> Validation | None:
    summary = files.read(root, f"data-docs/{folder}/summary.json")
    if summary is None:
        return None
    try:
        facts: dict[str, Any] = json.loads(summary.content)
        names = ("batch_id", "decision", "rules", "failed", "errors", "validated_at")
        return Validation(folder, *(str(facts[name]) for name in names))
    except (ValueError, KeyError, TypeError):
        return None


def _reports(root: Path) -> tuple[Report, ...]:
    names = [name for name in _names(root / "reports", latest=True) if name.endswith(".html")]
    # A page is read to be dated: no more of them than are named.
    latest = [
        *[name for name in names if report_date(name)][:NAMED],
        *[name for name in names if not report_date(name)],
    ]
    pages = {name: _written_at(root, f"reports/{name}") for name in latest}
    found = [Report(name, report_date(name), written_at) for name, written_at in pages.items() if written_at]
    return tuple(sorted(found, key=lambda one: (one.day or date.min, one.written_at, one.name), reverse=True)[:NAMED])

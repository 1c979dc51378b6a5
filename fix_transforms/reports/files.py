"""Reports as files of the site: what they are called, and how they come and go.

Invariant: at a report's name there is a whole report or none, whoever dies while writing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

from fix_transforms.errors import ReportError
from fix_transforms.whole_files import write_whole

#: Folder inside the site.
REPORTS: Final = "reports"

_NAME = re.compile(r"trading-day-(\d{4}-\d{2}-\d{2})\.html")


def report_name(day: date) -> str:
    """The file name of a date's report."""
    return f"trading-day-{day.isoformat()}.html"


def report_date(name: str) -> date | None:
    """The trading date in the name of a report, or none if it is not the name of one."""
    match = _NAME.fullmatch(name)
    try:
        return date.fromisoformat(match.group(1)) if match else None
    except ValueError:
        return None


def written_reports(folder: Path) -> dict[date, Path]:
    """The reports in a folder, by trading date; none where the folder is not there."""
    paths = sorted(folder.glob("trading-day-*.html"))
    found = ((report_date(path.name), path) for path in paths)
    return {day: path for day, path in found if day is not None}


def write_report_file(path: Path, text: str) -> None:
    """Put a text at a path, all of it or nothing.

    Raises:
        ReportError: The folder or the file cannot be written.
    """
    with _told_as("cannot be written", path):
        write_whole(path, text)


def remove(path: Path) -> None:
    """Take a report away, if it is there.

    Raises:
        ReportError: It cannot be removed.
    """
    with _told_as("cannot be removed", path):
        path.unlink(missing_ok=True)


@contextmanager
def _told_as(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportError(what, where=str(path), got=error.strerror) from error

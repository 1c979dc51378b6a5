"""The reports of a site, kept as the current snapshot has them.

Invariant: work is proportional to what changed, and bounded. A date's report is written when what it rests on is not what the last
one was written from, and only then; the report of a date that has left the marts leaves too. What was written is
recorded after it is there, so that a killed run costs a repeated report and never an outdated one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fix_transforms import __version__
from fix_transforms.errors import ReportError
from fix_transforms.marts.publish import read_current
from fix_transforms.reports.files import REPORTS, remove, report_name, write_report_file, written_reports
from fix_transforms.reports.page import report_page
from fix_transforms.reports.read_day import opened, read_day, stamps

if TYPE_CHECKING:
    from fix_transforms.marts.publish import Snapshot
    from fix_transforms.settings import Settings

#: A publish writes no more than so many, the latest first: an archive, or a hostile log, may bring thousands of dates.
MOST_WRITTEN: Final = 62

#: Beside the reports: trading date → what its report was written from.
RECORD_NAME: Final = ".written.json"


@dataclass(frozen=True, slots=True)
class Changes:
    """Trading dates whose report was written, and those whose report was removed."""

    written: tuple[date, ...]
    removed: tuple[date, ...]


def day_report(settings: Settings, day: date | None = None) -> tuple[date, str]:
    """The report of a trading date from the current snapshot.

    Args:
        settings: Where the snapshots are.
        day: The newest trading date unless given.

    Returns:
        The trading date and its page.

    Raises:
        ReportError: Nothing is published, the date is not in the snapshot, or the snapshot cannot be read.
        PublishError: ``current`` leads to something that is not a snapshot.
    """
    return _report_from(_current(settings), day)


def write_report(settings: Settings, day: date | None = None) -> Path:
    """Write the report of a trading date into the site; arguments and errors as for ``day_report``."""
    while True:
        snapshot = _current(settings)
        found, page = _report_from(snapshot, day)
        path = settings.docs_dir / REPORTS / report_name(found)
        write_report_file(path, page)
        # Publishing flips first and writes reports after: where the flip came between, what is there may be older now.
        if _current(settings).name == snapshot.name:
            return path


def update_reports(settings: Settings, snapshot: Snapshot) -> Changes:
    """Write the reports of the trading dates that changed, and remove those of dates that are gone.

    Where more changed than one publish writes, those of earlier dates are removed until a later publish comes to them.

    Args:
        settings: Where the site is.
        snapshot: What the reports are to say.

    Raises:
        ReportError: The snapshot cannot be read, or a report cannot be written; those before it are there.
    """
    folder = settings.docs_dir / REPORTS
    there, recorded = written_reports(folder), _recorded(folder)
    written: list[date] = []
    with opened(snapshot) as connection:
        current = {day: f"{__version__} {stamp}" for day, stamp in stamps(connection).items()}
        kept = {day: recorded[day] for day in current if day in there and recorded.get(day) == current[day]}
        changed = sorted(current.keys() - kept.keys(), reverse=True)
        removed = sorted(there.keys() - kept.keys() - set(changed[:MOST_WRITTEN]))
        for day in removed:
            remove(there[day])
        try:
            for day in changed[:MOST_WRITTEN]:
                write_report_file(folder / report_name(day), report_page(read_day(connection, snapshot, day)))
                kept[day] = current[day]
                written.append(day)
        finally:
            if kept != recorded:
                _record(folder, kept)
    return Changes(tuple(sorted(written)), tuple(removed))


def _current(settings: Settings) -> Snapshot:
    snapshot = read_current(settings)
    if snapshot is None:
        raise ReportError("nothing is published yet", where=str(settings.published_dir), expected="`fixlake run` first")
    return snapshot


def _report_from(snapshot: Snapshot, day: date | None) -> tuple[date, str]:
    with opened(snapshot) as connection:
        days = list(stamps(connection))
        wanted = day or max(days, default=None)
        if wanted is None or wanted not in days:
            raise ReportError(
                "no such trading date", where=snapshot.name, got=wanted or "none at all", expected=_range_of(days)
            )
        return wanted, report_page(read_day(connection, snapshot, wanted))


def _recorded(folder: Path) -> dict[date, str]:
    """What the reports that are there were written from; nothing where that cannot be told."""
    try:
        record = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        return {date.fromisoformat(day): str(stamp) for day, stamp in record.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _record(folder: Path, stamps_of: dict[date, str]) -> None:
    record = {day.isoformat(): stamp for day, stamp in sorted(stamps_of.items())}
    write_report_file(folder / RECORD_NAME, json.dumps(record, indent=2) + "\n")


def _range_of(days: list[date]) -> str:
    if not days:
        return "a snapshot that holds messages"
    return f"one of {len(days)} from {min(days)} to {max(days)}"

"""Check a folder of assets and import it: ``python -m deployments.superset.import_assets FOLDER``.

Invariant: ends with 0 only if Superset holds what the files say. ``--check`` needs neither Superset nor its metadata.

Exit codes: 0 done, 2 wrong usage, 3 something is wrong with the files (nothing was imported).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.superset.analytics import CURRENT, DATABASE_NAME
from deployments.superset.importer.bundle import DEFAULT_SITE_URL, Bundle, BundleError, Problem, read_bundle
from deployments.superset.importer.columns import check_columns
from deployments.superset.importer.rules import check

if TYPE_CHECKING:
    from deployments.superset.importer.store import Report

WRONG_FILES = 3


def published_database() -> Path | None:
    """The snapshot that Superset reads now, if there is one."""
    folder = os.environ.get("FIXLAKE_PUBLISHED")
    database = (Path(folder) / CURRENT / DATABASE_NAME).resolve() if folder else None
    return database if database is not None and database.is_file() else None


def checked_bundle(folder: Path, *, strict: bool) -> Bundle:
    """The folder's bundle, without problems.

    Args:
        folder: Of the assets.
        strict: Whether it is a problem that what is published lacks a column. Not so at the start of the stack: after
            an update the new columns come with the next build, which must not wait for the dashboards.

    Raises:
        BundleError: There are problems.
    """
    bundle = read_bundle(folder, os.environ.get("FIXLAKE_SITE_URL") or DEFAULT_SITE_URL)
    problems = check(bundle)
    if not problems and (database := published_database()):
        unpublished = check_columns(bundle, database)
        if strict:
            problems += unpublished
        else:
            say_each("warning: not published yet", unpublished)
    if problems:
        raise BundleError(problems)
    return bundle


def say_each(what: str, problems: list[Problem]) -> None:
    """Tell whoever started this."""
    for problem in problems:
        print(f"{what}: {problem}", file=sys.stderr)


def refuse(error: BundleError) -> int:
    """Say what is wrong and which code to end with."""
    say_each("error", list(error.problems))
    print(f"Nothing was imported: {len(error.problems)} problem(s)", file=sys.stderr)
    return WRONG_FILES


def say(report: Report) -> None:
    """Say what an import did."""
    print("Imported " + ", ".join(f"{count} {kind}" for kind, count in report.imported.items()))
    for verb, things in (("Removed", report.pruned), ("Kept, for it is still used:", report.kept)):
        for thing in things:
            print(f"{verb} {thing}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="import_assets", description="Import dashboards that are kept as files.")
    parser.add_argument("folder", type=Path, help="with metadata.yaml, databases/, datasets/, charts/, dashboards/")
    parser.add_argument("--check", action="store_true", help="only check the files")
    parser.add_argument("--keep", action="store_true", help="do not remove what is no longer a file")
    parser.add_argument("--prune-all", action="store_true", help="remove what people made themselves too")
    parser.add_argument("--lenient", action="store_true", help="only warn of columns that are not published yet")
    options = parser.parse_args()
    try:
        bundle = checked_bundle(options.folder, strict=not options.lenient)
        if options.check:
            print("Nothing is wrong with " + str(options.folder))
            return 0
        from superset.app import create_app

        from deployments.superset.importer.store import import_bundle
        from deployments.superset.roles import ADMIN, synchronise_viewer

        with create_app().app_context():
            say(import_bundle(bundle, ADMIN, prune=not options.keep, prune_all=options.prune_all))
            synchronise_viewer()
    except BundleError as error:
        return refuse(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``fixlake parse``: read log files without a lake, and show, count or save what is in them.

Invariant: nothing that a file holds reaches the terminal unescaped or unmasked, every file named is checked
before the first is read, and memory does not grow with the size of a file.
"""

from __future__ import annotations

import gc
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import LogFiles, Profile, Sources, Timezone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.fix import ParsedChunk, ParseOptions
    from fix_transforms.fix.compression import Limits
    from fix_transforms.settings import Settings
    from flows.cli.parse_summary import FileSummary

_READ_BYTES = 1024 * 1024
STDIN = Path("-")


def command(
    files: LogFiles,
    summary: Annotated[bool, typer.Option("--summary", help="Print counts instead of messages.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: a line per message, or the summary.")] = False,
    fields: Annotated[bool, typer.Option("--fields", "-f", help="Print every field of a message by name.")] = False,
    events: Annotated[bool, typer.Option("--events", "-e", help="Print log events too.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Print the first N rows only.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", file_okay=False, help="Folder to write one Parquet file per table to.")
    ] = None,
    timezone: Timezone = None,
    sources: Sources = None,
    profile: Profile = None,
    validate: Annotated[
        bool | None,
        typer.Option(
            "--validate/--no-validate",
            help="Judge every message by the rules of its FIX version.",
            show_default="FIXLAKE_VALIDATE_MESSAGES",
        ),
    ] = None,
) -> None:
    """Read FIX logs and print what is in them: a line per message, quarantined stretches with their reason."""
    from fix_transforms.fix.compression import Limits
    from fix_transforms.fix.decoders import versions_for
    from fix_transforms.settings import load_settings
    from flows.cli.parse_rows import RowPrinter
    from flows.cli.parse_summary import FileSummary, print_summary

    settings = load_settings(timezone=timezone, validate_messages=validate, sources=sources)
    limits = Limits.from_settings(settings)
    settings.source_of("", profile)
    for path in files:
        check(path)
    printer = None if summary or (out is not None and not json) else RowPrinter(json, fields, events, limit)
    summaries: list[FileSummary] = []
    with ExitStack() as stack:
        saver = None
        if out is not None:
            from flows.cli.parse_parquet import ParquetFolder

            saver = stack.enter_context(ParquetFolder(out))
        for path in files:
            found = FileSummary(str(path))
            summaries.append(found)
            options = options_for(path, settings, profile, timezone)
            versions = versions_for(options)
            for chunk in _chunks(path, options, limits, found):
                if saver is not None:
                    saver.write(str(path), chunk)
                if printer is not None:
                    printer.print(str(path) if len(files) > 1 else None, chunk, versions)
            if printer is not None and printer.is_done and saver is None:
                break
    if summary:
        print_summary(summaries, as_json=json)
    elif not json:
        print_summary(summaries, as_json=False, brief=True)
    # All is closed: the search for cycles as the process ends, among all that was imported, would find nothing to do.
    gc.freeze()


def check(path: Path) -> None:
    """Raise ``StorageError`` unless the path is that of a file, or of standard input."""
    from fix_transforms.errors import StorageError

    if path == STDIN:
        return
    if not path.exists():
        raise StorageError("no such file", where=str(path))
    if not path.is_file():
        raise StorageError("not a file", where=str(path), expected="a log file")


def key_of(path: Path, settings: Settings) -> str:
    """The key that sources are declared for: within the landing that of the object, elsewhere the path as given."""
    landing = settings.landing
    if landing.is_local and path.resolve().is_relative_to(landing.path):
        return path.resolve().relative_to(landing.path).as_posix()
    return path.as_posix()


def options_for(path: Path, settings: Settings, profile: str | None, timezone: str | None) -> ParseOptions:
    """How to read a file: what is asked for here wins over what is declared for it."""
    from fix_transforms.fix import ParseOptions

    options = ParseOptions.from_settings(settings, key_of(path, settings), profile=profile)
    return replace(options, timezone=timezone) if timezone is not None else options


def _chunks(path: Path, options: ParseOptions, limits: Limits, found: FileSummary) -> Iterator[ParsedChunk]:
    from fix_transforms.fix import parse
    from fix_transforms.fix.compression import decompress

    found.compression, content = decompress(read(path, found), limits)
    for chunk in parse(content, options):
        found.add(chunk)
        yield chunk


def read(path: Path, found: FileSummary) -> Iterator[bytes]:
    """The bytes of a file or of standard input, counted in the summary."""
    from fix_transforms.errors import StorageError

    try:
        with sys.stdin.buffer if path == STDIN else path.open("rb") as file:
            while chunk := file.read(_READ_BYTES):
                found.stored_bytes += len(chunk)
                yield chunk
    except OSError as error:
        raise StorageError("cannot be read", where=str(path), got=error.strerror) from error

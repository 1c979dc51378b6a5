"""``fixlake profile``: what a log looks like, how that is known, and the TOML to declare it with.

Invariant: nothing that a file holds reaches the terminal unescaped, and without ``--all`` no more than the
beginning of a file is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.options import LogFiles, Profile, Sources, Timezone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from fix_transforms.settings import Settings
    from fix_transforms.survey import Survey

#: How much of a file is read without ``--all``.
HEAD_BYTES = 4 * 1024 * 1024
#: How many kinds of a finding are printed.
_MOST_KINDS = 5
_ROWS = {
    "engine": "engine", "delimiter": "delimiter", "clock": "clock", "zone": "zone in the clock",
    "direction": "direction", "evidence": "direction told by", "framing": "framing", "checksum_status": "checksum",
    "begin_string": "BeginString", "version": "application version", "session": "session", "prefix": "shape of prefix",
    "remarks": "remarks that repeat a message", "quarantine": "quarantined", "bare": "fragments with MsgType after",
}  # fmt: skip


def command(
    files: LogFiles,
    whole: Annotated[bool, typer.Option("--all", help="Read whole files, not only their first 4 MiB.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: an object per file.")] = False,
    sources: Sources = None,
    profile: Profile = None,
    timezone: Timezone = None,
) -> None:
    """Say what was detected in FIX logs and why: clock, direction, delimiter, engine; suggest the TOML to declare it."""
    from fix_transforms.settings import load_settings
    from flows.cli.parse import check, key_of

    settings = load_settings(sources=sources, timezone=timezone)
    settings.source_of("", profile)
    for path in files:
        check(path)
    facts = []
    for path in files:
        survey = _survey(path, settings, profile, timezone, None if whole else HEAD_BYTES)
        suggestion = _suggestion(survey, key_of(path, settings))
        if json:
            facts.append({"file": str(path), **survey.facts, "suggestion": suggestion})
        else:
            _print(str(path), survey, suggestion)
    if json:
        _print_json(facts)


def _survey(path: Path, settings: Settings, profile: str | None, timezone: str | None, most: int | None) -> Survey:
    from fix_transforms.fix import parse
    from fix_transforms.fix.compression import decompress
    from fix_transforms.survey import Survey
    from flows.cli.parse import options_for, read
    from flows.cli.parse_summary import FileSummary

    compression, content = decompress(read(path, FileSummary(str(path))))
    survey = Survey(options_for(path, settings, profile, timezone), compression)
    for chunk in parse(content if most is None else whole_lines(content, most), survey.options):
        survey.add(chunk)
    return survey


def whole_lines(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The first bytes of a stream, up to the last line end among them where it goes on after them."""
    left = most
    for chunk in chunks:
        if len(chunk) >= left:
            yield chunk[: chunk.rfind(b"\n", 0, left) + 1 or left]
            return
        yield chunk
        left -= len(chunk)


def _suggestion(survey: Survey, key: str) -> str:
    from fix_transforms.survey import suggest

    folder, slash, name = key.rpartition("/")
    return suggest(survey, folder + slash or name)


def _print(name: str, survey: Survey, suggestion: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from fix_transforms.fix.wording import escape_control

    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(escape_control(name), style="bold"))
    console.print(_table(survey))
    console.print(Text("To start a sources file from (FIXLAKE_SOURCES; docs/profiles.md):", style="bold"))
    console.print(Text(suggestion))


def _table(survey: Survey) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    from fix_transforms.fix.wording import escape_control

    table = Table("what", "found", box=SIMPLE, show_header=False, padding=(0, 1))
    for label, found in _findings(survey):
        table.add_row(label, Text(escape_control(found)))
    return table


def _findings(survey: Survey) -> Iterator[tuple[str, str]]:
    tally = survey.tally
    yield "read", f"{tally.content_bytes:,} bytes, compression {survey.compression}"
    yield "rows", f"{tally.messages:,} messages, {tally.quarantined:,} quarantined, {tally.log_events:,} log events"
    yield "place", f"{survey.several_on_a_line:,} share a line, {survey.over_several_lines:,} go over several lines"
    for name, label in _ROWS.items():
        kinds = survey.of(name).most_common()
        for number, (kind, count) in enumerate(kinds[:_MOST_KINDS]):
            yield (label if number == 0 else ""), f"{count:,}  {kind or '(nothing)'}"
        if len(kinds) > _MOST_KINDS:
            yield "", f"and {len(kinds) - _MOST_KINDS} more kinds"
    yield "zone assumed", survey.options.timezone
    distances = survey.facts["seconds_from_sending_time"]
    if distances is not None:
        shown = ", ".join(f"{seconds / 3600:+g} h on {day}" for day, seconds in list(distances.items())[:_MOST_KINDS])
        yield "clock read as UTC", f"{shown} from SendingTime(52)"
    elif survey.distances.measured:
        yield "clock read as UTC", "no constant distance from SendingTime(52)"


def _print_json(facts: list[dict[str, Any]]) -> None:
    import json

    from fix_transforms.fix.wording import escape_json

    typer.echo(escape_json(json.dumps(facts, indent=2, ensure_ascii=False)))

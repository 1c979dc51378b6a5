"""The TOML to start a sources file from: what was found, and what would improve it, commented out.

Invariant: loaded as it is, it reads the file as the same rows as without it; each improvement is a line to uncomment,
with its reason above it. It is TOML whatever the file holds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from fix_transforms.fix.wording import escape_json
from fix_transforms.survey.zones import explains, zone_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_transforms.survey.evidence import Survey

#: Share of fragments that must look alike before a pattern for them is offered.
_ALIKE = 0.5
_MAX_SESSIONS = 4
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def suggest(survey: Survey, prefix: str) -> str:
    """The text of a sources file for one surveyed file.

    Args:
        survey: What was found.
        prefix: The prefix of keys to declare a source for.
    """
    name = _NOT_IN_NAMES.sub("-", prefix.rstrip("/").rpartition("/")[2]).strip("-").lower() or "log"
    profile = list(_profile(survey))
    lines = ["[[source]]", f"prefix = {_quoted(prefix)}", *_zone(survey), *_local(survey)]
    if profile:
        lines += ["# The profile below; uncomment it together with what it is to hold:", f"# profile = {_quoted(name)}"]
    lines += ['# dictionary = "venue.xml"    # the venue\'s QuickFIX XML, beside this file', ""]
    if profile:
        lines += [f"# [profile.{name}]", *profile, ""]
    return "\n".join(lines)


def _zone(survey: Survey) -> Iterator[str]:
    zone = survey.options.timezone
    yield f"timezone = {_quoted(zone)}"
    distances = survey.distances.agreed()
    if not distances:
        return
    better = zone_for(distances)
    if better is None or explains(zone, distances):
        return
    hours = {distance.total_seconds() / 3600 for distance in distances.values()}
    shown = " and ".join(f"{each:+g} h" for each in sorted(hours))
    yield f"# Read as UTC, log clocks are {shown} from SendingTime(52), as they would be in this zone on these dates;"
    yield "# put it in the place of the line above:"
    yield f"# timezone = {_quoted(better)}"


def _local(survey: Survey) -> Iterator[str]:
    if "not known" not in survey.of("direction"):
        return
    names = {name for session in survey.of("session") for name in session.split(">") if name not in ("?", "other")}
    shown = ", ".join(_quoted(each) for each in sorted(names)[:_MAX_SESSIONS])
    yield "# Nothing tells the direction of some messages. Name the CompIDs of your own side:"
    yield f"# local = [{shown}]"


def _profile(survey: Survey) -> Iterator[str]:
    yield from _bare(survey)
    yield from _noise(survey)
    yield from _day_first(survey)


def _bare(survey: Survey) -> Iterator[str]:
    fragments = survey.of("quarantine")["fragment"]
    for marker, count in survey.of("bare").most_common(1):
        if count >= _ALIKE * fragments:
            yield f"# {count} quarantined lines hold messages without BeginString, BodyLength and CheckSum:"
            yield f"# message_start = {_literal(marker)}" if marker else "# message_start = '(?=35=)'"


def _noise(survey: Survey) -> Iterator[str]:
    for shape, count in survey.of("remarks").most_common(3):
        word = re.search(r"[A-Za-z][A-Za-z ]{2,40}:", shape)
        if word is not None:
            yield f"# {count} lines repeat the message next to them and are log events; to shelve them without their twin:"
            yield f"# noise = [{_literal(word[0])}]"
            return


def _day_first(survey: Survey) -> Iterator[str]:
    if survey.day_first.agreed() and not survey.distances.agreed():
        shapes = " ".join(survey.of("clock"))
        decimals = ".%f" if "SS.n" in shapes else ""
        hour, half = ("%I", " %p" if " AM" in shapes else "%p") if "AM" in shapes else ("%H", "")
        yield "# Read with the day first, log clocks agree with SendingTime(52):"
        yield f"# time_format = '%d/%m/%Y {hour}:%M:%S{decimals}{half}'"


def _literal(text: str) -> str:
    """A pattern for a text, as TOML."""
    return _quoted(re.escape(text).replace("\\ ", " "))


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes JSON's are among; nothing in it controls a terminal."""
    return escape_json(json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False))

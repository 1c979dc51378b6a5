"""Shapes: text with its numbers taken out, so that lines that differ in numbers only are one finding.

Invariant: a shape holds no digit run of the text, and no more than ``LONGEST`` characters of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fix_transforms.fix.profiles import _CLOCK, is_of_text, ticks_in
from fix_transforms.fix.wording import escape_control

LONGEST = 120
_DIGITS = re.compile(r"[0-9]+")
_LETTERS = {
    "year": "YYYY", "month": "MM", "day": "DD", "first": "MM", "second": "DD", "late_year": "YYYY",
    "early_day": "DD", "middle_name": "Mon", "last_year": "YYYY", "early_year": "YYYY", "name": "Mon", "late_day": "DD",
    "seconds": "SS", "half": "AM",
}  # fmt: skip


class Clock(NamedTuple):
    """How the clock of a line is written.

    Attributes:
        shape: Such as ``YYYYMMDD-HH:MM:SS.nnn``.
        decimals: Digits of the fraction.
        zone: The zone as it is written; empty where it is not.
        may_be_day_first: Whether day and month could be the other way round.
    """

    shape: str
    decimals: int
    zone: str
    may_be_day_first: bool


def clock_of(prefix: str) -> Clock | None:
    """The clock that detection reads in a prefix."""
    match = _CLOCK.search(prefix)
    if match is None:
        ticks = ticks_in(prefix)
        if ticks is None:
            return None
        whole, _, fraction = ticks["ticks"].partition(".")
        unit = {10: "s", 13: "ms", 16: "us", 19: "ns"}[len(whole)]
        shape = f"epoch {unit}.{'n' * len(fraction)}" if fraction else f"epoch {unit}"
        return Clock(shape, len(whole) + len(fraction) - 10, "UTC", may_be_day_first=False)
    if is_of_text(prefix, match.start()):
        return None
    pieces = {match.span(name): letters for name, letters in _LETTERS.items() if match[name] is not None}
    pieces[match.span("minute")] = "HH:MM"
    fraction, zone = match["fraction"] or "", match["zone"] or ""
    if fraction:
        pieces[match.span("fraction")] = "n" * len(fraction)
    if zone:
        pieces[match.span("zone")] = zone if zone[0] not in "+-" else "+hh:mm"
    text, position = "", match.start()
    for (start, end), letters in sorted(pieces.items()):
        text += prefix[position:start] + letters
        position = end
    day_first = match["first"] is not None and int(match["first"]) <= 12 and int(match["second"]) <= 12
    shape = escape_control((text + prefix[position : match.end()]).rstrip())
    return Clock(shape, len(fraction), zone, day_first)


def shape_of(text: str) -> str:
    """A text without its clock, every number as one zero."""
    words = _CLOCK.sub("", text, count=1)
    return _DIGITS.sub("0", words.strip())[:LONGEST]

"""Figures and texts of a report as a person reads them.

Invariant: what comes back is HTML. Texts are escaped, with control characters and changes of writing direction spelled
out; numbers consist of digits and our own units. None is a dash.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Final

from fix_transforms.fix.wording import escape_control

NOTHING: Final = "–"

#: More than this of a text is not shown: a counterparty may send any length.
LONGEST_TEXT: Final = 120
LONGEST_NAME: Final = 48


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Any value out of the data."""
    if value is None:
        return NOTHING
    shown = escape_control(str(value))
    return escape(shown if len(shown) <= longest else f"{shown[: longest - 1]}…")


def name(value: object) -> str:
    """An identifier out of the data, in bold: what its row is about."""
    return f"<b>{text(value, LONGEST_NAME)}</b>"


def count(number: int) -> str:
    """A whole number."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """A number of things, ``1 order`` or ``2 orders``."""
    several = f"{noun[:-2]}ches" if noun.endswith("ch") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else several}"


def share(part: float | None) -> str:
    """A part of one, in per cent."""
    return NOTHING if part is None else f"{part:.1%}".replace("%", " %")


def ratio(value: float | None) -> str:
    """A ratio."""
    return NOTHING if value is None else f"{value:,.2f}"


def quantity(value: Decimal | None) -> str:
    """A quantity without the zeros that fill up its scale."""
    return NOTHING if value is None else f"{value.normalize():,f}"


def amount(value: float | None) -> str:
    """Money, shortened from a million on."""
    if value is None:
        return NOTHING
    for size, unit in ((1e12, "tn"), (1e9, "bn"), (1e6, "m")):
        if abs(value) >= size:
            return f"{value / size:,.2f} {unit}"
    return f"{value:,.0f}"


def latency(microseconds: int | None) -> str:
    """A latency in the unit that suits it."""
    if microseconds is None:
        return NOTHING
    if abs(microseconds) < 1_000:
        return f"{microseconds} µs"
    if abs(microseconds) < 1_000_000:
        return f"{microseconds / 1e3:,.1f} ms"
    return f"{microseconds / 1e6:,.2f} s"


def duration(seconds: float) -> str:
    """Hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def size(number: int) -> str:
    """A number of bytes."""
    for unit_size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit_size:
            return f"{number / unit_size:,.1f} {unit}"
    return f"{number} B"


def clock(moment: datetime | None) -> str:
    """A time of the day."""
    return NOTHING if moment is None else f"{moment:%H:%M:%S}"


def words(code: str) -> str:
    """A code of ours as words: ``cancel_reject`` → ``Cancel reject``."""
    return text(code.replace("_", " ").capitalize())

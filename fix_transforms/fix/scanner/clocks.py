"""The clock of a log line for the compiled pass, without a Python object.

Invariant: for every ASCII prefix the answer is that of ``DetectedProfile.log_time``, and the bytes that are said
to be the clock are those that its pattern matches. Calendar and zone stay with the profile: the pass asks it once
per minute, with what ``minute_of`` makes of a key. No byte outside the given range is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from fix_transforms.fix.profiles import MONTHS
from fix_transforms.fix.scanner.clock_slots import (
    CLOCK,
    CLOCK_END,
    CLOCK_START,
    FRACTION_DIGITS,
    IMPOSSIBLE_CLOCK,
    MINUTE_KEY,
    NANOSECONDS,
    NO_CLOCK,
    SECONDS_AT,
)
from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.digits import (
    CLOSING,
    COLON,
    EQUALS,
    IS_WORD,
    KEPT_DIGITS,
    LAST_PLACE,
    LONGEST_FRACTION,
    OPENS,
    QUOTES,
    SPACE,
    VALUE,
    among,
    two_digits,
)
from fix_transforms.fix.scanner.loads import get
from fix_transforms.fix.scanner.ticks import ticks_in
from fix_transforms.fix.scanner.zones import ZONES, zone_at, zone_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

#: ``1/1/2024 1:00:00`` and ``20240102-1:00:00``: no clock is shorter. The same for its parts.
_SHORTEST: Final = 16
_SHORTEST_TIME: Final = 7
_MINUTES_AND_SECONDS: Final = 6
_LONGEST_GAP: Final = 4
_SECOND: Final = 1_000_000_000
_LAST_SECOND: Final = 60

_IS_DATE_SEPARATOR: Final = among("-/.")
_IS_NAME_SEPARATOR: Final = among("-/. ")
_IS_GAP_MARK: Final = among("-T_:")
_IS_GAP: Final = among(" \t")
_IS_FRACTION_MARK: Final = among(".,:")
_SLASH: Final = ord("/")
_COMMA: Final = ord(",")
_MORNINGS: Final = (int.from_bytes(b"AM", "big"), int.from_bytes(b"am", "big"))
_EVENINGS: Final = (int.from_bytes(b"PM", "big"), int.from_bytes(b"pm", "big"))
#: As ``HHMM``.
_NOON: Final = 1200
_LAST_BEFORE_ONE: Final = 1299
#: Three small letters, the first in the highest byte; and what makes a letter small.
_MONTH_NAMES: Final = np.array([int.from_bytes(name.encode(), "big") for name in MONTHS])
_SMALL: Final = 0x202020


@compiled
def find_clock(buf: Bytes, start: int, end: int, out: NDArray[np.int64]) -> int:
    """Find the leftmost clock, else ticks at the start.

    Args:
        buf: uint8, contiguous, may be read-only; ``buf[start:end]`` is the prefix, of ASCII only.
        start: First index of the prefix, int64.
        end: Index after it, int64.
        out: int64, at least ``CLOCK_SLOTS`` long. ``CLOCK_START`` and ``CLOCK_END``: the indices in ``buf`` that the
            profile's pattern matches. ``MINUTE_KEY``: for ``minute_of``. ``NANOSECONDS``: into the minute; for ticks
            since the epoch. ``FRACTION_DIGITS``: as written, up to 12.
            ``SECONDS_AT``: of a clock, the index of the two digits of its seconds.

    Returns:
        ``NO_CLOCK``, ``CLOCK``, ``TICKS``, or ``IMPOSSIBLE_CLOCK``: there is no time, and only the indices count.
    """
    after_digit = False
    at = start
    while at + _SHORTEST <= end:
        digit = get(VALUE, get(buf, at)) >= 0
        if digit and not after_digit and not _is_value(buf, start, at):
            found = _clock_at(buf, at, end, out)
            if found != NO_CLOCK:
                return IMPOSSIBLE_CLOCK if _is_of_text(buf, start, at) else found
        after_digit = digit
        at += 1
    return ticks_in(buf, start, end, out)


def minute_of(key: int) -> tuple[str, str, str, str, str]:
    """Year, first and second number of the date, ``HH:MM`` and zone, as a profile's calendar takes them."""
    key, zone = divmod(key, ZONES)
    key, minute = divmod(key, 100)
    key, hour = divmod(key, 100)
    key, second = divmod(key, 100)
    year, first = divmod(key, 100)
    return f"{year:04}", f"{first:02}", f"{second:02}", f"{hour:02}:{minute:02}", zone_text(zone)


@compiled
def _is_value(buf: Bytes, start: int, at: int) -> bool:
    """Whether what stands at ``at`` is the value of a field: after ``52=``, ``52 (SendingTime) = ``, ``"52": "``."""
    if at - 2 < start:
        return False
    last, before = get(buf, at - 1), get(buf, at - 2)
    if last == EQUALS:
        return bool(before == CLOSING or get(VALUE, before) >= 0)
    if at - 4 >= start and last == SPACE:
        return bool(before == EQUALS and get(buf, at - 3) == SPACE and get(buf, at - 4) == CLOSING)
    if last not in QUOTES:
        return False
    colon = at - 3 if before == SPACE else at - 2
    return bool(
        colon - 2 >= start
        and get(buf, colon) == COLON
        and get(buf, colon - 1) in QUOTES
        and get(VALUE, get(buf, colon - 2)) >= 0
    )


@compiled
def _is_of_text(buf: Bytes, start: int, clock: int) -> bool:
    """Whether words part a clock from a time of day at the start of the line, whose own that is."""
    at = start
    while at < clock and _IS_GAP[get(buf, at)]:
        at += 1
    if at < clock and OPENS[get(buf, at)]:
        at += 1
    if at + _SHORTEST_TIME > clock:
        return False
    minute, seconds, after = _time(buf, at, clock)
    if minute < 0 or seconds < 0 or (after < clock and get(VALUE, get(buf, after)) >= 0):
        return False
    for place in range(after, clock):
        if 97 <= get(buf, place) | 32 <= 122:
            return True
    return False


@compiled
def _clock_at(buf: Bytes, at: int, end: int, out: NDArray[np.int64]) -> int:
    """What starts at this digit; ``_SHORTEST`` bytes are there."""
    date, after_date = _date(buf, at)
    if date < 0:
        return NO_CLOCK
    minute, seconds, after_seconds = _time(buf, _after_gap(buf, after_date, end), end)
    if minute < 0 or seconds < 0:
        return NO_CLOCK
    fraction, digits, after_fraction = _fraction(buf, after_seconds, end)
    if after_fraction < end and get(VALUE, get(buf, after_fraction)) >= 0:
        return NO_CLOCK
    minute, after_half = _in_half(buf, minute, after_fraction, end)
    zone, after_zone = zone_at(buf, after_half, end)
    out[CLOCK_START] = at
    out[CLOCK_END] = after_zone
    if seconds > _LAST_SECOND:
        return IMPOSSIBLE_CLOCK
    out[MINUTE_KEY] = (date * 10_000 + minute) * ZONES + zone
    out[NANOSECONDS] = seconds * _SECOND + fraction
    out[FRACTION_DIGITS] = digits
    out[SECONDS_AT] = after_seconds - 2
    return CLOCK


@compiled
def _one_or_two_digits(buf: Bytes, at: int) -> tuple[int, int]:
    """The number, or below zero, and the index after it."""
    if get(VALUE, get(buf, at + 1)) >= 0:
        return two_digits(buf, at), at + 2
    return get(VALUE, get(buf, at)), at + 1


@compiled
def _date(buf: Bytes, at: int) -> tuple[int, int]:
    """The date as the decimal number year, first, second, or below zero; and the index after it."""
    first, mark = _one_or_two_digits(buf, at)
    month = _named_month(buf, mark)
    if month > 0:
        year = two_digits(buf, mark + 5) * 100 + two_digits(buf, mark + 7)
        return year * 10_000 + month * 100 + first, mark + 9
    if get(buf, mark) == _SLASH:
        return _date_with_late_year(buf, first, mark)
    year = two_digits(buf, at) * 100 + two_digits(buf, at + 2)
    month = _named_month(buf, at + 4)
    if month > 0:
        return year * 10_000 + month * 100 + two_digits(buf, at + 9), at + 11
    separator = get(buf, at + 4)
    if _IS_DATE_SEPARATOR[separator] and separator == get(buf, at + 7):
        return year * 10_000 + two_digits(buf, at + 5) * 100 + two_digits(buf, at + 8), at + 10
    return year * 10_000 + two_digits(buf, at + 4) * 100 + two_digits(buf, at + 6), at + 8


@compiled
def _named_month(buf: Bytes, at: int) -> int:
    """The number of the month whose name stands between two equal marks, the first of them here; or 0."""
    mark = get(buf, at)
    if not _IS_NAME_SEPARATOR[mark] or mark != get(buf, at + 4):
        return 0
    name = _SMALL | (get(buf, at + 1) << 16) | (get(buf, at + 2) << 8) | get(buf, at + 3)
    for number in range(len(_MONTH_NAMES)):
        if _MONTH_NAMES[number] == name:
            return number + 1
    return 0


@compiled
def _date_with_late_year(buf: Bytes, first: int, slash: int) -> tuple[int, int]:
    second, late_slash = _one_or_two_digits(buf, slash + 1)
    if get(buf, late_slash) != _SLASH:
        return -1, slash
    year = two_digits(buf, late_slash + 1) * 100 + two_digits(buf, late_slash + 3)
    return year * 10_000 + first * 100 + second, late_slash + 5


@compiled
def _after_gap(buf: Bytes, at: int, end: int) -> int:
    """The index after what parts date and time of day, or ``end`` where nothing does.

    A date and the longest gap are shorter than the shortest clock: all of them is in range.
    """
    if _IS_GAP_MARK[get(buf, at)]:
        return at + 1
    first = at + 1 if get(buf, at) == _COMMA else at
    after = first
    while after < first + _LONGEST_GAP and _IS_GAP[get(buf, after)]:
        after += 1
    return after if after > first else end


@compiled
def _time(buf: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """``HHMM`` as a number, the seconds, and the index after them; below zero where they are none."""
    if at + _SHORTEST_TIME > end:
        return -1, -1, at
    hour, colon = _one_or_two_digits(buf, at)
    if colon + _MINUTES_AND_SECONDS > end or get(buf, colon) != COLON or get(buf, colon + 3) != COLON:
        return -1, -1, at
    return hour * 100 + two_digits(buf, colon + 1), two_digits(buf, colon + 4), colon + _MINUTES_AND_SECONDS


@compiled
def _fraction(buf: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Nanoseconds, the digits that were written, and the index after them. Too many digits are no fraction."""
    if at == end or not _IS_FRACTION_MARK[get(buf, at)]:
        return 0, 0, at
    value = 0
    after = at + 1
    while after < end and get(VALUE, get(buf, after)) >= 0:
        if after <= at + KEPT_DIGITS:
            value = value * 10 + get(VALUE, get(buf, after))
        after += 1
    digits = after - at - 1
    if digits == 0 or digits > LONGEST_FRACTION:
        return 0, 0, at
    return value * LAST_PLACE[digits], digits, after


@compiled
def _in_half(buf: Bytes, minute: int, at: int, end: int) -> tuple[int, int]:
    """``HHMM`` of 24 hours where AM or PM stands beside it, and the index after that."""
    mark = at + 1 if at < end and get(buf, at) == SPACE else at
    after = mark + 2
    if after > end or (after < end and IS_WORD[get(buf, after)]):
        return minute, at
    half = (get(buf, mark) << 8) | get(buf, mark + 1)
    if half in _EVENINGS:
        return minute + _NOON if minute < _NOON else minute, after
    if half in _MORNINGS:
        return minute - _NOON if _NOON <= minute <= _LAST_BEFORE_ONE else minute, after
    return minute, at

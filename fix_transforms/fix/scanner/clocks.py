"""The clock of a log line for the compiled pass, without a Python object.

Invariant: for every ASCII prefix the answer is that of ``DetectedProfile.log_time``, and the bytes that are said
to be the clock are those that its pattern matches. Calendar and zone stay with the profile: the pass asks it once
per minute, with what ``minute_of`` makes of a key. No byte outside the given range is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from fix_transforms.fix.profiles import MONTHS, NAMED_ZONES
from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.loads import get

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

#: What ``find_clock`` found. An impossible clock is clock text all the same, and no time.
NO_CLOCK: Final = 0
CLOCK: Final = 1
TICKS: Final = 2
IMPOSSIBLE_CLOCK: Final = 3

#: Where ``find_clock`` puts what it found.
CLOCK_START: Final = 0
CLOCK_END: Final = 1
MINUTE_KEY: Final = 2
NANOSECONDS: Final = 3
FRACTION_DIGITS: Final = 4
SECONDS_AT: Final = 5
CLOCK_SLOTS: Final = 8

#: The zone in a minute key: none written, UTC, the four digits of an offset after one of the two signs' bases, or the
#: place among the names of zones after theirs.
_NO_ZONE: Final = 0
_UTC: Final = 1
_PLUS_ZONE: Final = 2
_MINUS_ZONE: Final = 10_002
_NAMED_ZONE: Final = 20_002
_ZONES: Final = 100_000

#: ``1/1/2024 1:00:00`` and ``20240102-1:00:00``: no clock is shorter. The same for its parts.
_SHORTEST: Final = 16
_SHORTEST_TIME: Final = 7
_MINUTES_AND_SECONDS: Final = 6
_LONGEST_GAP: Final = 4
_LONGEST_FRACTION: Final = 12
_KEPT_DIGITS: Final = 9
_SHORTEST_TICKS: Final = 10
_TICKS_FRACTIONS: Final = (0, 3, 6, 9)
_SECOND: Final = 1_000_000_000
_LAST_SECOND: Final = 60
_TICKS_BOUND: Final = 9_000_000_000 * _SECOND

#: Nanoseconds of a one in the last place, by the number of decimals.
_LAST_PLACE: Final = np.array([10 ** max(9 - digits, 0) for digits in range(_LONGEST_FRACTION + 1)])

#: What a byte adds to a number (computed with in int64). Anything but a digit takes a number of up to nine digits below zero at any place.
_VALUE: Final = np.array([byte - 48 if 48 <= byte <= 57 else -(10**9) for byte in range(256)], np.int32)


def _among(characters: Iterable[str]) -> NDArray[np.bool_]:
    chosen = frozenset(characters)
    return np.array([chr(byte) in chosen for byte in range(256)])


_ASCII: Final = [chr(code) for code in range(128)]
_SPACES: Final = [character for character in _ASCII if character.isspace()]
_IS_SPACE: Final = _among(_SPACES)
_IS_WORD: Final = _among(character for character in _ASCII if character.isalnum() or character == "_")
_IS_DATE_SEPARATOR: Final = _among("-/.")
_IS_NAME_SEPARATOR: Final = _among("-/. ")
_IS_GAP_MARK: Final = _among("-T_:")
_IS_GAP: Final = _among(" \t")
_IS_FRACTION_MARK: Final = _among(".,:")
_OPENS_TICKS: Final = _among("[<(")
_ENDS_TICKS: Final = _among([*_SPACES, *":,|]>)-"])

_SPACE: Final = ord(" ")
_SLASH: Final = ord("/")
_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_DOT: Final = ord(".")
_PLUS: Final = ord("+")
_SIGNS: Final = (_PLUS, ord("-"))
_Z: Final = ord("Z")
_MORNINGS: Final = (int.from_bytes(b"AM", "big"), int.from_bytes(b"am", "big"))
_EVENINGS: Final = (int.from_bytes(b"PM", "big"), int.from_bytes(b"pm", "big"))
#: As ``HHMM``.
_NOON: Final = 1200
_LAST_BEFORE_ONE: Final = 1299
#: Three small letters, the first in the highest byte; and what makes a letter small.
_MONTH_NAMES: Final = np.array([int.from_bytes(name.encode(), "big") for name in MONTHS])
_SMALL: Final = 0x202020
_UTC_NAMES: Final = (int.from_bytes(b"UTC", "big"), int.from_bytes(b"GMT", "big"))
_NAMES: Final = tuple(NAMED_ZONES)
_ZONE_NAMES: Final = np.array([int.from_bytes(name.encode(), "big") for name in _NAMES])


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
        ``NO_CLOCK``, ``CLOCK``, ``TICKS``, or ``IMPOSSIBLE_CLOCK``: only the indices are set, and there is no time.
    """
    after_digit = False
    at = start
    while at + _SHORTEST <= end:
        digit = get(_VALUE, get(buf, at)) >= 0
        if digit and not after_digit:
            found = _clock_at(buf, at, end, out)
            if found != NO_CLOCK:
                return found
        after_digit = digit
        at += 1
    return _ticks(buf, start, end, out)


def minute_of(key: int) -> tuple[str, str, str, str, str]:
    """Year, first and second number of the date, ``HH:MM`` and zone, as a profile's calendar takes them."""
    key, zone = divmod(key, _ZONES)
    key, minute = divmod(key, 100)
    key, hour = divmod(key, 100)
    key, second = divmod(key, 100)
    year, first = divmod(key, 100)
    return f"{year:04}", f"{first:02}", f"{second:02}", f"{hour:02}:{minute:02}", _zone_text(zone)


def _zone_text(zone: int) -> str:
    if zone == _NO_ZONE:
        return ""
    if zone == _UTC:
        return "Z"
    if zone >= _NAMED_ZONE:
        return _NAMES[zone - _NAMED_ZONE]
    return f"-{zone - _MINUS_ZONE:04}" if zone >= _MINUS_ZONE else f"+{zone - _PLUS_ZONE:04}"


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
    if after_fraction < end and get(_VALUE, get(buf, after_fraction)) >= 0:
        return NO_CLOCK
    minute, after_half = _in_half(buf, minute, after_fraction, end)
    zone, after_zone = _zone(buf, after_half, end)
    out[CLOCK_START] = at
    out[CLOCK_END] = after_zone
    if seconds > _LAST_SECOND:
        return IMPOSSIBLE_CLOCK
    out[MINUTE_KEY] = (date * 10_000 + minute) * _ZONES + zone
    out[NANOSECONDS] = seconds * _SECOND + fraction
    out[FRACTION_DIGITS] = digits
    out[SECONDS_AT] = after_seconds - 2
    return CLOCK


@compiled
def _two_digits(buf: Bytes, at: int) -> int:
    number: int = get(_VALUE, get(buf, at)) * 10 + get(_VALUE, get(buf, at + 1))
    return number


@compiled
def _one_or_two_digits(buf: Bytes, at: int) -> tuple[int, int]:
    """The number, or below zero, and the index after it."""
    if get(_VALUE, get(buf, at + 1)) >= 0:
        return _two_digits(buf, at), at + 2
    return get(_VALUE, get(buf, at)), at + 1


@compiled
def _date(buf: Bytes, at: int) -> tuple[int, int]:
    """The date as the decimal number year, first, second, or below zero; and the index after it."""
    first, mark = _one_or_two_digits(buf, at)
    month = _named_month(buf, mark)
    if month > 0:
        year = _two_digits(buf, mark + 5) * 100 + _two_digits(buf, mark + 7)
        return year * 10_000 + month * 100 + first, mark + 9
    if get(buf, mark) == _SLASH:
        return _date_with_late_year(buf, first, mark)
    year = _two_digits(buf, at) * 100 + _two_digits(buf, at + 2)
    month = _named_month(buf, at + 4)
    if month > 0:
        return year * 10_000 + month * 100 + _two_digits(buf, at + 9), at + 11
    separator = get(buf, at + 4)
    if _IS_DATE_SEPARATOR[separator] and separator == get(buf, at + 7):
        return year * 10_000 + _two_digits(buf, at + 5) * 100 + _two_digits(buf, at + 8), at + 10
    return year * 10_000 + _two_digits(buf, at + 4) * 100 + _two_digits(buf, at + 6), at + 8


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
    year = _two_digits(buf, late_slash + 1) * 100 + _two_digits(buf, late_slash + 3)
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
    if colon + _MINUTES_AND_SECONDS > end or get(buf, colon) != _COLON or get(buf, colon + 3) != _COLON:
        return -1, -1, at
    return hour * 100 + _two_digits(buf, colon + 1), _two_digits(buf, colon + 4), colon + _MINUTES_AND_SECONDS


@compiled
def _fraction(buf: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Nanoseconds, the digits that were written, and the index after them. Too many digits are no fraction."""
    if at == end or not _IS_FRACTION_MARK[get(buf, at)]:
        return 0, 0, at
    value = 0
    after = at + 1
    while after < end and get(_VALUE, get(buf, after)) >= 0:
        if after <= at + _KEPT_DIGITS:
            value = value * 10 + get(_VALUE, get(buf, after))
        after += 1
    digits = after - at - 1
    if digits == 0 or digits > _LONGEST_FRACTION:
        return 0, 0, at
    return value * _LAST_PLACE[digits], digits, after


@compiled
def _in_half(buf: Bytes, minute: int, at: int, end: int) -> tuple[int, int]:
    """``HHMM`` of 24 hours where AM or PM stands beside it, and the index after that."""
    mark = at + 1 if at < end and get(buf, at) == _SPACE else at
    after = mark + 2
    if after > end or (after < end and _IS_WORD[get(buf, after)]):
        return minute, at
    half = (get(buf, mark) << 8) | get(buf, mark + 1)
    if half in _EVENINGS:
        return minute + _NOON if minute < _NOON else minute, after
    if half in _MORNINGS:
        return minute - _NOON if _NOON <= minute <= _LAST_BEFORE_ONE else minute, after
    return minute, at


@compiled
def _zone(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """The zone as in a minute key, and the index after it. A space belongs to the clock even without a zone."""
    if at < end and get(buf, at) == _SPACE:
        at += 1
    if at == end:
        return _NO_ZONE, at
    mark = get(buf, at)
    if mark in _SIGNS:
        return _offset(buf, at, end)
    if not _IS_WORD[mark]:
        return _NO_ZONE, at
    zone, after = (_UTC, at + 1) if mark == _Z else _named_zone(buf, at, end)
    if after == at or (after < end and _IS_WORD[get(buf, after)]):
        return _NO_ZONE, at
    return zone, after


@compiled
def _named_zone(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """The zone whose name of three letters stands here, and the index after it; the same index where none does."""
    if at + 3 > end:
        return _NO_ZONE, at
    name = (get(buf, at) << 16) | (get(buf, at + 1) << 8) | get(buf, at + 2)
    if name in _UTC_NAMES:
        return _UTC, at + 3
    for place in range(len(_ZONE_NAMES)):
        if _ZONE_NAMES[place] == name:
            return _NAMED_ZONE + place, at + 3
    return _NO_ZONE, at


@compiled
def _offset(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    minutes = at + 3
    if minutes < end and get(buf, minutes) == _COLON:
        minutes += 1
    after = minutes + 2
    if after > end or (after < end and get(_VALUE, get(buf, after)) >= 0):
        return _NO_ZONE, at
    offset = _two_digits(buf, at + 1) * 100 + _two_digits(buf, minutes)
    if offset < 0:
        return _NO_ZONE, at
    return offset + (_PLUS_ZONE if get(buf, at) == _PLUS else _MINUS_ZONE), after


@compiled
def _ticks(buf: Bytes, start: int, end: int, out: NDArray[np.int64]) -> int:
    """Epoch seconds, millis, micros or nanos, told apart by their length; after seconds, the line has to go on."""
    first = start
    while first < end and _IS_SPACE[get(buf, first)]:
        first += 1
    if first < end and _OPENS_TICKS[get(buf, first)]:
        first += 1
    ticks, after = _number(buf, first, end)
    digits = after - first - _SHORTEST_TICKS
    if digits not in _TICKS_FRACTIONS:
        return NO_CLOCK
    decimals, fraction = 0, 0
    if digits == 0 and after < end and get(buf, after) == _DOT:
        fraction, after_fraction = _number(buf, after + 1, end)
        decimals = after_fraction - after - 1
        if decimals == 0 or decimals > _KEPT_DIGITS:
            return NO_CLOCK
        after = after_fraction
    if digits + decimals == 0 if after == end else not _ENDS_TICKS[get(buf, after)]:
        return NO_CLOCK
    # Nineteen digits are less than ten times 10**18: what does not fit comes out below zero, never as another time.
    ns = ticks * _LAST_PLACE[digits]
    if ns < 0 or ns >= _TICKS_BOUND:
        return NO_CLOCK
    ns += fraction * _LAST_PLACE[decimals]
    out[CLOCK_START] = start
    out[CLOCK_END] = after
    out[NANOSECONDS] = ns
    out[FRACTION_DIGITS] = digits + decimals
    return TICKS


@compiled
def _number(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """The digits from here on as a number, which may not fit, and the index after them."""
    number = 0
    while at < end and get(_VALUE, get(buf, at)) >= 0:
        number = number * 10 + get(_VALUE, get(buf, at))
        at += 1
    return number, at

"""The zone behind a clock, as a number in the key of its minute.

Invariant: what is read is what ``ZONE_PATTERN`` of the profiles matches, and ``zone_text`` spells the same zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from fix_transforms.fix.profiles import NAMED_ZONES
from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.digits import COLON, DOT, EQUALS, IS_WORD, SPACE, VALUE, is_digit, two_digits
from fix_transforms.fix.scanner.loads import get

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

#: The zone in a minute key: none written, UTC, the four digits of an offset after one of the two signs' bases, or the
#: place among the names of zones after theirs.
_NO_ZONE: Final = 0
_UTC: Final = 1
_PLUS_ZONE: Final = 2
_MINUS_ZONE: Final = 10_002
_NAMED_ZONE: Final = 20_002
ZONES: Final = 100_000

#: The farthest east that a zone is whose hours stand alone.
_LAST_HOUR_ALONE: Final = 14
_PLUS: Final = ord("+")
_SIGNS: Final = (_PLUS, ord("-"))
_PERCENT: Final = ord("%")
_Z: Final = ord("Z")
_UTC_NAMES: Final = (int.from_bytes(b"UTC", "big"), int.from_bytes(b"GMT", "big"))
_NAMES: Final = tuple(NAMED_ZONES)
_ZONE_NAMES: Final = np.array([int.from_bytes(name.encode(), "big") for name in _NAMES])


def zone_text(zone: int) -> str:
    """The zone as profiles take it."""
    if zone == _NO_ZONE:
        return ""
    if zone == _UTC:
        return "Z"
    if zone >= _NAMED_ZONE:
        return _NAMES[zone - _NAMED_ZONE]
    return f"-{zone - _MINUS_ZONE:04}" if zone >= _MINUS_ZONE else f"+{zone - _PLUS_ZONE:04}"


@compiled
def zone_at(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """The zone as in a minute key, and the index after it. A space belongs to the clock even without a zone."""
    if at < end and get(buf, at) == SPACE:
        at += 1
    if at == end:
        return _NO_ZONE, at
    mark = get(buf, at)
    if mark in _SIGNS:
        return _offset(buf, at, end, 2)
    if not IS_WORD[mark]:
        return _NO_ZONE, at
    zone, after = (_UTC, at + 1) if mark == _Z else _named_zone(buf, at, end)
    if zone == _UTC and mark != _Z and after < end and get(buf, after) in _SIGNS:
        offset, after_offset = _offset(buf, after, end, 1)
        if after_offset > after:
            return offset, after_offset
    if after == at or (after < end and IS_WORD[get(buf, after)]):
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
def _offset(buf: Bytes, at: int, end: int, least: int) -> tuple[int, int]:
    """An offset with its sign here as a zone, and the index after it; the same index where none stands.

    Hours have two digits, or ``least``; minutes may follow, after a colon or at once.
    """
    after = at + 1
    while after < end and after <= at + 4 and get(VALUE, get(buf, after)) >= 0:
        after += 1
    digits = after - at - 1
    hours, minutes = 0, 0
    has_colon = least <= digits <= 2 and after + 2 < end and get(buf, after) == COLON
    if has_colon and two_digits(buf, after + 1) >= 0 and not (after + 3 < end and is_digit(buf, after + 3)):
        hours, minutes, after = _hours(buf, at, digits), two_digits(buf, after + 1), after + 3
    elif digits == 4 and not (after < end and is_digit(buf, after)):
        hours, minutes = two_digits(buf, at + 1), two_digits(buf, at + 3)
    elif least <= digits <= 2 and not _goes_on(buf, after, end):
        hours = _hours(buf, at, digits)
        if hours > _LAST_HOUR_ALONE:
            return _NO_ZONE, at
    else:
        return _NO_ZONE, at
    return hours * 100 + minutes + (_PLUS_ZONE if get(buf, at) == _PLUS else _MINUS_ZONE), after


@compiled
def _hours(buf: Bytes, at: int, digits: int) -> int:
    return two_digits(buf, at + 1) if digits == 2 else get(VALUE, get(buf, at + 1))


@compiled
def _goes_on(buf: Bytes, after: int, end: int) -> bool:
    """Whether what stands behind hours makes them part of something else: a word, a tag or a longer number."""
    if after == end:
        return False
    byte = get(buf, after)
    if IS_WORD[byte] or byte == EQUALS or byte == _PERCENT:
        return True
    return (byte == COLON or byte == DOT) and after + 1 < end and is_digit(buf, after + 1)

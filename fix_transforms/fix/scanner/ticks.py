"""Epoch seconds, millis, micros or nanos on a log line that has no clock.

Invariant: what is found is what ``ticks_in`` of the profiles matches.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Final

from fix_transforms.fix.profiles import TICKS_NAMES
from fix_transforms.fix.scanner.clock_slots import CLOCK_END, CLOCK_START, FRACTION_DIGITS, NANOSECONDS, NO_CLOCK, TICKS
from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.digits import (
    COLON,
    DOT,
    IS_SPACE,
    KEPT_DIGITS,
    LAST_PLACE,
    OPENS,
    QUOTES,
    SPACE,
    SPACES,
    among,
    number_at,
)
from fix_transforms.fix.scanner.loads import get

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

_SHORTEST_TICKS: Final = 10
_TICKS_FRACTIONS: Final = (0, 3, 6, 9)
_TICKS_BOUND: Final = 9_000_000_000 * 1_000_000_000
_ENDS_TICKS: Final = among([*SPACES, *":,|]>)-"])
_ENDS_MEMBER: Final = (ord(","), ord("}"), SPACE)
_ZERO: Final = ord("0")
#: Names of members that hold ticks, as numbers of base 31; and the least that such a member takes.
_MEMBER_NAMES: Final = tuple(reduce(lambda number, byte: number * 31 + byte, name, 0) for name in TICKS_NAMES)
_LONGEST_NAME: Final = max(map(len, TICKS_NAMES))
_SHORTEST_MEMBER: Final = len('"ts":1704187800,')


@compiled
def ticks_in(buf: Bytes, start: int, end: int, out: NDArray[np.int64]) -> int:
    """Epoch seconds, millis, micros or nanos, told apart by their length; after seconds, the line has to go on."""
    first = start
    while first < end and IS_SPACE[get(buf, first)]:
        first += 1
    if first < end and OPENS[get(buf, first)]:
        first += 1
    after = _count(buf, first, end, out)
    is_bare = after == first + _SHORTEST_TICKS
    if after < 0 or (is_bare if after == end else not _ENDS_TICKS[get(buf, after)]):
        return _ticks_member(buf, start, end, out)
    out[CLOCK_START] = start
    out[CLOCK_END] = after
    return TICKS if out[NANOSECONDS] < _TICKS_BOUND else NO_CLOCK


@compiled
def _ticks_member(buf: Bytes, start: int, end: int, out: NDArray[np.int64]) -> int:
    """Ticks that are a member of a JSON log: ``"ts": 1704187800.123``."""
    for quote in range(start, end - _SHORTEST_MEMBER + 1):
        if get(buf, quote) not in QUOTES:
            continue
        first = _after_name(buf, quote + 1, end)
        if first < 0:
            continue
        after = _count(buf, first, end, out)
        if after > 0 and after < end and get(buf, after) in _ENDS_MEMBER:
            out[CLOCK_START] = quote
            out[CLOCK_END] = after
            return TICKS if out[NANOSECONDS] < _TICKS_BOUND else NO_CLOCK
    return NO_CLOCK


@compiled
def _after_name(buf: Bytes, at: int, end: int) -> int:
    """Where the value starts of a member that is named after a time, its name starting here; below zero if it is not."""
    quote = at
    while quote < end and quote < at + _LONGEST_NAME and 97 <= get(buf, quote) <= 122:
        quote += 1
    if quote >= end or get(buf, quote) not in QUOTES:
        return -1
    name = 0
    for place in range(at, quote):
        name = name * 31 + get(buf, place)
    if name not in _MEMBER_NAMES:
        return -1
    colon = quote + 1
    if colon < end and get(buf, colon) == SPACE:
        colon += 1
    if colon >= end or get(buf, colon) != COLON:
        return -1
    return colon + 2 if colon + 1 < end and get(buf, colon + 1) == SPACE else colon + 1


@compiled
def _count(buf: Bytes, first: int, end: int, out: NDArray[np.int64]) -> int:
    """Index after ticks that start here, their nanoseconds and digits in ``out``; below zero where there are none."""
    if first >= end or get(buf, first) == _ZERO:
        return -1
    ticks, after = number_at(buf, first, end)
    digits = after - first - _SHORTEST_TICKS
    if digits not in _TICKS_FRACTIONS:
        return -1
    decimals, fraction = 0, 0
    if digits == 0 and after < end and get(buf, after) == DOT:
        fraction, after_fraction = number_at(buf, after + 1, end)
        decimals = after_fraction - after - 1
        if decimals == 0 or decimals > KEPT_DIGITS:
            return -1
        after = after_fraction
    # Nineteen digits are less than ten times 10**18: what does not fit comes out below zero, never as another time.
    ns = ticks * LAST_PLACE[digits]
    out[NANOSECONDS] = ns + fraction * LAST_PLACE[decimals] if 0 <= ns < _TICKS_BOUND else _TICKS_BOUND
    out[FRACTION_DIGITS] = digits + decimals
    return after

"""Typed values in compiled code: numbers, flags, days and instants out of the bytes of a field.

Invariant: each function either gives exactly what ``coercion`` gives for the same text, or declines. It may
decline a value that ``coercion`` takes, never the other way round.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.digit_words import JOINS, OVER_NINE, TOPS, ZEROS
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.loads import get, load_u64, put

_OVER_NINE, _TOPS, _ZEROS = np.uint64(OVER_NINE), np.uint64(TOPS), np.uint64(ZEROS)
#: What ``eight_digits`` multiplies by: digits, pairs of them, and four at a time.
_KEPT, _FACTORS, _SHIFTS = (tuple(map(np.uint64, each)) for each in zip(*JOINS, strict=True))
_SCALE = np.uint64(10_000_000_000)

_POWERS = np.array([10**power for power in range(19)], dtype=np.uint64)
_DAYS_IN_MONTH = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
#: Epoch seconds that still fit into Int64 nanoseconds, as in ``coercion``.
_LAST_NS_SECOND = 9_223_372_035
_DIGIT_ZERO = 48
_DASH, _DOT = 45, 46
_COLON_MASK = np.uint64(0x0000FF0000FF0000)
_COLONS = np.uint64(0x00003A00003A0000)
_TWO = np.uint64(0xFFFF)
#: What ``read_instant`` keeps: a date as a number and its days; the words of a date and a time and their epoch seconds.
_LAST_DAY, _LAST_DAYS, _LAST_DATE, _LAST_TIME, _LAST_SECONDS = range(5)
LAST_INSTANT = 5
_TOP_TWO = np.uint64(0x0000FFFF00000000)


@compiled
def eight_digits(word: Number, count: Number) -> tuple[Number, Number]:
    """Up to eight digits, the first in the lowest byte, as a number; all at once (SIMD within a register)."""
    # No branch: how many digits there are is hard to foresee. A shift by 64 would be undefined, hence two.
    shift = np.uint64((8 - count) * 8) >> np.uint64(1)
    digits = (word ^ _ZEROS) << shift << shift
    wrong = (digits + _OVER_NINE | digits) & _TOPS
    value = (digits * _FACTORS[0]) >> _SHIFTS[0]
    value = ((value & _KEPT[1]) * _FACTORS[1]) >> _SHIFTS[1]
    value = ((value & _KEPT[2]) * _FACTORS[2]) >> _SHIFTS[2]
    return wrong == 0, value


@compiled
def eight_digits_at(buffer: np.ndarray, start: Number, count: Number) -> Number:
    """Up to eight bytes that are known to be digits, as a number."""
    return np.int64(eight_digits(load_u64(buffer, start), count)[1])


@compiled
def read_integer(buffer: np.ndarray, start: Number, length: Number) -> tuple[Number, Number]:
    """``-?[0-9]+`` with at most 18 digits."""
    if 0 < length <= 8 and get(buffer, start) != _DASH:
        is_number, value = eight_digits(load_u64(buffer, start), length)
        return is_number, np.int64(value)
    position, end = start, start + length
    negative = length > 0 and get(buffer, start) == _DASH
    if negative:
        position += 1
    if not 0 < end - position <= 18:
        return False, np.int64(0)
    total = np.int64(0)
    while position < end:
        digit = np.int64(get(buffer, position)) - _DIGIT_ZERO
        if digit < 0 or digit > 9:
            return False, np.int64(0)
        total = total * 10 + digit
        position += 1
    return True, -total if negative else total


@compiled
def _scaled(whole: Number, fraction: Number, fraction_digits: Number, negative: Number) -> tuple[Number, Number]:
    """``whole.fraction`` times ten to the tenth as a 128-bit number, low half first."""
    below, above = whole & np.uint64(0x3FFFFFFF), whole >> np.uint64(30)
    shifted = above * _SCALE
    low = below * _SCALE + fraction * get(_POWERS, 10 - fraction_digits)
    high = shifted >> np.uint64(34)
    total = low + (shifted << np.uint64(30))
    if total < low:
        high += np.uint64(1)
    if negative:
        total = ~total + np.uint64(1)
        high = ~high + (np.uint64(1) if total == 0 else np.uint64(0))
    return total, high


@compiled
def read_decimal(buffer: np.ndarray, start: Number, length: Number) -> tuple[Number, Number, Number]:
    """A FIX float as ``Decimal(28, 10)``: low and high half; declines what does not fit exactly."""
    position, end = start, start + length
    negative = length > 0 and get(buffer, start) == _DASH
    if negative:
        position += 1
    whole, fraction = np.uint64(0), np.uint64(0)
    whole_digits = fraction_digits = kept = significant = 0
    seen_dot = False
    while position < end:
        byte = get(buffer, position)
        position += 1
        if byte == _DOT and not seen_dot:
            seen_dot = True
            continue
        if byte < _DIGIT_ZERO or byte > 57:
            return False, np.uint64(0), np.uint64(0)
        digit = np.uint64(byte - _DIGIT_ZERO)
        if seen_dot:
            fraction_digits += 1
            if kept < 10:
                fraction = fraction * np.uint64(10) + digit
                kept += 1
            elif digit:
                return False, np.uint64(0), np.uint64(0)
        else:
            whole_digits += 1
            significant += 1 if digit or significant else 0
            if significant > 18:
                return False, np.uint64(0), np.uint64(0)
            whole = whole * np.uint64(10) + digit
    if whole_digits == 0 or (seen_dot and fraction_digits == 0):
        return False, np.uint64(0), np.uint64(0)
    low, high = _scaled(whole, fraction, kept, negative)
    return True, low, high


@compiled
def _days(date: Number) -> tuple[Number, Number]:
    """Days since 1970-01-01 of a YYYYMMDD number, if there is such a day (proleptic Gregorian calendar)."""
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    if year < 1 or month < 1 or month > 12 or day < 1:
        return False, 0
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > get(_DAYS_IN_MONTH, month) + (1 if is_leap and month == 2 else 0):
        return False, 0
    shifted = year - (1 if month <= 2 else 0)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    era, year_of_era = shifted // 400, shifted % 400
    return True, era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


@compiled
def read_day(buffer: np.ndarray, start: Number, length: Number) -> tuple[Number, Number]:
    """LocalMktDate or UTCDateOnly, YYYYMMDD, as days since 1970-01-01."""
    if length != 8:
        return False, 0
    is_number, date = eight_digits(load_u64(buffer, start), 8)
    exists, days = _days(np.int64(date))
    return is_number and exists, days


@compiled
def _six_digits(word: Number) -> tuple[Number, Number]:
    """HHMMSS as seconds, if there is such a time; second 60 is a leap second."""
    is_number, value = eight_digits(word, 6)
    time = np.int64(value)
    hour, minute, second = time // 10_000, time // 100 % 100, time % 100
    return is_number and hour < 24 and minute < 60 and second <= 60, hour * 3600 + minute * 60 + second


@compiled
def read_fraction(buffer: np.ndarray, start: Number, digits: Number) -> tuple[Number, Number]:
    """A fraction of a second, cut off after nine digits."""
    if digits <= 8:
        is_number, value = eight_digits(load_u64(buffer, start), digits)
        return is_number or digits == 0, np.int64(value * get(_POWERS, 9 - digits)) if digits else 0
    is_number, value = eight_digits(load_u64(buffer, start), 8)
    for place in range(8, digits):
        is_number &= _DIGIT_ZERO <= get(buffer, start + place) <= 57
    return is_number, np.int64(value) * 10 + np.int64(get(buffer, start + 8)) - _DIGIT_ZERO


@compiled
def read_instant(buffer: np.ndarray, start: Number, length: Number, last: np.ndarray) -> tuple[Number, Number, Number]:
    """UTCTimestamp, with or without separators, as epoch nanoseconds and the fraction digits written.

    Args:
        buffer: The bytes.
        start: Where the value starts.
        length: How long it is.
        last: int64[LAST_INSTANT]: what was read last, for dates and seconds come in runs.
    """
    if length < 14:
        return False, 0, 0
    has_separators = get(buffer, start + 8) == _DASH
    date, time = load_u64(buffer, start), load_u64(buffer, start + (9 if has_separators else 8))
    digits, fraction_at = max(length - 18, 0), start + 18
    if has_separators:
        if length < 17 or (length > 17 and (get(buffer, start + 17) != _DOT or length == 18)):
            return False, 0, 0
    else:
        digits, fraction_at = length - 14, start + 14
    if digits > 12:
        return False, 0, 0
    if not (has_separators and np.int64(date) == get(last, _LAST_DATE) and np.int64(time) == get(last, _LAST_TIME)):
        is_time, seconds = _seconds(date, time, has_separators, last)
        if not is_time:
            return False, 0, 0
        put(last, _LAST_DATE, np.int64(date))
        put(last, _LAST_TIME, np.int64(time) if has_separators else 0)
        put(last, _LAST_SECONDS, seconds)
    is_fraction, nanoseconds = read_fraction(buffer, fraction_at, digits)
    return is_fraction, get(last, _LAST_SECONDS) * 1_000_000_000 + nanoseconds, digits


@compiled
def _seconds(date: Number, time: Number, has_separators: Number, last: np.ndarray) -> tuple[Number, Number]:
    """Epoch seconds of ``YYYYMMDD`` and ``HH:MM:SS`` or ``HHMMSS``, if there is such a time and it fits."""
    is_number, day_number = eight_digits(date, 8)
    if has_separators:
        if time & _COLON_MASK != _COLONS:
            return False, 0
        time = time & _TWO | (time >> np.uint64(8)) & (_TWO << np.uint64(16)) | (time >> np.uint64(16)) & _TOP_TWO
    is_time, seconds = _six_digits(time)
    if not (is_number and is_time):
        return False, 0
    if np.int64(day_number) != get(last, _LAST_DAY):
        exists, days = _days(np.int64(day_number))
        if not exists:
            return False, 0
        put(last, _LAST_DAY, np.int64(day_number))
        put(last, _LAST_DAYS, days)
    seconds += get(last, _LAST_DAYS) * 86_400
    return abs(seconds) <= _LAST_NS_SECOND, seconds

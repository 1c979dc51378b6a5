"""How values and messages are spelled: FIX frames, timestamps, prices, averages.

Invariant: integers in, text out, no floating point and no wall clock, so that the same simulation is the same bytes
on every machine. Time is whole microseconds since midnight UTC of the trading date; prices are whole units of the
instrument's last decimal.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

SOH = "\x01"
SECOND = 1_000_000
MILLISECOND = 1_000

#: Digits that average prices are rounded to, half up.
AVERAGE_DIGITS = 6


def encode(begin_string: str, body: str) -> bytes:
    """Frame a message: BeginString, BodyLength, the fields from MsgType on, CheckSum.

    Args:
        begin_string: Value of BeginString(8).
        body: Fields from 35 to the last before 10, each ended by SOH.
    """
    content = body.encode("latin-1")
    frame = b"8=%b\x019=%d\x01%b" % (begin_string.encode("ascii"), len(content), content)
    return b"%b10=%03d\x01" % (frame, sum(frame) & 0xFF)


class DayClock:
    """Timestamps of one date, in the spellings that FIX and log files use."""

    __slots__ = ("_compact", "_date", "_iso", "_second", "_text")

    def __init__(self, trading_date: date) -> None:
        self._date = trading_date
        self._compact = f"{trading_date:%Y%m%d}-"
        self._iso = trading_date.isoformat()
        self._second = -1
        self._text = ""

    def fix(self, micros: int, digits: int) -> str:
        """UTCTimestamp with 0, 3 or 6 fraction digits, truncated."""
        text = self._compact + self._time(micros // SECOND)
        if digits == 0:
            return text
        if digits == 3:
            return f"{text}.{micros % SECOND // MILLISECOND:03d}"
        return f"{text}.{micros % SECOND:06d}"

    def log4j(self, micros: int) -> str:
        """``2024-01-02 09:30:00,123``."""
        return f"{self._iso} {self._time(micros // SECOND)},{micros % SECOND // MILLISECOND:03d}"

    def iso(self, micros: int) -> str:
        """``2024-01-02T09:30:00.123456Z``, as written in the truth."""
        return f"{self._iso}T{self._time(micros // SECOND)}.{micros % SECOND:06d}Z"

    def _time(self, second: int) -> str:
        if second != self._second:
            minutes, seconds = divmod(second, 60)
            self._text = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
            self._second = second
        return self._text


@lru_cache(maxsize=65_536)
def decimal_text(units: int, decimals: int) -> str:
    """``units`` of the last of ``decimals`` digits, e.g. (10125, 2) → ``101.25``."""
    if decimals == 0:
        return str(units)
    whole, fraction = divmod(abs(units), 10**decimals)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:0{decimals}d}"


def average_text(notional: int, quantity: int, decimals: int) -> str:
    """Average price to at most six digits, half up; trailing zeros beyond the instrument's decimals dropped.

    Args:
        notional: Sum of quantity times price units.
        quantity: Sum of quantities; zero gives ``0``.
        decimals: Digits that one price unit stands for.
    """
    if quantity == 0:
        return "0"
    scaled = notional * 10 ** (AVERAGE_DIGITS - decimals)
    text = decimal_text((2 * scaled + quantity) // (2 * quantity), AVERAGE_DIGITS)
    kept = text.rstrip("0")
    shortest = len(text) - AVERAGE_DIGITS + decimals
    return kept if len(kept) >= shortest else text[:shortest]

"""What is said of a clock that was looked for, and where.

Invariant: an impossible clock is clock text all the same, and no time.
"""

from __future__ import annotations

from typing import Final

#: What ``find_clock`` found.
NO_CLOCK: Final = 0
CLOCK: Final = 1
TICKS: Final = 2
IMPOSSIBLE_CLOCK: Final = 3

#: Where it puts the rest.
CLOCK_START: Final = 0
CLOCK_END: Final = 1
MINUTE_KEY: Final = 2
NANOSECONDS: Final = 3
FRACTION_DIGITS: Final = 4
SECONDS_AT: Final = 5
CLOCK_SLOTS: Final = 8

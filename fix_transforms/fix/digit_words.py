"""What makes a number of eight digits that lie in a word, the first one lowest: SIMD within a register.

Invariant: plain numbers, for code that has one word and for code that has many at once.
"""

from __future__ import annotations

from typing import Final

#: A one and the top bit in each byte; ``0`` and a point in each; and what takes more than nine to the top bit.
ONES: Final = 0x0101010101010101
TOPS: Final = 0x8080808080808080
ZEROS: Final = 0x3030303030303030
DOTS: Final = 0x2E2E2E2E2E2E2E2E
OVER_NINE: Final = 0x7676767676767676
#: How digits, then numbers of two digits, then of four become one: what is kept, what that is multiplied by, and how
#: far it is moved down then.
JOINS: Final = (
    (0xFFFFFFFFFFFFFFFF, 2561, 8),
    (0x00FF00FF00FF00FF, 6553601, 16),
    (0x0000FFFF0000FFFF, 42949672960001, 32),
)

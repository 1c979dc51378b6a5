"""Digits and the characters around them, in the text before a message.

Invariant: no byte outside the given range is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.loads import get

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

LONGEST_FRACTION: Final = 12
KEPT_DIGITS: Final = 9
#: Nanoseconds of a one in the last place, by the number of decimals.
LAST_PLACE: Final = np.array([10 ** max(9 - digits, 0) for digits in range(LONGEST_FRACTION + 1)])

#: What a byte adds to a number (computed with in int64). Anything but a digit takes a number of up to nine digits below
#: zero at any place.
VALUE: Final = np.array([byte - 48 if 48 <= byte <= 57 else -(10**9) for byte in range(256)], np.int32)


def among(characters: Iterable[str]) -> NDArray[np.bool_]:
    """By byte: whether it is one of these."""
    chosen = frozenset(characters)
    return np.array([chr(byte) in chosen for byte in range(256)])


_ASCII: Final = [chr(code) for code in range(128)]
SPACES: Final = [character for character in _ASCII if character.isspace()]
IS_SPACE: Final = among(SPACES)
IS_WORD: Final = among(character for character in _ASCII if character.isalnum() or character == "_")
#: What may stand right before ticks or a time of day.
OPENS: Final = among("[<(")

SPACE: Final = ord(" ")
COLON: Final = ord(":")
DOT: Final = ord(".")
EQUALS: Final = ord("=")
CLOSING: Final = ord(")")
QUOTES: Final = (ord('"'), ord("'"))


@compiled
def is_digit(buf: Bytes, at: int) -> bool:
    """Whether a digit stands here."""
    return bool(get(VALUE, get(buf, at)) >= 0)


@compiled
def two_digits(buf: Bytes, at: int) -> int:
    """A number of two digits; below zero where they are none."""
    number: int = get(VALUE, get(buf, at)) * 10 + get(VALUE, get(buf, at + 1))
    return number


@compiled
def number_at(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """The digits from here on as a number, which may not fit, and the index after them."""
    number = 0
    while at < end and get(VALUE, get(buf, at)) >= 0:
        number = number * 10 + get(VALUE, get(buf, at))
        at += 1
    return number, at

"""Short plain values of a column all at once: eight bytes of each are one machine word (SIMD within a register).

Invariant: what is told to be plain is exactly what ``coercion`` reads in it, and ``coercion`` is asked for the rest.
A value may be left to it that it takes, never the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from fix_transforms.fix.arrow_buffers import numbers
from fix_transforms.fix.coercion import Coerced, coerce
from fix_transforms.fix.digit_words import DOTS, JOINS, ONES, TOPS, ZEROS
from fix_transforms.tables.spec import DECIMAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fix_transforms.tables import Column

    Reader = Callable[["Words"], tuple[np.ndarray, ...]]

_WORD = 8
_BLOCK = 8_192


def _word(number: int) -> np.uint64:
    return np.uint64(number)


_BYTE, _HALF, _LENGTH = _word(8), _word(32), _word(0xFFFFFFFF)
_THREES = _word(0x3333333333333333)
_HIGHS, _LOWS, _SIXES = _word(0xF0F0F0F0F0F0F0F0), _word(0x0F0F0F0F0F0F0F0F), _word(0x0606060606060606)
_ONES, _TOPS, _ZEROS, _DOTS = _word(ONES), _word(TOPS), _word(ZEROS), _word(DOTS)
_DASH = 0x2D
_POWERS = np.array([10**power for power in range(DECIMAL.scale + 1)], np.int64)


@dataclass(frozen=True, slots=True)
class Words:
    """The first bytes of every value of a column.

    Attributes:
        length: int64: bytes of the value.
        first: uint64: its first eight bytes, the first one lowest, zeros behind its end.
        last: uint64: the four bytes behind those. Neither means anything where a value is longer than ``INLINE``.
    """

    length: np.ndarray
    first: np.ndarray
    last: np.ndarray


def words_of(text: pl.Series) -> Words:
    """The bytes of a column of text without nulls."""
    array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    views = np.frombuffer(array.buffers()[1], np.uint64)[2 * array.offset : 2 * (array.offset + len(array))]
    head, tail = views[::2], views[1::2]
    return Words((head & _LENGTH).view(np.int64), (head >> _HALF) | (tail << _HALF), tail >> _HALF)


def digits(word: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Up to eight digits, the first in the lowest byte, as numbers.

    Args:
        word: uint64.
        count: int64: how many bytes count, 0 to 8; those behind do not.

    Returns:
        Whether there are digits and nothing else, and int64 what they say.
    """
    behind = (_WORD - count).view(np.uint64) * _BYTE
    word = (word << behind) | (_ZEROS >> (_word(64) - behind))  # numpy shifts by 64 bits to zero
    plain = (word & _HIGHS) | (((word + _SIXES) & _HIGHS) >> _word(4))
    value = word & _LOWS
    for kept, factor, shift in JOINS:
        value = ((value & _word(kept)) * _word(factor)) >> _word(shift)
    return (plain == _THREES) & (count > 0), value.view(np.int64)


def scaled(value: np.ndarray, count: np.ndarray, places: int) -> np.ndarray:
    """Decimals as they stand behind a point, as a multiple of ten to the minus ``places``."""
    units: np.ndarray = value * np.take(_POWERS, places - count)
    return units


def _integers(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """``[0-9]{1,8}`` as int64."""
    plain, value = digits(words.first, np.minimum(words.length, _WORD))
    return plain & (words.length <= _WORD), value


def _decimals(words: Words) -> tuple[np.ndarray, np.ndarray]:
    r"""``-?[0-9]+(\.[0-9]+)?`` of up to eight bytes, as int64 with ten decimals."""
    word, length = words.first, np.minimum(words.length, _WORD)
    negative = (word & _word(0xFF)) == _DASH
    signed = bool(negative.any())
    if signed:
        word, length = np.where(negative, word >> _BYTE, word), length - negative
    found = word ^ _DOTS
    zero = (found - _ONES) & ~found & _TOPS
    dot = zero & (~zero + _word(1))  # the top bit of the first dot's byte; none where there is none
    before = (dot >> _word(7)) - _word(1)  # the bits below that byte; all of them where there is none
    whole = np.bitwise_count(before).astype(np.int64) >> 3
    fraction = np.maximum(length - whole - 1, 0)
    has_dot = dot != 0
    plain, value = digits((word & before) | ((word >> _BYTE) & ~before), length - has_dot)
    value = scaled(value, fraction, DECIMAL.scale)
    plain &= (words.length <= _WORD) & (~has_dot | ((whole > 0) & (fraction > 0)))
    return plain, np.where(negative, -value, value) if signed else value


def in_blocks(reader: Reader, words: Words) -> list[np.ndarray]:
    """What a reader of words returns for all of them, read a block at a time: its steps then stay in the cache."""
    starts = range(0, len(words.length), _BLOCK) or (0,)
    blocks = (slice(start, start + _BLOCK) for start in starts)
    found = [reader(Words(words.length[block], words.first[block], words.last[block])) for block in blocks]
    return [np.concatenate(each) for each in zip(*found, strict=True)]


def coerced(columns: Sequence[Column], text: pl.Series) -> Coerced:
    """What ``coercion.coerce`` gives for text without nulls, sooner."""
    column = columns[0]
    if text.is_empty():
        return coerce(columns, text)
    if column.dtype == DECIMAL:
        plain, value = in_blocks(_decimals, words_of(text))
        found = decimal_series(value, plain)
    elif column.dtype == pl.Int64:
        plain, value = in_blocks(_integers, words_of(text))
        found = integer_series(value, plain)
    else:
        return _by_runs(columns, text)
    rows = np.flatnonzero(~plain)
    return filled(columns, {column.name: found.alias(column.name)}, rows, taken(text, rows))


def filled(columns: Sequence[Column], plain: dict[str, pl.Series], rows: np.ndarray, rest: pl.Series) -> Coerced:
    """Plain values, and what ``coercion`` makes of the rest.

    Args:
        columns: Of one tag.
        plain: What they hold, null where the value is not plain.
        rows: Where it is not, ascending.
        rest: The values there, as text.
    """
    if not len(rows):
        return Coerced(plain, [])
    others = spread(_by_runs(columns, rest), rows, len(plain[columns[0].name]))
    is_rest = np.zeros(len(plain[columns[0].name]), np.bool_)
    is_rest[rows] = True
    mask = pl.Series(is_rest)
    return Coerced({name: others.columns[name].zip_with(mask, found) for name, found in plain.items()}, others.errors)


def spread(found: Coerced, rows: np.ndarray, height: int) -> Coerced:
    """The same among more rows, those that are not ``rows`` null."""
    if len(rows) == height:
        return found
    where = np.full(height, -1, np.int32)
    where[rows] = np.arange(len(rows), dtype=np.int32)
    columns = {name: taken(column, where) for name, column in found.columns.items()}
    return Coerced(columns, rows[found.errors].tolist() if found.errors else [])


def _by_runs(columns: Sequence[Column], text: pl.Series) -> Coerced:
    """Equal values that follow each other are read once."""
    differs = text.ne_missing(text.shift(1)).to_numpy()
    starts = np.flatnonzero(np.concatenate(([True], differs[1:])))
    once = coerce(columns, taken(text, starts))
    run = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(text)))
    wrong = np.zeros(len(starts), np.bool_)
    wrong[once.errors] = True
    errors = np.flatnonzero(wrong[run]).tolist() if once.errors else []
    return Coerced({name: taken(found, run) for name, found in once.columns.items()}, errors)


# ---- series out of arrays, without a copy ----


def taken(column: pl.Series, rows: np.ndarray) -> pl.Series:
    """Values by row number; a negative one takes null."""
    return column[integer_series(rows.astype(np.uint32), rows >= 0)]


def integer_series(values: np.ndarray, valid: np.ndarray) -> pl.Series:
    """Integers of the array's own type, null where not valid."""
    return pl.Series(numbers(values, None, None if valid.all() else valid))


def decimal_series(values: np.ndarray, valid: np.ndarray) -> pl.Series:
    """``DECIMAL`` of int64 that count its smallest unit, null where not valid."""
    halves = np.empty((len(values), 2), np.int64)
    halves[:, 0], halves[:, 1] = values, values >> 63
    kind = pa.decimal128(DECIMAL.precision, DECIMAL.scale)
    return pl.Series(numbers(halves, kind, None if valid.all() else valid))

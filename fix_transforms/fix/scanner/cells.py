"""Cells of typed columns: one value of a message written into its row.

Invariant: what the reference might read differently is declined, and then what was written is void.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.arrow_buffers import INLINE
from fix_transforms.fix.scanner.arrays import Rows
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.layout import TEXT, kinds
from fix_transforms.fix.scanner.loads import get, load_u64, put

_YES, _NO = 89, 78
#: Whether a slot holds string views.
_IS_TEXT = np.array([kind == TEXT for kind in kinds()])


def _kept_of_views() -> np.ndarray:
    """By the length of a text, up to the first that a view does not hold: which bits of its two words are text."""
    bits = [(1 << 8 * min(length, INLINE)) - 1 for length in range(INLINE + 1)]
    words = [word for text in bits for word in (text << 32 & (1 << 64) - 1, text >> 32)]
    return np.array([*words, 0xFFFFFFFF << 32, 0], dtype=np.uint64)


#: uint64 [2 * (INLINE + 2)]: of a longer text, the first four bytes.
_KEPT = _kept_of_views()


@compiled
def write_view(
    work: np.ndarray, start: Number, length: Number, views: np.ndarray, place: Number, block: Number
) -> None:
    """Write an Arrow string view at ``views[place]``: length, then the text itself or its start, buffer and offset."""
    first, rest = load_u64(work, start), load_u64(work, start + 4)
    kept = 2 * min(length, INLINE + 1)
    elsewhere = np.uint64(block) | np.uint64(start) << np.uint64(32)
    text = rest & get(_KEPT, kept + 1)
    put(views, place, np.uint64(length) | (first << np.uint64(32)) & get(_KEPT, kept))
    put(views, place + 1, elsewhere if length > INLINE else text)


@compiled
def read_flag(work: np.ndarray, start: Number, length: Number) -> tuple[Number, Number]:
    """``Y`` or ``N`` as 1 or 0."""
    byte = get(work, start)
    return length == 1 and (byte == _YES or byte == _NO), 1 if byte == _YES else 0


@compiled
def open_column(slot: Number, rows: Rows, row: Number) -> Number:
    """Where the column starts that a slot gets when it is first seen, in this row."""
    capacity = len(rows.start)
    first: Number = rows.columns[-1] * capacity
    rows.columns[slot] = first
    rows.columns[-1] += 1
    for place in range(first, first + capacity):
        put(rows.valid, place, np.uint8(0))
    for word in range(2 * first, 2 * (first + row)):
        put(rows.words, word, np.uint64(0))
    return first


@compiled
def close_rows(rows: Rows, start: Number, stop: Number) -> None:
    """Count the values of rows in open columns, and clear the views of those without one.

    What memory held before must not be taken for a view; a number that no row has is never looked at, whatever it is.
    """
    for slot in range(len(_IS_TEXT)):
        first = get(rows.columns, slot)
        if first < 0:
            continue
        total: Number = 0
        for place in range(first + start, first + stop):
            total += np.int64(get(rows.valid, place))
        rows.counts[first // len(rows.start)] += total
        if total == stop - start or not _IS_TEXT[slot]:
            continue
        for place in range(first + start, first + stop):
            # No branch: which messages have a tag is hard to foresee.
            kept = np.uint64(0) - np.uint64(get(rows.valid, place))
            put(rows.words, 2 * place, get(rows.words, 2 * place) & kept)
            put(rows.words, 2 * place + 1, get(rows.words, 2 * place + 1) & kept)


__all__ = ["close_rows", "open_column", "read_flag", "write_view"]

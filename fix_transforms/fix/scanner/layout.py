"""Where each tag's value goes, and which tags the compiled pass leaves to the reference.

Invariant: slots and kinds follow the declared columns of ``fix_messages``; nothing here names a tag.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS
from fix_transforms.fix.frames import TAG_COLUMNS
from fix_transforms.fix.masking import identity_tags
from fix_transforms.fix.secret_notations import RAW_DATA, SECRET_TAGS
from fix_transforms.tables.spec import DECIMAL, TIMESTAMP

#: Tags from here on are not looked up: a message with one is left to the reference.
TAG_LIMIT: Final = 65_536

TEXT, NUMBER, PRICE, FLAG, DAY, INSTANT = range(6)
KINDS: Final = 6

#: A plan of a tag: its slot plus one in the lowest byte, how its value is read in the next, and what else it is above.
#: ``ASIDE``: its message is left to the reference. ``COUNTER``: it may count the instances of a group.
SLOT: Final = 0xFF
KIND_SHIFT: Final = 8
KIND: Final = 0xFF
ASIDE: Final = 1 << 16
COUNTER: Final = 2 << 16
#: Of a message: some tag stands in it more than once.
REPEATED: Final = 4 << 16

SLOT_TAGS: Final = tuple(TAG_COLUMNS)


def _kind(tag: int) -> int:
    column = TAG_COLUMNS[tag][0]
    if column.dtype == TIMESTAMP:
        return INSTANT
    if column.dtype == DECIMAL:
        return PRICE
    kinds = {pl.String: TEXT, pl.Int64: NUMBER, pl.Boolean: FLAG, pl.Date: DAY}
    return kinds[column.dtype]  # type: ignore[index]


@cache
def kinds() -> tuple[int, ...]:
    """Slot → how its value is read."""
    return tuple(_kind(tag) for tag in SLOT_TAGS)


def plans(counters: np.ndarray, *, pseudonyms: bool) -> np.ndarray:
    """Tag → its plan. int32, one entry per tag.

    Args:
        counters: uint8 by tag: whether it may count the instances of a group.
        pseudonyms: Whether identities are to be replaced: then their messages are left to the reference.
    """
    assert len(SLOT_TAGS) < SLOT, "a plan has one byte for the slot"
    aside = {*DATA_LENGTH_TAGS, *DATA_LENGTH_TAGS.values(), *SECRET_TAGS, RAW_DATA}
    if pseudonyms:
        aside |= identity_tags()
    found = counters.astype(np.int32) * COUNTER
    found[[tag for tag in aside if tag < TAG_LIMIT]] |= ASIDE
    for slot, (tag, kind) in enumerate(zip(SLOT_TAGS, kinds(), strict=True)):
        found[tag] |= (slot + 1) | kind << KIND_SHIFT
    return found

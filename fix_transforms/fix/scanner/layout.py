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

#: What a tag is besides a value. ``ASIDE``: its message is left to the reference.
ASIDE, COUNTER = 1, 2
#: Of a message: some tag stands in it more than once.
REPEATED = 128

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
def slots() -> np.ndarray:
    """Tag → slot; -1 for tags without a column. int16, one entry per tag."""
    found = np.full(TAG_LIMIT, -1, dtype=np.int16)
    for slot, tag in enumerate(SLOT_TAGS):
        found[tag] = slot
    return found


@cache
def kinds() -> np.ndarray:
    """Slot → how its value is read. int8."""
    return np.array([_kind(tag) for tag in SLOT_TAGS], dtype=np.int8)


def roles(counters: np.ndarray, *, pseudonyms: bool) -> np.ndarray:
    """Tag → ``ASIDE`` and ``COUNTER``. uint8, one entry per tag.

    Args:
        counters: uint8 by tag: whether it may count the instances of a group.
        pseudonyms: Whether identities are to be replaced: then their messages are left to the reference.
    """
    aside = {*DATA_LENGTH_TAGS, *DATA_LENGTH_TAGS.values(), *SECRET_TAGS, RAW_DATA}
    if pseudonyms:
        aside |= identity_tags()
    found = counters * np.uint8(COUNTER)
    found[[tag for tag in aside if tag < TAG_LIMIT]] |= np.uint8(ASIDE)
    return found

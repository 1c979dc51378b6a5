"""The fields of one restored message, told apart.

Invariant: what the reference might read differently (odd tags, bytes outside ASCII, what could be a field or a secret's
name inside a value) is not read here.
"""

from __future__ import annotations

import numpy as np

from fix_transforms.fix.digit_words import ONES, TOPS
from fix_transforms.fix.scanner import FIELDS
from fix_transforms.fix.scanner.arrays import GUESS, GUESSES, Tables
from fix_transforms.fix.scanner.compiling import Number, compiled
from fix_transforms.fix.scanner.layout import ASIDE, REPEATED, TAG_LIMIT
from fix_transforms.fix.scanner.loads import (
    equal_mask,
    get,
    high_mask,
    load_u64,
    mask_below,
    ones,
    put,
    trailing_zeros,
)
from fix_transforms.fix.scanner.secret_marks import sign_marks_field
from fix_transforms.fix.scanner.values import eight_digits
from fix_transforms.fix.scanner.words import colons_name_secret, rare_marks_name_secret

_ONES, _TOPS = np.uint64(ONES), np.uint64(TOPS)
_EQUALS = np.uint64(0x3D3D3D3D3D3D3D3D)
_EQUALS_SIGN = np.uint8(61)
_LINE_END = np.uint8(10)
#: Ends that are written together.
_AT_ONCE = 8
_SOH = np.uint8(1)
#: Longest tag read here: TAG_LIMIT has five digits.
_TAG_DIGITS = 5
#: A guess at a field: the word of its tag and ``=``, how much of a word that is, what the tag comes to, and its plan.
_WORD, _MASK, _MEANING, _PLAN = range(4)
#: What a tag comes to, by bits: the tag, its digits, and where to guess at the field that follows it.
_TAG, _DIGITS, _DIGITS_SHIFT, _NEXT_SHIFT = np.uint64(0xFFFF), np.uint64(0xFF), np.uint64(16), np.uint64(24)
#: MsgType(35) is the third field.
_BEFORE_BODY = 3
#: How much of a word is kept, by bytes.
_KEPT = np.array([(1 << 8 * kept) - 1 for kept in range(9)], dtype=np.uint64)


@compiled
def _tag_at(work: np.ndarray, index: Number) -> tuple[Number, Number]:
    """Tag and its digits at ``index``; -1 where no plain tag and ``=`` stand."""
    word = load_u64(work, index)
    found = word ^ _EQUALS
    zero = (found - _ONES) & ~found & _TOPS
    if zero == 0 or word & np.uint64(0xFF) == np.uint64(48):
        return -1, 0
    digits = np.int64(trailing_zeros(zero) >> np.uint64(3))
    if digits == 0 or digits > _TAG_DIGITS:
        return -1, 0
    is_number, tag = eight_digits(word, digits)
    return (np.int64(tag), digits) if is_number and tag < np.uint64(TAG_LIMIT) else (-1, 0)


@compiled
def _place_after(tag: Number, kind: Number) -> Number:
    """Where to guess at the field that follows a tag in messages of a kind."""
    return (tag * 37 + kind * 131) & (GUESSES - 1)


@compiled
def _guessed(work: np.ndarray, index: Number, place: Number, kind: Number, tables: Tables) -> Number:
    """Whether a plain tag stands at ``index``: what followed the same tag before, or what is kept there now."""
    guesses, first = tables.guesses, place * GUESS
    word = load_u64(work, index)
    if word & get(guesses, first + _MASK) == get(guesses, first + _WORD):
        return True
    tag, digits = _tag_at(work, index)
    if tag < 1:
        return False
    mask = get(_KEPT, digits + 1)
    put(guesses, first + _WORD, word & mask)
    put(guesses, first + _MASK, mask)
    after = np.uint64(_place_after(tag, kind)) << _NEXT_SHIFT
    put(guesses, first + _MEANING, np.uint64(tag) | np.uint64(digits) << _DIGITS_SHIFT | after)
    put(guesses, first + _PLAN, np.uint64(get(tables.plans, tag)))
    return True


@compiled
def find_ends(work: np.ndarray, start: Number, end: Number, tables: Tables) -> tuple[Number, Number]:
    """Find where the fields of a message end.

    Returns:
        How many fields there are and how many ``=``; -1 for a message that the reference has to read.
    """
    ends = tables.ends
    count, signs, block = 0, 0, start
    strange = np.uint64(0)
    put(ends, 0, start - 1)
    while block < end:
        inside = mask_below(end - block)
        mask = equal_mask(work, block, _SOH) & inside
        strange |= (equal_mask(work, block, _LINE_END) | high_mask(work, block)) & inside
        signs += ones(equal_mask(work, block, _EQUALS_SIGN) & inside)
        if colons_name_secret(work, start, block, end) or rare_marks_name_secret(work, start, block, end, inside):
            return -1, 0
        found = ones(mask)
        if count + found > FIELDS:
            return -1, 0
        # Eight at a time, whether or not there are so many: how many there are is hard to foresee.
        place = count
        while mask:
            for _ in range(_AT_ONCE):
                place += 1
                put(ends, place, block + np.int64(trailing_zeros(mask)))
                mask &= mask - np.uint64(1)
        count += found
        block += 64
    return (-1, 0) if strange else (count, signs)


@compiled
def name_fields(work: np.ndarray, count: Number, signs: Number, tables: Tables) -> tuple[Number, Number]:
    """Read the tags of the fields that ``find_ends`` has found.

    Returns:
        Whether all are plain, and the union of their roles, with ``REPEATED``.
    """
    roles: Number = 0
    repeated = False
    serial = tables.serial[0] + 1
    tables.serial[0] = serial
    place: Number = 0
    kind: Number = 0
    for number in range(count):
        field, stop = get(tables.ends, number) + 1, get(tables.ends, number + 1)
        if not _guessed(work, field, place, kind, tables):
            return False, 0
        meaning = get(tables.guesses, place * GUESS + _MEANING)
        plan = np.int32(get(tables.guesses, place * GUESS + _PLAN))
        tag, digits = np.int64(meaning & _TAG), np.int64(meaning >> _DIGITS_SHIFT & _DIGITS)
        put(tables.tags, number, np.int32(tag))
        put(tables.planned, number, plan)
        put(tables.starts, number, field + digits + 1)
        put(tables.lengths, number, stop - field - digits - 1)
        roles |= plan
        repeated |= get(tables.stamps, tag) == serial
        put(tables.stamps, tag, serial)
        place = np.int64(meaning >> _NEXT_SHIFT)
        if number == _BEFORE_BODY - 1:
            kind = np.int64(get(work, stop - 1))
            place = _place_after(tag, kind)
    if roles & ASIDE or (signs != count and not _signs_are_text(work, count, tables)):
        return False, 0
    return True, roles | (REPEATED if repeated else 0)


@compiled
def _signs_are_text(work: np.ndarray, count: Number, tables: Tables) -> Number:
    """Whether every ``=`` inside a value is surely no field's."""
    for field in range(count):
        start = tables.starts[field]
        end = start + tables.lengths[field]
        for index in range(start, end):
            if work[index] == _EQUALS_SIGN and sign_marks_field(work, start, index, end):
                return False
    return True


@compiled
def repeats_outside(count: Number, tables: Tables) -> Number:
    """Whether a tag stands more than once outside of groups."""
    serial = tables.serial[0] + 1
    tables.serial[0] = serial
    for field in range(count):
        if not tables.grouped[field]:
            tag = tables.tags[field]
            if tables.stamps[tag] == serial:
                return True
            tables.stamps[tag] = serial
    return False


__all__ = ["find_ends", "name_fields", "repeats_outside"]

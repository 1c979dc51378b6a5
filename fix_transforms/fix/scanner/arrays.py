"""The arrays that the compiled pass reads and fills.

Invariant: a row of ``Rows`` is whole or not there. A slot has a column once it occurs, so that slots which never do
cost nothing, and ``valid`` is 0 in it wherever no value was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fix_transforms.fix.frames import CHUNK_ROWS
from fix_transforms.fix.scanner import FIELDS
from fix_transforms.fix.scanner.decimals import DECIMALS
from fix_transforms.fix.scanner.layout import KINDS, SLOT_TAGS, TAG_LIMIT
from fix_transforms.fix.scanner.unfolding import GroupRows, new_group_rows
from fix_transforms.fix.scanner.values import LAST_INSTANT

if TYPE_CHECKING:
    from fix_transforms.fix.scanner.slabs import Empty

#: Rows that one set of arrays holds.
ROWS = CHUNK_ROWS
#: Most stretches between irregular ones in one pass.
RUNS = 4_096
#: Fields inside groups that go with them.
GROUP_ROWS = 8 * ROWS
PATH_BYTES = 8 * 1024 * 1024
#: Longest word of a lexicon, and how many it holds.
WORD_BYTES = 128
WORDS = 1_024
#: Fields whose tag is guessed, a power of two, and words that a guess takes.
GUESSES = 4_096
GUESS = 4
#: Prefixes that are kept, a power of two; bytes of the longest, and numbers that say what was found in it.
PREFIXES = 16
PREFIX_TEXT = 64
PREFIX_FACTS = 8
#: Templates that are kept, a power of two, and the most fields of one.
TEMPLATES = 256
TEMPLATE_FIELDS = 64
#: Ends of fields are written eight at a time.
_SPARE_ENDS = 8
#: Steps of a kind that a message may take: one per column.
STEPS = len(SLOT_TAGS)
#: A word of which nothing is kept is not one.
_NO_GUESS = np.array([1, 0, 0, 0], np.uint64)


class Rows(NamedTuple):
    """One entry per message, and per column and message.

    Slots get columns in the order in which they are first seen, so that what is written lies together.
    """

    columns: (
        np.ndarray
    )  # int64 [slot + 1]: first entry of a slot's column, -1 before it is seen; last, how many there are
    words: (
        np.ndarray
    )  # uint64 [column * row * 2]: string views or decimals, two words each; else first all numbers, then all digits
    valid: np.ndarray  # uint8 [column * row]
    counts: np.ndarray  # int64 [column]: rows that have a value
    start: np.ndarray  # int64: index of 8= in the block
    end: np.ndarray  # int64
    line: np.ndarray  # int64: line ends before it in the block
    delimiter: np.ndarray  # int16
    shape: np.ndarray  # int32: shape of the prefix; -1 without one
    clock: np.ndarray  # int8: what find_clock found
    minute: np.ndarray  # int64
    nanoseconds: np.ndarray  # int64
    digits: np.ndarray  # int8
    raw: np.ndarray  # uint64 [2 * row]: string view
    prefix: np.ndarray  # uint64 [2 * row]: string view


class Events(NamedTuple):
    """One entry per line that is no message."""

    start: np.ndarray
    end: np.ndarray
    line: np.ndarray
    clock: np.ndarray
    minute: np.ndarray
    nanoseconds: np.ndarray
    digits: np.ndarray
    text: np.ndarray  # uint64 [2 * row]: string view


class Lexicon(NamedTuple):
    """Words with a number each, found by hash (open addressing)."""

    words: np.ndarray  # uint8 [n, WORD_BYTES]
    lengths: np.ndarray  # int64 [n]
    values: np.ndarray  # int64 [n]
    buckets: np.ndarray  # int32 [4 * n, a power of two]: word + 1
    missing: np.ndarray  # int64 [2]: length and bucket of the last word that was not found
    size: np.ndarray  # int64 [1]


class Tables(NamedTuple):
    """What the pass knows, and its scratch space."""

    plans: np.ndarray  # int32 [tag]: where its value goes, and how
    guesses: np.ndarray  # uint64 [GUESSES * GUESS]: the tag that followed another one last
    stamps: np.ndarray  # int64 [tag]: the message that had it last
    serial: np.ndarray  # int64 [1]: number of the message, for stamps
    ends: np.ndarray  # int64 [field + 1]: the end of the field before, where the delimiter stands; the last one's end
    signs: np.ndarray  # uint64 [template, field, 2]: how much of a word tells the field, and that much of it
    template_fields: np.ndarray  # int64 [template]: how many; 0 where there is none
    trust: np.ndarray  # int8 [template]: messages with other fields until it is given up
    steps: np.ndarray  # uint64 [template + 1, kind, STEPS]: which value goes where; the last are for once
    step_counts: np.ndarray  # int64 [template + 1, kind]
    bound: np.ndarray  # uint8 [template + 1]: whether the steps know the columns of the store
    tags: np.ndarray  # int32 [field]
    planned: np.ndarray  # int32 [field]: the plan of its tag
    starts: np.ndarray  # int64 [field]
    lengths: np.ndarray  # int64 [field]
    decimals: np.ndarray  # uint64 [DECIMALS]: values that are read at once
    decimal_lengths: np.ndarray  # int64 [DECIMALS]
    clock: np.ndarray  # int64 [8]: what find_clock says
    instant: np.ndarray  # int64 [LAST_INSTANT]: the last instant that was read
    delimiters: np.ndarray  # uint64 [n]: bytes of each known delimiter
    delimiter_widths: np.ndarray  # int64 [n]: 0 for what is no delimiter
    delimiter_count: np.ndarray  # int64 [1]
    spelled: np.ndarray  # uint8 [WORD_BYTES]: what is looked up
    prefix_texts: np.ndarray  # uint8 [PREFIXES, PREFIX_TEXT]: prefixes of the lines before
    prefix_facts: np.ndarray  # int64 [PREFIXES, PREFIX_FACTS]: what was found in them; all 0 where there is none
    prefixes: Lexicon  # shapes of prefixes; value 1 for those that the reference has to judge
    layouts: Lexicon  # version, session and type of messages with groups; value is the layout, -1 without groups
    grouped: np.ndarray  # uint8 [field]: whether a field is inside a group


class Groups(NamedTuple):
    """Rows of fields inside groups, and scratch to find them."""

    rows: GroupRows
    message: np.ndarray  # int64 [group row]: its message's row
    value: np.ndarray  # uint64 [2 * group row]: string view
    path: np.ndarray  # uint64 [2 * group row]: string view into ``rows.paths``
    state: np.ndarray  # int64 [2]: rows and bytes of paths used


def new_rows(empty: Empty, capacity: int = ROWS) -> Rows:
    """Room for so many messages."""
    width = len(SLOT_TAGS)
    return Rows(
        columns=np.append(np.full(width, -1, np.int64), 0),
        words=empty(width * capacity * 2, np.uint64),
        valid=empty(width * capacity, np.uint8),
        counts=np.zeros(width, np.int64),
        start=empty(capacity, np.int64),
        end=empty(capacity, np.int64),
        line=empty(capacity, np.int64),
        delimiter=empty(capacity, np.int16),
        shape=empty(capacity, np.int32),
        clock=empty(capacity, np.int8),
        minute=empty(capacity, np.int64),
        nanoseconds=empty(capacity, np.int64),
        digits=empty(capacity, np.int8),
        raw=empty(2 * capacity, np.uint64),
        prefix=empty(2 * capacity, np.uint64),
    )


def new_events(empty: Empty, capacity: int = ROWS) -> Events:
    """Room for so many lines."""
    return Events(
        start=empty(capacity, np.int64),
        end=empty(capacity, np.int64),
        line=empty(capacity, np.int64),
        clock=empty(capacity, np.int8),
        minute=empty(capacity, np.int64),
        nanoseconds=empty(capacity, np.int64),
        digits=empty(capacity, np.int8),
        text=empty(2 * capacity, np.uint64),
    )


def new_groups(empty: Empty) -> Groups:
    """Room for the groups of a store's messages."""
    return Groups(
        rows=new_group_rows(empty, GROUP_ROWS, PATH_BYTES),
        message=empty(GROUP_ROWS, np.int64),
        value=empty(2 * GROUP_ROWS, np.uint64),
        path=empty(2 * GROUP_ROWS, np.uint64),
        state=np.zeros(2, np.int64),
    )


def new_lexicon() -> Lexicon:
    """A lexicon without words."""
    return Lexicon(
        words=np.zeros((WORDS, WORD_BYTES), np.uint8),
        lengths=np.zeros(WORDS, np.int64),
        values=np.zeros(WORDS, np.int64),
        buckets=np.zeros(4 * WORDS, np.int32),
        missing=np.zeros(2, np.int64),
        size=np.zeros(1, np.int64),
    )


def new_tables(plans: np.ndarray) -> Tables:
    """Tables that have learnt nothing yet."""
    return Tables(
        plans=plans,
        guesses=np.tile(_NO_GUESS, GUESSES),
        stamps=np.zeros(TAG_LIMIT, np.int64),
        serial=np.zeros(1, np.int64),
        ends=np.empty(FIELDS + 1 + _SPARE_ENDS, np.int64),
        signs=np.zeros(TEMPLATES * TEMPLATE_FIELDS * 2, np.uint64),
        template_fields=np.zeros(TEMPLATES, np.int64),
        trust=np.zeros(TEMPLATES, np.int8),
        steps=np.zeros((TEMPLATES + 1) * KINDS * STEPS, np.uint64),
        step_counts=np.zeros((TEMPLATES + 1) * KINDS, np.int64),
        bound=np.zeros(TEMPLATES + 1, np.uint8),
        tags=np.empty(FIELDS, np.int32),
        planned=np.empty(FIELDS, np.int32),
        starts=np.empty(FIELDS, np.int64),
        lengths=np.empty(FIELDS, np.int64),
        decimals=np.empty(DECIMALS, np.uint64),
        decimal_lengths=np.empty(DECIMALS, np.int64),
        clock=np.zeros(8, np.int64),
        instant=np.full(LAST_INSTANT, -1, np.int64),  # no date at all; 00000000 is one that does not exist
        delimiters=np.zeros(64, np.uint64),
        delimiter_widths=np.zeros(64, np.int64),
        delimiter_count=np.zeros(1, np.int64),
        spelled=np.empty(WORD_BYTES, np.uint8),
        prefix_texts=np.zeros(PREFIXES * PREFIX_TEXT, np.uint8),
        prefix_facts=np.zeros(PREFIXES * PREFIX_FACTS, np.int64),
        prefixes=new_lexicon(),
        layouts=new_lexicon(),
        grouped=np.zeros(FIELDS, np.uint8),
    )

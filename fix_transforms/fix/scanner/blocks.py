"""Runs the compiled pass over a block and teaches it what it does not know: delimiters and shapes of prefixes.

Invariant: what was learnt depends on the bytes alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fix_transforms.fix.candidates import START
from fix_transforms.fix.delimiters import HEADER, HEADER_BYTES, is_padded
from fix_transforms.fix.profiles import is_twin
from fix_transforms.fix.scanner import FIELDS, passes
from fix_transforms.fix.scanner.arrays import RUNS, WORDS, new_tables
from fix_transforms.fix.scanner.envelopes import NEW_DELIMITER, NEW_LAYOUT, NEW_PREFIX
from fix_transforms.fix.scanner.layout import plans
from fix_transforms.fix.scanner.layouts import counter_tags, known_counters
from fix_transforms.fix.scanner.stores import new_store
from fix_transforms.fix.scanner.unfolding import new_group_scratch
from fix_transforms.fix.scanner.words import ENDED, LAYOUT_TAGS, MSG_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from fix_transforms.fix.scanner.arrays import Lexicon, Tables
    from fix_transforms.fix.scanner.contents import Content
    from fix_transforms.fix.scanner.layouts import Layouts
    from fix_transforms.fix.scanner.stores import Store
    from fix_transforms.fix.session_versions import SessionVersions


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a block that was read. All indices count from the start of the pass.

    Attributes:
        inside: Whether its first byte is inside a line, after something on it.
        row: Its messages in the store, up to ``row_stop``; ``event`` and ``event_stop`` likewise.
        resume: Where a later version of the file is to be read from, and ``resume_lines`` the line ends before it.
        lines: Line ends between the start of the pass and ``stop``.
    """

    store: Store
    start: int
    stop: int
    row: int
    row_stop: int
    event: int
    event_stop: int
    resume: int
    resume_lines: int
    lines: int
    inside: bool


class BlockScanner:
    """One compiled reader: not to be used by two threads at once.

    Args:
        versions: Which dictionary a message is to be read with.
        layouts: What is known of the groups of message types; shared by all readers of a file.
        pseudonyms: Whether identities are to be replaced.
    """

    def __init__(self, versions: SessionVersions, layouts: Layouts, *, pseudonyms: bool) -> None:
        self._versions = versions
        self._layouts = layouts
        counters = np.maximum(known_counters(), counter_tags(versions.overlays))
        self._tables: Tables = new_tables(plans(counters, pseudonyms=pseudonyms))
        self._scratch = new_group_scratch(FIELDS)
        self._delimiters: list[bytes] = []
        self._shapes: list[str] = []
        self._runs = np.zeros((RUNS, passes.RUN_FIELDS), np.int64)
        self._found = np.zeros(8, np.int64)
        self._generation = versions.generation
        self._store = self._new_store()

    def scan(self, content: Content, position: int, *, inside: bool) -> tuple[list[Run], bool]:
        """Read bytes as far as they are regular and settled.

        Args:
            content: The bytes, with room for them.
            position: Where to start: a segment has ended here.
            inside: Whether a segment ended on this line.

        Returns:
            What was read, and whether the pass came to the end.
        """
        if self._store.is_full or self._is_tired:
            self._store = self._new_store()
        if self._generation != self._versions.generation:
            self._generation = self._versions.generation
            _forget(self._tables.layouts)
        store, state = self._store, np.zeros(passes.STATE, np.int64)
        work = content.work[position:]
        state[passes.BLOCK_END] = content.size - position
        state[passes.INSIDE_LINE] = inside
        state[passes.ROW], state[passes.EVENT], state[passes.BLOCK] = store.row, store.event, len(store.blocks)
        state[passes.FREE_AT] = content.room_at - position
        state[passes.LEARNS] = 1
        state[passes.BY_SESSION] = self._versions.depends_on_session
        passes.open_run(self._runs, 0, inside, 0, state)
        store.blocks.append(work)
        self._pass(work, state)
        content.room_at = position + int(state[passes.FREE_AT])
        store.row, store.event = int(state[passes.ROW]), int(state[passes.EVENT])
        found = self._runs[: min(int(state[passes.RUN]) + 1, RUNS)].tolist()
        runs = [Run(store, *run) for run in found if run[passes.STOP] > run[passes.START]]
        return runs, state[passes.STATUS] == passes.DONE

    def start_store(self) -> None:
        """Leave the store to whoever reads it."""
        self._store = self._new_store()

    def _pass(self, work: np.ndarray, state: np.ndarray) -> None:
        """Go on until nothing is to be learnt any more."""
        store, tables = self._store, self._tables
        while True:
            code = passes.scan_block(
                work, state, tables, store.rows, store.events, self._runs, self._found, store.groups,
                self._layouts.arrays, self._scratch,
            )  # fmt: skip
            if code == NEW_DELIMITER:
                mark = int(state[passes.MARK])
                self._learn_delimiter(work[mark : mark + HEADER_BYTES].tobytes())
            elif code == NEW_PREFIX:
                self._learn(tables.prefixes, state, self._judge_shape)
            elif code == NEW_LAYOUT:
                self._learn(tables.layouts, state, self._judge_layout)
            else:
                state[passes.STATUS] = code
                return

    # ---- what it does not know yet ----

    @property
    def _is_tired(self) -> bool:
        """Whether what was learnt fills its tables; only a new store may forget it."""
        tables = self._tables
        words = max(int(tables.prefixes.size[0]), int(tables.layouts.size[0]))
        return words > WORDS * 7 // 8 or int(tables.delimiter_count[0]) > len(tables.delimiters) * 3 // 4

    def _new_store(self) -> Store:
        """Room for more rows, with empty tables where they have become too full."""
        if self._is_tired:
            _forget(self._tables.prefixes)
            _forget(self._tables.layouts)
            self._tables.prefix_facts[:] = 0
            self._tables.delimiter_count[0] = 0
            self._delimiters, self._shapes = [], []
        self._tables.bound[:] = 0  # a store opens columns in an order of its own
        return new_store(self._delimiters, self._shapes)

    def _learn_delimiter(self, header: bytes) -> None:
        """Ask the framing whether what stands after BeginString(8) is a delimiter."""
        tables = self._tables
        head = HEADER.match(header)
        stated = _stated_delimiter(header)
        is_whole = head is not None and head["length"] is not None and head["delimiter"] == stated
        if tables.delimiter_count[0] == len(tables.delimiters):
            tables.delimiter_count[0] -= 1
            self._delimiters.pop()
        known = int(tables.delimiter_count[0])
        tables.delimiters[known] = int.from_bytes(stated, "little")
        tables.delimiter_widths[known] = len(stated) if is_whole and not is_padded(stated) else 0
        tables.delimiter_count[0] = known + 1
        self._delimiters.append(stated)

    def _learn(self, lexicon: Lexicon, state: np.ndarray, judge: Callable[[bytes], int]) -> None:
        """Add the word that was looked up in vain, with what it means."""
        known = int(lexicon.size[0])
        if known == WORDS:
            state[passes.LEARNS] = 0
            return
        length, bucket = lexicon.missing.tolist()
        word = bytes(self._tables.spelled[:length])
        lexicon.words[known, :length] = self._tables.spelled[:length]
        lexicon.lengths[known] = length
        lexicon.values[known] = judge(word)
        lexicon.buckets[bucket] = known + 1
        lexicon.size[0] = known + 1

    def _judge_shape(self, word: bytes) -> int:
        """Keep the shape of a prefix; 1 where it marks a twin, whose message is left to the reference."""
        shape = word.decode("ascii")
        self._shapes.append(shape)
        return int(is_twin(shape))

    def _judge_layout(self, word: bytes) -> int:
        """The layout of a version, session and message type; -1 where it has no groups."""
        values = re.findall(rb"([^\x01\x02]*)([\x01\x02])", word)
        first = {
            tag: value.decode("ascii")
            for tag, (value, end) in zip(LAYOUT_TAGS, values, strict=False)
            if end[0] == ENDED
        }
        msg_type = first.get(MSG_TYPE, "")
        return self._layouts.register(self._versions.dictionary(first, msg_type), msg_type)


def _forget(lexicon: Lexicon) -> None:
    lexicon.buckets[:] = 0
    lexicon.size[0] = 0


def _stated_delimiter(header: bytes) -> bytes:
    """What stands between BeginString(8) and ``9=``."""
    begin_end = len(START)
    while header[begin_end : begin_end + 1].isalnum() or header[begin_end : begin_end + 1] == b".":
        begin_end += 1
    return header[begin_end : header.index(b"9=", begin_end + 1)]

"""The compiled pass over one block: stretches of regular messages and lines, and the gaps between them.

Invariant: inside a run every byte is settled as ``framing`` would settle it from the run's first byte on, at a
place where one segment has ended and nothing is open. What lies between runs is the reference's. Where the next
run starts is a guess; whoever joins runs and gaps has to see that the reference arrives there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fix_transforms.fix.scanner import FIELDS
from fix_transforms.fix.scanner.arrays import RUNS, Events, Groups, Rows, Tables
from fix_transforms.fix.scanner.cells import close_rows, write_view
from fix_transforms.fix.scanner.clock_slots import FRACTION_DIGITS, MINUTE_KEY, NANOSECONDS
from fix_transforms.fix.scanner.clocks import find_clock
from fix_transforms.fix.scanner.compiling import Number, compiled, entry
from fix_transforms.fix.scanner.envelopes import (
    DELIMITER,
    END,
    FREE,
    LEAVE,
    LEAVE_FRAME,
    NEW_DELIMITER,
    NEW_LAYOUT,
    NEW_PREFIX,
    OK,
    WIRE_END,
    WIRE_START,
    open_envelope,
)
from fix_transforms.fix.scanner.fields import find_ends, name_fields, repeats_outside
from fix_transforms.fix.scanner.layout import COUNTER, REPEATED
from fix_transforms.fix.scanner.loads import equal_mask, get, load_u64, mask_below, trailing_zeros
from fix_transforms.fix.scanner.prefixes import take_prefix
from fix_transforms.fix.scanner.templates import learn, template_of, write_row
from fix_transforms.fix.scanner.unfolding import unfold_message
from fix_transforms.fix.scanner.words import UNKNOWN, is_plain, layout_of

if TYPE_CHECKING:
    from fix_transforms.fix.scanner.layouts import LayoutArrays
    from fix_transforms.fix.scanner.unfolding import GroupScratch

#: What ``state`` holds, in and out.
POSITION, BLOCK_END, INSIDE_LINE, LINES, ROW, EVENT, FREE_AT, BLOCK, RUN, LEARNS, BY_SESSION, MARK, STATUS = range(13)
STATE = 13

#: What a run holds.
START, STOP, ROW_0, ROW_1, EVENT_0, EVENT_1, RESUME, RESUME_LINES, STOP_LINES, INSIDE = range(10)
RUN_FIELDS = 10

#: Why the pass stopped, besides ``NEW_DELIMITER``, ``NEW_PREFIX`` and ``NEW_LAYOUT``: nothing more is settled, or no room.
DONE, FULL = 100, 101

_LONGEST_PREFIX = 512
_LONGEST_EVENT = 4_000
_LONGEST_NOISE = 4
#: Bytes of paths that a message may take.
_PATH_ROOM = 1024 * 1024
_EVENT_CLOCK_BYTES = 128
_NOTHING, _LINE_END, _SIGN = range(3)
_NEWLINE, _EQUALS, _T, _X = np.uint8(10), np.uint8(61), np.uint8(84), np.uint8(120)
_SQUEEZED, _LINE, _ZERO = np.uint8(42), np.uint8(124), np.uint8(48)
#: Fewest digits of the offset in a hex dump, as in ``hex_dumps``.
_OFFSET_DIGITS = 4
_BEGIN = np.uint64(int.from_bytes(b"8=FIX", "little"))

_BLANK = np.zeros(256, np.bool_)
_BLANK[[ord(c) for c in " \t\r\n\x00\x0b\x0c"]] = True
_HEX = np.zeros(256, np.bool_)
_HEX[[ord(c) for c in "0123456789abcdefABCDEF"]] = True
_CLOSES_OFFSET = np.zeros(256, np.bool_)
_CLOSES_OFFSET[[ord(c) for c in "h:|"]] = True
#: What may end a line that belongs to the message on the next one.
_ANNOUNCES = np.zeros(256, np.bool_)
_ANNOUNCES[[ord(c) for c in ">:([{-=,<eEgG"]] = True


@compiled
def _next_mark(work: np.ndarray, cursor: Number, end: Number) -> tuple[Number, Number]:
    """The next line end or ``=``, whichever comes first."""
    block = cursor
    while block < end:
        mask = equal_mask(work, block, _NEWLINE) | equal_mask(work, block, _EQUALS)
        mask &= mask_below(end - block)
        if mask:
            index = block + np.int64(trailing_zeros(mask))
            return (_LINE_END if get(work, index) == _NEWLINE else _SIGN), index
        block += 64
    return _NOTHING, end


@compiled
def _is_begin(work: np.ndarray, index: Number) -> Number:
    """Whether ``8=FIX`` stands here."""
    return load_u64(work, index) & np.uint64(0xFFFFFFFFFF) == _BEGIN


@compiled
def _strip(work: np.ndarray, start: Number, end: Number) -> tuple[Number, Number]:
    while start < end and _BLANK[get(work, start)]:
        start += 1
    while start < end and _BLANK[get(work, end - 1)]:
        end -= 1
    return start, end


@compiled
def _says_nothing(work: np.ndarray, start: Number, end: Number) -> Number:
    if end - start > _LONGEST_NOISE:
        return False
    for index in range(start, end):
        byte = get(work, index)
        if byte > 127 or byte == _EQUALS or 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122:
            return False
    return True


@compiled
def _line_after(work: np.ndarray, index: Number, end: Number) -> Number:
    """Start of the next line that the line before it does not announce; -1 if there is none."""
    announced = True
    while announced:
        mark, start = _SIGN, index
        while mark == _SIGN:
            mark, found = _next_mark(work, index, end)
            index = found + 1
        if mark == _NOTHING:
            return -1
        _, last = _strip(work, start, index)
        announced = last > start and _ANNOUNCES[get(work, last - 1)]
    return index


@compiled
def _line_ends(work: np.ndarray, start: Number, end: Number) -> Number:
    total = 0
    for index in range(start, end):
        total += get(work, index) == _NEWLINE
    return total


@compiled
def _take_clock(work: np.ndarray, start: Number, end: Number, tables: Tables, events: Events, row: Number) -> None:
    events.clock[row] = find_clock(work, start, end, tables.clock)
    events.minute[row] = tables.clock[MINUTE_KEY]
    events.nanoseconds[row] = tables.clock[NANOSECONDS]
    events.digits[row] = np.int8(tables.clock[FRACTION_DIGITS])


@compiled
def _after_offset(work: np.ndarray, start: Number, end: Number) -> Number:
    """Where the offset of a row of a hex dump ends, with what closes it: four hex digits or more; -1 for none."""
    if get(work, start) == _LINE:
        start += 1
    if get(work, start) == _ZERO and get(work, start + 1) == _X:
        start += 2
    place = start
    while place < end and _HEX[get(work, place)]:
        place += 1
    if place - start < _OFFSET_DIGITS:
        return -1
    return place + 1 if place < end and _CLOSES_OFFSET[get(work, place)] else place


@compiled
def _may_be_dump(work: np.ndarray, start: Number, end: Number) -> Number:
    """Whether the line may be a row of a hex dump: an offset, alone or before a byte; or a ``*`` for some rows.

    A clock behind a date is no byte: what looks like ``09:30`` is one only if ``=`` is on the line.
    """
    if get(work, start) == _SQUEEZED:
        return end == start + 1
    place = _after_offset(work, start, end)
    if place < 0 or place >= end:
        return place >= end
    first = place
    while place < end and (get(work, place) == 32 or get(work, place) == 9):
        place += 1
    if place == first or place + 2 > end or not (_HEX[get(work, place)] and _HEX[get(work, place + 1)]):
        return False
    return place + 2 == end or get(work, place + 2) != 58 or _next_mark(work, start, end)[0] == _SIGN


@compiled
def _take_event(
    work: np.ndarray, start: Number, end: Number, lines: Number, tables: Tables, events: Events, state: np.ndarray
) -> Number:
    """Write a line that is no message, if it is plain and says nothing of the next."""
    if end - start > _LONGEST_EVENT or _ANNOUNCES[get(work, end - 1)] or not is_plain(work, start, end):
        return False
    if _may_be_dump(work, start, end):
        return False
    row = state[EVENT]
    events.start[row], events.end[row], events.line[row] = start, end, lines
    _take_clock(work, start, min(end, start + _EVENT_CLOCK_BYTES), tables, events, row)
    write_view(work, start, end - start, events.text, 2 * row, state[BLOCK])
    state[EVENT] = row + 1
    return True


@compiled
def _is_logon(work: np.ndarray, count: Number, tables: Tables) -> Number:
    """Logons state versions and hold secrets."""
    for field in range(count):
        if tables.tags[field] == 35:
            return tables.lengths[field] == 1 and get(work, tables.starts[field]) == 65
    return False


@compiled
def _unfold(
    work: np.ndarray,
    count: Number,
    state: np.ndarray,
    tables: Tables,
    groups: Groups,
    layouts: LayoutArrays,
    scratch: GroupScratch,
) -> Number:
    """Write the fields inside groups: ``OK``, ``LEAVE_FRAME`` or ``NEW_LAYOUT``."""
    is_fixt = get(work, tables.starts[0] + 3) == _T  # the first value is BeginString(8)
    word = layout_of(work, count, state[BY_SESSION] != 0 or is_fixt, tables)
    if word == UNKNOWN and state[LEARNS]:
        return NEW_LAYOUT
    if word < 0:
        return LEAVE_FRAME
    layout: Number = tables.layouts.values[word]
    rows, first = groups.rows, groups.state[0]
    written = unfold_message(
        work, tables.tags, tables.starts, tables.lengths, count, layout, layouts, scratch, rows, tables.grouped,
        groups.state,
    )  # fmt: skip
    for row in range(first, first + written):
        groups.message[row] = state[ROW]
        write_view(work, rows.value_start[row], rows.value_length[row], groups.value, 2 * row, state[BLOCK])
        write_view(rows.paths, rows.path_start[row], rows.path_length[row], groups.path, 2 * row, 0)
    return OK if written >= 0 else LEAVE_FRAME


@compiled
def _take_fields(
    work: np.ndarray,
    count: Number,
    signs: Number,
    state: np.ndarray,
    tables: Tables,
    rows: Rows,
    groups: Groups,
    layouts: LayoutArrays,
    scratch: GroupScratch,
) -> Number:
    """Write the fields of a message: ``OK``, or why not, with everything as before."""
    code, used, paths = OK, groups.state[0], groups.state[1]
    steps = template_of(work, count, tables) if signs == count else -1
    if steps < 0:
        are_plain, roles = name_fields(work, count, signs, tables)
        if not are_plain or _is_logon(work, count, tables):
            return LEAVE_FRAME
        if roles & COUNTER:
            code = _unfold(work, count, state, tables, groups, layouts, scratch)
        if code == OK and roles & REPEATED and repeats_outside(count, tables):
            code = LEAVE_FRAME
        if code == OK:
            steps = learn(work, count, roles, tables)
    if code == OK and not write_row(work, steps, tables, rows, state[ROW], state[BLOCK]):
        code = LEAVE_FRAME
    if groups.state[0] > used:
        tables.grouped[:count] = 0
    if code != OK:
        groups.state[0], groups.state[1] = used, paths
    return code


@compiled
def _take_message(
    work: np.ndarray,
    index: Number,
    prefix_start: Number,
    state: np.ndarray,
    tables: Tables,
    rows: Rows,
    found: np.ndarray,
    groups: Groups,
    layouts: LayoutArrays,
    scratch: GroupScratch,
) -> Number:
    """Write the message at ``index`` into the next row: ``OK``, or why not."""
    found[FREE], found[END] = state[FREE_AT], index
    code = open_envelope(work, index, state[BLOCK_END], tables, found)
    if code == LEAVE or code == NEW_DELIMITER:
        return code
    if code == LEAVE_FRAME or index - prefix_start > _LONGEST_PREFIX:
        return LEAVE_FRAME
    code = take_prefix(work, prefix_start, index, tables, rows, state[ROW], state[BLOCK], state[LEARNS])
    if code != OK:
        return code
    wire_start, wire_end, row = found[WIRE_START], found[WIRE_END], state[ROW]
    count, signs = find_ends(work, wire_start, wire_end, tables)
    if count < 0:
        return LEAVE_FRAME
    code = _take_fields(work, count, signs, state, tables, rows, groups, layouts, scratch)
    if code != OK:
        return code
    write_view(work, wire_start, wire_end - wire_start, rows.raw, 2 * row, state[BLOCK])
    rows.start[row], rows.end[row], rows.delimiter[row] = index, found[END], found[DELIMITER]
    state[ROW] = row + 1
    if wire_start != index:
        state[FREE_AT] = wire_end
    return OK


@entry
def open_run(runs: np.ndarray, position: Number, inside: Number, lines: Number, state: np.ndarray) -> None:
    """Start a run at a place where one segment has ended."""
    run = runs[state[RUN]]
    run[START], run[STOP], run[INSIDE] = position, position, inside
    run[ROW_0], run[ROW_1], run[EVENT_0], run[EVENT_1] = state[ROW], state[ROW], state[EVENT], state[EVENT]
    run[RESUME], run[RESUME_LINES], run[STOP_LINES] = position, lines, lines


@compiled
def _extend_run(runs: np.ndarray, stop: Number, resume: Number, lines: Number, state: np.ndarray) -> None:
    run = runs[state[RUN]]
    run[STOP], run[ROW_1], run[EVENT_1] = stop, state[ROW], state[EVENT]
    run[RESUME], run[RESUME_LINES], run[STOP_LINES] = resume, lines, lines
    state[POSITION], state[LINES], state[INSIDE_LINE] = stop, lines, 1


@compiled
def _leave_gap(work: np.ndarray, resume_at: Number, inside: Number, runs: np.ndarray, state: np.ndarray) -> None:
    run = runs[state[RUN]]
    if run[STOP] > run[START]:
        state[RUN] += 1
    state[LINES] += _line_ends(work, state[POSITION], resume_at)
    state[POSITION], state[INSIDE_LINE] = resume_at, inside
    if state[RUN] < RUNS:
        open_run(runs, resume_at, inside, state[LINES], state)


@compiled
def _settle_line(
    work: np.ndarray,
    line_start: Number,
    line_end: Number,
    lines: Number,
    state: np.ndarray,
    tables: Tables,
    events: Events,
    runs: np.ndarray,
) -> Number:
    """Judge a line without a message; whether the pass can go on after it."""
    start, end = _strip(work, line_start, line_end)
    if start == end:
        return True
    if line_start == state[POSITION] and state[INSIDE_LINE] and _says_nothing(work, start, end):
        return True
    if not _take_event(work, start, end, lines, tables, events, state):
        return False
    _extend_run(runs, end, max(runs[state[RUN]][RESUME], line_start), lines, state)
    return True


@entry
def scan_block(  # noqa: C901 - one loop
    work: np.ndarray,
    state: np.ndarray,
    tables: Tables,
    rows: Rows,
    events: Events,
    runs: np.ndarray,
    found: np.ndarray,
    groups: Groups,
    layouts: LayoutArrays,
    scratch: GroupScratch,
) -> Number:
    """Go over a block from ``state[POSITION]`` as far as it is settled.

    Args:
        work: uint8: the block, ``SLACK`` bytes and free space for restored messages.
        state: int64[STATE]: where to start and what is taken; where the pass stopped.
        tables: What is known so far.
        rows: Receives messages.
        events: Receives lines.
        runs: int64[RUNS, RUN_FIELDS]: the open one is ``state[RUN]``.
        found: int64 scratch.
        groups: Receives fields inside groups.
        layouts: Where tags belong.
        scratch: To unfold groups with.

    Returns:
        ``DONE``, ``FULL``, ``NEW_DELIMITER``, ``NEW_PREFIX`` or ``NEW_LAYOUT``; after the last three the pass can
        be called again with the same arguments, once the tables know more.
    """
    end = state[BLOCK_END]
    cursor = line_start = state[POSITION]
    lines = state[LINES]
    row = state[ROW]
    while True:
        if state[RUN] >= RUNS or state[ROW] >= len(rows.start) or state[EVENT] >= len(events.start):
            code = FULL
            break
        if groups.state[0] + FIELDS > len(groups.message) or groups.state[1] + _PATH_ROOM > len(groups.rows.paths):
            code = FULL
            break
        mark, index = _next_mark(work, cursor, end)
        if mark == _NOTHING:
            code = DONE
            break
        if mark == _LINE_END:
            if _settle_line(work, line_start, index, lines, state, tables, events, runs):
                cursor = line_start = index + 1
                lines += 1
                continue
            after, inside = _line_after(work, line_start, end), False
        else:
            if index == line_start or not _is_begin(work, index - 1):
                cursor = index + 1
                continue
            rows.line[state[ROW]] = lines
            code = _take_message(work, index - 1, line_start, state, tables, rows, found, groups, layouts, scratch)
            if code == OK:
                _extend_run(runs, found[END], found[END], lines, state)
                cursor = line_start = found[END]
                if cursor < end and get(work, cursor) == _NEWLINE:  # as nearly always: the line ends here
                    cursor = line_start = cursor + 1
                    lines += 1
                continue
            if code == NEW_DELIMITER or code == NEW_PREFIX or code == NEW_LAYOUT:
                state[MARK] = index - 1
                break
            inside = code == LEAVE_FRAME
            after = found[END] if inside else _line_after(work, index, end)
        if after < 0:
            code = DONE
            break
        _leave_gap(work, after, inside, runs, state)
        cursor = line_start = state[POSITION]
        lines = state[LINES]
    close_rows(rows, row, state[ROW])
    return code


__all__ = ["open_run", "scan_block"]

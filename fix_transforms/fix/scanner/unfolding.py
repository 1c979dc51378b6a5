"""Unfolds the repeating groups of one message without an object per field.

Invariant: what ``unfold_message`` writes is what ``groups.unfold`` returns, row for row; the rules are told there.
Where it would need more room than it was given it writes nothing that counts, and says so.

Time is linear in the number of fields: a tag is looked for in the open groups only, of which there are at most
``MAX_OPEN_GROUPS``, and "seen in this instance" is a stamp per open group and tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from fix_transforms.fix.groups import MAX_COUNTER_DIGITS, MAX_OPEN_GROUPS
from fix_transforms.fix.scanner.compiling import compiled
from fix_transforms.fix.scanner.layout import TAG_LIMIT
from fix_transforms.fix.scanner.layouts import OPENS, UNLISTED

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from fix_transforms.fix.scanner.layouts import LayoutArrays
    from fix_transforms.fix.scanner.slabs import Empty

    Array: TypeAlias = NDArray[Any]
    Record: TypeAlias = Any  # entry of an array of _OPEN_GROUP or _WALK

#: What ``unfold_message`` returns when the message is left to ``groups.unfold``.
DECLINED: Final = -1
#: What ``state`` holds: rows and bytes of paths used so far.
ROWS_USED, PATH_BYTES_USED = range(2)

#: Where a tag belongs, besides the level of an open group: to the message, or nothing here lists it.
_MESSAGE, _NOWHERE = -1, -2
#: Most that one step adds to a path: ``.``, a tag, ``[``, an instance and ``]``.
_STEP_BYTES = 24
_DOT, _OPENING, _CLOSING, _ZERO = 46, 91, 93, 48

_OPEN_GROUP = np.dtype([
    (name, np.int64)
    for name in (
        "cells",  # where the group's part of LayoutArrays.group starts
        "counter",
        "position",  # of the counter
        "declared",  # instances that the counter announces; -1 where it is no number
        "splits",  # whether an instance also starts at a repeated tag
        "instances",
        "first",  # tag that the instances start with
        "stamp",  # of the instance
        "repeated",  # whether a tag stood twice in an instance
        "stem_start",  # path up to the instance's number
        "stem_length",
        "path_start",
        "path_length",
    )
])  # fmt: skip

_WALK = np.dtype([
    (name, np.int64)
    for name in (
        "depth",  # groups open
        "row",
        "path",
        "stamp",  # the last one given out; never given out again
        "splitting",  # whether this is the second pass
        "short",  # whether a group is to be split at repeated tags
        "uneven",  # whether a group has other than the announced instances
    )
])  # fmt: skip


class GroupRows(NamedTuple):
    """One entry per field inside a group, as in ``groups.GroupField``; and the paths, each once per instance."""

    position: NDArray[np.int32]
    counter_tag: NDArray[np.int32]
    instance: NDArray[np.int32]
    depth: NDArray[np.int32]
    tag: NDArray[np.int32]
    is_known: NDArray[np.uint8]
    count_ok: NDArray[np.uint8]
    value_start: NDArray[np.int64]  # in the message's buffer
    value_length: NDArray[np.int64]
    path_start: NDArray[np.int64]  # in ``paths``
    path_length: NDArray[np.int64]
    paths: NDArray[np.uint8]


class GroupScratch(NamedTuple):
    """Working space of one thread; what it holds between two messages is of no use to anyone else."""

    levels: NDArray[Any]  # [level]: the open groups
    walk: NDArray[Any]  # [1]
    seen: NDArray[np.int64]  # [level * TAG_LIMIT + number of the tag]: stamp of the instance that had it last
    owners: NDArray[np.int32]  # [row of the message]: position of its group's counter
    agrees: NDArray[np.uint8]  # [position]: whether the group counted there has the announced instances
    splits: NDArray[np.uint8]  # [position]: whether the group counted there is to be split; void unless any is


def new_group_rows(empty: Empty, capacity: int, path_bytes: int) -> GroupRows:
    """Room for so many rows and bytes of paths."""
    return GroupRows(
        position=empty(capacity, np.int32),
        counter_tag=empty(capacity, np.int32),
        instance=empty(capacity, np.int32),
        depth=empty(capacity, np.int32),
        tag=empty(capacity, np.int32),
        is_known=empty(capacity, np.uint8),
        count_ok=empty(capacity, np.uint8),
        value_start=empty(capacity, np.int64),
        value_length=empty(capacity, np.int64),
        path_start=empty(capacity, np.int64),
        path_length=empty(capacity, np.int64),
        paths=empty(path_bytes, np.uint8),
    )


def new_group_scratch(fields: int) -> GroupScratch:
    """Working space for messages of up to so many fields; memory is only taken where it is written."""
    return GroupScratch(
        levels=np.zeros(MAX_OPEN_GROUPS, _OPEN_GROUP),
        walk=np.zeros(1, _WALK),
        seen=np.zeros(MAX_OPEN_GROUPS * TAG_LIMIT, np.int64),
        owners=np.empty(fields, np.int32),
        agrees=np.empty(fields, np.uint8),
        splits=np.empty(fields, np.uint8),
    )


@compiled
def unfold_message(
    buf: Array,
    tags: Array,
    starts: Array,
    lengths: Array,
    count: int,
    layout_id: int,
    layouts: LayoutArrays,
    scratch: GroupScratch,
    rows: GroupRows,
    grouped: Array,
    state: Array,
) -> int:
    """Write a row for each of the message's fields that is inside a repeating group, in their order.

    Args:
        buf: uint8: holds the values; only those of counters are looked at.
        tags: int32 [field]: tags of the message's fields, header and trailer included.
        starts: int64 [field]: where each value starts in ``buf``.
        lengths: int64 [field]: its bytes.
        count: How many fields there are.
        layout_id: What ``Layouts.register`` returned for the message.
        layouts: ``Layouts.arrays``, as of that call or later.
        scratch: From ``new_group_scratch``; this thread's.
        rows: From ``new_group_rows``.
        grouped: uint8 [field]: zeros; becomes 1 for the fields inside groups. All zeros unless rows are written.
        state: int64 [2]: ``ROWS_USED`` and ``PATH_BYTES_USED``; moved on when rows are written.

    Returns:
        How many rows were written. ``DECLINED`` when the message has a tag outside 0 to ``TAG_LIMIT`` - 1 or more
        fields than ``scratch`` is for, or when ``rows`` or its ``paths`` are full: what is in ``rows`` beyond
        ``state`` is void then, as it always is.
    """
    if layout_id < 0:
        return 0
    if count > len(scratch.owners):
        return DECLINED
    walk = scratch.walk[0]
    walk.splitting, walk.short = 0, 0
    while True:
        walk.depth, walk.uneven, walk.row, walk.path = 0, 0, state[ROWS_USED], state[PATH_BYTES_USED]
        fits = _pass(buf, tags, starts, lengths, count, layout_id, layouts, scratch, rows, grouped, state[ROWS_USED])
        if fits and (walk.splitting or not walk.short):
            break
        grouped[:count] = 0
        if not fits:
            return DECLINED
        walk.splitting = 1
    written: int = walk.row - state[ROWS_USED]
    if walk.uneven:
        for row in range(written):
            rows.count_ok[state[ROWS_USED] + row] = scratch.agrees[scratch.owners[row]]
    state[ROWS_USED], state[PATH_BYTES_USED] = walk.row, walk.path
    return written


@compiled
def _pass(
    buf: Array,
    tags: Array,
    starts: Array,
    lengths: Array,
    count: int,
    layout_id: int,
    layouts: LayoutArrays,
    scratch: GroupScratch,
    rows: GroupRows,
    grouped: Array,
    first_row: int,
) -> bool:
    """Go over the fields once; false when something does not fit."""
    walk, levels = scratch.walk[0], scratch.levels
    start = layouts.starts[layout_id]
    for position in range(count):
        tag = tags[position]
        if tag < 0 or tag >= TAG_LIMIT:
            return False
        number: Any = np.int64(layouts.numbers[layout_id * TAG_LIMIT + tag])
        kind = layouts.message[start + number]
        if walk.depth == 0 and kind != OPENS:
            continue
        home = _home(tag, number, kind, walk.depth, levels, layouts.group, scratch.seen)
        if home == _NOWHERE:
            _drop_empty(walk, levels)
        else:
            _close(home + 1, count, walk, levels, scratch.agrees, scratch.splits)
        if walk.depth > 0:
            here = levels[walk.depth - 1]
            if home >= 0:
                kind = layouts.group[here.cells + number]
            if not _take(here, tag, number, home >= 0, walk, scratch.seen, rows.paths) or walk.row == len(rows.tag):
                return False
            scratch.owners[walk.row - first_row] = here.position
            grouped[position] = 1
            _write_row(position, tag, starts[position], lengths[position], home >= 0, here, walk, rows)
        if kind == OPENS and walk.depth < MAX_OPEN_GROUPS:
            cells = layouts.cells[layouts.opened[start + number]]
            declared = _declared(buf, starts[position], lengths[position])
            _open(position, tag, cells, declared, walk, levels, scratch.splits)
    _close(0, count, walk, levels, scratch.agrees, scratch.splits)
    return True


@compiled
def _starts_instance(here: Record, tag: int, repeats: bool) -> bool:
    return here.instances == 0 or tag == here.first or (here.splits != 0 and repeats)


@compiled
def _home(tag: int, number: int, kind: int, depth: int, levels: Array, cells: Array, seen: Array) -> int:
    """Level of the open group that the tag belongs to, ``_MESSAGE`` or ``_NOWHERE``."""
    fallback = _NOWHERE
    for level in range(depth - 1, -1, -1):
        here = levels[level]
        if cells[here.cells + number] == UNLISTED:
            continue
        repeats = seen[level * TAG_LIMIT + number] == here.stamp  # void, and not asked for, before the first instance
        if _starts_instance(here, tag, repeats):
            has_room = here.declared < 0 or here.instances < here.declared
        else:
            has_room = not repeats
        if has_room:
            return level
        if fallback == _NOWHERE:
            fallback = level
    return fallback if kind == UNLISTED else _MESSAGE


@compiled
def _take(here: Record, tag: int, number: int, is_known: bool, walk: Record, seen: Array, paths: Array) -> bool:
    """Take the field into the innermost open group; false when the path of a new instance does not fit.

    A tag that the group does not list repeats nothing, so it is never marked as seen.
    """
    cell = (walk.depth - 1) * TAG_LIMIT + number
    repeats = seen[cell] == here.stamp
    if _starts_instance(here, tag, repeats):
        if here.stem_length + _STEP_BYTES > len(paths) - walk.path:
            return False
        _write_path(here, walk, paths)
        here.instances += 1
        here.first = tag
        walk.stamp += 1
        here.stamp = walk.stamp
    elif repeats:
        here.repeated = 1
    if is_known:
        seen[cell] = here.stamp
    return True


@compiled
def _write_path(here: Record, walk: Record, paths: Array) -> None:
    """Write the path of the next instance: the group's own part of it is written out once, then copied."""
    start = at = walk.path
    for index in range(here.stem_start, here.stem_start + here.stem_length):
        paths[at] = paths[index]
        at += 1
    if here.instances == 0:
        if here.stem_length > 0:
            paths[at] = _DOT
            at += 1
        at = _write_number(here.counter, paths, at)
        paths[at] = _OPENING
        at += 1
        here.stem_length = at - start
    here.stem_start = start
    at = _write_number(here.instances, paths, at)
    paths[at] = _CLOSING
    here.path_start, here.path_length = start, at + 1 - start
    walk.path = at + 1


@compiled
def _write_number(number: int, paths: Array, at: int) -> int:
    """Write the decimal digits and say where they end."""
    end = at + 1
    rest = number // 10
    while rest > 0:
        end += 1
        rest //= 10
    rest = number
    for index in range(end - 1, at - 1, -1):
        paths[index] = _ZERO + rest % 10
        rest //= 10
    return end


@compiled
def _write_row(
    position: int, tag: int, start: int, length: int, is_known: bool, here: Record, walk: Record, rows: GroupRows
) -> None:
    row = walk.row
    rows.position[row], rows.tag[row] = position, tag
    rows.counter_tag[row], rows.instance[row], rows.depth[row] = here.counter, here.instances - 1, walk.depth
    rows.is_known[row], rows.count_ok[row] = is_known, 1
    rows.value_start[row], rows.value_length[row] = start, length
    rows.path_start[row], rows.path_length[row] = here.path_start, here.path_length
    walk.row = row + 1


@compiled
def _open(position: int, counter: int, cells: int, declared: int, walk: Record, levels: Array, splits: Array) -> None:
    depth = walk.depth
    here = levels[depth]
    here.cells, here.counter, here.position, here.declared = cells, counter, position, declared
    here.splits = walk.splitting != 0 and splits[position] != 0
    here.instances, here.repeated = 0, 0
    here.stem_start, here.stem_length = 0, 0
    if depth > 0:
        here.stem_start, here.stem_length = levels[depth - 1].path_start, levels[depth - 1].path_length
    walk.depth = depth + 1


@compiled
def _drop_empty(walk: Record, levels: Array) -> None:
    """Leave the groups whose counter announces nothing and which have nothing."""
    while walk.depth > 0 and levels[walk.depth - 1].instances == 0 and levels[walk.depth - 1].declared <= 0:
        walk.depth -= 1


@compiled
def _close(depth: int, count: int, walk: Record, levels: Array, agrees: Array, splits: Array) -> None:
    """End the groups inside the outer ``depth`` ones, and note how they compare with their counters."""
    for level in range(depth, walk.depth):
        here = levels[level]
        agrees[here.position] = here.declared == here.instances
        if here.declared != here.instances and here.instances > 0:
            walk.uneven = 1
            if here.repeated and here.instances < here.declared and not walk.splitting:
                if not walk.short:
                    splits[:count] = 0
                    walk.short = 1
                splits[here.position] = 1
    walk.depth = depth


@compiled
def _declared(buf: Array, start: int, length: int) -> int:
    """The number that a counter announces; -1 where it is none."""
    if length < 1 or length > MAX_COUNTER_DIGITS:
        return -1
    number: Any = 0
    for index in range(start, start + length):
        digit = np.int64(buf[index]) - _ZERO
        if digit < 0 or digit > 9:
            return -1
        number = 10 * number + digit
    return int(number)


__all__ = [
    "DECLINED",
    "PATH_BYTES_USED",
    "ROWS_USED",
    "GroupRows",
    "GroupScratch",
    "new_group_rows",
    "new_group_scratch",
    "unfold_message",
]

"""Unfolds the repeating groups of one message, and finds tags repeated outside any.

FIX writes a group as a counter followed by that many instances, and nothing marks where it ends: extent is
decided by the dictionary (FIX 4.4 volume 1, "Repeating groups"). Real messages deviate, so nothing here is
fatal. The rules, in the order in which they apply to a field:

1. It belongs to the innermost open group that lists its tag, and ends the groups inside that one. A tag already
   seen in the instance, or one that would start more instances than the counter announced, goes to an enclosing
   group or the message where one of those lists it too.
2. A tag that the message lists outside groups (header and trailer included) ends every group.
3. A tag that nothing here lists stays in the instance it is found in, as not known. Directly after a counter above
   zero it starts the first instance, for a counterparty may have put its own tag first.
4. An instance starts at the first tag seen in the group, whatever the dictionary's order, and again whenever that
   tag returns. Where this finds fewer instances than announced and a tag stands twice in one, the sender left the
   first tag out: then an instance also starts at any listed tag that the one before has.

Invariant: every position occurs at most once and in order; time is linear in the number of fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fix_transforms.fix.dictionary import Dictionary, Group, Layout

#: Groups open at once. FIX 5.0 SP2 nests 7 deep; a dictionary whose groups contain each other has no bound.
MAX_OPEN_GROUPS = 32
#: Longest counter taken for a number.
MAX_COUNTER_DIGITS = 9


class GroupField(NamedTuple):
    """A field inside a repeating group.

    Attributes:
        position: Position among the message's fields, from 0.
        path: Group instances from the outside in, instances from 0: ``453[1].802[0]``.
        counter_tag: Tag that counts the innermost group's instances.
        instance: Instance of the innermost group, from 0.
        depth: How many groups enclose the field.
        tag: Tag of the field.
        value: Its value, as given.
        is_known: Whether the dictionary lists the tag in the innermost group.
        count_ok: Whether the innermost group's counter agrees with the instances found.
    """

    position: int
    path: str
    counter_tag: int
    instance: int
    depth: int
    tag: int
    value: str
    is_known: bool
    count_ok: bool


def unfold(fields: Sequence[tuple[int, str]], dictionary: Dictionary | None, msg_type: str) -> list[GroupField]:
    """The fields that are inside repeating groups, in the order of the message.

    Args:
        fields: Tag and value of every field of the message, header and trailer included.
        dictionary: Of the message's version; none when that is not known.
        msg_type: MsgType(35).

    Returns:
        Nothing when the version or the message type is not known: without a dictionary a group has no end.
    """
    layout = None if dictionary is None else dictionary.layout(msg_type)
    if layout is None or not any(tag in layout.groups for tag, _ in fields):
        return []
    walk = _Walk(layout).over(fields)
    if walk.short:
        walk = _Walk(layout, walk.short).over(fields)
    return walk.found()


def duplicate_tags(
    fields: Sequence[tuple[int, str]],
    dictionary: Dictionary | None,
    msg_type: str,
    inside: Iterable[GroupField] | None = None,
) -> list[int]:
    """Tags that occur more than once outside any repeating group, ascending.

    Args:
        fields: As for ``unfold``.
        dictionary: As for ``unfold``; without one every repetition counts.
        msg_type: As for ``unfold``.
        inside: What ``unfold`` returned for the same arguments, where the caller has it already.
    """
    if len({tag for tag, _ in fields}) == len(fields):
        return []
    rows = unfold(fields, dictionary, msg_type) if inside is None else inside
    grouped = {row.position for row in rows}
    counts = Counter(tag for position, (tag, _) in enumerate(fields) if position not in grouped)
    return sorted(tag for tag, count in counts.items() if count > 1)


@dataclass(slots=True)
class _OpenGroup:
    group: Group
    prefix: str
    declared: int | None
    splits_on_repeat: bool
    instances: int = 0
    first: int = 0
    seen: set[int] = field(default_factory=set)
    has_repeats: bool = False
    path: str = ""

    def take(self, tag: int) -> None:
        if self.starts_instance(tag):
            self.path = f"{self.prefix}{self.group.counter}[{self.instances}]"
            self.instances += 1
            self.first = tag
            self.seen = {tag}
        elif self.repeats(tag):
            self.has_repeats = True
        else:
            self.seen.add(tag)

    def repeats(self, tag: int) -> bool:
        return tag in self.seen and tag in self.group.members

    def starts_instance(self, tag: int) -> bool:
        return self.instances == 0 or tag == self.first or (self.splits_on_repeat and self.repeats(tag))

    def has_no_room_for(self, tag: int) -> bool:
        """Whether taking the tag would repeat it in the instance, or exceed the announced instances."""
        if self.starts_instance(tag):
            return self.declared is not None and self.instances >= self.declared
        return self.repeats(tag)

    @property
    def is_short(self) -> bool:
        """Whether reading on as before has joined instances that the counter announced apart."""
        return self.has_repeats and self.declared is not None and self.instances < self.declared


class _Row(NamedTuple):
    position: int
    path: str
    group: _OpenGroup
    instance: int
    depth: int
    tag: int
    value: str
    is_known: bool


class _Walk:
    def __init__(self, layout: Layout, splitting: frozenset[int] = frozenset()) -> None:
        self.layout = layout
        self.splitting = splitting
        self.open: list[_OpenGroup] = []
        self.opened: dict[int, _OpenGroup] = {}  # by position of the counter
        self.rows: list[_Row] = []

    def over(self, fields: Iterable[tuple[int, str]]) -> _Walk:
        for position, (tag, value) in enumerate(fields):
            self.take(position, tag, value)
        return self

    @property
    def short(self) -> frozenset[int]:
        """Positions of the counters whose groups are to be split at repeated tags."""
        return frozenset(position for position, group in self.opened.items() if group.is_short)

    def take(self, position: int, tag: int, value: str) -> None:
        home = self._home(tag) if self.open else -1
        if home is None:
            self._keep_unknown(position, tag, value)
            return
        del self.open[home + 1 :]
        if home < 0:
            if tag in self.layout.groups and tag in self.layout.tags:
                self._open(position, tag, value, prefix="")
            return
        here = self.open[home]
        self._keep(position, tag, value, is_known=True)
        if tag in here.group.nested:
            self._open(position, tag, value, prefix=f"{here.path}.")

    def found(self) -> list[GroupField]:
        return [
            GroupField(
                row.position,
                row.path,
                row.group.group.counter,
                row.instance,
                row.depth,
                row.tag,
                row.value,
                row.is_known,
                row.group.declared == row.group.instances,
            )
            for row in self.rows
        ]

    def _home(self, tag: int) -> int | None:
        """Index of the open group the tag belongs to, -1 for the message itself, None when nothing lists it."""
        fallback: int | None = None
        for level in range(len(self.open) - 1, -1, -1):
            here = self.open[level]
            if tag in here.group.members:
                if not here.has_no_room_for(tag):
                    return level
                if fallback is None:
                    fallback = level
        return -1 if tag in self.layout.tags else fallback

    def _keep_unknown(self, position: int, tag: int, value: str) -> None:
        while self.open and self.open[-1].instances == 0 and not self.open[-1].declared:
            self.open.pop()
        if self.open:
            self._keep(position, tag, value, is_known=False)

    def _keep(self, position: int, tag: int, value: str, *, is_known: bool) -> None:
        here = self.open[-1]
        here.take(tag)
        self.rows.append(_Row(position, here.path, here, here.instances - 1, len(self.open), tag, value, is_known))

    def _open(self, position: int, counter: int, value: str, *, prefix: str) -> None:
        group = self.layout.groups.get(counter)
        if group is not None and len(self.open) < MAX_OPEN_GROUPS:
            opened = _OpenGroup(group, prefix, _count(value), position in self.splitting)
            self.opened[position] = opened
            self.open.append(opened)


def _count(value: str) -> int | None:
    is_number = value.isascii() and value.isdecimal() and len(value) <= MAX_COUNTER_DIGITS
    return int(value) if is_number else None

"""Where the tags of each message type belong, as flat arrays for compiled code.

Invariant: the arrays say of every tag below ``TAG_LIMIT`` what ``Dictionary.layout`` says; larger tags are not in them,
so a message with one has to be read without. What was handed out stays valid: growing makes new arrays.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np

from fix_transforms.fix.dictionary import GROUP_COUNTERS
from fix_transforms.fix.scanner.layout import TAG_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from fix_transforms.fix.dictionary import Dictionary, Layout

#: What a message, or a group, makes of a tag: it does not list it, it lists it, it lists it as a group's counter.
UNLISTED, LISTED, OPENS = range(3)

_Kind = TypeVar("_Kind", bound=np.generic)
_Numbers: TypeAlias = "NDArray[np.int64]"


class LayoutArrays(NamedTuple):
    """What is known of all layouts. Tags of a layout are numbered from 1; number 0 is any tag it lists nowhere."""

    numbers: NDArray[np.uint16]  # [layout * TAG_LIMIT + tag]: number of the tag
    starts: _Numbers  # [layout]: where its part of the next two starts
    message: NDArray[np.uint8]  # [start + number]: what the message makes of it, outside groups
    opened: NDArray[np.int32]  # [start + number]: which group it is the counter of; -1 for none
    cells: _Numbers  # [group]: where its part of the next one starts
    group: NDArray[np.uint8]  # [cell + number]: what an instance of the group makes of it


class _Growing(Generic[_Kind]):
    """An array that is added to at its end."""

    def __init__(self, dtype: type[_Kind], room: int) -> None:
        self.array: NDArray[_Kind] = np.zeros(room, dtype)
        self.used = 0

    def add(self, values: NDArray[Any]) -> int:
        """Append, and say where."""
        start, end = self.used, self.used + values.size
        if end > self.array.size:
            larger = np.zeros(max(2 * self.array.size, end), self.array.dtype)
            larger[:start] = self.array[:start]
            self.array = larger
        self.array[start:end] = values.ravel()
        self.used = end
        return start


class Layouts:
    """The layouts that messages of a run have needed so far. Any thread may register.

    A layout takes 128 KiB, and a byte for each pair of a group and a tag: next to nothing in FIX 4.4, up to 1.8 MiB in
    FIX 5.0 SP2. Their number is bounded by what the dictionaries define, not by what messages claim to be.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[int, str], int] = {}
        self._kept: dict[int, Dictionary] = {}  # an id is of one dictionary only as long as that lives
        self._lock = Lock()
        self._numbers = _Growing(np.uint16, TAG_LIMIT)
        self._starts = _Growing(np.int64, 16)
        self._message = _Growing(np.uint8, 1024)
        self._opened = _Growing(np.int32, 1024)
        self._cells = _Growing(np.int64, 64)
        self._group = _Growing(np.uint8, 16 * 1024)
        self.arrays = self._current()

    def register(self, dictionary: Dictionary, msg_type: str) -> int:
        """The number of a layout; ``arrays`` is to be read again afterwards.

        Returns:
            -1 when the dictionary does not know the message type, or knows no group in it.
        """
        key = (id(dictionary), msg_type)
        found = self._ids.get(key)
        if found is not None:
            return found
        layout = dictionary.layout(msg_type)
        if layout is None or not layout.groups:
            return -1
        with self._lock:
            if key not in self._ids:
                self._kept[id(dictionary)] = dictionary
                added = self._add(layout)
                self.arrays = self._current()
                self._ids[key] = added
            return self._ids[key]

    def _current(self) -> LayoutArrays:
        return LayoutArrays(
            self._numbers.array,
            self._starts.array,
            self._message.array,
            self._opened.array,
            self._cells.array,
            self._group.array,
        )

    def _add(self, layout: Layout) -> int:
        numbers, size = _numbered(layout)
        counters = [counter for counter in layout.groups if counter < TAG_LIMIT]
        message = np.zeros(size, np.uint8)
        message[numbers[_small(layout.tags)]] = LISTED
        message[numbers[_small(layout.tags & layout.groups.keys())]] = OPENS
        cells = np.zeros((len(counters), size), np.uint8)
        for row, counter in zip(cells, counters, strict=True):
            group = layout.groups[counter]
            row[numbers[_small(group.members)]] = LISTED
            row[numbers[_small(group.members & group.nested & layout.groups.keys())]] = OPENS
        opened = np.full(size, -1, np.int32)
        opened[numbers[counters]] = np.arange(len(counters)) + self._cells.used
        self._cells.add(self._group.add(cells) + size * np.arange(len(counters)))
        self._starts.add(np.array([self._message.add(message)]))
        self._opened.add(opened)
        return self._numbers.add(numbers) // TAG_LIMIT


def _small(tags: Iterable[int]) -> list[int]:
    return [tag for tag in tags if tag < TAG_LIMIT]


def _numbered(layout: Layout) -> tuple[NDArray[np.uint16], int]:
    """The number of each tag, and how many numbers there are, 0 included."""
    listed = layout.tags.union(layout.groups, *(group.members for group in layout.groups.values()))
    tags = sorted(_small(listed))
    numbers = np.zeros(TAG_LIMIT, np.uint16)
    numbers[tags] = np.arange(1, len(tags) + 1)
    return numbers, len(tags) + 1


def counter_tags(dictionaries: Iterable[Dictionary]) -> NDArray[np.uint8]:
    """Which tags count the instances of a group in any message of any of the dictionaries: 1 for those, by tag.

    A message without such a tag has no group. Tags from ``TAG_LIMIT`` on are not in the array.
    """
    found = np.zeros(TAG_LIMIT, np.uint8)
    for dictionary in dictionaries:
        found[_small(definition.counter for definition in dictionary.definitions)] = 1
    return found


@cache
def known_counters() -> NDArray[np.uint8]:
    """``counter_tags`` of every version of the standard, of which none is loaded for it; not to be written to."""
    found = np.zeros(TAG_LIMIT, np.uint8)
    found[_small(GROUP_COUNTERS)] = 1
    found.flags.writeable = False
    return found


__all__: Final = ["LISTED", "OPENS", "UNLISTED", "LayoutArrays", "Layouts", "counter_tags", "known_counters"]

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from fix_transforms.fix.dictionary import VERSIONS, Dictionary, Message, load_dictionary
from fix_transforms.fix.dictionary.model import GroupDefinition, Section
from fix_transforms.fix.groups import MAX_OPEN_GROUPS, GroupField, unfold
from fix_transforms.fix.scanner.compiling import entry
from fix_transforms.fix.scanner.layout import TAG_LIMIT
from fix_transforms.fix.scanner.layouts import LISTED, OPENS, Layouts, counter_tags, known_counters
from fix_transforms.fix.scanner.unfolding import (
    DECLINED,
    PATH_BYTES_USED,
    ROWS_USED,
    new_group_rows,
    new_group_scratch,
    unfold_message,
)

#: The kernel with a way in for Python, which it does not have as part of the compiled pass.
UNFOLD = entry(unfold_message.py_func)

FIX44 = load_dictionary("FIX.4.4")
FIX50SP2 = load_dictionary("FIX.5.0SP2")
COUNTS = ["", "0", "00", "1", "2", "3", "4", "02", "000000002", "0000000002", "999999999", "9" * 30, "-1", "+1", " 2"]
COUNTS += ["2 ", "2.0", "x", "1x", "/", ":", "\u0662", "\u00b2", "\u00e9"]

Fields = list[tuple[int, str]]


@njit(nogil=True)
def call_unfold_message(buf, tags, starts, lengths, count, layout_id, layouts, scratch, rows, grouped, state):  # type: ignore[no-untyped-def]
    # Only compiled code may call it. Not cached: numba would not see that the kernel has changed.
    return unfold_message(buf, tags, starts, lengths, count, layout_id, layouts, scratch, rows, grouped, state)


def fields_of(text: str) -> Fields:
    return [(int(tag), value) for tag, _, value in (part.partition("=") for part in text.split("|"))]


class Unfolder:
    """Calls the kernel as its caller does: message after message into the same arrays."""

    def __init__(self, layouts: Layouts, *, capacity: int = 20_000, path_bytes: int = 4_000_000) -> None:
        self.layouts = layouts
        self.rows = new_group_rows(np.empty, capacity, path_bytes)
        self.scratch = new_group_scratch(capacity)
        for void in (self.scratch.owners, self.scratch.agrees, self.scratch.splits, *self.rows):
            void.fill(77)
        self.grouped = np.zeros(capacity, np.uint8)
        self.state = np.zeros(2, np.int64)

    def write(self, fields: Fields, dictionary: Dictionary, msg_type: str) -> int:
        self.wire = b"".join(f"{tag}={value}\x01".encode() for tag, value in fields)
        lengths = [len(value.encode()) for _, value in fields]
        starts, at = [], 0
        for (tag, _), length in zip(fields, lengths, strict=True):
            starts.append(at + len(str(tag)) + 1)
            at = starts[-1] + length + 1
        self.grouped[: len(fields)] = 0
        return int(
            UNFOLD(
                np.frombuffer(self.wire + bytes(64), np.uint8),
                np.array([tag for tag, _ in fields], np.int32),
                np.array(starts, np.int64),
                np.array(lengths, np.int64),
                len(fields),
                self.layouts.register(dictionary, msg_type),
                self.layouts.arrays,
                self.scratch,
                self.rows,
                self.grouped,
                self.state,
            )
        )

    def read(self, first: int, stop: int) -> list[GroupField]:
        """Rows of the last message, as the reference gives them."""
        rows = self.rows
        return [
            GroupField(
                int(rows.position[at]),
                self.path(at),
                int(rows.counter_tag[at]),
                int(rows.instance[at]),
                int(rows.depth[at]),
                int(rows.tag[at]),
                self.wire[rows.value_start[at] : rows.value_start[at] + rows.value_length[at]].decode(),
                bool(rows.is_known[at]),
                bool(rows.count_ok[at]),
            )
            for at in range(first, stop)
        ]

    def path(self, at: int) -> str:
        start = int(self.rows.path_start[at])
        return self.rows.paths[start : start + self.rows.path_length[at]].tobytes().decode("ascii")

    def unfold(self, fields: Fields, dictionary: Dictionary, msg_type: str) -> list[GroupField]:
        first = int(self.state[ROWS_USED])
        if first + len(fields) > len(self.rows.tag) or self.state[PATH_BYTES_USED] > len(self.rows.paths) // 2:
            self.state[:] = first = 0
        written = self.write(fields, dictionary, msg_type)
        assert written >= 0
        assert self.state[ROWS_USED] == first + written
        return self.read(first, first + written)


LAYOUTS = Layouts()
ONE = Unfolder(LAYOUTS)


def check(fields: Fields, dictionary: Dictionary, msg_type: str, unfolder: Unfolder = ONE) -> list[GroupField]:
    expected = unfold(fields, dictionary, msg_type)
    found = unfolder.unfold(fields, dictionary, msg_type)
    assert found == expected
    grouped = np.flatnonzero(unfolder.grouped[: len(fields)]).tolist()
    assert grouped == [row.position for row in expected]
    return found


# ---- the rules, one by one ----


@pytest.mark.parametrize(
    "text",
    [
        "35=8|37=1|453=2|448=A|447=D|802=2|523=x|803=1|523=y|803=2|448=B|447=D|802=1|523=z|54=1|10=000",
        "35=8|453=2|447=D|448=A|452=1|447=D|448=B|452=3|54=1",
        "35=8|453=3|448=A|447=D|452=1|447=C|452=2|448=B|447=D|452=3|54=1",
        "35=8|453=2|448=A|802=2|523=x|803=1|803=2|448=B|802=1|523=z|54=1",
        "35=8|453=3|448=A|447=D|447=E|9001=x|452=1|447=F|54=1|453=2|448=A|447=D|447=E|54=1",
        "35=8|453=2|448=A|447=D|447=D|448=B|447=D|54=1",
        "35=8|453=1|448=A|447=D|447=E|448=B|447=F|447=G|54=1",
        "35=8|453=1|448=A|447=D|447=E|382=2|375=x|337=y|337=z|54=1",
        "35=8|453=2|448=A|9001=x|9001=y|54=1",
        "35=8|453=2|9001=x|448=A|9001=y|448=B|54=1",
        "35=8|453=2|9001=x|9001=y|9001=z|448=B|54=1",
        "35=8|453=0|9001=x|54=1",
        "35=8|453=|9001=x|448=1|54=1",
        "35=8|453=1|448=A|802=0|9001=x|54=1",
        "35=8|453=1|448=A|802=5|523=x|54=1",
        "35=8|453=1|448=A|802=1|523=x|448=B|802=1|523=y|54=1",
        "35=8|453=2|54=1|448=stray|453=1|448=A",
        "35=8|453=1|453=2|448=A|448=B|453=1",
        "35=8|627=2|628=A|629=t|628=B|112=x|10=0",
        "35=8|453=12|" + "|".join(f"448={n}|447=D" for n in range(12)),
    ],
)
def test_rows_are_those_of_the_reference(text: str) -> None:
    check(fields_of(text), FIX44, "8", Unfolder(LAYOUTS))


@pytest.mark.parametrize("count", COUNTS)
def test_counter_is_a_number_where_the_reference_takes_it_for_one(count: str) -> None:
    for fields in ([(453, count), (448, "A"), (448, "B"), (54, "1")], [(453, count), (9001, "x"), (448, "A")]):
        check(fields, FIX44, "8")


def test_group_inside_groups_is_split_at_a_repeated_tag() -> None:
    rows = check(fields_of("453=2|448=A|802=2|523=x|803=1|803=2|448=B|802=1|523=z|54=1"), FIX44, "8")
    assert [row.path for row in rows if row.tag == 803] == ["453[0].802[0]", "453[0].802[1]"]


def test_instances_share_one_path() -> None:
    unfolder = Unfolder(LAYOUTS)
    rows = check(fields_of("453=2|448=A|447=D|802=1|523=x|803=1|452=1|448=B|447=D|54=1"), FIX44, "8", unfolder)
    assert unfolder.state[PATH_BYTES_USED] == sum(len(path) for path in {row.path for row in rows})
    starts = unfolder.rows.path_start[: len(rows)].tolist()
    assert len(set(starts)) == 3
    assert starts[0] == starts[2] == starts[5]


def test_message_without_a_layout_or_a_counter_has_no_rows() -> None:
    unfolder = Unfolder(LAYOUTS)
    for text, dictionary, msg_type in (
        ("35=ZZ|453=1|448=A", FIX44, "ZZ"),
        ("35=0|73=1|11=A", load_dictionary("FIX.4.0"), "0"),
        ("35=8|448=A|447=D", FIX44, "8"),
        ("35=8|453=1|54=1", FIX44, "8"),
    ):
        assert check(fields_of(text), dictionary, msg_type, unfolder) == []
    assert unfolder.state.tolist() == [0, 0]


def made_up(order: dict[int, tuple[int, ...]], body: tuple[int, ...], nested: dict[int, tuple[int, ...]]) -> Dictionary:
    """A dictionary with one message type, U1, whose groups lie as told: also inside each other or themselves."""
    counters = list(order)
    definitions = tuple(
        GroupDefinition(counter, order[counter], tuple(map(counters.index, nested[counter]))) for counter in counters
    )
    outer = tuple(at for at, counter in enumerate(counters) if counter in body)
    return Dictionary(
        version="FIX.4.4",
        fields=MappingProxyType({}),
        messages=MappingProxyType({"U1": Message("U1", "Made", "app", frozenset(), frozenset(body))}),
        header_section=Section((8, 9, 35)),
        trailer_section=Section((10,)),
        bodies=MappingProxyType({"U1": Section(body, groups=outer)}),
        definitions=definitions,
    )


def test_groups_inside_each_other_stay_bounded() -> None:
    recursive = made_up({501: (502, 7), 502: (501, 7)}, (501,), {501: (502,), 502: (501,)})
    rows = check([(501, "1"), (502, "1")] * 5_000, recursive, "U1", Unfolder(Layouts()))
    assert max(row.depth for row in rows) == MAX_OPEN_GROUPS
    assert max(len(row.path) for row in rows) > 200


def test_tag_listed_at_two_levels_goes_outside_when_the_group_is_full() -> None:
    twice = made_up({552: (54, 58, 137)}, (552, 54, 58), {552: ()})
    unfolder = Unfolder(Layouts())
    rows = check(fields_of("552=1|54=1|58=in|58=out|137=stray"), twice, "U1", unfolder)
    assert [row.value for row in rows] == ["1", "in"]
    check(fields_of("552=2|54=1|54=2|58=in|54=3|58=out"), twice, "U1", unfolder)
    check(fields_of("552=0|54=out|58=out"), twice, "U1", unfolder)


# ---- any message ----


REAL = [
    (dictionary, msg_type)
    for dictionary in map(load_dictionary, VERSIONS)
    for msg_type in dictionary.messages
    if dictionary.layout(msg_type).groups  # type: ignore[union-attr]
]


def near(dictionary: Dictionary, msg_type: str, chosen: list[int]) -> list[int]:
    """Counters, each with the counters above it, and members of their groups."""
    groups = dictionary.layout(msg_type).groups  # type: ignore[union-attr]
    tags: list[int] = []
    for counter in chosen:
        step: int | None = counter
        while step is not None and step not in tags:
            tags += [step, *groups[step].order[:4]]
            step = next((outer for outer, group in groups.items() if step in group.nested), None)
    return tags


@st.composite
def messages_of_real_layouts(draw: st.DrawFn) -> tuple[Dictionary, str, Fields]:
    dictionary, msg_type = draw(st.sampled_from(REAL))
    layout = dictionary.layout(msg_type)
    assert layout is not None
    chosen = draw(st.lists(st.sampled_from(sorted(layout.groups)), min_size=1, max_size=3))
    inside = st.sampled_from(near(dictionary, msg_type, chosen))
    tags = st.one_of(inside, inside, inside, st.sampled_from(sorted(layout.tags)), st.integers(0, TAG_LIMIT - 1))
    values = st.sampled_from(COUNTS[3:7]) | st.sampled_from(COUNTS) | st.text(max_size=3)
    return dictionary, msg_type, draw(st.lists(st.tuples(tags, values), max_size=60))


@settings(max_examples=500, deadline=None)
@given(messages_of_real_layouts())
def test_any_message_of_the_standard_unfolds_as_in_the_reference(case: tuple[Dictionary, str, Fields]) -> None:
    dictionary, msg_type, fields = case
    check(fields, dictionary, msg_type)


POOL = list(range(500, 512))


@st.composite
def messages_of_any_layout(draw: st.DrawFn) -> tuple[Dictionary, Fields]:
    some = st.lists(st.sampled_from(POOL), min_size=1, max_size=8, unique=True).map(tuple)
    counters = draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=4, unique=True))
    order = {counter: draw(some) for counter in counters}
    nested = {counter: draw(st.lists(st.sampled_from(counters), max_size=3).map(tuple)) for counter in counters}
    body = tuple(dict.fromkeys((*draw(some), draw(st.sampled_from(counters)))))
    values = st.sampled_from(["0", "1", "2", "3", "4", "x", ""])
    fields = draw(st.lists(st.tuples(st.sampled_from([*POOL, 8, 10, 9_001]), values), max_size=50))
    return made_up(order, body, nested), fields


@settings(max_examples=500, deadline=None)
@given(messages_of_any_layout())
def test_tags_at_several_levels_unfold_as_in_the_reference(case: tuple[Dictionary, Fields]) -> None:
    dictionary, fields = case
    check(fields, dictionary, "U1", Unfolder(Layouts(), capacity=64, path_bytes=32_768))


# ---- what the caller relies on ----


PARTIES = fields_of("35=8|453=2|448=A|447=D|802=1|523=x|803=1|448=B|447=D|54=1")  # 7 rows


@pytest.mark.parametrize(
    ("capacity", "path_bytes", "fields"),
    [
        (6, 1_000, PARTIES[:8]),
        (9, 1_000, PARTIES),
        (100, 40, PARTIES),
        (100, 0, PARTIES),
        (100, 1_000, [*PARTIES, (TAG_LIMIT, "x")]),
        (100, 1_000, [*PARTIES[:4], (2**31 - 1, "x"), *PARTIES[4:]]),
        (100, 1_000, [*PARTIES, (-1, "x")]),
    ],
    ids=["scratch", "scratch too", "paths", "no paths", "tag limit", "largest tag", "negative tag"],
)
def test_message_that_does_not_fit_is_declined_without_a_trace(capacity: int, path_bytes: int, fields: Fields) -> None:
    unfolder = Unfolder(LAYOUTS, capacity=capacity, path_bytes=path_bytes)
    unfolder.grouped = np.zeros(100, np.uint8)
    assert unfolder.write(fields, FIX44, "8") == DECLINED
    assert unfolder.state.tolist() == [0, 0]
    assert not unfolder.grouped.any()


def test_full_rows_decline_and_keep_what_they_hold() -> None:
    unfolder = Unfolder(LAYOUTS, capacity=16)
    unfolder.scratch = new_group_scratch(100)
    assert unfolder.write(PARTIES, FIX44, "8") == 7
    assert unfolder.write(PARTIES, FIX44, "8") == 7
    state = unfolder.state.tolist()
    kept = unfolder.read(0, 14)
    assert unfolder.write(PARTIES, FIX44, "8") == DECLINED
    assert unfolder.write(fields_of("453=2|448=A|447=D|447=E|54=1"), FIX44, "8") == DECLINED
    assert unfolder.state.tolist() == state
    assert unfolder.write(fields_of("453=1|448=A|447=D|54=1"), FIX44, "8") == 2
    unfolder.write([], FIX44, "8")
    unfolder.wire = b"".join(f"{tag}={value}\x01".encode() for tag, value in PARTIES)
    assert kept[:7] == kept[7:] == unfolder.read(0, 7) == unfold(PARTIES, FIX44, "8")


def test_declined_in_the_second_pass_leaves_no_trace() -> None:
    unfolder = Unfolder(LAYOUTS, path_bytes=30)
    assert unfolder.write(fields_of("453=1|448=A|447=B|447=C|54=1"), FIX44, "8") == 3
    unfolder.state[:] = 0
    assert unfolder.write(fields_of("453=3|448=A|447=B|447=C|54=1"), FIX44, "8") == DECLINED
    assert unfolder.state.tolist() == [0, 0]
    assert not unfolder.grouped.any()


@pytest.mark.parametrize(
    ("dictionary", "msg_type", "text"),
    [
        (FIX44, "8", "453=1"),
        (FIX44, "8", "453=200000|448=A"),
        (FIX44, "8", "453=1|448=A|802=1|523=x|803=1"),
        (FIX44, "8", "453=9|448=A|447=B|447=C|802=9|523=x|803=1|803=2"),
        (FIX44, "8", "453=1|9001=x|802=1|9002=y"),
        (FIX50SP2, "8", "1677=1|1671=1|1691=a|453=1|448=b|711=1|311=x|1334=1|1335=q"),
        (made_up({501: (502, 7), 502: (501, 7)}, (501,), {501: (502,), 502: (501,)}), "U1", "501=9|502=9|7=1|7=2"),
    ],
)
def test_hostile_messages_take_linear_time(dictionary: Dictionary, msg_type: str, text: str) -> None:
    fields = fields_of(text) * (200_000 // (text.count("|") + 1))
    unfolder = Unfolder(Layouts(), capacity=len(fields), path_bytes=100_000_000)
    unfolder.write(fields[:10], dictionary, msg_type)
    unfolder.state[:] = 0
    started = time.thread_time()
    assert unfolder.write(fields, dictionary, msg_type) >= 0
    assert time.thread_time() - started < 5  # mostly the writing of the message; quadratic takes minutes


def test_threads_with_scratch_of_their_own_do_not_disturb_each_other() -> None:
    def work(number: int) -> bool:
        unfolder = Unfolder(LAYOUTS, capacity=1_000)
        dictionary, msg_type = (FIX44, FIX50SP2)[number % 2], ("8", "W")[number // 2]
        fields = PARTIES if msg_type == "8" else fields_of("35=W|268=2|269=0|270=1|270=2|9001=x|269=1|10=0")
        expected = unfold(fields, dictionary, msg_type)
        return all(unfolder.unfold(fields, dictionary, msg_type) == expected for _ in range(200))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


# ---- layouts ----


def kinds(layouts: Layouts, layout_id: int) -> tuple[dict[int, Any], dict[int, Any]]:
    """What the arrays say: kind of each tag for the message, and of each tag for each group."""
    arrays = layouts.arrays
    numbers = arrays.numbers[layout_id * TAG_LIMIT : (layout_id + 1) * TAG_LIMIT]
    start = arrays.starts[layout_id]
    message, groups = {}, {}
    for tag in np.flatnonzero(numbers).tolist():
        message[tag] = int(arrays.message[start + numbers[tag]])
        opened = arrays.opened[start + numbers[tag]]
        if opened >= 0:
            cell = arrays.cells[opened]
            listed = {at: int(arrays.group[cell + numbers[at]]) for at in np.flatnonzero(numbers).tolist()}
            groups[tag] = {at: kind for at, kind in listed.items() if kind}
    return {tag: kind for tag, kind in message.items() if kind}, groups


@pytest.mark.parametrize("version", ["FIX.4.2", "FIX.4.4", "FIXT.1.1"])
def test_arrays_say_what_the_dictionary_says(version: str) -> None:
    dictionary, layouts = load_dictionary(version), Layouts()
    ids = {msg_type: layouts.register(dictionary, msg_type) for msg_type in dictionary.messages}
    for msg_type, layout_id in ids.items():
        layout = dictionary.layout(msg_type)
        assert layout is not None
        assert (layout_id < 0) == (not layout.groups)
        if layout_id >= 0:
            message, groups = kinds(layouts, layout_id)
            assert message == {tag: OPENS if tag in layout.groups else LISTED for tag in layout.tags}
            assert groups == {
                counter: {tag: OPENS if tag in group.nested else LISTED for tag in group.members}
                for counter, group in layout.groups.items()
            }


def test_layouts_are_numbered_once_for_each_dictionary_and_type() -> None:
    layouts = Layouts()
    overlaid = FIX44.overlaid(made_up({453: (448, 5_001)}, (453,), {453: ()}))
    ids = [layouts.register(FIX44, "8"), layouts.register(FIX44, "W"), layouts.register(FIX50SP2, "8")]
    ids += [layouts.register(overlaid, "8"), layouts.register(overlaid, "U1")]
    assert ids == [0, 1, 2, 3, 4]
    assert [layouts.register(FIX50SP2, "8"), layouts.register(FIX44, "8")] == [2, 0]
    assert [layouts.register(FIX44, "U1"), layouts.register(load_dictionary("FIX.4.0"), "0")] == [-1, -1]
    assert check([(453, "1"), (448, "A"), (5_001, "x")], overlaid, "U1", Unfolder(layouts))[1].is_known


def test_arrays_handed_out_before_stay_valid() -> None:
    layouts = Layouts()
    first = layouts.register(FIX44, "8")
    before = layouts.arrays
    message, groups = kinds(layouts, first)
    for msg_type in FIX50SP2.messages:
        layouts.register(FIX50SP2, msg_type)
    assert kinds(layouts, first) == (message, groups)
    layouts.arrays = before
    assert kinds(layouts, first) == (message, groups)


def test_tags_beyond_the_limit_are_left_out() -> None:
    large = TAG_LIMIT + 5
    dictionary = made_up(
        {501: (7, 502, large), 502: (8,), large: (9,)}, (501, large), {501: (502,), 502: (), large: ()}
    )
    layouts = Layouts()
    check([(501, "1"), (7, "a"), (502, "1"), (8, "b"), (9, "c")], dictionary, "U1", Unfolder(layouts))
    assert layouts.register(dictionary, "U1") == 0
    assert set(kinds(layouts, 0)[1]) == {501, 502}
    assert np.flatnonzero(counter_tags([dictionary])).tolist() == [501, 502]


def test_counters_of_all_versions_are_known() -> None:
    expected = {counter for dictionary, msg_type in REAL for counter in dictionary.layout(msg_type).groups}  # type: ignore[union-attr]
    found = known_counters()
    assert set(np.flatnonzero(found).tolist()) == expected
    assert (found.dtype, found.shape, found.flags.writeable) == (np.uint8, (TAG_LIMIT,), False)
    assert found is known_counters()
    assert set(np.flatnonzero(counter_tags([FIX44])).tolist()) < expected

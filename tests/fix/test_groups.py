from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix.dictionary import VERSIONS, Dictionary, Layout, load_dictionary, read_quickfix_xml
from fix_transforms.fix.groups import MAX_OPEN_GROUPS, GroupField, duplicate_tags, unfold

FIX44 = load_dictionary("FIX.4.4")
FIX50SP2 = load_dictionary("FIX.5.0SP2")


def fields_of(text: str) -> list[tuple[int, str]]:
    return [(int(tag), value) for tag, _, value in (part.partition("=") for part in text.split("|"))]


def shown(rows: list[GroupField]) -> list[str]:
    marks = {(True, True): "", (True, False): " !count", (False, True): " ?", (False, False): " ? !count"}
    return [f"{row.path} {row.tag}={row.value}{marks[row.is_known, row.count_ok]}" for row in rows]


# ---- regular groups ----


def test_nested_groups_unfold_with_paths_from_the_outside_in() -> None:
    fields = fields_of("35=8|37=1|453=2|448=A|447=D|802=2|523=x|803=1|523=y|803=2|448=B|447=D|802=1|523=z|54=1|10=000")
    rows = unfold(fields, FIX44, "8")
    assert shown(rows) == [
        "453[0] 448=A",
        "453[0] 447=D",
        "453[0] 802=2",
        "453[0].802[0] 523=x",
        "453[0].802[0] 803=1",
        "453[0].802[1] 523=y",
        "453[0].802[1] 803=2",
        "453[1] 448=B",
        "453[1] 447=D",
        "453[1] 802=1",
        "453[1].802[0] 523=z",
    ]
    assert [row.position for row in rows] == list(range(3, 14))
    assert rows[4] == GroupField(7, "453[0].802[0]", 802, 0, 2, 803, "1", True, True)


def test_depth_four_is_unfolded() -> None:
    fields = fields_of("35=E|73=1|11=a|78=1|79=acc|539=1|524=p|804=1|545=s|805=3|394=1")
    assert [(row.path, row.tag, row.depth) for row in unfold(fields, FIX44, "E")] == [
        ("73[0]", 11, 1),
        ("73[0]", 78, 1),
        ("73[0].78[0]", 79, 2),
        ("73[0].78[0]", 539, 2),
        ("73[0].78[0].539[0]", 524, 3),
        ("73[0].78[0].539[0]", 804, 3),
        ("73[0].78[0].539[0].804[0]", 545, 4),
        ("73[0].78[0].539[0].804[0]", 805, 4),
    ]


def test_same_counter_starts_another_group_in_another_message() -> None:
    snapshot = fields_of("35=W|55=IBM|268=2|269=0|270=1.0|269=1|270=1.1|10=0")
    update = fields_of("35=X|268=2|279=0|269=0|55=IBM|270=1.0|279=1|269=1|55=MSFT|270=2|10=0")
    assert [row.instance for row in unfold(snapshot, FIX44, "W")] == [0, 0, 1, 1]
    assert [row.instance for row in unfold(update, FIX44, "X")] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert all(row.is_known and row.count_ok for row in unfold(update, FIX44, "X"))


def test_group_that_starts_with_a_counter() -> None:
    group = FIX50SP2.group("CM", 1677)
    assert (group.delimiter, FIX50SP2.group("CM", 1671).delimiter) == (1671, 1691)
    rows = unfold(fields_of("35=CM|1677=2|1671=2|1691=a|1691=b|1671=1|1691=c|10=0"), FIX50SP2, "CM")
    assert shown(rows) == [
        "1677[0] 1671=2",
        "1677[0].1671[0] 1691=a",
        "1677[0].1671[1] 1691=b",
        "1677[1] 1671=1",
        "1677[1].1671[0] 1691=c",
    ]


def test_group_of_the_header_is_unfolded() -> None:
    rows = unfold(fields_of("8=FIX.4.4|35=0|627=2|628=A|629=t|628=B|112=x|10=0"), FIX44, "0")
    assert shown(rows) == ["627[0] 628=A", "627[0] 629=t", "627[1] 628=B"]


def test_sibling_groups_at_one_level() -> None:
    rows = unfold(fields_of("35=D|453=1|448=A|78=2|79=x|80=1|79=y|80=2|386=1|336=s|55=IBM"), FIX44, "D")
    assert shown(rows) == ["453[0] 448=A", "78[0] 79=x", "78[0] 80=1", "78[1] 79=y", "78[1] 80=2", "386[0] 336=s"]


# ---- tolerance ----


def test_instance_starts_at_the_first_tag_seen_whatever_the_dictionary_says() -> None:
    rows = unfold(fields_of("35=8|453=2|447=D|448=A|452=1|447=D|448=B|452=3|54=1"), FIX44, "8")
    assert [row.instance for row in rows] == [0, 0, 0, 1, 1, 1]
    assert all(row.count_ok for row in rows)


def test_instances_that_lack_the_first_tag_are_told_apart_by_repetition() -> None:
    rows = unfold(fields_of("35=8|453=3|448=A|447=D|452=1|447=C|452=2|448=B|447=D|452=3|54=1"), FIX44, "8")
    assert [row.instance for row in rows] == [0, 0, 0, 1, 1, 1, 2, 2]
    assert [row.tag for row in rows if row.instance == 2] == [447, 452]
    inner = unfold(fields_of("35=8|453=2|448=A|802=2|523=x|803=1|803=2|448=B|802=1|523=z|54=1"), FIX44, "8")
    assert [row.path for row in inner if row.tag == 803] == ["453[0].802[0]", "453[0].802[1]"]
    assert all(row.count_ok for row in rows + inner)


def test_tag_repeated_by_mistake_does_not_split_an_instance() -> None:
    rows = unfold(fields_of("35=8|453=2|448=A|447=D|447=D|448=B|447=D|54=1"), FIX44, "8")
    assert [row.instance for row in rows] == [0, 0, 0, 1, 1]
    assert all(row.count_ok for row in rows)


def test_repeated_unknown_tag_does_not_stand_for_a_missing_instance() -> None:
    rows = unfold(fields_of("35=8|453=2|448=A|9001=x|9001=y|54=1"), FIX44, "8")
    assert shown(rows) == ["453[0] 448=A !count", "453[0] 9001=x ? !count", "453[0] 9001=y ? !count"]


def test_unknown_tag_stays_in_its_instance() -> None:
    rows = unfold(fields_of("35=8|453=2|448=A|9001=x|447=D|448=B|447=D|9002=y|54=1|9003=z"), FIX44, "8")
    assert shown(rows) == [
        "453[0] 448=A",
        "453[0] 9001=x ?",
        "453[0] 447=D",
        "453[1] 448=B",
        "453[1] 447=D",
        "453[1] 9002=y ?",
    ]


def test_unknown_tag_directly_after_the_counter_starts_instances() -> None:
    rows = unfold(fields_of("35=8|453=2|9001=x|448=A|9001=y|448=B|54=1"), FIX44, "8")
    assert shown(rows) == ["453[0] 9001=x ?", "453[0] 448=A", "453[1] 9001=y ?", "453[1] 448=B"]


def test_unknown_tag_after_an_empty_group_is_outside() -> None:
    assert unfold(fields_of("35=8|453=0|9001=x|54=1"), FIX44, "8") == []
    rows = unfold(fields_of("35=8|453=1|448=A|802=0|9001=x|54=1"), FIX44, "8")
    assert shown(rows) == ["453[0] 448=A", "453[0] 802=0", "453[0] 9001=x ?"]


def test_zero_instances_leave_no_rows() -> None:
    assert unfold(fields_of("35=8|37=1|453=0|54=1|10=0"), FIX44, "8") == []


@pytest.mark.parametrize("count", ["1", "3", "0", "-2", "x", "", "2.0", " 2", "\u0662", "9" * 5000])
def test_count_mismatch_is_flagged_and_not_fatal(count: str) -> None:
    rows = unfold([(35, "8"), (453, count), (448, "A"), (448, "B"), (54, "1")], FIX44, "8")
    assert shown(rows) == ["453[0] 448=A !count", "453[1] 448=B !count"]


def test_count_of_a_nested_group_does_not_stain_the_outer_one() -> None:
    rows = unfold(fields_of("35=8|453=1|448=A|802=5|523=x|54=1"), FIX44, "8")
    assert shown(rows) == ["453[0] 448=A", "453[0] 802=5", "453[0].802[0] 523=x !count"]


def test_counter_without_instances_opens_nothing() -> None:
    rows = unfold(fields_of("35=8|453=2|54=1|448=stray|453=1|448=A"), FIX44, "8")
    assert shown(rows) == ["453[0] 448=A"]


def test_tag_listed_at_two_levels_goes_outside_when_the_group_is_full() -> None:
    document = """<fix type='FIX' major='4' minor='4'><messages><message name='M' msgtype='U1' msgcat='app'>
      <group name='NoSides'><field name='Side'/><field name='Text'/><field name='Fee'/></group><field name='Text'/>
      <field name='Side'/></message></messages><fields><field number='552' name='NoSides' type='INT'/>
      <field number='54' name='Side' type='CHAR'/><field number='58' name='Text' type='STRING'/>
      <field number='137' name='Fee' type='AMT'/></fields></fix>"""
    venue = read_quickfix_xml(document.encode())
    repeated = unfold(fields_of("552=1|54=1|58=in|58=out|137=stray"), venue, "U1")
    assert shown(repeated) == ["552[0] 54=1", "552[0] 58=in"]
    announced = unfold(fields_of("552=2|54=1|54=2|58=in|54=3|58=out"), venue, "U1")
    assert shown(announced) == ["552[0] 54=1", "552[1] 54=2", "552[1] 58=in"]
    assert unfold(fields_of("552=0|54=out|58=out"), venue, "U1") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_standard_lists_no_tag_at_two_levels(version: str) -> None:
    dictionary = load_dictionary(version)
    for msg_type in dictionary.messages:
        layout = dictionary.layout(msg_type)
        for group in layout.groups.values():
            assert not group.members & layout.tags
            assert not any(group.members & layout.groups[nested].members for nested in group.nested)


@pytest.mark.parametrize("msg_type", ["", "ZZ", "no such type"])
def test_unknown_message_type_has_no_groups(msg_type: str) -> None:
    fields = fields_of("35=ZZ|453=1|448=A|448=B|10=0")
    assert unfold(fields, FIX44, msg_type) == []
    assert unfold(fields, None, "8") == []
    assert duplicate_tags(fields, FIX44, msg_type) == [448]
    assert duplicate_tags(fields, None, "8") == [448]


def test_dictionary_whose_groups_contain_each_other_stays_bounded() -> None:
    document = """<fix type='FIX' major='4' minor='4'><messages><message name='M' msgtype='U1' msgcat='app'>
      <group name='NoA'><group name='NoB'><group name='NoA'><field name='C'/></group></group></group></message></messages>
      <fields><field number='5001' name='NoA' type='INT'/><field number='5002' name='NoB' type='INT'/>
      <field number='5003' name='C' type='INT'/></fields></fix>"""
    dictionary = read_quickfix_xml(document.encode())
    rows = unfold([(5001, "1"), (5002, "1")] * 20_000, dictionary, "U1")
    assert max(row.depth for row in rows) <= MAX_OPEN_GROUPS
    assert len(rows) > 30_000


@pytest.mark.parametrize(
    ("dictionary", "msg_type", "text"),
    [
        (FIX44, "8", "453=1"),
        (FIX44, "8", "453=100000|448=A"),
        (FIX44, "8", "453=1|448=A|802=1|523=x|803=1"),
        (FIX44, "8", "453=1|9001=x|802=1|9002=y"),
        (FIX44, "8", "453=1|448=A|802=9|523=x|9001=y"),
        (FIX44, "E", "73=1|11=a|78=1|79=b|539=1|524=c|804=1|545=d"),
        (FIX50SP2, "8", "1677=1|1671=1|1691=a|453=1|448=b|711=1|311=x|1334=1|1335=q"),
    ],
)
def test_hostile_messages_take_linear_time(dictionary: Dictionary, msg_type: str, text: str) -> None:
    fields = fields_of(text) * (100_000 // (text.count("|") + 1))
    started = time.perf_counter()
    rows = unfold(fields, dictionary, msg_type)
    duplicate_tags(fields, dictionary, msg_type, rows)
    assert time.perf_counter() - started < 10  # a tenth of a second per 20 000 fields is usual; quadratic takes minutes
    assert len(rows) <= len(fields)


# ---- duplicates ----


def test_duplicates_are_only_those_outside_groups() -> None:
    fields = fields_of("8=F|35=8|58=a|453=2|448=A|447=D|448=B|447=D|58=b|11=1|11=2|11=3|9001=x|9001=y|10=0")
    assert duplicate_tags(fields, FIX44, "8") == [11, 58, 9001]
    assert duplicate_tags(fields, FIX44, "8", unfold(fields, FIX44, "8")) == [11, 58, 9001]


def test_message_without_repetition_has_no_duplicates() -> None:
    assert duplicate_tags(fields_of("8=F|35=8|453=2|448=A|10=0"), FIX44, "8") == []
    assert duplicate_tags([], FIX44, "8") == []


# ---- properties: what was nested comes back nested ----


@dataclass
class Writer:
    """Writes a random message that has one reading only, together with that reading."""

    layout: Layout
    draw: st.DrawFn
    fields: list[tuple[int, str]] = field(default_factory=list)
    expected: list[tuple[int, str, int]] = field(default_factory=list)  # position, path, tag
    open_members: frozenset[int] = frozenset()  # of groups that the next tag might be taken into by mistake

    def write(self, tag: int, value: str, path: str) -> None:
        if path:
            self.expected.append((len(self.fields), path, tag))
        self.fields.append((tag, value))
        self.open_members = frozenset()

    def write_tags(self, tags: list[int], path: str, depth: int) -> None:
        for tag in tags:
            if tag in self.open_members:
                continue
            self.write(tag, f"v{len(self.fields)}", path)
            if tag in self.layout.groups and depth < 7:
                self.write_group(tag, path, depth)

    def write_group(self, counter: int, path: str, depth: int) -> None:
        at, group = len(self.fields) - 1, self.layout.groups[counter]
        first = self.draw(st.sampled_from(group.order[:3]))
        count = 0
        for instance in range(self.draw(st.integers(0, 3))):
            if instance and first in self.open_members:
                break
            rest = self.draw(st.lists(st.sampled_from(group.order), max_size=4, unique=True))
            here = f"{path}{'.' if path else ''}{counter}[{instance}]"
            self.open_members = frozenset()
            self.write_tags([first, *(tag for tag in rest if tag != first)], here, depth + 1)
            count += 1
        self.fields[at] = (counter, str(count))
        self.open_members |= group.members


GROUPED = [
    (d, m) for d in (load_dictionary("FIX.4.2"), FIX44, FIX50SP2) for m in d.messages if len(d.layout(m).groups) > 1
]


@st.composite
def written(draw: st.DrawFn) -> tuple[Dictionary, str, Writer]:
    dictionary, msg_type = draw(st.sampled_from(GROUPED))
    layout = dictionary.layout(msg_type)
    writer = Writer(layout, draw)
    counters = sorted(layout.tags & layout.groups.keys())
    body = draw(st.lists(st.sampled_from(sorted(layout.tags)) | st.sampled_from(counters), max_size=8, unique=True))
    writer.write_tags(body, "", 0)
    return dictionary, msg_type, writer


@settings(max_examples=300, deadline=None)
@given(written())
def test_written_groups_are_unfolded_as_they_were_nested(case: tuple[Dictionary, str, Writer]) -> None:
    dictionary, msg_type, writer = case
    rows = unfold(writer.fields, dictionary, msg_type)
    assert [(row.position, row.path, row.tag) for row in rows] == writer.expected
    assert all(row.is_known and row.count_ok for row in rows)
    assert duplicate_tags(writer.fields, dictionary, msg_type) == []


@st.composite
def noise(draw: st.DrawFn) -> tuple[Dictionary, str, list[tuple[int, str]]]:
    dictionary, msg_type = draw(st.sampled_from(GROUPED))
    layout = dictionary.layout(msg_type)
    counters = sorted(layout.groups)
    some = draw(st.lists(st.sampled_from(counters), min_size=1, max_size=3))
    near = [*some, *(tag for counter in some for tag in layout.groups[counter].order[:4])]
    tags = st.sampled_from(near) | st.sampled_from(sorted(layout.tags)) | st.integers(-1, 50_000)
    values = st.sampled_from(["0", "1", "2", "3"]) | st.text(max_size=3)
    return dictionary, msg_type, draw(st.lists(st.tuples(tags, values), max_size=40))


@settings(max_examples=300, deadline=None)
@given(noise())
def test_any_sequence_of_fields_is_unfolded_consistently(case: tuple[Dictionary, str, list[tuple[int, str]]]) -> None:
    dictionary, msg_type, fields = case
    layout = dictionary.layout(msg_type)
    rows = unfold(fields, dictionary, msg_type)
    positions = [row.position for row in rows]
    assert positions == sorted(set(positions))
    first_counter = next((at for at, (tag, _) in enumerate(fields) if tag in layout.groups), len(fields))
    assert all(position > first_counter for position in positions)
    for row in rows:
        assert fields[row.position] == (row.tag, row.value)
        steps = re.findall(r"(\d+)\[(\d+)\]", row.path)
        assert row.path == ".".join(f"{counter}[{instance}]" for counter, instance in steps)
        assert (row.counter_tag, row.instance, row.depth) == (int(steps[-1][0]), int(steps[-1][1]), len(steps))
        assert row.is_known == (row.tag in layout.groups[row.counter_tag].members)
        assert row.is_known or row.tag not in layout.tags
        for outer, inner in pairwise(steps):
            assert int(inner[0]) in layout.groups[int(outer[0])].nested
    outside = [tag for at, (tag, _) in enumerate(fields) if at not in set(positions)]
    assert duplicate_tags(fields, dictionary, msg_type) == sorted({tag for tag in outside if outside.count(tag) > 1})

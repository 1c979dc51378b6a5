from __future__ import annotations

import string

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings

from fix_transforms.fix.dictionary import VERSIONS, dictionary_of, load_dictionary, read_quickfix_xml
from fix_transforms.fix.groups import unfold
from fix_transforms.fix.validation import CODES, validate
from fix_transforms.fix.validation.datatypes import fits

MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

HEADER = [(8, "FIX.4.4"), (9, "100"), (35, "D"), (49, "BUY"), (56, "SELL"), (34, "2"), (52, "20240102-09:30:00.123")]
BODY = [(11, "C1"), (55, "ACME"), (54, "1"), (60, "20240102-09:30:00"), (38, "100"), (40, "2"), (44, "12.5")]
TRAILER = [(10, "000")]


def judge(fields, version="FIX.4.4", msg_type=None, dictionary=None, **known):
    dictionary = dictionary or load_dictionary(version)
    msg_type = dict(reversed(fields)).get(35, "") if msg_type is None else msg_type
    return validate(fields, dictionary, msg_type, inside=unfold(fields, dictionary, msg_type), **known)


def changed(replaced=None, dropped=(), added=()):
    fields = [(tag, (replaced or {}).get(tag, value)) for tag, value in HEADER + BODY if tag not in dropped]
    return fields + list(added) + TRAILER


# ---- one rule at a time ----

PARTY = [(448, "ME"), (447, "D"), (452, "1")]
CASES = [
    ("a valid order", changed(), []),
    ("an optional field", changed(added=[(58, "hello")]), []),
    ("required in the header", changed(dropped=[49]), ["missing_required:49"]),
    ("required in the body", changed(dropped=[60, 11]), ["missing_required:11", "missing_required:60"]),
    ("required in the trailer", changed()[:-1], ["missing_required:10"]),
    ("no such tag", changed(added=[(4999, "x")]), ["unknown_tag:4999"]),
    ("no such tag above the user-defined", changed(added=[(40000, "x")]), ["unknown_tag:40000"]),
    ("user-defined, lowest", changed(added=[(5000, "x")]), ["user_defined:5000"]),
    ("user-defined, highest", changed(added=[(39999, "x")]), ["user_defined:39999"]),
    ("of another message", changed(added=[(150, "0")]), ["not_in_message:150"]),
    ("a group's field outside its group", changed(added=[(448, "ME")]), ["not_in_message:448"]),
    ("empty", changed({44: ""}), ["empty_value:44"]),
    ("empty and required", changed({11: ""}), ["empty_value:11"]),
    ("no number", changed({44: "12,5"}), ["bad_type:44"]),
    ("no time", changed({60: "20240102-9:30:00"}), ["bad_type:60"]),
    ("no code", changed({54: "X"}), ["bad_enum:54"]),
    ("too long for a code", changed({54: "11"}), ["bad_type:54"]),
    ("a list of codes", changed(added=[(18, "1 2 G")]), []),
    ("a list with a wrong code", changed(added=[(18, "1 2 @")]), ["bad_enum:18"]),
    ("a list with two blanks", changed(added=[(18, "1  2")]), ["bad_type:18"]),
    ("twice", changed(added=[(58, "a"), (58, "b")]), ["duplicate_tag:58"]),
    ("three times", changed(added=[(58, "a"), (58, "b"), (58, "c")]), ["duplicate_tag:58"]),
    ("a header field in the body", [*HEADER[:-1], *BODY, HEADER[-1], *TRAILER], ["field_order:52"]),
    ("a body field in the trailer", [*HEADER, *BODY, (93, "1"), (58, "x"), (89, "s"), *TRAILER], ["field_order:58"]),
    ("MsgType late", [*HEADER[:2], HEADER[3], HEADER[2], *HEADER[4:], *BODY, *TRAILER], ["field_order:35"]),
    ("BodyLength first", [HEADER[1], HEADER[0], *HEADER[2:], *BODY, *TRAILER], ["field_order:9", "field_order:8"]),
    ("no BodyLength, so MsgType is second", changed(dropped=[9]), ["missing_required:9"]),
    ("CheckSum not last", [*HEADER, *BODY, *TRAILER, (93, "1"), (89, "s")], ["field_order:10"]),
    ("a user-defined header field", [*HEADER[:3], (9001, "x"), *HEADER[3:], *BODY, *TRAILER], ["user_defined:9001"]),
    ("no such message", changed({35: "zz"}), ["unknown_msg_type"]),
    ("no such message, and what can be said of any", changed({35: "U1", 54: "X", 52: "now"}, added=[(4999, "")]),
     ["unknown_msg_type", "bad_type:52", "bad_enum:54", "empty_value:4999", "unknown_tag:4999"]),
    ("no type", changed(dropped=[35]), ["missing_required:35"]),
    ("a group", changed(added=[(453, "2"), *PARTY, (448, "YOU")]), []),
    ("too few instances", changed(added=[(453, "2"), *PARTY]), ["group_count:453"]),
    ("too many instances", changed(added=[(453, "1"), *PARTY, *PARTY]), ["group_count:453"]),
    ("no instance", changed(added=[(453, "1"), (58, "x")]), ["group_count:453"]),
    ("an empty group", changed(added=[(453, "0")]), []),
    ("a group's fields in another order", changed(added=[(453, "1"), (447, "D"), (448, "ME"), (452, "1")]), ["group_first_field:453"]),
    ("a nested group", changed(added=[(453, "1"), *PARTY, (802, "1"), (523, "S"), (803, "1")]), []),
    ("a nested group's counter", changed(added=[(453, "1"), *PARTY, (802, "3"), (523, "S")]), ["group_count:802"]),
    ("twice in an instance", changed(added=[(453, "1"), (448, "ME"), (447, "D"), (447, "D")]), ["duplicate_tag:447"]),
    ("not in the group", changed(added=[(453, "1"), (448, "ME"), (799, "1"), (447, "D")]), ["not_in_message:799"]),
    ("unknown in the group", changed(added=[(453, "1"), (448, "ME"), (6000, "1"), (447, "D")]), ["user_defined:6000"]),
    ("a wrong value in the group", changed(added=[(453, "1"), (448, "ME"), (447, "!")]), ["bad_enum:447"]),
    ("several at one field, by name", changed(added=[(150, "")]), ["empty_value:150", "not_in_message:150"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_rule_gives_its_code(fields, expected):
    assert judge(fields) == expected


def test_an_older_application_under_fixt_has_the_header_of_fixt():
    head = [(8, "FIXT.1.1"), *HEADER[1:3], (1128, "6"), *HEADER[3:]]
    spoken = dictionary_of("FIXT.1.1", "6")
    assert judge([*head, *BODY, *TRAILER], dictionary=spoken) == []
    assert judge([*head, *BODY, (1138, "5"), *TRAILER], dictionary=spoken) == ["unknown_tag:1138"]


def test_every_code_is_given_somewhere_and_no_other():
    given_codes = {code.partition(":")[0] for _, _, expected in CASES for code in expected}
    assert given_codes | {"body_length", "checksum"} == CODES.keys()
    for name, code in CODES.items():
        tagged = {":" in code for _, _, expected in CASES for code in expected if code.partition(":")[0] == name}
        assert tagged <= {code.has_tag}


def test_required_fields_of_a_group_are_required_in_each_instance():
    header = [(8, "FIX.4.4"), (9, "1"), (35, "X"), (49, "A"), (56, "B"), (34, "1"), (52, "20240102-09:30:00")]
    entries = [(268, "2"), (279, "0"), (269, "0"), (270, "1"), (279, "1"), (55, "X")]
    assert judge([*header, *entries, *TRAILER]) == []
    assert judge([*header, (268, "1"), (269, "0"), *TRAILER]) == ["group_first_field:268", "missing_required:279"]
    orders = [(73, "2"), (11, "A"), (67, "1"), (54, "1"), (11, "B"), (55, "Y")]
    fields = [*header[:2], (35, "E"), *header[3:], (66, "L"), (394, "1"), (68, "2"), *orders, *TRAILER]
    assert load_dictionary("FIX.4.4").group("E", 73).required == {11, 67, 54}
    assert judge(fields) == ["missing_required:54", "missing_required:67"]


def test_what_the_framer_found_is_told_at_its_field():
    assert judge(changed({54: "X"}), body_length_ok=False, checksum_status="bad") == [
        "body_length",
        "bad_enum:54",
        "checksum",
    ]
    assert judge(changed(), body_length_ok=None, checksum_status="not_verifiable") == []
    assert judge(changed(dropped=[9])[:-1], body_length_ok=False) == [
        "body_length",
        "missing_required:9",
        "missing_required:10",
    ]


def test_what_a_log_leaves_out_is_not_missing():
    bare = changed(dropped=[8, 9])[:-1]
    assert judge(bare) == ["missing_required:8", "missing_required:9", "missing_required:10"]
    assert judge(bare, left_out=frozenset({8, 9, 10})) == []


def test_the_version_decides():
    old = [(8, "FIX.4.0"), *HEADER[1:], *[pair for pair in BODY if pair[0] != 60], (21, "1"), *TRAILER]
    assert judge(old, "FIX.4.0") == []
    assert judge(old, "FIX.4.2") == ["missing_required:60"]
    assert "unknown_tag:453" in judge([*old[:-1], (453, "0"), *TRAILER], "FIX.4.2")


def test_a_users_dictionary_makes_its_tags_known_and_checks_them():
    own = read_quickfix_xml(
        b"""<fix type="FIX" major="4" minor="4"><messages>
        <message name="NewOrderSingle" msgtype="D" msgcat="app"><field name="ClOrdID" required="Y"/>
        <field name="Colour" required="Y"/></message></messages>
        <fields><field number="11" name="ClOrdID" type="STRING"/>
        <field number="9001" name="Colour" type="CHAR"><value enum="R" description="RED"/></field></fields></fix>"""
    )
    dictionary = load_dictionary("FIX.4.4").overlaid(own)
    fields = [*HEADER, (11, "C1"), (9001, "R"), *TRAILER]
    assert judge(fields, dictionary=dictionary) == []
    assert judge([*HEADER, (11, "C1"), (9001, "G"), (44, "1"), *TRAILER], dictionary=dictionary) == [
        "bad_enum:9001",
        "not_in_message:44",
    ]
    assert judge([*HEADER, (11, "C1"), *TRAILER], dictionary=dictionary) == ["missing_required:9001"]


# ---- datatypes ----

FORMS = {
    "INT": (["0", "-5", "007", "99999999999999999999"], ["+5", "1.0", "1e3", "", " 1", "1 ", "٣", "1\n"]),
    "LENGTH": (["0", "12"], ["-1", "1.0"]),
    "SEQNUM": (["1", "007"], ["-1", "x"]),
    "NUMINGROUP": (["0", "12"], ["-1"]),
    "TAGNUM": (["1", "5001"], ["0", "01", "-1"]),
    "DAYOFMONTH": (["1", "01", "31"], ["0", "32", "00", "1.5"]),
    "PRICE": (["1", "-1", "1.", ".5", "-0.50", "00023.23", "23.0000"], ["+1", "1e5", "1,000", ".", "-", "1.2.3", "--1", "0x1"]),
    "CHAR": (["A", " ", "é", "1"], ["AB"]),
    "BOOLEAN": (["Y", "N"], ["y", "true", "1", "YN"]),
    "STRING": (["anything = at all"], []),
    "MULTIPLECHARVALUE": (["A", "A 1 c"], ["AB", "A  B", " A", "A "]),
    "MULTIPLEVALUESTRING": (["A", "AA 1 c"], ["A  B", " A", "A "]),
    "CURRENCY": (["USD", "GBp"], ["US", "USDX", "U$D"]),
    "COUNTRY": (["GB"], ["gb", "GBR"]),
    "EXCHANGE": (["XLON", "360T"], ["L", "xlon", "XLONX"]),
    "LANGUAGE": (["en"], ["eng"]),
    "UTCTIMESTAMP": (
        ["20240229-00:00:00", "20240102-23:59:60", "20240102-09:30:00.1", "20240102-09:30:00.123456789012"],
        ["20230229-00:00:00", "20240102-24:00:00", "20240102-09:60:00", "20240102-09:30:61", "20240102-9:30:00", "20240102-09:30",
         "20240102-09:30:00.", "20240102-09:30:00.1234567890123", "20240102-09:30:00Z", "20240102 09:30:00", "00000101-00:00:00"],
    ),
    "UTCTIMEONLY": (["09:30:00", "09:30:00.123"], ["09:30", "9:30:00", "25:00:00"]),
    "LOCALMKTDATE": (["20240229"], ["20240230", "2024-02-29", "240229", "00000101"]),
    "UTCDATEONLY": (["20240102"], ["20241302"]),
    "MONTHYEAR": (["202402", "20240229", "202402w5"], ["202413", "20240230", "202402w6", "2024", "202402w"]),
    "TZTIMEONLY": (["07:39Z", "02:39-05", "15:39:00+08", "13:09+05:30", "13:09:00.123Z", "09:30"], ["7:39Z", "02:39-15", "02:39 -05"]),
    "TZTIMESTAMP": (["20060901-07:39Z", "20060901-02:39:00-05", "20060901-13:09:00.5+05:30"], ["20060931-07:39Z", "20060901-07Z"]),
    "LOCALMKTTIME": (["09:30:00"], ["09:30"]),
    "DATA": (["\x01\x02"], []),
    "OF_A_VENUE": (["whatever"], []),
}  # fmt: skip


@pytest.mark.parametrize("datatype", FORMS)
def test_datatypes_have_their_forms(datatype):
    right, wrong = FORMS[datatype]
    assert [value for value in right if not fits(datatype, value, "FIX.5.0SP2")] == []
    assert [value for value in wrong if fits(datatype, value, "FIX.5.0SP2")] == []


def test_what_a_type_meant_in_older_versions_holds():
    assert fits("CHAR", "some text", "FIX.4.1")
    assert not fits("CHAR", "some text", "FIX.4.2")
    assert fits("EXCHANGE", "N", "FIX.4.2")
    assert not fits("EXCHANGE", "N", "FIX.4.3")


def test_every_type_of_every_dictionary_is_judged_or_free():
    free = {"STRING", "DATA", "XMLDATA", "XID", "XIDREF"}
    for version in VERSIONS:
        for datatype in {field.type for field in load_dictionary(version).fields.values()} - free:
            if not (datatype in ("CHAR", "EXCHANGE") and version < "FIX.4.3"):
                assert not fits(datatype, " \x02 no  value of any type", version), (version, datatype)


# ---- messages made from the dictionary ----

SAMPLES = {
    "CHAR": "x", "BOOLEAN": "Y", "CURRENCY": "EUR", "COUNTRY": "DE", "EXCHANGE": "XETR", "LANGUAGE": "de", "MONTHYEAR": "202403",
    "UTCTIMESTAMP": "20240102-09:30:00.123", "TIME": "20240102-09:30:00", "UTCTIMEONLY": "09:30:00", "UTCDATEONLY": "20240102",
    "UTCDATE": "20240102", "LOCALMKTDATE": "20240102", "DATE": "20240102", "LOCALMKTTIME": "09:30:00", "TZTIMEONLY": "09:30:00Z",
    "TZTIMESTAMP": "20240102-09:30:00+01", "PRICE": "-1.25", "FLOAT": "0.5", "STRING": "text", "DATA": "a\x01b", "XMLDATA": "<a/>",
}  # fmt: skip


def sample(field, data):
    if field.codes:
        return data.draw(st.sampled_from(sorted(field.codes)), label=field.name)
    return SAMPLES.get(field.type, "1")


def instance(dictionary, msg_type, counter, data, depth):
    group = dictionary.group(msg_type, counter)
    plain = [tag for tag in group.order if tag not in group.nested]
    chosen = {tag for tag in plain if tag in group.required or data.draw(st.integers(0, 9), label=str(tag)) == 0}
    fields = [] if group.delimiter in group.nested else [group.delimiter]
    fields = [
        (tag, sample(dictionary.fields[tag], data))
        for tag in [*fields, *(t for t in plain if t in chosen and t not in fields)]
    ]
    nested = [tag for tag in group.order if tag in group.nested and (tag in group.required or tag == group.delimiter)]
    assume(not nested or depth < 3)
    inner = [pair for tag in nested for pair in instances(dictionary, msg_type, tag, data, depth + 1)]
    return inner + fields if group.delimiter in group.nested else fields + inner


def instances(dictionary, msg_type, counter, data, depth=1):
    count = data.draw(st.integers(1, 2), label=f"instances of {counter}")
    made = [pair for _ in range(count) for pair in instance(dictionary, msg_type, counter, data, depth)]
    return [(counter, str(count)), *made]


@st.composite
def valid_messages(draw):
    data = draw(st.data())
    version = draw(st.sampled_from(VERSIONS))
    dictionary = load_dictionary(version)
    msg_type = draw(st.sampled_from(sorted(dictionary.messages)))
    layout = dictionary.layout(msg_type)
    counters = set(layout.groups)
    required = dictionary.messages[msg_type].required
    optional = sorted(dictionary.messages[msg_type].members - required - counters)
    extra = draw(st.lists(st.sampled_from(optional), max_size=6, unique=True)) if optional else []
    optional_groups = sorted(dictionary.messages[msg_type].members & counters - required)
    groups = sorted(required & counters) + draw(
        st.lists(st.sampled_from(optional_groups), max_size=1) if optional_groups else st.just([])
    )
    header = sorted(dictionary.header_section.required - {8, 9, 35})
    plain = [*header, *sorted(required - counters), *extra]
    start = [(8, "FIX.4.4"), (9, "5"), (35, msg_type)]
    middle = [(tag, sample(dictionary.fields[tag], data)) for tag in plain]
    unfolded = [pair for tag in groups for pair in instances(dictionary, msg_type, tag, data)]
    return dictionary, msg_type, start, middle, unfolded


@MANY
@given(valid_messages())
def test_a_message_made_from_the_dictionary_is_valid(made):
    dictionary, msg_type, start, middle, groups = made
    fields = [*start, *middle, *groups, (10, "000")]
    assume(found_as_made(fields, dictionary, msg_type, len(start) + len(middle), len(groups)))
    assert judge(fields, msg_type=msg_type, dictionary=dictionary) == []


def found_as_made(fields, dictionary, msg_type, start, length):
    """Whether the groups can be told apart: standard groups share tags, and nothing marks where one ends."""
    rows = unfold(fields, dictionary, msg_type)
    counters = {at for at in range(start, start + length) if fields[at][0] in dictionary.layout(msg_type).groups}
    positions = {row.position for row in rows}
    outside = set(range(start, start + length)) - positions
    return outside <= counters and all(row.is_known and row.count_ok for row in rows)


@MANY
@given(valid_messages(), st.data())
def test_one_defect_in_a_valid_message_is_told_and_nothing_else(made, data):
    dictionary, msg_type, start, middle, _ = made
    required = dictionary.messages[msg_type].required
    assume(not required & dictionary.layout(msg_type).groups.keys())
    whole = [*start, *middle, (10, "000")]
    kind = data.draw(st.sampled_from(["drop", "empty", "repeat", "stranger", "type"]))
    at = data.draw(st.integers(3, len(whole) - 2), label="field")
    tag = whole[at][0]
    if kind == "drop":
        del whole[at]
        expected = [f"missing_required:{tag}"] if tag in required | dictionary.always_required else []
    elif kind == "empty":
        whole[at] = (tag, "")
        expected = [f"empty_value:{tag}"]
    elif kind == "repeat":
        whole.insert(at + 1, whole[at])
        expected = [f"duplicate_tag:{tag}"]
    elif kind == "stranger":
        stranger = data.draw(st.sampled_from([4998, 5000, 20_000, 39_999, 99_999]))
        whole.insert(at, (stranger, "1"))
        expected = [f"{'user_defined' if 5000 <= stranger < 40_000 else 'unknown_tag'}:{stranger}"]
    else:
        assume(SAMPLES.get(dictionary.fields[tag].type, "1") not in ("text", "x", "a\x01b", "<a/>"))
        assume(not dictionary.fields[tag].codes and dictionary.fields[tag].type != "STRING")
        assume(not (dictionary.fields[tag].type in ("CHAR", "EXCHANGE") and dictionary.version < "FIX.4.3"))
        whole[at] = (tag, "\x02 not that")
        expected = [f"bad_type:{tag}"]
    assert judge(whole, msg_type=msg_type, dictionary=dictionary) == expected


PAIRS = st.lists(
    st.tuples(st.integers(1, 60_000), st.text(st.sampled_from(string.printable + "\x01é٣"), max_size=8))
    | st.tuples(
        st.sampled_from([8, 9, 10, 35, 453, 448, 447, 802, 523, 268, 269, 55, 54]),
        st.sampled_from(["", "1", "2", "D", "W", "Y"]),
    ),
    max_size=25,
)


@MANY
@given(PAIRS, st.sampled_from(VERSIONS), st.sampled_from(["D", "W", "X", "AE", "", "zz", "0"]))
def test_any_fields_give_known_codes_once_each_and_no_value(fields, version, msg_type):
    found = judge(fields, version, msg_type)
    assert len(found) == len(set(found))
    tags = {tag for tag, _ in fields}
    for code in found:
        name, _, tag = code.partition(":")
        assert CODES[name].has_tag == bool(tag)
        assert not tag or int(tag) in tags or name == "missing_required"
    assert judge(fields, version, msg_type) == found


# ---- in the parser ----


def test_the_column_is_null_until_it_is_asked_for(read, wire):
    order = wire([(35, "D"), (49, "A"), (56, "B"), (34, "1"), (52, "20240102-09:30:00"), *BODY])
    wrong = order.replace(b"54=1", b"54=X")
    assert read(order + wrong).messages["validation_errors"].to_list() == [None, None]
    found = read(order + b"\n" + wrong + b"\n" + b"noise\n", validate=True)
    assert found.messages["validation_errors"].to_list() == [[], ["bad_enum:54", "checksum"]]
    assert found.messages.schema["validation_errors"] == pl.List(pl.String)


def test_secrets_are_judged_as_any_field_and_never_told(read, wire):
    logon = wire(
        [(35, "A"), (49, "A"), (56, "B"), (34, "1"), (52, "20240102-09:30:00"), (98, "0"), (108, "x"), (554, "hunter2")]
    )
    found = read(logon, validate=True, mask_key=b"key")
    assert found.messages["validation_errors"].to_list() == [["bad_type:108"]]
    assert "hunter2" not in found.everything()

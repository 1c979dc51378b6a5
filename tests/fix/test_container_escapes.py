from __future__ import annotations

import csv
import io
import json
import time
from xml.sax.saxutils import escape, quoteattr

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, assume, given, settings

from fix_transforms.fix.container_escapes import CONTAINERS, containers_of, sent_in_latin
from tests.fix.same_rows import assert_same_rows, rows_of

JSON, JSON_IN_JSON, MARKUP, CELL = CONTAINERS
PLACES = ("byte_offset", "byte_length", "line_number", "log_prefix", "delimiter", "message_index")


def in_json(text, *, is_ascii=True):
    return json.dumps({"level": "info", "msg": text, "caller": "fix.go"}, ensure_ascii=is_ascii)


def in_html_safe_json(text):
    safe = in_json(text)
    return safe.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("/", "\\/")


def in_json_in_json(text, *, is_ascii=True):
    return json.dumps({"log": in_json(text, is_ascii=is_ascii) + "\n", "stream": "stderr"}, ensure_ascii=is_ascii)


def in_csv(text):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(["1", text, "OUT"])
    return file.getvalue().removesuffix("\n")


QUOTES = {'"': "&quot;", "'": "&#39;"}
WRITERS = {
    "json": in_json,
    "json, not ascii": lambda text: in_json(text, is_ascii=False),
    "json that is safe in html": in_html_safe_json,
    "json in json": in_json_in_json,
    "json in json, not ascii": lambda text: in_json_in_json(text, is_ascii=False),
    "json in json, inner one ascii": lambda text: json.dumps({"log": in_json(text)}, ensure_ascii=False),
    "json in json, outer one ascii": lambda text: json.dumps({"log": in_json(text, is_ascii=False)}),
    "csv": in_csv,
    "element": lambda text: f"<m>{escape(text)}</m>",
    "element without control characters": lambda text: f"<m>{escape(text)}</m>".replace("\x01", "&#x1;"),
    "attribute": lambda text: f"<m n='1' v={quoteattr(text)}/>",
    "attribute with quotes": lambda text: f'<m v="{escape(text, QUOTES)}"/>',
}
NASTY = 'M&M <1> "x" \\ a/b \u00fc\u20ac\U0001f600 \ttab\nline & "" \\n \\u0041 &amp; end\\'
HEAD = [(35, "D"), (49, "BUYER"), (56, "VENUE"), (34, "8")]


@pytest.fixture
def order(wire):
    return wire([*HEAD, (55, "M&M"), (11, 'ORD-"<1>"'), (58, NASTY), (54, "1")])


def shown(wire, delimiter="\x01", encoding="utf-8"):
    return wire.decode(encoding).replace("\x01", delimiter)


def decoded(frames):
    return {
        name: [
            {key: value for key, value in row.items() if key not in (*PLACES, "decoder")} for row in frame.to_dicts()
        ]
        for name, frame in frames.items()
        if name in ("messages", "group_fields", "market_data_entries")
    }


def rows(text):
    return decoded(rows_of([text.encode()], decoder="simplefix").frames)


# ---- what is undone ----


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("delimiter", ["\x01", "|", "^A", "<SOH>", " | ", "\u2401"])
def test_message_in_a_container_is_read_as_it_was(read, order, heartbeat, writer, delimiter):
    lines = [WRITERS[writer](shown(order, delimiter)), shown(heartbeat)]
    found = read("\n".join(lines).encode())
    assert found.messages["raw"].to_list() == [order.decode(), heartbeat.decode()]
    assert found.messages["framing"].to_list() == ["body_length", "body_length"]
    assert found.messages["checksum_status"].to_list() == ["ok", "ok"]
    assert found.messages["body_length_ok"].to_list() == [True, True]
    assert found.messages["text"][0] == NASTY
    assert found.quarantine.height == 0
    assert found.tally.unaccounted_bytes == 0


def test_escape_of_the_outer_string_alone_may_come_first(read, wire):
    message = wire([(35, "D"), (1, "\x7f"), (1, "\x1f")])
    line = WRITERS["json in json, outer one ascii"](shown(message)).encode()
    assert read(line).messages["raw"].to_list() == [message.decode()]


def test_line_end_in_a_value_is_not_taken_for_the_end_of_a_message_without_checksum(read, wire):
    message = wire([(35, "D"), (1, "'|\n00")])
    line = WRITERS["attribute with quotes"](shown(message, "|")).encode()
    assert read(line).messages["raw"].to_list() == [message.decode()]


@pytest.mark.parametrize("writer", WRITERS)
def test_offset_and_length_are_those_in_the_file(read, order, writer):
    line = WRITERS[writer](shown(order, "|")).encode()
    found = read(b"first line\n" + line + b"\n").messages.row(0, named=True)
    message = (b"first line\n" + line)[found["byte_offset"] :][: found["byte_length"]]
    assert message.startswith(b"8=FIX.4.4|9=")
    assert message.endswith(b"|10=%b|" % order[-4:-1])
    assert found["delimiter"] == "|"


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_rows_are_the_same_however_the_log_is_cut(read, order, writer, size):
    line = WRITERS[writer](shown(order)).encode() + b"\n"
    content = line * 3
    whole = read(content)
    assert whole.tally.messages == 3
    assert read(content[i : i + size] for i in range(0, len(content), size)).rows() == whole.rows()


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("delimiter", ["\x01", "|"])
def test_every_decoder_reads_the_same(order, heartbeat, writer, delimiter):
    lines = [WRITERS[writer](shown(message, delimiter)) for message in (heartbeat, order, heartbeat, order)]
    assert_same_rows("\n".join(lines * 3).encode() + b"\n")


def test_latin_1_is_told_by_length_and_checksum(read, wire):
    message = wire([*HEAD, (58, 'M\u00fcller "x"'.encode("latin-1")), (54, "1")])
    for writer in ("json", "json, not ascii", "json in json", "csv", "attribute with quotes"):
        line = WRITERS[writer](shown(message, "|", "latin-1")).encode() + "\u20ac".encode()
        found = read(line).messages.row(0, named=True)
        assert (found["text"], found["raw_encoding"]) == ('M\u00fcller "x"', "latin-1")
        assert (found["checksum_status"], found["body_length_ok"]) == ("ok", True)
        assert line[found["byte_offset"] :][: found["byte_length"]].endswith(b"|10=%b|" % message[-4:-1])


def test_message_inside_data_is_data(read, wire, heartbeat):
    inner = b"<RTRF>" + wire([(35, "8"), (58, 'in "quotes"')]) + b"</RTRF>"
    outer = wire([(35, "n"), (212, str(len(inner))), (213, inner)], begin="FIX.4.2")
    for writer in ("json", "json in json", "csv", "element"):
        found = read((WRITERS[writer](shown(outer)) + "\n" + shown(heartbeat)).encode())
        assert found.messages["raw"].to_list() == [outer.decode(), heartbeat.decode()]


@pytest.mark.parametrize("following", ["\n", "\\n", "", ",", '", "', "</m>\n<m>", '""'])
def test_torn_message_does_not_take_bytes_of_the_next(read, order, heartbeat, following):
    for writer in (in_json, in_json_in_json, in_csv, escape):
        whole = writer(shown(order, "|"))
        start = whole.index("8=FIX")
        good = whole[start : whole.rindex("10=") + 7]
        for cut in range(start + 12, whole.rindex("10="), 3):
            found = read((whole[start:cut] + following + good + "\n" + shown(heartbeat)).encode()).messages
            assert found["raw"].to_list()[-2:] == [order.decode(), heartbeat.decode()]
            assert set(found["checksum_status"][:-2]) <= {"bad"}


def test_half_a_file_is_read_again_from_its_message(read, order):
    line = in_json(shown(order)).encode()
    start, end = line.index(b"8=FIX"), line.rindex(b"10=")
    for cut in range(start + 30, end + 6):
        found = read(line[:cut])
        assert found.tally.resume_offset == 0
        assert found.tally.unaccounted_bytes == 0


# ---- what is left ----


@pytest.mark.parametrize("value", ['""', "&amp;", "&#65;", "\\\\", '\\"', "\\u0026", "M\\/M"])
@pytest.mark.parametrize("delimiter", ["\x01", "|", "\\u0001", "&#x1;"])
def test_message_that_is_right_as_it_stands_is_left(read, wire, value, delimiter):
    message = wire([*HEAD, (58, value), (54, "1")])
    line = shown(message, delimiter).encode()
    assert read(line).messages["text"].to_list() == [value]
    assert_same_rows((line + b"\n") * 20)


@pytest.mark.parametrize("line", ["\\u00zz", "\\x41", "\\", '"', "\\ud83d", "\\udc00\\ud83d", "\\a"])
def test_invalid_escape_in_a_json_string_leaves_the_message(read, order, line):
    content = in_json(shown(order)).replace("M\\u0026M", "M&M").replace("ORD-", f"ORD-{line}").encode()
    messages = read(content).messages
    assert messages.select("checksum_status", "body_length_ok").rows() == [("bad", False)]
    assert '"x"' not in messages["text"][0]


@pytest.mark.parametrize("reference", ["& ", "&;", "&nothing;", "&#xd83d;", "&#0;", "&#x110000;"])
def test_invalid_reference_leaves_the_message(read, wire, reference):
    message = wire([*HEAD, (55, "M&M"), (11, f"ORD-{reference}")])
    content = f"<m>{escape(shown(message)).replace(escape(reference), reference)}</m>".encode()
    assert read(content).messages.select("symbol", "checksum_status").rows() == [("M&amp;M", "bad")]


@pytest.mark.parametrize("part", ["9=", "10="])
def test_message_whose_numbers_are_wrong_in_every_form_is_left(read, wire, part):
    pairs = [*HEAD, (55, "M&M"), (58, 'New "order"')]
    message = wire(pairs, length=20) if part == "9=" else wire(pairs, checksum="999")
    assert read(in_json(shown(message)).encode()).messages.select("text", "framing", "checksum_status").rows() == [
        ('New \\"order\\"', "scan", "bad")
    ]


def test_message_without_body_length_is_left(read):
    found = read(b'{"msg": "8=FIX.4.4|35=j|58=\\"x\\"|10=123|"}').messages
    assert found["text"].to_list() == ['\\"x\\"']


# ---- secrets ----


@pytest.mark.parametrize("key", [None, b"key"])
@pytest.mark.parametrize("tag", ["554=", "\\u0035\\u0035\\u0034=", "55\\u0034=", "&#53;54="])
def test_secret_is_hidden_however_its_tag_is_escaped(read, wire, key, tag):
    logon = wire([(35, "A"), (49, "A"), (56, "B"), (553, "desk"), (554, 'Zq7"x&<y\\pw'), (141, "Y")])
    for delimiter in ("\x01", "|"):
        text = shown(logon, delimiter)
        line = f'<m v="{escape(text)}"/>' if "&" in tag else in_json(text)
        found = read(line.replace("554=", tag).encode(), mask_key=key)
        assert found.messages["raw"][0] == logon.decode().replace("desk", "****").replace('Zq7"x&<y\\pw', "*" * 11)
        assert found.messages["checksum_status"].to_list() == ["ok"]
        assert "Zq7" not in found.everything()


@pytest.mark.parametrize("writer", WRITERS)
def test_no_secret_is_in_any_output_however_the_message_is_torn(read, wire, writer):
    logon = wire([(35, "A"), (49, "A"), (56, "B"), (554, 'S3"q&<\\secret'), (141, "Y")])
    for delimiter in ("\x01", "|"):
        line = WRITERS[writer](shown(logon, delimiter))
        for cut in range(line.index("8=FIX"), len(line), 5):
            for torn in (line[:cut], line[:cut] + "\n" + line, line[:cut] + line):
                assert "secret" not in read(torn.encode()).everything()


# ---- cost ----


@pytest.mark.parametrize(
    "content",
    [
        b'8=FIX.4.4|9=8000|35=D|58=\\"|' * 20_000,
        b"8=FIX.4.4\\u00019=900000\\u000135=D\\u000158=\\\\\\u0001" * 12_000,
        b"8=FIX.4.4\\\\u00019=900000\\\\u000135=D\\\\u000158=\\\\\\\\\\\\u0001" * 10_000,
        b"8=FIX.4.4|9=900000|35=D|58=&amp;|" * 20_000,
        b'8=FIX.4.4|9=900000|35=D|58=""|' * 20_000,
        b"8=FIX.4.4|9=900000|35=D|58=" + b"&amp;" * 200_000,
        b"8=FIX.4.4|9=8000|35=D|58=" * 5 + (b"\\\\" * 2_000 + b"8=FIX.4.4|9=8000|35=D|58=") * 200,
    ],
    ids=["json", "long json", "json in json", "markup", "cells", "escapes", "escapes between messages"],
)
def test_hostile_input_takes_linear_time_and_is_accounted_for(read, content):
    started = time.process_time()
    found = read(content, max_message_bytes=1 << 20)
    assert time.process_time() - started < 60
    assert found.tally.unaccounted_bytes == 0
    assert found.tally.messages == 0


def test_containers_are_told_by_what_stands_beside_the_delimiters():
    assert list(containers_of(b'8=FIX.4.4|35=0|58=a " b|', b"|")) == []
    assert list(containers_of(b"8=FIX.4.4\\u000135=0\\u0001", b"\\u0001")) == []
    assert list(containers_of(b"8=FIX.4.4&#1;35=0&#1;", b"&#1;")) == []
    assert list(containers_of(b'8=FIX.4.4\\u000135=\\"\\u0001', b"\\u0001")) == [JSON, JSON_IN_JSON]
    assert list(containers_of(b"8=FIX.4.4\\\\u000135=0\\\\u0001", b"\\\\u0001")) == []
    assert list(containers_of(b'8=FIX.4.4|35=&lt;|58=""|', b"|")) == [MARKUP, CELL]


# ---- undoing ----


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_what_json_writes_is_undone(text, is_ascii):
    once = json.dumps(text, ensure_ascii=is_ascii)
    assert JSON.undone(once[1:-1].encode()) == text.encode()
    assert JSON_IN_JSON.undone(json.dumps(once, ensure_ascii=is_ascii)[3:-3].encode()) == text.encode()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_markup_and_csv_write_is_undone(text):
    assert MARKUP.undone(escape(text).encode()) == text.encode()
    assert CELL.undone(text.replace('"', '""').encode()) == text.encode()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 40))
def test_every_end_in_the_text_has_its_place_in_the_log(text, wanted):
    log = b"before" + json.dumps(text)[1:-1].encode()
    undone = JSON.undo(log, len(b"before"), len(log), wanted)
    assert text.encode().startswith(undone.text)
    assert len(undone.text) >= min(wanted, len(text.encode()))
    assert undone.log_index(len(undone.text)) == undone.reached
    for end in (0, *undone.text_ends):
        assert JSON.undone(log[len(b"before") : undone.log_index(end)]) == undone.text[:end]


def test_latin_1_ends_at_the_first_character_that_it_does_not_have():
    assert sent_in_latin("M\u00fc\u20acx".encode()) == b"M\xfc"
    assert sent_in_latin(b"M\xfc") == b"M"


# ---- any message ----

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x01"), min_size=1, max_size=12)
MARKED = st.lists(st.sampled_from([*'"&<>\\/\n\t;#x1u|', "\\u0001", "&#1;", '""', "\U0001f600", "10=000"]), min_size=1)
VALUE = TEXT | MARKED.map("".join)
TAG = st.sampled_from([1, 11, 55, 58, 103, 109, 354, 448, 553, 554, 5001])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.lists(st.tuples(TAG, VALUE), max_size=6), st.sampled_from(["\x01", "|"]), st.data())
def test_any_message_in_any_container_gives_the_rows_of_the_plain_message(pairs, delimiter, data):
    body = b"".join(b"%d=%b\x01" % (tag, value.encode()) for tag, value in ((35, "D"), *pairs))
    start = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)
    text = shown(start + b"10=%03d\x01" % (sum(start) % 256), delimiter)
    plain = rows(text)
    assume([row["checksum_status"] for row in plain["messages"]] == ["ok"])
    writer = data.draw(st.sampled_from(sorted(WRITERS)))
    assert rows(WRITERS[writer](text)) == plain

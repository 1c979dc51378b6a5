from __future__ import annotations

import time
from quopri import encodestring
from urllib.parse import quote

import pytest

from tests.fix.same_rows import assert_same_rows

UNLISTED = [", ", "; ", "| ", "\\x1", "{SOH}", "[0x01]", "\u263a", "\ufffd", "\\\\u0001", "<SOH> ", "#", "||", "."]
LINE_ENDS = [b"\n", b"\r\n", b""]
PLACES = ("byte_offset", "byte_length", "line_number", "delimiter", "log_prefix")


@pytest.fixture
def order(wire):
    pairs = [(35, "D"), (49, "BUYER"), (56, "VENUE"), (34, "8"), (52, "20240102-09:30:01"), (11, "A1"), (44, "1.25")]
    return wire([*pairs, (58, "use limit, please"), (54, "1")])


def decoded(found):
    return [{name: value for name, value in row.items() if name not in PLACES} for row in found.rows()["messages"]]


@pytest.mark.parametrize("delimiter", UNLISTED)
@pytest.mark.parametrize("line_end", LINE_ENDS)
@pytest.mark.parametrize("is_last_written", [True, False])
def test_any_delimiter_around_body_length_gives_the_same_rows(read, order, delimiter, line_end, is_last_written):
    spelled = order.replace(b"\x01", delimiter.encode())
    if not is_last_written:
        spelled = spelled.removesuffix(delimiter.encode())
    found = read((spelled + line_end) * 2)
    assert decoded(found) == decoded(read(order + order))
    assert found.quarantine.height == found.log_events.height == 0


def test_message_in_the_escapes_of_syslog_is_read_without_its_length(read, heartbeat):
    message = heartbeat.replace(heartbeat.split(b"\x01")[1] + b"\x01", b"")
    found = read(b"Jan  2 09:30:00 host gw[7]: toApp: " + message.replace(b"\x01", b"#001") + b"\n")
    assert decoded(found) == decoded(read(b"toApp: " + message))
    assert found.messages.select("delimiter", "direction").rows() == [("#001", "out")]


@pytest.mark.parametrize("delimiter", [" | ", "| ", "; "])
def test_padding_that_comes_and_goes_does_not_stick_to_values(read, order, delimiter):
    spelled = order.decode().replace("\x01", delimiter)
    for mixed in (spelled.replace(delimiter + "56=", delimiter.strip() + "56="), spelled.rstrip()):
        assert decoded(read(mixed.encode() + b"\n")) == decoded(read(order))


def test_padding_does_not_eat_the_blank_at_the_end_of_a_value(read, wire):
    message = wire([(35, "j"), (58, "ends in a blank "), (380, "4")])
    assert decoded(read(message.replace(b"\x01", b" | "))) == decoded(read(message))


@pytest.mark.parametrize("end", ["`", "`;", ")", "\\n", "&quot;", ". Then", "</td>", " trailing text"])
def test_checksum_may_be_followed_by_whatever_is_no_value(read, heartbeat, end):
    found = read(heartbeat.replace(b"\x01", b"|")[:-1] + end.encode() + b"\n")
    assert found.messages["raw"].to_list() == [heartbeat.decode()]


def test_field_after_a_checksum_inside_the_message_does_not_end_it(read):
    groups = '8=FIX.4.4\\u00019=1\\u000135=W\\u0001270=1\\u000110=000\\u0001270=2\\u000110=000\\u0001",'
    for spelled in (groups, groups.replace("\\u0001", "|")):
        found = read(spelled.encode())
        assert found.messages["raw"].to_list() == ["8=FIX.4.4|9=1|35=W|270=1|10=000|270=2|10=000|".replace("|", "\x01")]
        assert found.quarantine.height == 0


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\n  "])
def test_one_field_a_line_is_one_message(read, order, line_end):
    found = read(b"Engine started\n" + order.replace(b"\x01", line_end) + b"\nDone\n")
    assert decoded(found) == decoded(read(order))
    assert found.log_events["text"].to_list() == ["Engine started", "Done"]
    if line_end.strip(b"\r\n") == b"":
        assert found.messages["delimiter"].to_list() == ["CRLF" if b"\r" in line_end else "LF"]


def test_one_field_a_line_is_the_same_however_it_is_cut(read, order):
    content = (order.replace(b"\x01", b"\n") + b"\n") * 3
    whole = read(content)
    assert whole.tally.messages == 3
    assert read(content[i : i + 5] for i in range(0, len(content), 5)).rows() == whole.rows()


@pytest.mark.parametrize("delimiter", [b"\x01", b"|", b" | ", b"^A"])
def test_message_wrapped_after_a_delimiter_is_joined(read, order, delimiter):
    wrapped = order.replace(b"\x0156=", b"\x01\n56=").replace(b"\x0144=", b"\x01\n  44=").replace(b"\x01", delimiter)
    stripped = b"\n".join(line.rstrip(b" ") for line in wrapped.split(b"\n"))
    assert decoded(read(stripped + b"\n")) == decoded(read(order))


def test_wrapped_lines_that_nothing_bears_out_stay_apart(read, order, wire):
    torn = wire([(35, "D"), (11, "B2"), (55, "ACME")], length=90)[:-7]
    tail = order[order.index(b"44=") :]
    for delimiter in (b"\x01", b"|", b" | "):
        found = read((torn + b"\n" + tail).replace(b"\x01", delimiter))
        assert found.tally.messages == 0
        assert found.quarantine["reason"].to_list() == ["truncated", "fragment"]


@pytest.mark.parametrize("delimiter", [b"\x01", b"|", b"^A", b" | "])
def test_length_that_counts_the_checksum_too_loses_no_checksum(read, wire, delimiter):
    message = wire([(35, "0"), (34, "7")], length=12 + len(b"10=000\x01"))
    row = read(message.replace(b"\x01", delimiter) + b"\n").messages.row(0, named=True)
    assert (row["framing"], row["body_length_ok"], row["checksum_status"]) == ("scan", False, "ok")
    assert row["check_sum"] == message[-4:-1].decode()


@pytest.mark.parametrize("prefix", [b"", b"2024-01-02 09:30:00,909 QUOTE DEBUG: ", b"<outgoing> "])
def test_message_whose_soh_was_dropped_is_garbled(read, heartbeat, prefix):
    found = read(prefix + heartbeat.replace(b"\x01", b"") + b"\nnext\n")
    assert found.quarantine.select("reason", "line_number").rows() == [("garbled", 1)]
    assert "no delimiter" in found.quarantine["detail"][0]
    assert found.log_events["text"].to_list() == ["next"]


def test_secret_is_hidden_where_soh_was_dropped(read, wire):
    logon = wire([(35, "A"), (108, "30"), (554, "S3cretly"), (98, "0")]).replace(b"\x01", b"")
    found = read(b"Sent: " + logon + b"\n")
    assert found.quarantine["reason"].to_list() == ["garbled"]
    assert "S3cret" not in found.everything()


def test_message_cut_into_string_literals_is_in_quarantine(read, heartbeat):
    literals = heartbeat.replace(b"\x0149=", b'\x01" +\n    "49=').replace(b"\x01", b"\\x01")
    found = read(b'send("' + literals + b'")\n')
    assert found.quarantine["reason"].to_list() == ["truncated", "fragment"]
    assert found.log_events.height == 0


@pytest.mark.parametrize(
    "line", ["a#11=X#55=Y#54=1", "11=X, 55=Y, 54=1, 10=123", "<SOH>49=A<SOH>", "\u263a49=A\u263a55=B\u263a54=1"]
)
def test_fields_with_any_delimiter_are_fragments(read, line):
    assert read(line.encode() + b"\n").quarantine["reason"].to_list() == ["fragment"]


@pytest.mark.parametrize(
    "soh",
    ["\\x01", "\\x1", "\\u0001", "\\\\u0001", "\\001", "<SOH>", "[SOH]", "&#x01;", "&#1;", "#001", "\u2401", "%01"],
)
@pytest.mark.parametrize("line", ["R|56=B|55=X", "49=A|", "=20240102-09:30:00|56=B|34=7|11=X"])
def test_field_before_any_spelling_of_soh_is_a_fragment(read, soh, line):
    line = line.replace("|", soh)
    assert read(line.encode() + b"\n").quarantine["reason"].to_list() == ["fragment"]


@pytest.mark.parametrize(
    "line",
    [
        "Price=3, Size=4, 5=6",
        "1=2 3=4 5=6 7=8",
        "(10=123)a",
        "SessionID FIX.4.4:A->B, 8=FIX.4.4",
        "x86=yes",
        "[8] BeginString = FIX.4.4",
    ],
)
def test_remarks_with_equals_signs_stay_events(read, line):
    found = read(line.encode() + b"\n")
    assert found.log_events["text"].to_list() == [line]


def test_hex_dumps_are_binary_and_say_so(read, heartbeat):
    def lines(shape, sep):
        for at in range(0, len(heartbeat), 16):
            part = heartbeat[at : at + 16]
            shown = "".join(chr(byte) if 32 < byte < 127 else "." for byte in part)
            yield shape.format(at, sep.join(part[i : i + len(sep) + 1].hex() for i in range(0, 16, 2)), shown)

    for shape in ("{:08x}: {}  {}", "0x{:04x}:  {}  {}", "{:04x}   {}   {}"):
        found = read("\n".join(lines(shape, " ")).encode() + b"\n" + heartbeat)
        assert found.messages["raw"].to_list() == [heartbeat.decode()]
        assert set(found.quarantine["reason"]) == {"binary"}
        assert "hex dump" in found.quarantine["detail"][0]


@pytest.mark.parametrize(
    "line", ["20240102 09 30 00 11 22", "2024 01 02 03 04 05 06 07 events", "deadbeef 12 34", "0000: a b c d e f a b c"]
)
def test_lines_of_numbers_are_no_hex_dumps(read, line):
    assert read(line.encode() + b"\n").quarantine.height == 0


def test_payload_that_shows_soh_as_a_point_is_read(read, order):
    found = read(
        b"E..\\.8@.@.." + order.replace(b"\x01", b".") + b"\n09:30:01.5 IP 10.0.0.1.5001 > 10.0.0.2.40001: tcp\n"
    )
    assert decoded(found) == decoded(read(order))
    assert found.log_events.height == 1


@pytest.mark.parametrize(
    "content",
    [
        b"8=FIX.4.4\n9=1\n" * 4_000,
        b"8=FIX.4.4\n" + b"35=D\n" * 30_000,
        b"8=FIX.4.4 | 9=900000 | 35=D | " * 4_000,
        b"8=FIX.4.4{SOH}9=5{SOH}35=D" * 4_000,
        b"8=FIX{{{{{{{{{{{{" * 4_000,
        b"a#1=" * 50_000,
        b"00000000: 3d3d " * 10_000,
        b"8=FIX9=9=" * 10_000,
    ],
    ids=["field lines", "long field lines", "padded lies", "unlisted", "no delimiter", "tags", "hex", "stripped"],
)
def test_hostile_shapes_take_linear_time(read, content):
    started = time.process_time()
    found = read(content, max_message_bytes=1 << 20)
    assert time.process_time() - started < 15
    assert found.tally.unaccounted_bytes == 0


@pytest.mark.parametrize("delimiter", ["\x01", "|"])
def test_message_whose_equals_signs_are_escaped_is_quarantined(read, wire, delimiter):
    logon = wire([(35, "A"), (49, "A"), (56, "B"), (554, "S3secret"), (141, "Y")])
    text = logon.decode().replace("\x01", delimiter)
    url = f"2024-01-02 09:30:00 GET /decode?msg={quote(text)} HTTP/1.1"
    for line in (url, encodestring(text.encode()).decode(), text.replace("=", "\\u003d"), text.replace("=", "&#61;")):
        found = read(line.encode())
        assert (found.quarantine["reason"][0], found.tally.messages) == ("garbled", 0)
        assert "escaped" in found.quarantine["detail"][0]
        assert "secret" not in found.everything()
        assert_same_rows((line + "\n").encode() * 20)


def test_mention_of_a_message_in_a_url_is_an_event(read):
    found = read(b"GET /search?q=8%3DFIX.4.4+header HTTP/1.1 200\n")
    assert found.log_events.height == 1

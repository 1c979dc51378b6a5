from __future__ import annotations

import random
import time

import pytest

SPELLINGS = ["\x01", "|", ";", "^", "~", " ", "^A", "<SOH>", "\\x01", "\\u0001", "&#x01;", " | "]


def log_of(message, delimiter):
    return message.replace(b"\x01", delimiter.encode())


@pytest.mark.parametrize("delimiter", SPELLINGS)
def test_every_spelling_of_soh_is_restored(read, heartbeat, delimiter):
    found = read(log_of(heartbeat, delimiter) + b"\n" + log_of(heartbeat, delimiter) + b"\n")
    assert found.messages["raw"].to_list() == [heartbeat.decode()] * 2
    assert set(found.messages["checksum_status"]) == {"ok"}
    assert set(found.messages["framing"]) == {"body_length"}
    assert found.tally.unaccounted_bytes == 0


@pytest.mark.parametrize("delimiter", SPELLINGS)
def test_messages_share_a_line(read, heartbeat, delimiter):
    found = read(log_of(heartbeat, delimiter) * 3)
    assert found.messages["raw"].to_list() == [heartbeat.decode()] * 3


def test_delimiter_inside_a_value_stays(read, wire):
    message = wire([(35, "j"), (58, "pick a|b or c")])
    assert read(log_of(message, "|")).messages["text"].to_list() == ["pick a|b or c"]


def test_space_delimited_values_keep_their_spaces(read, wire):
    message = wire([(35, "j"), (58, "Missing field. Type 50"), (380, "4")])
    found = read(log_of(message, " "))
    assert found.messages["text"].to_list() == ["Missing field. Type 50"]
    assert found.messages["delimiter"].to_list() == ["space"]


def test_last_delimiter_may_be_missing(read, heartbeat):
    found = read(log_of(heartbeat, "|")[:-1] + b"\n" + heartbeat)
    assert found.messages["raw"].to_list() == [heartbeat.decode()] * 2


def test_message_inside_data_is_data(read, wire, heartbeat):
    inner = wire([(35, "8"), (58, "inner")])
    xml = b"<RTRF>" + inner + b"</RTRF>"
    outer = wire([(35, "n"), (212, str(len(xml))), (213, xml)], begin="FIX.4.2")
    for delimiter in ("\x01", "|"):
        found = read(log_of(outer, delimiter) + b"\n" + heartbeat)
        assert found.messages["msg_type"].to_list() == ["n", "0"]
        assert found.messages["checksum_status"].to_list() == ["ok", "ok"]


def test_mention_of_a_message_in_text_is_data(read, wire):
    message = wire([(35, "j"), (58, "got 8=FIX.4.2 here"), (380, "4")], length=1)
    found = read(message)
    assert found.messages["text"].to_list() == ["got 8=FIX.4.2 here"]
    assert found.messages["framing"].to_list() == ["scan"]


@pytest.mark.parametrize("cut", range(12, 80, 7))
@pytest.mark.parametrize("between", [b"", b"\n"])
def test_truncated_message_does_not_swallow_the_next(read, wire, heartbeat, cut, between):
    order = wire([(35, "D"), (49, "BUYER"), (56, "VENUE"), (11, "A1"), (55, "ACME"), (58, "x" * 40)])
    found = read(order[:cut] + between + heartbeat)
    assert found.messages["raw"].to_list() == [heartbeat.decode()]
    assert found.quarantine["reason"].to_list() == ["truncated"]
    assert found.tally.unaccounted_bytes == 0


@pytest.mark.parametrize("delimiter", ["\x01", "|", "^A"])
@pytest.mark.parametrize("digits", range(3))
@pytest.mark.parametrize("size", [1, 10_000])
def test_checksum_torn_off_takes_no_digit_of_the_next_message(read, heartbeat, delimiter, digits, size):
    torn = heartbeat[: heartbeat.rindex(b"10=") + len(b"10=") + digits]
    content = log_of(torn + heartbeat * 2, delimiter)
    found = read([content[i : i + size] for i in range(0, len(content), size)])
    whole = found.messages.filter(checksum_status="ok")
    assert whole["raw"].to_list() == [heartbeat.decode()] * 2
    assert found.messages.height + found.quarantine.height == 3
    assert found.quarantine["reason"].to_list() == ([] if digits else ["truncated"])


@pytest.mark.parametrize("start", ["8=FIX", "8=FIX.4.", "8=FIX.4.4", "20240102-09:30:00 : 8=FIX.4.4"])
def test_message_torn_inside_its_header_is_no_prefix_of_the_next(read, heartbeat, start):
    found = read(start.encode() + heartbeat)
    assert found.messages["raw"].to_list() == [heartbeat.decode()]
    assert found.messages["log_prefix"].to_list() == [None]
    assert found.quarantine.select("byte_offset", "byte_length", "reason").rows() == [(0, len(start), "truncated")]


def test_length_that_lands_on_the_next_checksum_by_accident_is_seen_through(read, wire, heartbeat):
    torn = b"8=FIX.4.4\x019=%d\x0135=D\x0111=A1\x01"
    reach = len(b"35=D\x0111=A1\x01") + len(heartbeat) - len(b"10=000\x01")
    found = read(torn % reach + heartbeat)
    assert found.messages["raw"].to_list() == [heartbeat.decode()]
    assert found.quarantine["reason"].to_list() == ["truncated"]


def test_wrong_length_and_checksum_are_recorded_not_fatal(read, wire):
    pairs = [(35, "0"), (34, "1")]
    found = read(wire(pairs, length=3) + wire(pairs, checksum="999") + wire(pairs))
    assert found.messages["framing"].to_list() == ["scan", "body_length", "body_length"]
    assert found.messages["body_length_ok"].to_list() == [False, True, True]
    assert found.messages["checksum_status"].to_list() == ["ok", "bad", "ok"]


def test_missing_length_is_scanned(read):
    found = read(b"8=FIX.4.4\x0135=0\x0134=1\x0110=123\x01")
    assert found.messages["body_length_ok"].to_list() == [None]
    assert found.messages["framing"].to_list() == ["scan"]


def test_missing_checksum_is_not_verifiable(read, heartbeat):
    found = read(heartbeat[:-7] + b"\n" + heartbeat)
    assert found.messages["checksum_status"].to_list() == ["not_verifiable", "ok"]
    assert found.messages["check_sum"].to_list() == [None, heartbeat[-4:-1].decode()]


@pytest.mark.parametrize("delimiter", ["\x01", "|", "\\u0001"])
@pytest.mark.parametrize("size", [1, 64, 10_000])
def test_missing_checksum_before_the_next_message_is_not_verifiable(read, heartbeat, delimiter, size):
    content = log_of(heartbeat[: heartbeat.rindex(b"10=")] * 2 + heartbeat, delimiter)
    found = read([content[i : i + size] for i in range(0, len(content), size)])
    assert found.messages["checksum_status"].to_list() == ["not_verifiable", "not_verifiable", "ok"]
    assert found.messages["body_length_ok"].to_list() == [True] * 3
    assert found.tally.unaccounted_bytes == 0


def test_checksum_zero_is_a_checksum(read, wire):
    fillers = (
        chr(first) + chr(second) + chr(third) for first in b"AZaz" for second in range(48, 123) for third in b"09AZaz"
    )
    candidates = (wire([(35, "0"), (112, filler)]) for filler in fillers)
    message = next(message for message in candidates if message.endswith(b"10=000\x01"))
    assert read(message).messages["checksum_status"].to_list() == ["ok"]


def test_length_may_have_leading_zeros(read, heartbeat):
    body = heartbeat[heartbeat.index(b"35=") : -7]
    start = b"8=FIX.4.4\x019=%05d\x01" % len(body) + body
    found = read(start + b"10=%03d\x01" % (sum(start) % 256))
    assert found.messages.select("checksum_status", "body_length_ok").row(0) == ("ok", True)


def test_masked_or_transcoded_checksums_are_not_verifiable(read, wire):
    logon = wire([(35, "A"), (554, "secret")]).replace(b"secret", b"******")
    latin = wire([(35, "j"), (58, "caf\xe9".encode("latin-1"))])
    found = read(logon + latin.decode("latin-1").encode("utf-8") + latin)
    assert found.messages["checksum_status"].to_list() == ["not_verifiable", "not_verifiable", "ok"]
    assert found.messages["raw_encoding"].to_list() == ["utf-8", "utf-8", "latin-1"]
    assert found.messages["raw"][2].encode("latin-1") == latin


def test_message_over_several_lines_is_joined(read, heartbeat):
    broken = heartbeat[:6] + b"\n" + heartbeat[6:40] + b"\r\n" + heartbeat[40:-6] + b"\n" + heartbeat[-6:]
    found = read(broken + b"\n" + heartbeat)
    assert found.messages["raw"].to_list() == [heartbeat.decode()] * 2
    assert found.messages["byte_length"].to_list() == [len(broken), len(heartbeat)]


def test_line_break_inside_data_is_data(read, wire, heartbeat):
    message = wire([(35, "B"), (95, "9"), (96, b"a\nb\x01c=d\r\n")])
    found = read(message + b"\r\n" + heartbeat)
    assert found.messages["raw"].to_list() == [message.decode(), heartbeat.decode()]


def test_text_around_messages_is_kept(read, heartbeat):
    found = read(b"2024 note: " + heartbeat + b"  JUNK OUT HERE\r\nEngine started\r\n")
    assert found.messages["log_prefix"].to_list() == ["2024 note:"]
    assert found.log_events["text"].to_list() == ["JUNK OUT HERE", "Engine started"]
    assert found.log_events["line_number"].to_list() == [1, 2]


def test_binary_length_before_a_message_does_not_hide_it(read, heartbeat):
    found = read(b"\x003" + heartbeat + b"\x01Q" + heartbeat + b"\x009" + heartbeat)
    assert found.tally.messages == 3


def test_lines_with_fields_but_no_message_are_fragments(read):
    found = read(b"RawFix:35=D^A49=CLIENT^A56=VENUE^A\n55=ACME\x0154=1\x0110=123\x01\nPrice=3 and Size=4 are fine\n")
    assert found.quarantine["reason"].to_list() == ["fragment", "fragment"]
    assert found.log_events["text"].to_list() == ["Price=3 and Size=4 are fine"]


def test_noise_is_one_binary_stretch(read, heartbeat):
    noise = random.Random(1).randbytes(200_000).replace(b"8=FIX", b"")
    found = read(noise + b"\n" + heartbeat + b"\n")
    assert found.messages["raw"].to_list() == [heartbeat.decode()]
    assert found.quarantine.filter(reason="binary")["byte_length"].sum() > 195_000
    assert found.tally.quarantined + found.tally.log_events < 100


def test_wrong_data_length_is_undecodable_and_stays_alone(read, wire, heartbeat):
    for declared in ("2", "500", "x"):
        found = read(wire([(35, "B"), (95, declared), (96, "abcd"), (58, "t")]) + b"\n" + heartbeat)
        assert found.quarantine["reason"].to_list() == ["undecodable"]
        assert found.messages["raw"].to_list() == [heartbeat.decode()]


def test_message_longer_than_the_limit_is_quarantined(read, wire, heartbeat):
    long = wire([(35, "B"), (58, "x" * 5000)])
    found = read(long + b"\n" + heartbeat + b"\n" + b"y" * 3000 + b"\n", max_message_bytes=2048)
    assert found.quarantine["reason"].to_list() == ["too_long", "too_long"]
    assert found.messages["raw"].to_list() == [heartbeat.decode()]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00" * 3_000_000,
        b"x" * 5_000_000,
        b"8=FIX" * 600_000,
        b"8=FIX.4.4|9=5|" * 100_000,
        b"1=" * 1_000_000,
        b"8=FIX " * 500_000,
        b"8=FIX.4.4^A9=900000^A35=D^A" * 20_000,
    ],
    ids=[
        "nothing",
        "newline",
        "padding",
        "long line",
        "starts",
        "headers",
        "tags",
        "spaced starts",
        "spelled-out lies",
    ],
)
def test_hostile_input_takes_linear_time_and_is_accounted_for(read, content):
    started = time.process_time()
    found = read(content, max_message_bytes=1 << 20)
    assert time.process_time() - started < 60
    assert found.tally.content_bytes == len(content)
    assert found.tally.unaccounted_bytes == 0
    assert found.tally.messages == 0


def test_lengths_that_all_reach_the_same_checksum_take_linear_time(read):
    headers, reach = [], len(b"35=0\x01")
    for _ in range(20_000):
        headers.append(b"8=FIX.4.4\x019=%d\x01" % reach)
        reach += len(headers[-1])
    content = b"".join(reversed(headers)) + b"35=0\x0110=999\x01"
    started = time.process_time()
    found = read(content)
    assert time.process_time() - started < 60
    assert found.tally.messages == 1
    assert found.tally.unaccounted_bytes == 0


def test_reading_resumes_after_the_last_complete_line_or_message(read, heartbeat):
    torn = heartbeat[:40]
    found = read(heartbeat + b"\nnote\n" + torn)
    whole = len(heartbeat) + len(b"\nnote\n")
    assert (found.tally.resume_offset, found.tally.next_line_number) == (whole, 3)
    later = read(heartbeat, start_offset=whole, first_line_number=3, first_message_index=found.tally.next_message_index)
    row = later.messages.row(0, named=True)
    assert (row["byte_offset"], row["line_number"], row["message_index"]) == (whole, 3, 1)
    assert later.tally.unaccounted_bytes == 0


def test_message_without_its_line_end_is_complete(read, heartbeat):
    assert read(heartbeat).tally.resume_offset == len(heartbeat)
    assert read(heartbeat[:-2]).tally.messages == 0
    assert read(heartbeat[:-2]).tally.resume_offset == 0


def test_data_still_being_written_is_read_again_from_its_message(read, wire, heartbeat):
    message = wire([(35, "B"), (95, "40"), (96, b"one\ntwo\nthree\n" + b"." * 26)])
    found = read(heartbeat + b"\n" + message[:50])
    assert found.tally.resume_offset == len(heartbeat) + 1

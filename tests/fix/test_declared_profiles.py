from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix.profiles import DeclaredProfile, TimeFormat, compiled, compiled_bytes
from fix_transforms.source_tables import ProfileTable


def rules(**table):
    return ProfileTable.model_validate(table).rules("test")


def bare(number, **extra):
    fields = {35: "D", 49: "DESK", 56: "VENUE", 11: f"C{number}", **extra}
    return "".join(f"{tag}={value}\x01" for tag, value in fields.items()).encode()


RAW = b"2018-03-12 17:37:29,403 INFO [main] x.Session [Session.kt:33] RawFix:"


# ---- messages without BeginString, BodyLength and CheckSum ----


@pytest.mark.parametrize("delimiter", [b"\x01", b"|", b"^A", b"<SOH>", b";"])
def test_bare_message_is_a_message_of_its_line(read, delimiter):
    log = RAW + bare(1).replace(b"\x01", delimiter) + b"\n" + RAW + bare(2)[:-1].replace(b"\x01", delimiter) + b"\r\n"
    found = read(log, rules=rules(message_start="RawFix:", begin_string="FIX.4.2"), local=frozenset({"DESK"}))
    rows = found.messages
    assert rows["cl_ord_id"].to_list() == ["C1", "C2"]
    assert rows["framing"].unique().to_list() == ["profile"]
    assert rows["checksum_status"].unique().to_list() == ["not_verifiable"]
    assert rows["body_length_ok"].to_list() == rows["begin_string"].to_list() == [None, None]
    assert rows["direction"].to_list() == ["out", "out"]
    assert rows["byte_offset"].to_list() == [len(RAW), log.index(b"RawFix:", len(RAW)) + len(b"RawFix:")]
    assert rows["raw"].to_list() == [bare(1).decode(), bare(2).decode()]
    assert found.quarantine.height == found.tally.unaccounted_bytes == 0


def test_bare_message_is_read_with_the_dictionary_of_its_profile(read):
    group = RAW + b"35=W\x0149=V\x0156=D\x0155=X\x01268=2\x01269=0\x01270=1\x01269=1\x01270=2\x01\n"
    assert read(group, rules=rules(message_start="RawFix:", begin_string="FIX.4.4")).group_fields.height == 4
    assert read(group, rules=rules(message_start="RawFix:", begin_string="FIX.4.0")).group_fields.height == 0


def test_secret_of_a_bare_message_is_masked(read):
    log = RAW + b"35=A\x0149=A\x0156=B\x01553=bob\x01554=hunter2\x01\n"
    found = read(log, rules=rules(message_start="RawFix:"))
    assert found.messages["msg_type"].to_list() == ["A"]
    assert "hunter2" not in found.everything()


def test_bare_line_that_is_not_complete_is_no_message_yet(read):
    found = read(RAW + bare(1)[:-4], rules=rules(message_start="RawFix:"))
    assert found.messages.height == 0
    assert found.quarantine["reason"].to_list() == ["fragment"]
    assert found.tally.resume_offset == 0


@pytest.mark.parametrize(
    "line", [b"RawFix: nothing", b"RawFix:49=A\x0156=B\x01", b"RawFix:x35=D\x0149=A\x01", b"35=D|49=A|"]
)
def test_line_that_is_no_bare_message_stays_what_it_is(read, line):
    with_rules, without = read(line + b"\n", rules=rules(message_start="RawFix:")), read(line + b"\n")
    assert with_rules.rows() == without.rows()


def test_text_after_a_declared_end_is_an_event(read):
    found = read(RAW + b"35=0|49=A|56=B| took 3 ms\n", rules=rules(message_start="RawFix:", message_end=r" took "))
    assert found.messages["raw"].to_list() == ["35=0\x0149=A\x0156=B\x01"]
    assert found.log_events["text"].to_list() == ["took 3 ms"]
    assert found.tally.unaccounted_bytes == 0


def test_long_bare_message_is_whole(read):
    text = "x" * 40_000
    found = read(RAW + bare(1, **{"58": text}) + b"\n", rules=rules(message_start="RawFix:"))
    assert found.messages["text"].to_list() == [text]


def test_whole_messages_are_read_beside_bare_ones(read, heartbeat):
    found = read(RAW + bare(1) + b"\nRawFix:" + heartbeat + b"\n", rules=rules(message_start="RawFix:"))
    assert found.messages["framing"].to_list() == ["profile", "body_length"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["bare", "event", "blank", "torn", "noise"]), max_size=8), st.integers(1, 60))
def test_every_byte_is_accounted_for_however_it_is_cut(kinds, cut):
    from fix_transforms.fix import ParseOptions, parse

    lines = {
        "bare": RAW + bare(1),
        "event": b"a remark",
        "blank": b" ",
        "torn": RAW + b"35=D\x0149",
        "noise": b"DUP " + bare(2),
    }
    log = b"\n".join(lines[kind] for kind in kinds)
    options = ParseOptions(rules=rules(message_start="RawFix:", noise="DUP "))
    whole, pieces = (
        list(parse(chunks, options)) for chunks in ([log], [log[i : i + cut] for i in range(0, len(log), cut)])
    )
    assert [chunk.tally.unaccounted_bytes for chunk in whole] == [0]
    assert whole[0].messages.equals(pieces[0].messages)
    assert whole[0].log_events.equals(pieces[0].log_events)
    assert whole[0].messages.height == kinds[:-1].count("bare")


# ---- lines ----


def test_pattern_of_the_line_gives_time_direction_session_and_message(read):
    line = r"(?P<time>\S+ \S+)\s+\[(?P<session>[^\]]+)\] (?P<direction>[IO]) (?P<message>35=.*)"
    log = b"02/01/2024 09:30:00.5 [DESK->VENUE] O " + bare(1).replace(b"\x01", b"|") + b"\n"
    found = read(log, rules=rules(line=line, time_format="%d/%m/%Y %H:%M:%S.%f"), timezone="Europe/Berlin")
    row = found.messages.row(0, named=True)
    assert row["log_time"] == datetime(2024, 1, 2, 8, 30, 0, 500_000, tzinfo=UTC)
    assert (row["direction"], row["log_time_digits"], row["cl_ord_id"]) == ("out", 1, "C1")


@pytest.mark.parametrize("word", ["O", "out", "Out", "OUT", "S", "sent", ">", "->"])
def test_word_of_the_line_for_its_direction_may_be_short(read, heartbeat, word):
    declared = rules(line=r"[0-9]+;(?P<direction>[^;]+);(?P<message>8=)")
    assert read(f"7;{word};".encode() + heartbeat, rules=declared).messages["direction"].to_list() == ["out"]


def test_session_of_the_line_tells_where_its_direction_does_not(read, wire):
    line = r"\[(?P<session>[^\]]+)\] (?P<message>8=)"
    sent = wire([(35, "0"), (49, "DESK"), (56, "VENUE")])
    received = wire([(35, "0"), (49, "VENUE"), (56, "DESK")])
    found = read(b"[DESK->VENUE] " + sent + b"\n[DESK->VENUE] " + received + b"\n", rules=rules(line=line))
    assert found.messages["direction"].to_list() == ["out", "in"]


def test_declared_words_replace_the_known_ones(read, heartbeat):
    declared = rules(incoming="client", outgoing=["exchange"])
    log = b"Recv from exchange " + heartbeat + b"\nSent by client " + heartbeat + b"\nSent by clients " + heartbeat
    assert read(log, rules=declared).messages["direction"].to_list() == ["out", "in", None]


def test_direction_from_the_file_ignores_the_lines(read, heartbeat):
    found = read(b"Recv: " + heartbeat, rules=rules(direction_from="file"), source_name="x.out")
    assert found.messages["direction"].to_list() == ["out"]


def test_direction_from_the_line_before_needs_no_bare_message(read, heartbeat):
    declared = rules(direction_from="line_before", incoming="peer says", outgoing="we say")
    log = (
        b"1: peer says\n20240102-09:30:00 x " + heartbeat + b"\nother\n" + heartbeat + b"\nwe say\n" + heartbeat + b"\n"
    )
    found = read(log, rules=declared)
    assert found.messages["direction"].to_list() == ["in", None, "out"]
    assert found.log_events["text"].to_list() == ["other"]


def test_declared_noise_is_an_event_though_it_holds_messages_or_fields(read, heartbeat):
    log = b"copy of " + heartbeat + b"\n" + heartbeat + b"\ncopy of 35=D|49=A|56=B|11=1|\n"
    found = read(log, rules=rules(noise=["^copy of "]))
    assert (found.messages.height, found.log_events.height, found.quarantine.height) == (1, 2, 0)
    assert found.tally.unaccounted_bytes == 0
    assert found.log_events["byte_offset"].to_list() == [0, log.rindex(b"copy")]


def test_profile_that_declares_nothing_changes_nothing(read, heartbeat):
    log = b"20240102-09:30:00 Recv: " + heartbeat + b"\nevent\n<x, incoming>\n (" + heartbeat + b")\n35=D|49=A|\n"
    assert read(log, rules=rules()).rows() == read(log, decoder="simplefix").rows()


def test_time_pattern_finds_the_clock_among_others():
    text = "2020-01-01 00:00:00 queued, logged at=2024-01-02 09:30:00.25 "
    profile = DeclaredProfile(rules(time=r"at=(?P<time>\S+ \S+)"))
    assert profile.log_time(text) == (int(datetime(2024, 1, 2, 9, 30, tzinfo=UTC).timestamp()) * 10**9 + 250_000_000, 2)
    assert profile.log_time("2020-01-01 00:00:00 queued") is None


# ---- clocks ----


@pytest.mark.parametrize(
    ("text_format", "text"),
    [
        ("%d.%m.%Y %H:%M:%S", "02.01.2024 09:30:00"),
        ("%d-%b-%Y %H:%M:%S", "02-JAN-2024 09:30:00"),
        ("%b %d %Y %I:%M:%S %p", "Jan  2 2024   9:30:00 am"),
        ("%y%m%d %H%M%S", "240102 093000"),
        ("%Y-%m-%dT%H:%M%z", "2024-01-02T11:30+02:00"),
        ("100%% %Y %m %d %H:%M", "100% 2024 1 2 9:30"),
    ],
)
def test_clock_of_a_format_is_read(text_format, text):
    found = TimeFormat(text_format).find(f"INFO [{text}] ", ZoneInfo("UTC"))
    assert found is not None
    assert found.ns == int(datetime(2024, 1, 2, 9, 30, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize("text_format", ["%H:%M:%S", "%Y-%m-%d", "%Q", "%Y%m%d %H%M %H", "", "%", "%Y %d %H %M"])
def test_format_that_names_no_instant_is_refused(text_format):
    with pytest.raises(ValueError, match=r"names no|is not a directive"):
        TimeFormat(text_format)


STAMPS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001


@settings(deadline=None)
@given(STAMPS, st.sampled_from(["%d/%m/%Y %H:%M:%S.%f", "%b %d %Y %I:%M:%S.%f %p", "%Y%m%d-%H:%M:%S,%f"]))
def test_clocks_written_by_strftime_are_read_back(stamp, text_format):
    found = TimeFormat(text_format).find(f"x {stamp.strftime(text_format)} y", ZoneInfo("UTC"))
    assert found == (int(stamp.replace(microsecond=0, tzinfo=UTC).timestamp()) * 10**9 + stamp.microsecond * 1000, 6)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_a_clock_fail(text):
    TimeFormat("%d/%m/%Y %H:%M").find(text, ZoneInfo("Europe/London"))


def test_impossible_clock_is_no_time():
    assert TimeFormat("%d/%m/%Y %H:%M").find("31/02/2024 10:00", ZoneInfo("UTC")) is None


# ---- patterns ----


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:a*b)*", "((a|b)+c)+$", "(a{2,})+", "(?P<x>.*){3}"])
def test_pattern_that_may_take_for_ever_is_refused(pattern):
    with pytest.raises(ValueError, match="exponential"):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a++)+", "(a+)++", "(?>a+)+", "(a)+", r"\(a+\)+", "[(a+)+]+", "(?:ab?){2,3}x+", "(a+)?"]
)
def test_pattern_that_cannot_is_taken(pattern):
    assert compiled(pattern).pattern == pattern


@pytest.mark.parametrize(("pattern", "reason"), [("(", "no regular"), ("x" * 3000, "at most"), ("é", "ASCII")])
def test_unusable_pattern_is_refused(pattern, reason):
    with pytest.raises(ValueError, match=reason):
        compiled_bytes(pattern)

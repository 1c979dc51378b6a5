from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fix_transforms.fix.profiles import DetectedProfile

MORNING = datetime(2024, 1, 2, 9, 30, tzinfo=UTC)

SHAPES = [
    # prefix, fraction of a second in ns, digits, direction
    ("20240102-09:30:00.123456789 : ", 123_456_789, 9, None),
    ("20240102-09:30:00.123 : ", 123_000_000, 3, None),
    ("20240102-09:30:00: ", 0, 0, None),
    ("<20240102-09:30:00, FIX.4.2:DESK->VENUE, outgoing> (", 0, 0, "out"),
    ("2024-01-02 09:30:00,096 FIX.4.2:DESK->VENUE: ", 96_000_000, 3, None),
    (
        "2024-01-02 09:30:00,922 INFO  [QF/J Session dispatcher: FIX.4.2:A->B] c.x.App - toApp: Message=",
        922_000_000,
        3,
        "out",
    ),
    ("2024-01-02 09:30:00,922 INFO  [main] c.x.App - fromAdmin: Message=", 922_000_000, 3, "in"),
    ("2024/01/02 09:30:00.123456 ", 123_456_000, 6, None),
    ("20240102 09:30:00.123 - ", 123_000_000, 3, None),
    ("[2024-01-02 09:30:00.986] [fix] [debug] Admin OUT  ", 986_000_000, 3, "out"),
    ("01/02/2024  09:30:00:   <== ", 0, 0, "in"),
    ("01/02/2024  09:30:00:   ==> ", 0, 0, "out"),
    ("20240102-09:30:00 ->\x00 \x00", 0, 0, None),
    (" IN 20240102-09:30:00.036892627 ", 36_892_627, 9, "in"),
    ("20240102-09:30:00 Recv: ", 0, 0, "in"),
    ("20240102-09:30:00 Sent: ", 0, 0, "out"),
    ("2024-01-02T09:30:00.5Z ", 500_000_000, 1, None),
    ("2024-01-02T11:30:00.5+02:00 ", 500_000_000, 1, None),
    ("      1704187800123456: ", 123_456_000, 6, None),
    ("1704187800: ", 0, 0, None),
    ("1704187800123 ", 123_000_000, 3, None),
    ("1704187800123456789\t", 123_456_789, 9, None),
    ("2024-01-02\t09:30:00.123\tIN\t", 123_000_000, 3, "in"),
    ("[gw]\t2024-01-02\t09:30:00.123456\tTX ", 123_456_000, 6, "out"),
    ("1704187800123\tRecv\t", 123_000_000, 3, "in"),
    ("2024-Jan-02 09:30:00.123456 ", 123_456_000, 6, None),
    ("[2024-Jan-02 09:30:00.123456] <info> recv: ", 123_456_000, 6, "in"),
    ("02 Jan 2024 09:30:00,123 DEBUG [main] - OUT ", 123_000_000, 3, "out"),
    ("02-JAN-2024 09:30:00.123 : ", 123_000_000, 3, None),
    ("2-jan-2024 9:30:00 AM ", 0, 0, None),
    ("gw [02/Jan/2024:11:30:00 +0200] << ", 0, 0, "in"),
    ("2024.Jan.02T09:30:00Z ", 0, 0, None),
    ("1/2/2024, 9:30:00 AM in ", 0, 0, "in"),
    ("20240102:09:30:00.123 ", 123_000_000, 3, None),
    ("[1704187800123] TX ", 123_000_000, 3, "out"),
    ("(1704187800) ", 0, 0, None),
    ("<1704187800123456> IN ", 123_456_000, 6, "in"),
    ("1704187800.123456 ", 123_456_000, 6, None),
    ("[1704187800.5] RX ", 500_000_000, 1, "in"),
    ("2024-01-02 04:30:00,123 EST INFO [main] toApp ", 123_000_000, 3, "out"),
    ("02 Jan 2024 01:30:00 PST : ", 0, 0, None),
    ("2024-01-02 04:30:00.123-05,OUT,", 123_000_000, 3, "out"),
    ("[2024-01-02 10:30:00 +01] ", 0, 0, None),
    ("2024-01-02 10:30:00 GMT+1: ", 0, 0, None),
    ("2024-01-02T15:00:00 UTC+05:30 ", 0, 0, None),
    ('{"level":"info","ts":1704187800.002,"msg":"', 2_000_000, 3, None),
    ('{"time": 1704187800123, "raw": "', 123_000_000, 3, None),
    ("2024-01-02 09:30:00.002 ## ToAdmin: ", 2_000_000, 3, "out"),
    ("2024-01-02 09:30:00.002 ## FromApp: ", 2_000_000, 3, "in"),
    ("[2024-01-02 09:30:00.002] [fix] [info] [tx] ", 2_000_000, 3, "out"),
    ("2024-01-02 09:30:00 INFO rx: ", 0, 0, "in"),
    ("01/02/2024 09:30:00 [INF] FixOutgoing ", 0, 0, "out"),
    ("01/02/2024 09:30:00 [INF] FixIncoming ", 0, 0, "in"),
    ("2024-01-02 09:30:00 [session since 2023-12-31 00:00:00] ", 0, 0, None),
]


@pytest.mark.parametrize(("prefix", "fraction", "digits", "direction"), SHAPES)
def test_prefix_gives_time_and_direction(read, heartbeat, prefix, fraction, digits, direction):
    row = read(prefix.encode() + heartbeat + b"\n").messages.row(0, named=True)
    assert row["log_time_ns"] == int(MORNING.timestamp()) * 1_000_000_000 + fraction
    assert row["log_time"].replace(microsecond=0) == MORNING
    assert row["log_time_digits"] == digits
    assert row["direction"] == direction


@pytest.mark.parametrize(
    "prefix",
    [
        "0000000003 : ",
        "10:15:00.123 [session since 2023-12-31 00:00:00] ",
        "10:15:00 INFO retry of order from 20240101-08:00:00 : ",
        "[6] 52 (SendingTime) = 20211205-20:19:14.952, ",
        '{"52": "20240115-14:30:00.001", "56": "VENUE"} ',
    ],
)
def test_what_is_not_the_clock_of_the_line_is_no_time(read, heartbeat, prefix):
    assert read(prefix.encode() + heartbeat).messages["log_time"].to_list() == [None]


def test_an_event_has_no_time_of_what_it_speaks_of(read):
    events = read(b"10:15:00.123 INFO order expires 2024-02-01 17:00:00\n").log_events
    assert events["log_time"].to_list() == [None]


@pytest.mark.parametrize("prefix", ["0000012  in ", "<incoming> ", "incoming 09:15:57 INFO - "])
def test_direction_without_a_date_is_no_time(read, heartbeat, prefix):
    row = read(prefix.encode() + heartbeat).messages.row(0, named=True)
    assert (row["direction"], row["log_time"]) == ("in", None)


@pytest.mark.parametrize(
    ("clock", "zone", "hour"),
    [
        ("2024-01-02 09:30:00 CST", "UTC", 15),
        ("2024-01-02 09:30:00 CST", "Asia/Shanghai", 1),
        ("2024-01-02 09:30:00 EST", "Asia/Shanghai", 14),
        # An hour that occurs twice is told by its name.
        ("2024-11-03 01:30:00 EDT", "America/New_York", 5),
        ("2024-11-03 01:30:00 EST", "America/New_York", 6),
        ("2024-11-03 01:30:00", "America/New_York", 5),
    ],
)
def test_zone_that_is_named_counts_as_the_assumed_zone_means_it(clock, zone, hour):
    found = DetectedProfile(zone).log_time(f"{clock} ")
    assert datetime.fromtimestamp(found.ns // 10**9, UTC).hour == hour


@pytest.mark.parametrize(
    "prefix",
    [
        "02-Jam-2024 09:30:00 ",
        "02-Jan/2024 09:30:00 ",
        "02Jan2024 09:30:00 ",
        "31-Feb-2024 09:30:00 ",
        "2024-01-02,09:30:00 ",
        "Jan  2 09:30:00 host ",
        "1704187800. ",
        "1704187800.1234567890 ",
        "x[1704187800123] ",
    ],
)
def test_what_only_looks_like_a_clock_is_no_time(read, heartbeat, prefix):
    assert read(prefix.encode() + heartbeat).messages["log_time"].to_list() == [None]


@pytest.mark.parametrize(
    "prefix", ["[in] : ", " in ", "in: ", "[ in] ", "gw (in) ", "<in> ", ",in,", '{"way":"in","fix":"', "way=in fix="]
)
def test_small_letters_alone_or_enclosed_tell_the_direction(read, heartbeat, prefix):
    lines = [prefix, prefix.replace("in", "out"), f"20240102-09:30:00.1{prefix}", f"20240102-09:30:00 {prefix}"]
    found = read(b"".join(line.encode() + heartbeat + b"\n" for line in lines))
    assert found.messages["direction"].to_list() == ["in", "out", "in", "in"]


@pytest.mark.parametrize(
    ("prefix", "direction"),
    [
        ("receiving >> ", "in"),
        ("Sent: << ", "out"),
        ("RECV ==> ", "in"),
        ("recv-1 ==> ", "out"),
        ("received 7, sending >> ", "out"),
        ("<< >> ", "out"),
    ],
)
def test_sign_after_a_word_only_points_to_the_message(read, heartbeat, prefix, direction):
    assert read(prefix.encode() + heartbeat).messages["direction"].to_list() == [direction]


@pytest.mark.parametrize("colour", ["\x1b[34m", "\x1b[0;1;31m", "\\x1b[32m"])
def test_colour_of_a_terminal_hides_no_direction(read, heartbeat, colour):
    found = read(f"09:30:00 {colour}OUT{colour} ".encode() + heartbeat)
    assert found.messages["direction"].to_list() == ["out"]


@pytest.mark.parametrize(
    "prefix",
    [
        "2024-01-02 09:30:00 INFO [main] Routing for OUTPUT->INBOX ",
        "logged in ",
        "Error in: ",
        "found in [",
        "(in session 7) ",
        "INFO in.Gateway - ",
        "sub-in ",
    ],
)
def test_words_that_only_look_like_directions_say_nothing(read, heartbeat, prefix):
    assert read(prefix.encode() + heartbeat).messages["direction"].to_list() == [None]


@pytest.mark.parametrize(
    "header",
    [b"<20240102-09:30:00.5, FIX.4.4:A->B, incoming>", b"<2024-01-02 09:30:00.5 +0000 UTC, FIX.4.4:A->B, incoming>"],
)
def test_two_line_screen_log_belongs_to_its_message(read, heartbeat, header):
    content = (header + b"\n  (" + heartbeat.replace(b"\x01", b"|") + b")\n") * 2
    for chunks in ([content], (content[i : i + 1] for i in range(len(content)))):
        found = read(chunks)
        assert found.messages["direction"].to_list() == ["in", "in"]
        assert found.messages["log_time_digits"].to_list() == [1, 1]
        assert found.messages["line_number"].to_list() == [2, 4]
        assert found.log_events.height == found.quarantine.height == 0
        assert found.tally.unaccounted_bytes == 0


def test_screen_event_stays_an_event(read, heartbeat):
    found = read(b"<20240102-09:30:00, FIX.4.4:A->B, incoming>\nlost\n" + heartbeat)
    assert found.log_events["text"].to_list() == ["<20240102-09:30:00, FIX.4.4:A->B, incoming>", "lost"]


@pytest.mark.parametrize(
    ("name", "sender", "target", "direction"),
    [
        ("FIX.4.4-BUYER-VENUE.messages.current.log", "BUYER", "VENUE", "out"),
        ("logs/FIX.4.4-BUYER-VENUE.messages.current.log", "VENUE", "BUYER", "in"),
        ("FIX.4.4-BUYER_DESK_LDN-VENUE.messages.log", "BUYER", "VENUE", "out"),
        ("FIXT.1.1-A_B-C-D-QUAL.messages.log", "A B", "C-D", "out"),
        ("fix.4.4-buyer-venue.messages", "VENUE", "BUYER", "in"),
        ("BUYER-VENUE.in", "X", "Y", "in"),
        ("BUYER-VENUE.out.3.gz", "X", "Y", "out"),
        ("FIX.4.4-BUYER-VENUE.messages.log", "OTHER", "VENUE", None),
        ("FIX.4.4-A-A.messages.log", "A", "A", None),
    ],
)
def test_file_name_tells_the_direction(name, sender, target, direction):
    assert DetectedProfile("UTC", name).direction("", sender, target) == direction


@pytest.mark.parametrize(
    ("clock", "hour"),
    [
        ("1/2/2024 9:30:00 AM", 9),
        ("1/2/2024 9:30:00 PM", 21),
        ("01/02/2024 12:30:00 AM", 0),
        ("01/02/2024 12:30:00 PM", 12),
        ("2024-01-02 09:30:00.000 pm", 21),
        ("2024-01-02 09:30:00pm +00:00", 21),
        ("2024-01-02 13:30:00 PM", 13),
        ("2024-01-02 09:30:00 PMS", 9),
    ],
)
def test_hour_is_that_of_its_half_of_the_day(read, heartbeat, clock, hour):
    found = read(f"{clock} closing\n{clock} ".encode() + heartbeat + f"\n{clock} Sent: ".encode() + heartbeat)
    assert [time.hour for time in (*found.messages["log_time"], *found.log_events["log_time"])] == [hour] * 3
    assert found.messages["direction"].to_list() == [None, "out"]


def test_ten_digits_alone_are_no_clock(read, heartbeat):
    assert read(b"1704187800 " + heartbeat).messages["log_time"].to_list() == [None]


def test_local_clock_becomes_utc(read, heartbeat):
    content = b"20240102-09:30:00.123 : " + heartbeat + b"\n20240702-09:30:00 : " + heartbeat + b"\n"
    times = read(content, timezone="Europe/London").messages["log_time"].to_list()
    assert [time.hour for time in times] == [9, 8]


@pytest.mark.parametrize(
    "prefix", ["20241399-09:30:00 : ", "20240102-25:30:00 : ", "00000000-00:00:00 : ", "99991231-23:59:60 : "]
)
def test_impossible_clocks_are_no_time(read, heartbeat, prefix):
    assert read(prefix.encode() + heartbeat).messages["log_time"].to_list() == [None]


def test_event_lines_have_the_clock_too(read):
    found = read(b"20240102-09:30:00.504 : Initiated logon request\n")
    assert found.log_events.select("text", "log_time_digits").row(0) == (
        "20240102-09:30:00.504 : Initiated logon request",
        3,
    )


def test_tabs_part_words_and_are_shown_spelled_out(read, heartbeat):
    found = read(b"2024-01-02\t09:30:00\tFIX.4.4:BUYER->VENUE\t" + heartbeat + b"\n2024-01-02\t09:30:00\tclosed\n")
    assert found.messages.select("log_prefix", "log_time", "direction").rows() == [
        ("2024-01-02\\x0909:30:00\\x09FIX.4.4:BUYER->VENUE", MORNING, "out")
    ]
    assert found.log_events.select("text", "log_time").rows() == [("2024-01-02\\x0909:30:00\\x09closed", MORNING)]


def test_tab_that_the_log_itself_spells_out_is_no_tab(read, heartbeat):
    assert read(b"\\x09IN " + heartbeat).messages["direction"].to_list() == [None]


def test_control_characters_are_spelled_out(read):
    found = read(b"a\x1b[31mred\x1b[0m " + "\u202eevil".encode() + b"\n")
    text = found.log_events["text"][0]
    assert text == "a\\x1b[31mred\\x1b[0m \\u202eevil"

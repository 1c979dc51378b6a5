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
]


@pytest.mark.parametrize(("prefix", "fraction", "digits", "direction"), SHAPES)
def test_prefix_gives_time_and_direction(read, heartbeat, prefix, fraction, digits, direction):
    row = read(prefix.encode() + heartbeat + b"\n").messages.row(0, named=True)
    assert row["log_time_ns"] == int(MORNING.timestamp()) * 1_000_000_000 + fraction
    assert row["log_time"].replace(microsecond=0) == MORNING
    assert row["log_time_digits"] == digits
    assert row["direction"] == direction


@pytest.mark.parametrize("prefix", ["0000012  in ", "<incoming> ", "incoming 09:15:57 INFO - "])
def test_direction_without_a_date_is_no_time(read, heartbeat, prefix):
    row = read(prefix.encode() + heartbeat).messages.row(0, named=True)
    assert (row["direction"], row["log_time"]) == ("in", None)


def test_words_that_only_look_like_directions_say_nothing(read, heartbeat):
    prefix = b"2024-01-02 09:30:00 INFO [main] Routing for OUTPUT->INBOX "
    assert read(prefix + heartbeat).messages["direction"].to_list() == [None]


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


def test_control_characters_are_spelled_out(read):
    found = read(b"a\x1b[31mred\x1b[0m " + "\u202eevil".encode() + b"\n")
    text = found.log_events["text"][0]
    assert text == "a\\x1b[31mred\\x1b[0m \\u202eevil"

from __future__ import annotations

import time

import pytest

from fix_transforms.fix import ParseOptions
from fix_transforms.fix.compression import Limits
from fix_transforms.settings import load_settings

#: BeginString, BodyLength, MsgType and CheckSum.
FRAME = 4


def snapshot(wire, fields):
    return wire([(35, "W"), *((58, b"x") for _ in range(fields - FRAME))])


@pytest.mark.parametrize("cap", [5, 100, 5000])
def test_message_with_as_many_fields_as_allowed_is_read_and_with_one_more_quarantined(read, wire, cap):
    content = b"2024 " + snapshot(wire, cap) + b"\n2024 " + snapshot(wire, cap + 1) + b"\n"
    found = read(content, max_fields_per_message=cap)
    assert found.messages.height == 1
    row = found.quarantine.row(0, named=True)
    second = content.index(b"2024", 5)
    assert (row["reason"], row["detail"]) == ("too_many_fields", f"more than {cap} fields")
    assert (row["byte_offset"], row["byte_length"], row["line_number"]) == (second, len(content) - second - 1, 2)
    assert row["excerpt"].startswith("2024 8=FIX.4.4")
    assert found.tally.unaccounted_bytes == 0


def test_what_follows_a_message_with_too_many_fields_is_read(read, wire, heartbeat):
    found = read(snapshot(wire, 60) + heartbeat, max_fields_per_message=50)
    assert (found.quarantine.height, found.messages["msg_seq_num"].to_list()) == (1, [7])


def test_data_is_not_counted_as_fields(read, wire):
    content = wire([(35, "B"), (95, "9000"), (96, b"\x01" * 9000)])
    found = read(content, max_fields_per_message=FRAME + 2)
    assert (found.messages.height, found.quarantine.height) == (1, 0)


def test_secrets_of_a_message_with_too_many_fields_are_masked(read, wire):
    secret = "hush-hush1"
    for delimiter in (b"\x01", b"|"):
        content = wire([(35, "A"), *((554, secret) for _ in range(5000))]).replace(b"\x01", delimiter)
        found = read(content, max_fields_per_message=100)
        assert found.quarantine["reason"].to_list() == ["too_many_fields"]
        assert secret not in found.everything()


def test_message_of_millions_of_fields_costs_little(read):
    content = b"8=FIX.4.4\x019=15000005\x0135=W\x01" + b"58=x\x01" * 3_000_000 + b"10=000\x01"
    read(b"warm up\n")
    started = time.process_time()
    found = read(content)
    seconds = time.process_time() - started
    assert found.quarantine["reason"].to_list() == ["too_many_fields"]
    assert seconds < 5


def test_line_and_message_are_capped_in_bytes(read, wire, heartbeat):
    long = wire([(35, "B"), (58, b"x" * 5000)])
    for content in (long, long[:-7], b"y" * 5000):
        found = read(content + b"\n" + heartbeat, max_message_bytes=2000)
        assert found.messages["msg_seq_num"].to_list() == [7]
        assert found.quarantine["reason"].to_list() == ["too_long"]
        assert found.tally.unaccounted_bytes == 0


def test_defaults_of_the_settings_are_those_of_the_parser():
    settings = load_settings()
    options = ParseOptions.from_settings(settings)
    assert options.max_fields_per_message == ParseOptions().max_fields_per_message
    assert options.max_message_bytes == ParseOptions().max_message_bytes
    assert Limits.from_settings(settings) == Limits()


def test_caps_are_settings(monkeypatch):
    for name, value in (
        ("MAX_FIELDS_PER_MESSAGE", "7"),
        ("MAX_UNCOMPRESSED_BYTES", "1000"),
        ("MAX_COMPRESSION_RATIO", "2.5"),
        ("MAX_ARCHIVE_MEMBERS", "3"),
    ):
        monkeypatch.setenv(f"FIXLAKE_{name}", value)
    settings = load_settings()
    limits = Limits.from_settings(settings)
    assert ParseOptions.from_settings(settings).max_fields_per_message == 7
    assert (limits.max_output_bytes, limits.max_ratio, limits.max_members) == (1000, 2.5, 3)

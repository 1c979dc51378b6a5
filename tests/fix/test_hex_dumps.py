"""Logons as hexdump, xxd, od, tcpdump and Wireshark show them, with their secrets searched for as text and as bytes."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fix_transforms.fix import ParseOptions, parse
from tests.fix.same_rows import assert_same_rows

SECRET = b"qZxKvWjQyXqqvvkkzzxxwwQQ"


def picture(part, blank=" "):
    return "".join(blank if byte == 32 else chr(byte) if 32 < byte < 127 else "." for byte in part)


def hexdump(at, part):
    return f"{at:08x}  {part[:8].hex(' ')}  {part[8:].hex(' ')}".ljust(60) + f"|{picture(part)}|"


def xxd(at, part):
    return f"{at:08x}: {part.hex(' ', -2):<39}  {picture(part)}"


def tcpdump(at, part):
    return f"\t0x{at:04x}:  {part.hex(' ', -2):<39}  {picture(part, '.')}"


def wireshark(at, part):
    return f"{at:04x}  {part.hex(' '):<47}   {picture(part)}"


def od(at, part):
    return f"{at:07o} {part.hex(' '):<47}  >{picture(part, '.')}<"


def od_without_characters(at, part):
    return f"{at:07o} {part.hex(' ')}"


def netty(at, part):
    return f"|{at:08x}| {part.hex(' '):<47} |{picture(part):<16}|"


STYLES = [hexdump, xxd, tcpdump, wireshark, od, od_without_characters, netty]


def dumped(style, content):
    return [style(at, content[at : at + 16]).rstrip() for at in range(0, len(content), 16)]


def frames_of(content, size=0, **options):
    pieces = [content[i : i + size] for i in range(0, len(content), size)] if size else [content]
    (chunk,) = parse(pieces, ParseOptions(**options))
    assert chunk.tally.unaccounted_bytes == 0
    return chunk


def assert_hidden(chunk):
    cells = [
        str(cell)
        for frame in (chunk.messages, chunk.log_events, chunk.quarantine)
        for row in frame.iter_rows()
        for cell in row
    ]
    for start in range(len(SECRET) - 3):
        shown = SECRET[start : start + 4]
        assert not any(shown.decode() in cell or shown.hex() in cell.replace(" ", "") for cell in cells)


@pytest.fixture(scope="module")
def logon(wire):
    return wire([(35, "A"), (49, "ME"), (56, "YOU"), (34, "1"), (98, "0"), (554, SECRET.decode()), (58, "x" * 90)])


@pytest.mark.parametrize("style", STYLES)
def test_dump_of_a_logon_is_one_row_that_shows_no_secret(logon, heartbeat, style):
    rows = dumped(style, logon)
    content = "\n".join(["Logon sent", *rows, "next"]).encode() + b"\n" + heartbeat + b"\n"
    chunk = frames_of(content)
    assert_hidden(chunk)
    assert chunk.quarantine.select("reason", "line_number").rows() == [("binary", 2)]
    assert "hex dump" in chunk.quarantine["detail"][0]
    assert chunk.log_events["text"].to_list() == ["Logon sent", "next"]
    assert chunk.messages.height == 1


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(STYLES), st.binary(max_size=60), st.integers(0, 20), st.sampled_from([0, 1, 7, 64]), st.booleans()
)
def test_dump_that_begins_or_ends_anywhere_shows_no_secret(logon, heartbeat, style, before, cut, size, ends_file):
    rows = dumped(style, before + logon)[cut:]
    if style is od_without_characters and len(rows) == 1:
        return  # a line of numbers
    content = "\n".join(rows).encode() + (b"" if ends_file else b"\n" + heartbeat + b"\n")
    assert_hidden(frames_of(content, size))
    assert_hidden(frames_of(content, mask_key=b"key"))


@pytest.mark.parametrize("style", STYLES)
def test_every_decoder_joins_the_rows_of_a_dump(logon, heartbeat, style):
    lines = [
        heartbeat,
        b"an event",
        "\n".join(dumped(style, logon)).encode(),
        b"deadbeef 12",
        b"20240102 09:30:00 x",
        b"*",
    ]
    assert_same_rows(b"\n".join([*lines, *lines, *[heartbeat] * 3, b""]))


def test_rows_that_are_like_the_one_before_are_part_of_the_dump(wire):
    order = wire([(35, "D"), (58, " " * 80), (554, SECRET.decode())])
    rows = dumped(hexdump, order)
    blanks = [at for at, row in enumerate(rows) if row.count(" 20") > 15]
    squeezed = [*rows[: blanks[1]], "*", *rows[blanks[-1] + 1 :], f"{len(order):08x}"]
    chunk = frames_of("\n".join([*squeezed, "next", ""]).encode())
    assert_hidden(chunk)
    assert chunk.quarantine.height == 1
    assert chunk.log_events["text"].to_list() == ["next"]


def test_dump_of_a_whole_message_without_a_secret_is_shown_unless_identities_are_hidden(heartbeat):
    content = "\n".join([*dumped(hexdump, heartbeat), ""]).encode()
    assert "49=BUYE" in frames_of(content).quarantine["excerpt"][0].replace("\\x0a", "")
    assert "BUYE" not in frames_of(content, mask_key=b"key").quarantine["excerpt"][0]


def test_two_dumps_are_two_rows(logon):
    rows = dumped(hexdump, logon)
    chunk = frames_of("\n".join([*rows, "", *rows, ""]).encode())
    assert_hidden(chunk)
    assert chunk.quarantine.height == 2


def test_dump_of_other_bytes_stays_log_events():
    rows = dumped(hexdump, bytes(range(14, 48)) * 3)
    assert frames_of("\n".join([*rows, ""]).encode()).log_events["text"].to_list() == rows


@pytest.mark.parametrize(
    "lines",
    [
        ["20240102 10 orders sent."],
        ["20240102 09:30:00 x=1", "20240102 09:30:08 x=1"],
        ["1000 01 02 03 04 05 06 07 08", "1001 01 02 03 04 05 06 07 08"],
        ["*", "deadbeef", "00000000", "00000008", "*"],
        ["0000  61 62 63  abc", "", "0003  64 65 66  def"],
    ],
)
def test_lines_that_only_look_like_rows_stay_log_events(lines):
    chunk = frames_of("\n".join([*lines, ""]).encode())
    assert chunk.log_events["text"].to_list() == [line for line in lines if line]


def test_long_dump_is_one_row(logon):
    chunk = frames_of("\n".join([*dumped(hexdump, logon * 100), "next", ""]).encode())
    assert_hidden(chunk)
    assert chunk.quarantine.height == 1
    assert chunk.log_events["text"].to_list() == ["next"]

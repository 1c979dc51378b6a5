from __future__ import annotations

import os
import runpy
import subprocess
import sys
from itertools import product
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

# The patterns themselves, because which characters are the clock is part of the contract.
from fix_transforms.fix.profiles.detected import (
    _CLOCK,
    DetectedProfile,
    LogTime,
    date_in,
    in_half,
    is_of_text,
    ticks_in,
)
from fix_transforms.fix.profiles.zones import offset_in
from fix_transforms.fix.scanner import clock_slots as clocks
from fix_transforms.fix.scanner.clocks import find_clock, minute_of
from fix_transforms.fix.scanner.compiling import entry

SHAPES = [shape[0] for shape in runpy.run_path(str(Path(__file__).parent.parent / "test_line_shapes.py"))["SHAPES"]]
OTHER_LINES = [
    "",
    "0000012  in ",
    "<incoming> ",
    "incoming 09:15:57 INFO - ",
    "2024-01-02 09:30:00 INFO [main] Routing for OUTPUT->INBOX ",
    "<2024-01-02 09:30:00.5 +0000 UTC, FIX.4.4:A->B, incoming>",
    "20241399-09:30:00 : ",
    "20240102-25:30:00 : ",
    "00000000-00:00:00 : ",
    "99991231-23:59:60 : ",
    "20240102-09:30:61 20240102-09:30:00",
    "13/12/2024 1:00:00 - 31.12.2024 1:00:00 GMT",
    "2024-06-30_23:59:60,999999999999-04:30 ",
    "7/4/2024\t \t 9:30:00:123456 UTC",
    "1704187800,1704187800 2024/01/02T09:30:00Z",
    "9999999999 ",
    "9000000000:",
    "8999999999:",
    "9223372036854775808 ",
    "9999999999999999999|",
    "\t1704187800123-20240102",
    "02-Jan-2024 25:30:00 : ",
    "31 FEB 2024 1:00:00 ",
    "2024/dec/31:23:59:60.5Z",
    "9-May-2024,    9:30:00pm",
    "02-Jan/2024 09:30:00 2024 Jan-02 09:30:00",
    "[8999999999.999999999]",
    "(9000000000.1)",
    "1704187800.123456",
    "1704187800.1234567890 ",
    "1704187800.",
    "<1704187800>[1704187800]",
    "0704187800 : ",
    "0000000003 : 0000000004",
    '{"level":"info","ts":1704187800.123,"msg":"',
    "{'time': 1704187800123456789}",
    '{"timestamp" : 9000000000 , "ts": 1704187800}',
    '{"times":1704187800,"ts":1704187800"',
    "52=20240102-09:30:00 60=20240102-09:30:01 20240102-09:30:02 ",
    "[6] 52 (SendingTime) = 20240102-09:30:00, 2024-01-02 09:30:01",
    '{"52": "20240102-09:30:00", "60":"20240102-09:30:01", "at": "20240102-09:30:02"',
    "09:30:00.123 INFO until 2024-02-01 17:00:00",
    "[9:30:00] 2024-01-02 09:30:00",
    " (09:30:00 2024-01-02x 09:30:00 2024-01-02 09:30:00",
    "2024-01-02 09:30:00.123-05,OUT,",
    "[2024-01-02 09:30:00 +14]",
    "2024-01-02 09:30:00 GMT+5:30 ",
    "2024-01-02 09:30:00UTC-1: ",
]
#: Texts to cut and to damage.
WHOLE = [
    "20240102-09:30:00.123456789 : ",
    "1/12/2024-9:30:00Z2",
    "2024-01-02    x2024-01-02x9:30:00",
    " 2024-01-02 9:30:00,096 UTC ",
    "01/2/2024  09:30:00:123456789012+05:30 ",
    "2024.01.02T23:59:60-0100",
    "\t1704187800123456: ",
    "1/2/2024 12:30:00 AM : ",
    "2024-01-02 9:30:00.5pm UTC ",
    "2-Jan-2024,    9:30:00.5 Z",
    "20240102-09:30:00 EST",
    "02 dec 2024:09:30:00",
    "2024/Mar/02\t09:30:00 PM",
    " [1704187800.123456] ",
    "{'ts': 1704187800.123456}",
    '"timestamp":1704187800123,',
    "09:30:00 INFO 1/1/2024 9:30:00",
    '"52": "20240102-09:30:00 UTC+5:30',
    "9 (x) = 20240102-09:30:00 GMT-12 ",
    "20240102-09:30:00-05,",
]
#: The kernel with a way in for Python, which it does not have as part of the compiled pass.
FIND_CLOCK = entry(find_clock.py_func)

#: What lies around a prefix in the buffer, and must not be looked at.
SURROUNDINGS = ["", "7", "20240102-09:30:00.5", "Z", " UTC", "_", ":00", "/", "0:00"]
PROFILES = [DetectedProfile("UTC"), DetectedProfile("America/New_York"), DetectedProfile("Asia/Shanghai")]

#: Reads every part of every given text with nothing around it, in a process where numba checks every index.
CHECKED_READING = """
import sys
import numpy as np
from fix_transforms.fix.scanner.clock_slots import CLOCK_SLOTS
from fix_transforms.fix.scanner.clocks import find_clock
from fix_transforms.fix.scanner.compiling import entry
find_clock = entry(find_clock.py_func)
out = np.zeros(CLOCK_SLOTS, np.int64)
for line in sys.stdin.buffer.read().split(b"\\n"):
    for start in range(len(line)):
        for end in range(start, len(line) + 1):
            find_clock(np.frombuffer(line[start:end], np.uint8), 0, end - start, out)
"""

NASTY = "00112345699--//..::,,++  \t\tTZZ__UTCGMTAPMapm|]abzJanMAYdec[(<"
ASCII = "".join(map(chr, range(128)))
NUMBER = st.sampled_from(
    ["00", "01", "02", "09", "12", "13", "23", "24", "29", "31", "59", "60", "61", "99", "5", "123"]
)
YEAR = st.sampled_from(["2024", "1970", "0000", "0001", "9999", "1685", "2255", "202", "20244"])
ZONE = [
    "",
    "Z",
    "UTC",
    "GMT",
    "Zulu",
    "UTCx",
    "GMT_",
    "EST",
    "PDT",
    "CST",
    "CSTx",
    "BST",
    "+0530",
    "-05:00",
    "+05:3",
    "+99:99",
    "-2359",
    "+24:00",
    "-00001",
    "+01",
    "-14",
    "+15",
    "-05:",
    "-05.5",
    "-35=",
    "UTC+1",
    "GMT-0530",
    "UTC+05:30",
    "GMT+9:3",
    "UTC-123",
]


@st.composite
def clock_texts(draw):
    mark = draw(st.sampled_from(["-", "/", ".", "", "", "_"]))
    other_mark = mark if draw(st.integers(0, 9)) else draw(st.sampled_from(["-", "/", ""]))
    year, first, second = draw(YEAR), draw(NUMBER), draw(NUMBER)
    name = draw(st.sampled_from(["Jan", "feb", "MAR", "sEp", "Oct", "Dec", "Jam", "June"]))
    dates = [
        f"{first}/{second}/{year}",
        f"{year}{mark}{first}{other_mark}{second}",
        f"{first}{mark or ' '}{name}{other_mark or ' '}{year}",
        f"{year}{mark or ' '}{name}{other_mark or ' '}{second}",
    ]
    date = draw(st.sampled_from(dates))
    gap = draw(st.sampled_from(["-", "T", "_", ":", " ", "\t", "  ", " \t  ", "     ", ", ", ",    ", ",", "", "t"]))
    time = f"{draw(NUMBER)}:{draw(NUMBER)}:{draw(NUMBER)}"
    fraction = draw(st.sampled_from(["", ".", ",", ":"])) + draw(st.text("0123456789", max_size=14))
    half = draw(st.sampled_from(["", "", "", " AM", "PM", " pm", "am", " Am", "PMs", "  PM"]))
    return date + gap + time + fraction + half + draw(st.sampled_from(["", " ", "  "])) + draw(st.sampled_from(ZONE))


@st.composite
def damaged(draw, texts):
    text = draw(texts)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.text(NASTY, max_size=2)) + text[at + draw(st.integers(0, 1)) :]
    return text


NOISE = st.text(NASTY, max_size=12)
TICKS_LENGTHS = st.sampled_from([9, 10, 11, 13, 15, 16, 19, 20, 40])
TICKS = TICKS_LENGTHS.flatmap(lambda length: st.text("0123456789", min_size=length, max_size=length))
FRACTION = st.one_of(st.just(""), st.text("0123456789", max_size=11).map(".{}".format))
BEFORE_TICKS = st.text(" \t\x0b\x1c\x1fa[(<", max_size=3) | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", '{"a":1,"', '"', "'", "x'"]),
    st.sampled_from(["ts", "time", "timestamp", "times", "t", "st"]),
    st.sampled_from(['"', "'", ""]),
    st.sampled_from([":", ": ", " : ", "  :", " "]),
)
TICKS_LINES = st.tuples(BEFORE_TICKS, TICKS, FRACTION, st.sampled_from(["", ",", "}", " "]), NOISE).map("".join)
STARTS = st.sampled_from(["", "", "9:30:00 x ", "[09:30:00.5] ", "5=", "(a) = ", '7": "', "7':'"])
LINES = st.tuples(STARTS, NOISE, damaged(clock_texts()), NOISE, damaged(clock_texts()), NOISE).map("".join)


def look(text, before="", after="", *, writable=False):
    buf = np.frombuffer((before + text + after).encode("ascii"), np.uint8)
    out = np.full(clocks.CLOCK_SLOTS, -1)
    found = FIND_CLOCK(buf.copy() if writable else buf, len(before), len(before) + len(text), out)
    return found, out


def span(out, before=""):
    return out[clocks.CLOCK_START] - len(before), out[clocks.CLOCK_END] - len(before)


def numbers(year, first, second, minute, zone):
    """What the profile makes of the strings, before the calendar."""
    hour, minutes = minute.split(":")
    if zone[:3] in ("UTC", "GMT"):
        zone = zone[3:] or "Z"
    placed = (zone, ()) if zone[:1] not in ("+", "-") else (zone[0], offset_in(zone))
    return int(year), int(first), int(second), int(hour), int(minutes), placed


def time_of(found, out, profile):
    digits = int(out[clocks.FRACTION_DIGITS])
    if found == clocks.TICKS:
        return LogTime(int(out[clocks.NANOSECONDS]), digits)
    minute = profile.minute(*minute_of(int(out[clocks.MINUTE_KEY]))) if found == clocks.CLOCK else None
    return None if minute is None else LogTime(minute * 1_000_000_000 + int(out[clocks.NANOSECONDS]), digits)


def agrees(text, before="", after="", *, writable=False):
    found, out = look(text, before, after, writable=writable)
    for profile in PROFILES:
        assert time_of(found, out, profile) == profile.log_time(text)
    clock = _CLOCK.search(text)
    if clock is None:
        assert found in (clocks.NO_CLOCK, clocks.TICKS)
        assert found == clocks.NO_CLOCK or span(out, before) == ticks_in(text).span()
        return found
    assert span(out, before) == clock.span()
    assert (found == clocks.IMPOSSIBLE_CLOCK) == (int(clock["seconds"]) > 60 or is_of_text(text, clock.start()))
    if found == clocks.CLOCK:
        minute = in_half(clock["minute"], clock["half"]) if clock["half"] else clock["minute"]
        spoken = numbers(*date_in(clock), minute, clock["zone"] or "")
        assert numbers(*minute_of(int(out[clocks.MINUTE_KEY]))) == spoken
    start, end = span(out, before)
    assert text[:start] + text[end:] == _CLOCK.sub("", text, count=1)
    return found


@pytest.mark.parametrize("text", SHAPES + OTHER_LINES)
@pytest.mark.parametrize("writable", [False, True])
def test_known_lines_read_as_the_profile_reads_them(text, writable):
    for before, after in product(SURROUNDINGS, SURROUNDINGS):
        agrees(text, before, after, writable=writable)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("20240102-09:30:00.123 : ", clocks.CLOCK),
        ("20240102-09:30:61", clocks.IMPOSSIBLE_CLOCK),
        ("1704187800: ", clocks.TICKS),
        ("1704187800123", clocks.TICKS),
        ("1704187800", clocks.NO_CLOCK),
        ("9000000000: ", clocks.NO_CLOCK),
        ("09:30:00 ", clocks.NO_CLOCK),
    ],
)
def test_every_kind_is_found(text, kind):
    assert agrees(text) == kind


@pytest.mark.parametrize("text", WHOLE)
def test_every_small_damage_reads_as_the_profile_reads_it(text):
    for at in range(len(text) + 1):
        agrees(text[:at], "", text[at:])
        agrees(text[at:], text[:at], "")
        for character in ASCII:
            agrees(text[:at] + character + text[at:])
            agrees(text[:at] + character + text[at + 1 :])


def test_every_fraction_and_every_zone_reads_as_the_profile_reads_it():
    fractions = [mark + "1234567890123"[:length] for mark in ".,:;" for length in range(14)]
    for fraction, space, zone, rest in product(fractions, ["", " ", "  "], ZONE, ["", " ", "0", "a", "_", ":", "."]):
        agrees(f"20240102-09:30:00{fraction}{space}{zone}{rest}")


@settings(max_examples=400, deadline=None)
@given(st.text(NASTY, max_size=60), st.sampled_from(SURROUNDINGS), st.sampled_from(SURROUNDINGS))
def test_any_text_reads_as_the_profile_reads_it(text, before, after):
    agrees(text, before, after)


@settings(max_examples=1_000, deadline=None)
@given(LINES, st.integers(0, 40), st.integers(0, 40))
@example("20240102-09:30:00.1234567890123 Z", 0, 0)
@example("1/1/2024 1:00:00", 0, 0)
def test_any_clock_and_any_part_of_it_reads_as_the_profile_reads_it(text, skipped, left):
    agrees(text)
    end = max(len(text) - left, skipped)
    agrees(text[skipped:end], text[:skipped], text[end:])


@settings(max_examples=400, deadline=None)
@given(TICKS_LINES, st.sampled_from(SURROUNDINGS))
def test_any_ticks_read_as_the_profile_reads_them(text, after):
    agrees(text, "", after)


def test_nothing_outside_the_prefix_is_read(tmp_path):
    lines = "\n".join([*WHOLE, *SHAPES, *(f"20240102-09:30:00{zone}" for zone in ZONE)])
    checks = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", CHECKED_READING]
    done = subprocess.run(command, input=lines.encode("ascii"), env=checks, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_an_impossible_clock_sets_no_time():
    found, out = look("20240102-09:30:61.5Z")
    assert (found, out.tolist()) == (clocks.IMPOSSIBLE_CLOCK, [0, 20, -1, -1, -1, -1, -1, -1])


def test_a_minute_has_one_key_however_it_is_written():
    texts = ["20240102-09:30:01.5 GMT", "1/2/2024 9:30:02 Z", "2024/01/02\t09:30:59UTC"]
    keys = {int(look(text)[1][clocks.MINUTE_KEY]) for text in texts}
    assert {minute_of(key) for key in keys} == {("2024", "01", "02", "09:30", "Z")}
    assert len(keys) == 1

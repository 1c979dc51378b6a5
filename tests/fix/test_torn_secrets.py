"""Logons cut at every byte, by line breaks and by the beginning of a file, with their secrets searched for."""

from __future__ import annotations

import pytest

from fix_transforms.fix import ParseOptions, parse
from tests.fix.same_rows import DECODERS, assert_same_rows, first_difference, rows_of
from tests.fuzz.checking import reads_of

SECRET = "qZxKvWjQyX"
DELIMITERS = ["\x01", "|", ";", "^A", "<SOH>", "\\x01", "\\u0001", "&#x01;", "\\x1", "%01", " "]
NEXT = b"\n20240102-09:30:01 : 8=FIX.4.4|9=5|35=0|10=163|\n"


@pytest.fixture(scope="module")
def logon(wire):
    return wire([(35, "A"), (49, "ME"), (56, "YOU"), (34, "1"), (98, "0"), (553, SECRET), (554, SECRET), (108, "30")])


def spelled(message, delimiter):
    return message.replace(b"\x01", delimiter.encode())


def shown(content, **options):
    frames = [
        frame
        for chunk in parse([content], ParseOptions(**options))
        for frame in (chunk.messages, chunk.group_fields, chunk.log_events, chunk.quarantine)
    ]
    return "\n".join(str(cell) for frame in frames for row in frame.iter_rows() for cell in row if cell is not None)


def leaks(content, **options):
    """Whether four characters of a secret in a row are shown: fewer may be a coincidence."""
    cells = shown(content, **options)
    return any(SECRET[i : i + 4] in cells for i in range(len(SECRET) - 3))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_broken_message_without_its_end_shows_no_secret_on_either_line(logon, delimiter, line_end):
    torn = spelled(logon[: logon.rindex(b"10=")], delimiter).rstrip()
    first, last = torn.index(b"553=") + 1, torn.index(b"108=")
    for cut in range(first, last):
        content = b"2024-01-02 09:30:00 : " + torn[:cut] + line_end + torn[cut:-2] + NEXT
        assert not leaks(content), content
        assert not leaks(content, mask_key=b"key"), content


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_file_that_begins_within_a_message_shows_no_secret(logon, delimiter):
    whole = spelled(logon, delimiter)
    for cut in range(whole.index(b"98=0"), whole.index(b"108=")):
        assert not leaks(whole[cut:] + NEXT), whole[cut:]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_what_goes_on_is_hidden_wherever_the_input_is_cut(line_end):
    fields = b"35=D|34=1|49=BUY|56=SELL|52=20240102-09:30:00.123456|"
    torn = b"8=FIX.4.4|9=1|" + fields + b"118=FIX.4.4|9==A|1|58=a b|554=hu"  # settled at the end of its line
    rest = (
        b"sh|453=1|448=F|452=1|10=130|8=FIX.4.4;9=1;" + fields.replace(b"|", b";") + b"554=hush8=FIX.4.4|;453=1;10=130;"
    )
    content = torn + line_end + rest + b"9=1^" + fields.replace(b"|", b"^") + b"554=hush^453=1^10=130^"
    expected = rows_of([content], decoder="simplefix")
    for size in range(1, len(content)):
        with reads_of(size, 0):
            pieces = [content[start : start + size] for start in range(0, len(content), size)]
            found = rows_of(pieces, decoder="scanner")
        assert first_difference(expected, found) is None, size


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_hides_what_goes_on(logon, decoder):
    torn = logon[: logon.index(b"554=") + 8]
    content = torn + b"\n" + SECRET.encode() + b"\x0198=0\x01" + NEXT
    assert not leaks(content, decoder=decoder)
    assert_same_rows(content)
    assert_same_rows(logon[logon.index(b"554=") + 2 :] + NEXT)


@pytest.mark.parametrize(
    "line",
    [
        "2024-01-02 09:30:00 logon refused, code=5 reason=9",
        "20240102-09:30:00.123 : 35=5\x0158=bye\x01",
        "35=5|49=ME|56=YOU|58=bye",
        "Session closed",
    ],
)
def test_line_after_a_torn_secret_that_begins_anew_is_kept(logon, line):
    content = logon[: logon.index(b"554=") + 8] + b"\n" + line.encode() + b"\n"
    assert line.replace("\x01", "\\x01") in shown(content)


@pytest.mark.parametrize(
    "line",
    [
        "Engine 4=5 started",
        "54=1 of 2 threads",
        "x86=yes",
        "(10=123)a",
        "35=D|49=ME|56=YOU|",
        "RawFix:35=D|49=ME|",
        "MSG 35=D|49=ME|",
    ],
)
def test_first_line_of_a_file_that_is_no_rest_of_a_message_is_kept(line):
    assert line in shown(line.encode() + b"\n")


def test_what_a_file_goes_on_with_is_not_taken_for_its_beginning():
    line = b"54=1|38=100|44=9.5|10=001|\n"
    assert "54=*|38=100" in shown(line)
    assert "54=1|38=100" in shown(line, start_offset=7)

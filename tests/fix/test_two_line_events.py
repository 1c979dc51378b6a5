from __future__ import annotations

import pytest

from tests.fix.same_rows import assert_same_rows

HEADERS = [b"<20240102-09:30:00.504, FIX.4.4:A->B, event>", b"<2024-01-02 09:30:00.504 +0000 UTC, GLOBAL, event>"]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("header", HEADERS)
def test_event_on_two_lines_is_one_event_with_its_clock(read, heartbeat, header, line_end):
    event = header + line_end + b"  (Created session)" + line_end
    message = header.replace(b"event", b"incoming") + line_end + b"  (" + heartbeat + b")" + line_end
    content = (event + message) * 2
    for chunks in ([content], (content[i : i + 1] for i in range(len(content)))):
        found = read(chunks)
        assert found.log_events["text"].to_list() == [f"{header.decode()} (Created session)"] * 2
        assert found.log_events["log_time_digits"].to_list() == [3, 3]
        assert found.log_events["line_number"].to_list() == [1, 5]
        assert found.log_events["byte_length"].to_list() == [len(event) - len(line_end)] * 2
        assert found.messages["direction"].to_list() == ["in", "in"]
        assert found.tally.unaccounted_bytes == 0
    assert_same_rows(content)


@pytest.mark.parametrize("between", [b"", b"\n", b"plain text\n", b"<20240102-09:30:01, FIX.4.4:A->B, event>\n"])
def test_only_the_line_right_after_it_goes_with_the_first(read, heartbeat, between):
    content = (
        HEADERS[0] + b"\n" + between + b"no bracket\n  (one)\n" + HEADERS[0] + b"\n" + heartbeat + b"\n" + HEADERS[0]
    )
    found = read(content)
    assert "(one)" in found.log_events["text"].to_list()
    assert found.log_events["text"].to_list().count(HEADERS[0].decode()) == 3
    assert_same_rows(content)


def test_message_in_the_brackets_of_an_event_stays_a_message(read, heartbeat):
    content = HEADERS[0] + b"\n  (" + heartbeat + b")\n"
    found = read(content)
    assert (found.messages.height, found.log_events["text"].to_list()) == (1, [HEADERS[0].decode()])
    assert_same_rows(content)


def test_secret_of_an_event_on_two_lines_is_masked(read):
    found = read(HEADERS[0] + b"\n  (Logon 553=joe|554=s3cret|98=0)\n" + HEADERS[0] + b"\n  (Password: s3cret)\n")
    assert "s3cret" not in found.everything()

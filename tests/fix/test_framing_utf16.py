from __future__ import annotations

import codecs
import gzip

import pytest

from fix_transforms.fix.compression import decompress
from fix_transforms.fix.transcoding import as_utf8

MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def in_pieces(content, size):
    return [content[i : i + size] for i in range(0, len(content), size)]


@pytest.mark.parametrize("codec", MARKS)
@pytest.mark.parametrize("with_mark", [True, False])
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_utf16_logs_give_the_rows_of_their_text(read, wire, codec, with_mark, size):
    text = b"20240102-09:30:00 : " + wire([(35, "j"), (58, "caf\u00e9")]) + b"\r\nEngine \xf0\x9f\x9a\x80 started\r\n"
    content = (MARKS[codec] if with_mark else b"") + text.decode().encode(codec)
    found = read(decompress(in_pieces(content, size))[1])
    assert found.rows() == read(text).rows()
    assert found.tally.content_bytes == len(text)
    assert found.tally.unaccounted_bytes == 0


@pytest.mark.parametrize("codec", MARKS)
def test_utf16_that_begins_with_a_message_is_told_without_a_mark(read, heartbeat, codec):
    content = (heartbeat * 2).decode().encode(codec)
    assert read(decompress([content])[1]).messages["raw"].to_list() == [heartbeat.decode()] * 2


def test_utf16_inside_gzip_is_read_too(read, heartbeat):
    content = gzip.compress(codecs.BOM_UTF16_LE + heartbeat.decode().encode("utf-16-le"))
    assert read(decompress([content])[1]).messages["raw"].to_list() == [heartbeat.decode()]


@pytest.mark.parametrize("codec", MARKS)
def test_what_was_read_stays_a_prefix_of_what_is_read_later(heartbeat, codec):
    content = MARKS[codec] + (heartbeat * 3).decode().encode(codec)
    whole = b"".join(as_utf8([content]))
    for cut in range(2, len(content), 2):
        assert whole.startswith(b"".join(as_utf8([content[:cut]])))


def test_half_a_character_is_marked_not_fatal():
    assert b"".join(as_utf8([codecs.BOM_UTF16_LE + b"a\x00b"])) == "a\ufffd".encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"8\x00",
        b"\x00" * 64,
        b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01",
        b"\x003" + b"8=FIX.4.4\x019=5\x01" * 3,
        bytes(range(256)),
        codecs.BOM_UTF32_LE + "8=FIX.4.4".encode("utf-32-le"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_what_is_no_utf16_passes_through_untouched(content, size):
    assert b"".join(as_utf8(in_pieces(content, size))) == content


def test_utf16_in_the_middle_of_a_file_is_binary(read, heartbeat):
    found = read(heartbeat + b"\n" + heartbeat.decode().encode("utf-16-le") + b"\n" + heartbeat)
    assert found.tally.messages == 2
    assert set(found.quarantine["reason"]) == {"binary"}

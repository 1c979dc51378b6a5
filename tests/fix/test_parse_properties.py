from __future__ import annotations

import hypothesis.strategies as st
import pytest
import simplefix
from hypothesis import HealthCheck, given, settings

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS
from fix_transforms.fix.reference import ReferenceDecoder

LENGTHS_AND_DATA = {*DATA_LENGTH_TAGS, *DATA_LENGTH_TAGS.values()}
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="=|"), min_size=1, max_size=12)
TAG = st.integers(1, 39_999).filter(lambda tag: tag not in {8, 9, 10, 35} and tag not in LENGTHS_AND_DATA)
DATA = st.binary(min_size=1, max_size=20)


def serialise(fields, begin=b"FIX.4.4"):
    body = b"".join(b"%d=%s\x01" % field for field in fields)
    start = b"8=%s\x019=%d\x01" % (begin, len(body)) + body
    return start + b"10=%03d\x01" % (sum(start) % 256)


@st.composite
def messages(draw):
    fields = [(35, draw(st.sampled_from([b"0", b"D", b"8", b"j"])))]
    fields += [(tag, value.encode()) for tag, value in draw(st.lists(st.tuples(TAG, VALUE), max_size=12))]
    if draw(st.booleans()):
        data = draw(DATA)
        fields += [(95, b"%d" % len(data)), (96, data)]
    return fields


NOISE = st.sampled_from(
    [
        b"",
        b"\n",
        b"\r\n",
        b"\x00\x00",
        b"Engine started\n",
        b"2024-01-02 09:30:00,123 INFO ",
        b"8=FIX.4.4\x019=12\x0135=0\n",
        b"\xff\xfe\x00\x01\n",
    ]
)
LOGS = st.lists(st.tuples(messages().map(serialise), NOISE), max_size=6).map(
    lambda parts: b"".join(message + noise for message, noise in parts)
)


def rows(chunks, **options):
    found = list(parse(chunks, ParseOptions(**options)))
    frames = ("messages", "group_fields", "log_events", "quarantine")
    return [[row for chunk in found for row in getattr(chunk, name).to_dicts()] for name in frames], found


@MANY
@given(messages())
def test_what_was_serialised_is_parsed(fields):
    wire = serialise(fields)
    (found, _, _, quarantine), _ = rows([wire])
    assert quarantine == []
    assert len(found) == 1
    assert found[0]["raw"].encode(found[0]["raw_encoding"]) == mask_nothing(wire, fields)
    assert found[0]["checksum_status"] == "ok"


def mask_nothing(wire, fields):
    secret = {89, 91, 553, 554, 925, 1402, 1404}
    for tag, value in fields:
        if tag in secret:
            wire = wire.replace(b"\x01%d=%s\x01" % (tag, value), b"\x01%d=%s\x01" % (tag, b"*" * len(value)))
    return wire


@MANY
@given(LOGS, st.integers(1, 64))
def test_any_chunking_gives_the_same_rows(content, size):
    whole, _ = rows([content])
    assert rows(content[i : i + size] for i in range(0, len(content), size))[0] == whole


@MANY
@given(messages(), messages())
def test_two_logs_joined_give_the_rows_of_both(first, second):
    left, right = serialise(first) + b"\n", serialise(second) + b"\n"
    (joined, *_), _ = rows([left + right])
    (alone, *_), _ = rows([left])
    (later, *_), _ = rows([right], start_offset=len(left), first_message_index=1, first_line_number=alone_lines(left))
    assert joined == alone + later


def alone_lines(content):
    return 1 + content.count(b"\n")


@MANY
@given(LOGS, st.data())
def test_flipped_bytes_never_crash_and_every_byte_is_accounted_for(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    _, chunks = rows([bytes(damaged)])
    tally = sum((chunk.tally for chunk in chunks[1:]), chunks[0].tally)
    assert tally.content_bytes == len(damaged)
    assert tally.unaccounted_bytes == 0


@MANY
@given(st.binary(max_size=400), st.integers(1, 40))
def test_binary_input_never_crashes_however_it_is_cut(content, size):
    whole, chunks = rows([content])
    assert chunks[-1].tally.unaccounted_bytes == 0
    assert rows(content[i : i + size] for i in range(0, len(content), size))[0] == whole


@MANY
@given(messages())
def test_fields_are_those_that_simplefix_reads(fields):
    wire = serialise(fields)
    parser = simplefix.FixParser(allow_empty_values=True)
    parser.append_buffer(wire)
    assert [(b"%d" % tag, value) for tag, value in ReferenceDecoder().decode(wire)] == parser.get_message().pairs


SECRET = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=6, max_size=14).map(
    lambda word: f"S3{word}"
)


@MANY
@given(
    SECRET,
    st.sampled_from([553, 554, 925, 1402, 1404, 89, 91, 96]),
    st.sampled_from([b"\x01", b"|", b";", b"^", b"~", b"^A", b"<SOH>", b"\\x01", b" "]),
    st.sampled_from([None, b"key"]),
    st.data(),
)
def test_no_secret_is_in_any_output_however_the_message_is_torn(secret, tag, delimiter, key, data):
    length_tag = {value: key for key, value in DATA_LENGTH_TAGS.items()}.get(tag)
    length = [] if length_tag is None else [(length_tag, b"%d" % len(secret))]
    wire = serialise([(35, b"A"), (49, b"A"), (56, b"B"), *length, (tag, secret.encode()), (98, b"0")])
    log = b"2024 " + wire.replace(b"\x01", delimiter) + b" tail\n"
    tag_at = log.index(b"%d=%s" % (tag, secret.encode()))
    cut = data.draw(st.integers(0, tag_at))
    end = data.draw(st.integers(tag_at, len(log)))
    for content in (log, log[:end], log[cut:], log[:end] + log, log[:end] + b"\n" + log, log[cut:] + log):
        found, _ = rows([content], mask_key=key)
        assert secret not in repr(found)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_long_messages_are_read_alike_in_any_pieces(size):
    fields = [
        (35, b"B"),
        *((58, b"x" * 50) for _ in range(400)),
        (95, b"9000"),
        (96, b"\x01" * 9000),
        (59, b"y" * 20_000),
    ]
    wire = serialise(fields)
    (found, *_), _ = rows(wire[i : i + size] for i in range(0, len(wire), size))
    assert found[0]["raw"].encode() == wire

from __future__ import annotations

import pytest

from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS
from fix_transforms.fix.reference import _PIECE_BYTES, ReferenceDecoder, UndecodableError


@pytest.mark.parametrize(("length_tag", "data_tag"), sorted(DATA_LENGTH_TAGS.items()))
def test_every_data_field_may_hold_soh(wire, length_tag, data_tag):
    value = b"a\x0158=no\x01"
    message = wire([(35, "B"), (length_tag, str(len(value))), (data_tag, value), (148, "x")])
    fields = ReferenceDecoder().decode(message)
    assert (data_tag, value) in fields
    assert 58 not in dict(fields)


def test_empty_values_and_leading_zeros_are_read(wire):
    message = wire([(35, "0"), (57, ""), (34, "7")]).replace(b"\x0134=", b"\x01034=")
    assert ReferenceDecoder().decode(message)[2:5] == [(35, b"0"), (57, b""), (34, b"7")]


def test_checksum_inside_the_message_does_not_end_it(wire):
    message = wire([(35, "0"), (10, "123"), (58, "after")])
    assert (58, b"after") in ReferenceDecoder().decode(message)


def test_message_without_checksum_is_read_to_its_end(wire):
    assert ReferenceDecoder().decode(wire([(35, "0"), (34, "7")])[:-7])[-1] == (34, b"7")


@pytest.mark.parametrize(
    "field", [b"abc=1", b" 34=1", b"3_4=1", b"+34=1", b"-34=1", b"0=1", b"99999999999=1", b"=1", b"novalue"]
)
def test_tags_that_are_no_plain_numbers_are_undecodable(field):
    with pytest.raises(UndecodableError):
        ReferenceDecoder().decode(b"8=FIX.4.4\x019=5\x0135=0\x01" + field + b"\x0110=000\x01")


def test_one_bad_message_leaves_nothing_behind_for_the_next(wire):
    decoder = ReferenceDecoder()
    with pytest.raises(UndecodableError):
        decoder.decode(b"8=FIX.4.4\x0195=99\x0196=x\x0110=000\x01")
    good = wire([(35, "B"), (96, "y"), (58, "z")])
    assert decoder.decode(good) == ReferenceDecoder().decode(good)


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_data_may_end_where_a_piece_of_a_long_message_ends(pieces):
    for missing in range(-3, 4):
        start = b"8=FIX.4.4\x0135=B\x0195=%05d\x0196="
        value = b"x" * (pieces * _PIECE_BYTES - len(start % 0) + missing)
        message = start % len(value) + value + b"\x0158=after\x0110=000\x01"
        assert ReferenceDecoder().decode(message)[3:5] == [(96, value), (58, b"after")]


@pytest.mark.parametrize("length", [4, 5, 400])
def test_data_that_takes_the_last_delimiter_is_undecodable(length):
    with pytest.raises(UndecodableError, match="fields do not end with the message"):
        ReferenceDecoder().decode(b"8=FIX.4.4\x0195=%d\x0196=abc\x01" % length)


def test_reasons_never_repeat_the_bytes(wire):
    with pytest.raises(UndecodableError) as caught:
        ReferenceDecoder().decode(b"8=FIX.4.4\x01s3cret=1\x0110=000\x01")
    assert "s3cret" not in str(caught.value)

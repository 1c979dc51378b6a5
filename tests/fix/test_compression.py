from __future__ import annotations

import bz2
import gzip
import lzma

import pyarrow as pa
import pytest

from fix_transforms.errors import DecompressionError
from fix_transforms.fix.compression import Limits, decompress

LOG = b"".join(b"8=FIX.4.4|9=5|35=0|10=%03d|\n" % (number % 256) for number in range(9000))


def arrow(codec):
    def compress(content):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(content)
        return sink.getvalue().to_pybytes()

    return compress


PACKERS = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zstd": arrow("zstd"), "lz4": arrow("lz4")}


def unpack(content, size=1 << 20, limits=None):
    found, pieces = decompress((content[i : i + size] for i in range(0, len(content), size)), limits)
    return found, b"".join(pieces)


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("size", [1, 100, 1 << 20])
def test_content_comes_back_however_it_is_cut(name, size):
    assert unpack(PACKERS[name](LOG), size) == (name, LOG)


@pytest.mark.parametrize("name", PACKERS)
def test_members_one_after_another_are_one_log(name):
    assert unpack(PACKERS[name](LOG[:5000]) + PACKERS[name](LOG[5000:])) == (name, LOG)


@pytest.mark.parametrize("name", ["zstd", "lz4"])
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_skippable_frames_before_and_between_are_skipped(name, size):
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00size"
    packed = skippable * 2 + PACKERS[name](LOG[:5000]) + skippable + PACKERS[name](LOG[5000:])
    assert unpack(packed, size) == (name, LOG)


@pytest.mark.parametrize("name", PACKERS)
def test_cut_input_is_an_error_not_a_shorter_log(name):
    packed = PACKERS[name](LOG)
    for end in (12, len(packed) // 2, len(packed) - 1):
        with pytest.raises(DecompressionError):
            unpack(packed[:end])


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
def test_damaged_input_is_an_error(name):
    packed = bytearray(PACKERS[name](LOG))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(DecompressionError):
        unpack(bytes(packed))


@pytest.mark.parametrize("name", PACKERS)
def test_output_and_ratio_are_capped(name):
    packed = PACKERS[name](bytes(3_000_000))
    with pytest.raises(DecompressionError, match="too large"):
        unpack(packed, limits=Limits(max_output_bytes=1_000_000))
    with pytest.raises(DecompressionError, match="suspiciously"):
        unpack(packed, limits=Limits(max_ratio=2, ratio_floor_bytes=1000))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"8",
        LOG,
        b"\x50\x2a\x4d\x18\x00\x00\x00\x00BZh1AY&SY",
        b"P*M\x18",
        b"BZh is how this note starts\n",
        b"\x1f\x8b",
    ],
)
def test_anything_else_is_left_as_it_is(content):
    assert unpack(content) == ("none", content)

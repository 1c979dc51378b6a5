from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tracemalloc
import zipfile
import zlib

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from fix_transforms.errors import DecompressionError
from fix_transforms.fix import ParseOptions, parse
from fix_transforms.fix.compression import Limits, decompress

LOG = b"".join(b"8=FIX.4.4|9=5|35=0|10=%03d|\n" % (number % 256) for number in range(3000))
OTHER = LOG[: 27 * 20]
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


class Pipe(io.RawIOBase):
    """A sink that cannot seek, so that sizes come after the content, in data descriptors."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.parts.append(bytes(data))
        return len(data)


def packed(*members, method=zipfile.ZIP_DEFLATED, **options):
    sink = Pipe() if options.pop("piped", False) else io.BytesIO()
    wide = options.pop("wide", False)
    with zipfile.ZipFile(sink, "w") as target:
        target.comment = options.pop("comment", b"")
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else method
            with target.open(info, "w", force_zip64=wide) as member:
                member.write(content)
    return b"".join(sink.parts) if isinstance(sink, Pipe) else sink.getvalue()


def unpack(content, size=1 << 20, limits=None):
    found, pieces = decompress((content[i : i + size] for i in range(0, len(content), size)), limits)
    return found, b"".join(pieces)


def refusal(content, limits=None):
    with pytest.raises(DecompressionError) as caught:
        unpack(content, limits=limits)
    return str(caught.value)


# ---- what is read ----


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("size", [1, 97, 1 << 20])
def test_members_come_in_order_as_one_log_however_the_archive_is_written_and_cut(method, piped, wide, size):
    content = packed(("b.log", LOG), ("a.log", OTHER), method=METHODS[method], piped=piped, wide=wide)
    assert unpack(content, size) == ("zip", LOG + OTHER)


MEMBERS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00./\\"), min_size=1, max_size=20),
        st.one_of(st.binary(max_size=200), st.sampled_from([b"PK\x07\x08", b"PK\x07\x08" * 9, b"PK\x03\x04", LOG])),
    ),
    max_size=5,
    unique_by=lambda member: member[0],
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MEMBERS, st.sampled_from(list(METHODS.values())), st.booleans(), st.booleans(), st.integers(1, 300))
def test_what_zipfile_writes_is_read_with_a_line_end_between_members_where_none_is(members, method, piped, wide, size):
    expected = b""
    for name, content in members:
        if not content or content.startswith(
            (b"PK\x03\x04", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"BZh", b"\x04\x22\x4d\x18")
        ):
            members = [member for member in members if member[0] != name]
            continue
        if expected and not expected.endswith(b"\n"):
            expected += b"\n"
        expected += content
    content = packed(*members, method=method, piped=piped, wide=wide)
    assert unpack(content, size) == ("zip", expected)


def test_empty_archive_is_an_empty_log():
    assert unpack(packed()) == ("zip", b"")
    assert unpack(packed(comment=b"nothing happened")) == ("zip", b"")


def test_folders_hidden_files_and_what_macos_adds_are_no_logs():
    members = [("logs/", b""), ("logs/a.log", LOG), ("__MACOSX/logs/._a.log", b"\x00\x05\x16"), (".DS_Store", b"\x00")]
    assert unpack(packed(*members)) == ("zip", LOG)


def test_empty_members_add_no_line():
    assert unpack(packed(("a", b""), ("b", b"x"), ("c", b""), ("d", b"y"))) == ("zip", b"x\ny")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("method", METHODS)
def test_compressed_members_are_read_through(pack, method):
    members = [("a.log.gz", pack(LOG)), ("b.log", OTHER)]
    assert unpack(packed(*members, method=METHODS[method], piped=True)) == ("zip", LOG + OTHER)


def test_archives_in_an_archive_are_read_through():
    inner = packed(("a.log", LOG), ("b.log", OTHER), method=zipfile.ZIP_STORED, piped=True)
    content = packed(("day.zip", inner), ("c.log", OTHER), method=zipfile.ZIP_STORED, piped=True)
    assert unpack(content) == ("zip", LOG + OTHER + OTHER)


def test_what_is_compressed_deeper_stays_as_it_is_and_goes_to_quarantine():
    deep = gzip.compress(LOG, mtime=0)
    content = packed(("c.log", OTHER), ("b.zip", packed(("a.log.gz", deep))))
    _, found = unpack(content)
    assert found == OTHER + deep
    chunks = list(parse([found], ParseOptions()))
    assert set(chunks[-1].quarantine["reason"]) == {"binary"}
    assert sum(chunk.tally.unaccounted_bytes for chunk in chunks) == 0


@pytest.mark.parametrize("name", ["FIX.4.4-A-B.messages.log", "Größe/日本.log", "\x1b[31mred", "a" * 60_000])
def test_member_may_have_any_name(name):
    assert unpack(packed((name, LOG))) == ("zip", LOG)


@pytest.mark.parametrize(
    ("name", "direction"), [("FIX.4.4-A-B.messages.log.zip", "out"), ("x.in.zip", "in"), ("x.zip", None)]
)
def test_name_of_the_archive_tells_the_direction(read, wire, name, direction):
    _, content = unpack(packed(("x.out", wire([(35, "0"), (49, "A"), (56, "B")]))))
    assert read(content, source_name=name).messages["direction"].to_list() == [direction]


def no_signature(content):
    """The archive with data descriptors that lack their optional signature."""
    at = content.index(b"PK\x07\x08")
    end = content.index(b"PK\x05\x06")
    start = struct.unpack("<I", content[end + 16 : end + 20])[0]
    return content[:at] + content[at + 4 : end + 16] + struct.pack("<I", start - 4) + content[end + 20 :]


def test_descriptor_may_lack_its_signature():
    content = packed(("a.log", LOG), piped=True)
    assert unpack(no_signature(content)) == ("zip", LOG)


def test_more_members_than_the_narrow_end_can_count_are_read():
    content = packed(*((f"{number}", b"") for number in range(70_000)), ("log", LOG), method=zipfile.ZIP_STORED)
    assert unpack(content, limits=Limits(max_members=70_001)) == ("zip", LOG)


def test_zeros_after_the_end_are_padding_and_anything_else_is_an_error():
    content = packed(("a.log", LOG))
    assert unpack(content + bytes(5000)) == ("zip", LOG)
    assert "bytes follow its end" in refusal(content + b"8=FIX")
    assert "bytes follow its end" in refusal(content + content)


def test_memory_does_not_grow_with_the_archive():
    content = packed(*((f"{number}.log", bytes(8_000_000)) for number in range(4)))
    tracemalloc.start()
    assert sum(map(len, decompress(content[i : i + 65536] for i in range(0, len(content), 65536))[1])) == 32_000_003
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


# ---- what is refused ----


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("piped", [False, True])
def test_archive_cut_anywhere_is_an_error_not_a_shorter_log(method, piped):
    content = packed(("a.log", OTHER), ("b.log", OTHER), method=METHODS[method], piped=piped, comment=b"the end")
    assert unpack(content) == ("zip", OTHER + OTHER)
    for end in range(10, len(content)):
        refusal(content[:end])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("piped", [False, True])
def test_no_flipped_bit_changes_the_log_unnoticed(method, piped):
    content = packed(("a.log", OTHER), ("b.log", LOG[:54]), method=METHODS[method], piped=piped)
    refused = 0
    for index in range(4, len(content)):
        damaged = bytearray(content)
        damaged[index] ^= 1 << index % 8
        try:
            assert unpack(bytes(damaged))[1] == OTHER + LOG[:54]
        except DecompressionError:
            refused += 1
    assert refused > len(content) // 2


def patched(content, at, value):
    return content[:at] + value + content[at + len(value) :]


@pytest.mark.parametrize("bit", [0x01, 0x40, 0x2000])
def test_encrypted_member_is_named(bit):
    content = packed(("secret\n.log", LOG))
    assert refusal(patched(content, 6, bytes((bit & 0xFF, bit >> 8)))) == "secret\\x0a.log: zip member is encrypted"


@pytest.mark.parametrize(("method", "name"), [(9, "9 (Deflate64)"), (93, "93 (zstd)"), (77, "77")])
def test_method_that_cannot_be_read_is_named(method, name):
    message = refusal(patched(packed(("a.log", LOG)), 8, bytes((method, 0))))
    assert message.startswith("a.log: zip member is packed by a method that cannot be read")
    assert f"got method {name}; expected stored or deflate" in message


def test_wrong_checksum_of_a_member_is_an_error():
    content = packed(("a.log", LOG))
    assert "CRC-32 of a.log is wrong" in refusal(patched(content, 14, b"\x00\x00\x00\x00"))


def test_wrong_sizes_of_a_member_are_an_error():
    content = packed(("a.log", LOG))
    assert "not as long as its header says" in refusal(patched(content, 22, b"\x01\x00\x00\x00"))
    assert "not as long as its header says" in refusal(patched(content, 18, b"\x01\x00\x00\x00"))


def test_archive_in_several_parts_is_an_error():
    content = packed(("a.log", LOG))
    assert "split over several files" in refusal(patched(content, len(content) - 18, b"\x02\x00"))


def overlapping(copies):
    """An archive of one member that its directory lists many times: the bomb that overlaps, at its simplest."""
    content = packed(("a", LOG))
    directory = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[directory:end]
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, copies, copies, len(entry) * copies, directory, 0)
    return content[:directory] + entry * copies + last


def quoting(copies):
    """An archive whose members quote the header of the next in a stored block, all sharing one kernel of content.

    They are hidden files, because content that begins with a header would be taken for an archive of its own.
    """
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(100_000)
    tail = squeeze.compress(plain) + squeeze.flush()
    entries = []
    for number in reversed(range(copies)):
        name = f".{number:04d}".encode()
        facts = (20, 0, 8, 0, 33, zlib.crc32(plain), len(tail), len(plain), len(name))
        header = struct.pack("<4s5H3I2H", b"PK\x03\x04", *facts, 0) + name
        entries.append((facts, name, len(header) + len(tail)))
        plain, tail = header + plain, struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header + tail
    content = tail[5:]
    directory = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *facts, 0, 0, 0, 0, 0, len(content) - before_end) + name
        for facts, name, before_end in entries
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), len(content), 0)
    return content + directory + end


@pytest.mark.parametrize("make", [overlapping, quoting])
def test_bombs_of_overlapping_members_are_refused_after_their_first_member(make):
    content = make(50)
    assert len(zipfile.ZipFile(io.BytesIO(content)).infolist()) == 50
    assert "its directory lists a member twice or where there is none" in refusal(content)


def test_output_and_ratio_are_capped_over_all_members():
    content = packed(*((f"{number}", bytes(400_000)) for number in range(10)))
    assert "zip input is too large" in refusal(content, Limits(max_output_bytes=1_000_000))
    assert "suspiciously" in refusal(content, Limits(max_ratio=2, ratio_floor_bytes=1000))


def test_what_is_left_out_of_the_log_counts_too():
    hidden = packed(*((f".{number}", bytes(400_000)) for number in range(10)))
    inside = packed(("a.zip", hidden))
    empties = packed(("a.gz", gzip.compress(b"", mtime=0) * 50_000))
    for content in (hidden, inside, empties):
        assert "suspiciously" in refusal(content, Limits(max_ratio=2, ratio_floor_bytes=1000))


@pytest.mark.parametrize("depth", [1, 2])
def test_members_are_capped_over_all_archives(depth):
    content = packed(*((f"{number}", b"") for number in range(60)))
    for _ in range(depth - 1):
        content = packed(("a.zip", content), ("b.zip", content))
    assert "too many members" in refusal(content, Limits(max_members=100 if depth > 1 else 59))


def test_error_says_how_much_had_come_out():
    content = packed(("a.log", LOG), ("b.log", LOG))
    second = content.index(b"PK\x03\x04", 4)
    with pytest.raises(DecompressionError) as caught:
        unpack(patched(content, second + 14, b"\x00\x00\x00\x00"))
    assert caught.value.offset == 2 * len(LOG)

"""What the compiled pass restores stays where it was restored, however often the bytes before it are read."""

from __future__ import annotations

import polars as pl
import pytest

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.fix.assembly import MAX_DECODED_ROWS, MAX_ROWS
from fix_transforms.fix.scanner import contents, parts
from fix_transforms.fix.scanner.arrays import ROWS
from fix_transforms.fix.scanner.loads import SLACK
from fix_transforms.fix.scanner.slabs import Slabs
from tests.fix.same_rows import assert_same_rows, rows_of
from tests.fuzz.seeds import wire

NAMES = [f"ORDER-{number:08}" for number in range(ROWS + 5_000)]


def orders(delimiter: bytes) -> bytes:
    lines = (wire((35, b"F"), (49, b"DESK"), (56, b"VENUE"), (11, name.encode())) for name in NAMES)
    return b"\n".join(line.replace(b"\x01", delimiter) for line in lines) + b"\n"


@pytest.fixture(params=[True, False], ids=["with room to spare", "with no more room than it takes"])
def _room(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(contents, "_SLABS", Slabs(1, 1))
        monkeypatch.setattr(parts, "LARGEST_PART", 14_000)


@pytest.mark.usefixtures("_room")
@pytest.mark.parametrize("delimiter", [b"\x01", b"|", b"^A"], ids=["SOH", "pipe", "caret A"])
def test_a_part_of_more_messages_than_a_store_holds_keeps_every_value(delimiter):
    frame = rows_of([orders(delimiter)], decoder="scanner").frames["messages"]
    assert (frame["decoder"] == "scanner").mean() > 0.99  # a short last message is too near to the end of a part
    assert frame["cl_ord_id"].to_list() == NAMES
    assert frame.select(pl.col("raw").str.contains(pl.col("cl_ord_id"), literal=True).all()).item()


def test_chunks_hold_no_more_rows_than_they_may_and_fewer_where_some_were_decoded():
    lines = orders(b"\x01").splitlines(keepends=True)
    with_wrong_sums = [line[:-5] + b"000\x01\n" if number % 5_000 == 99 else line for number, line in enumerate(lines)]
    for content, most in ((lines[:-1], MAX_ROWS), (with_wrong_sums[:-1], MAX_DECODED_ROWS)):
        chunks = [chunk.messages for chunk in parse([b"".join(content)], ParseOptions(decoder="scanner"))]
        assert sum(chunk.height for chunk in chunks) == len(content)
        assert most * 3 // 4 < max(chunk.height for chunk in chunks) <= most


@pytest.mark.usefixtures("_room")
def test_a_version_that_a_logon_states_between_keeps_every_value():
    def line(msg_type: bytes, *fields: tuple[int, bytes]) -> bytes:
        body = ((35, msg_type), (49, b"DESK"), (56, b"VENUE"), *fields)
        return wire(*body, begin=b"FIXT.1.1").replace(b"\x01", b"|")

    cancels = [line(b"F", (11, name.encode())) for name in NAMES[:200]]
    logons = [line(b"A", (98, b"0"), (108, b"30"), (1137, version)) for version in (b"7", b"9", b"8")]
    lines = [one for number, cancel in enumerate(cancels) for one in (cancel, *logons[number % 60 : number % 60 + 1])]
    content = b"\n".join(lines)
    frame = rows_of([content], decoder="scanner").frames["messages"]
    assert set(frame.filter(msg_type="F")["decoder"][:-1]) == {"scanner"}
    assert_same_rows(content)


def test_a_content_has_room_to_restore_every_message_once():
    content = contents.content_of(memoryview(b"8=FIX.4.4|9=5|"))
    assert bytes(content.view) == b"8=FIX.4.4|9=5|"
    assert not content.work[14 : 14 + SLACK].any()
    assert content.has_room(0)
    content.room_at = len(content.work) - 10 - SLACK
    assert (content.has_room(3), content.has_room(4)) == (False, True)


def test_bytes_that_are_shown_cannot_be_changed():
    view = contents.content_of(b"8=FIX").view
    with pytest.raises(TypeError, match="read-only"):
        view[0] = 0

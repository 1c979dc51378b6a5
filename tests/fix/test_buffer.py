from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fix_transforms.fix.buffer import Buffer

PIECES = st.lists(st.binary(max_size=6).flatmap(lambda piece: st.sampled_from([piece, memoryview(piece)])), max_size=4)


@given(PIECES, st.integers(0, 30), st.none() | st.integers(0, 30), st.booleans())
def test_bytes_are_the_same_whether_or_not_they_were_joined(pieces, start, stop, is_joined):
    buffer, whole = Buffer(pieces), b"".join(pieces)
    if is_joined:
        assert buffer.whole == whole
    assert len(buffer) == len(whole)
    assert buffer.between(start, stop) == whole[start:stop]
    assert isinstance(buffer.between(start, stop), bytes)


def test_one_piece_of_bytes_is_not_copied():
    piece = b"8=FIX.4.4"
    assert Buffer([piece]).whole is piece

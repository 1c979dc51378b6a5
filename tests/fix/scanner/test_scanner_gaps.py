from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix.scanner.ahead import _is_empty
from fix_transforms.fix.textlines import BLANKS, says_nothing
from tests.fix.same_rows import assert_same_rows
from tests.fuzz.seeds import wire

HEAD = ((49, b"DESK"), (56, b"VENUE"), (34, b"7"), (52, b"20240102-09:30:00.123"))
ORDER = wire((35, b"D"), *HEAD, (11, b"A-1"), (55, b"MSFT"), (54, b"1"), (38, b"100"), (44, b"10.25"))
BAD = ORDER.replace(b"MSFT", b"MSFU")


def is_empty_said_plainly(between, *, inside):
    rest, _, lines = between.partition(b"\n")
    on_line = inside and says_nothing(rest.strip(BLANKS)) and not lines.strip(BLANKS)
    return not between.strip(BLANKS) or on_line


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([b" ", b"\n", b"\r", b"\x00", b"\x0b", b")", b'"', b"]", b"a", b"\xff", b"="]), max_size=9
    ),
    st.booleans(),
)
def test_a_gap_is_empty_where_nothing_is_said_in_it(pieces, inside):
    between = b"".join(pieces)
    buffer = b"8=FIX" + between + b"8=FIX"
    found = _is_empty(buffer, 5, 5 + len(between), inside=inside)
    assert found == is_empty_said_plainly(between, inside=inside)


def test_long_stretches_that_are_left_to_the_reference_read_the_same():
    stamp = b"20240102-09:30:00.5 : "
    good, bad = stamp + ORDER + b"\n", stamp + BAD + b"\n"
    torn, remark = stamp + ORDER[:60] + b"\n", b"caf\xc3\xa9 closed\n"
    stretches = (bad * 40, torn * 40, remark * 40, (bad + torn + remark) * 20, (bad + b" ) \n") * 20)
    assert_same_rows(b"".join(good * 5 + stretch + good * 5 for stretch in stretches))

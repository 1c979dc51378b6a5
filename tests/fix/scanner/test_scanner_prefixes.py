"""Prefixes that are like the one of the line before, but for a few bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix.secret_notations import RAW_DATA, SECRET_TAGS
from tests.fix.same_rows import assert_same_rows, rows_of
from tests.fuzz.seeds import wire

ORDER = wire((35, b"D"), (49, b"DESK"), (56, b"VENUE"), (34, b"7"), (52, b"20240102-09:30:00.123"), (55, b"MSFT"))

CLOCKS = st.from_regex(
    r"(2024-01-0[12]|20240102|2/1/2024|[0-9]{2} Jan 2024)[ T:-](09|9|12):3[01][:.][0-9x]{2}([.,:][0-9]{0,10})?"
    r"( ?(Z|AM|PM|EST|\+01:00|\+0100))?",
    fullmatch=True,
)
BEFORE = st.sampled_from(["", "[", "INFO ", "2024-01-02 ", "554:", "=", "a=b ", "12:00:59 ", "é", "IN ", "x" * 60])
AFTER = st.sampled_from(
    [
        "",
        ":secret ",
        " = secret ",
        " : ",
        ": ",
        ":",
        "] ",
        ",",
        " = ",
        "=",
        " IN ",
        " OUT ",
        " FIX.4.4:A->B ",
        ' "',
        ":x ",
    ]
)


def lines(prefixes: list[str]) -> bytes:
    return b"\n".join(prefix.encode() + ORDER for prefix in prefixes)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.builds("{}{}{}".format, BEFORE, CLOCKS, AFTER), min_size=1, max_size=12))
def test_any_prefixes_after_one_another_read_the_same(prefixes):
    assert_same_rows(lines([*prefixes, *prefixes[::-1]]))


@settings(max_examples=200, deadline=None)
@given(
    BEFORE,
    AFTER,
    st.sampled_from([".", ",", ":", ""]),
    st.lists(st.from_regex(r"[0-9x]{2}[0-9x]{3}", fullmatch=True), min_size=2, max_size=30),
)
def test_seconds_of_any_digits_read_the_same(before, after, mark, seconds):
    clocks = [f"{text[:2]}{mark}{text[2:]}" if mark else text[:2] for text in seconds]
    assert_same_rows(lines([f"{before}2024-01-02 09:30:{clock}{after}" for clock in clocks]))


@pytest.mark.parametrize("mark", [".", ",", ":"])
@pytest.mark.parametrize("after", [":", " : ", "=", "] = ", ":secret ", " : secret ", " | secret | ", "|Password|secret| ", ", 'secret' ", ",secret,",
                                   "  secret ", ' => "secret" ', " -> secret ", "\tsecret\t", "] secret "])  # fmt: skip
def test_a_fraction_that_is_the_tag_of_a_secret_reads_the_same(mark, after):
    clocks = [f"2024-01-02 09:30:{second}{mark}{tag}" for second in ("00", "59", "60") for tag in ("123", "554", "96")]
    for before in ("", "(", "[", "| ", '"', "Tag:"):
        assert_same_rows(lines([before + clock + after for clock in clocks]))


def test_no_secret_has_a_tag_that_a_second_could_be():
    assert min(*SECRET_TAGS, RAW_DATA) > 60


def test_lines_of_two_directions_by_turns_keep_their_clocks():
    content = lines(
        [f"2024-01-02 09:{n // 60:02}:{n % 60:02}.{n:03} {'IN' if n % 2 else 'OUT'} : " for n in range(400)]
    )
    assert_same_rows(content)
    decoders = rows_of([content], decoder="scanner").frames["messages"]["decoder"]
    assert (decoders == "scanner").sum() >= len(decoders) - 2

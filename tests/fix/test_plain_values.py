from __future__ import annotations

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from fix_transforms.fix.coercion import coerce
from fix_transforms.fix.plain_values import coerced, words_of
from fix_transforms.tables import MARKET_DATA_ENTRIES

MANY = settings(max_examples=150, deadline=None)
COLUMNS = MARKET_DATA_ENTRIES.tag_columns()
PRICE, COUNT, DATE, TIME, WORD = 270, 346, 272, 60, 269

digit_runs = st.text("0123456789", max_size=14)
numbers = st.tuples(st.sampled_from(["", "", "-", "+", "--"]), digit_runs, st.sampled_from(["", ".", "."]), digit_runs)
texts = st.one_of(
    numbers.map("".join),
    st.text("0123456789.-+eE ,:é∞\x00", max_size=14),
    st.sampled_from(["20240102", "20240230", "00000101", "20240102-09:30:00", "20240102-09:30:00.123456789", "20240102-9:30:00"]),
)  # fmt: skip


def same(found, expected):
    assert found.errors == expected.errors
    assert list(found.columns) == list(expected.columns)
    for name, column in expected.columns.items():
        assert found.columns[name].dtype == column.dtype
        assert found.columns[name].to_list() == column.to_list()


@MANY
@given(st.sampled_from([PRICE, COUNT, DATE, TIME, WORD]), st.lists(texts, max_size=40))
def test_columns_and_errors_are_those_of_coercion(tag, values):
    text = pl.Series(values, dtype=pl.String)
    same(coerced(COLUMNS[tag], text), coerce(COLUMNS[tag], text))


@pytest.mark.parametrize("tag", [PRICE, COUNT])
def test_every_short_spelling_of_a_number_is_read_as_coercion_reads_it(tag):
    signs, bodies = ("", "-"), ("", "0", "7", "12", "007", "1234567", "12345678", "123456789", "99999999")
    spellings = [f"{s}{w}{d}{f}" for s in signs for w in bodies for d in ("", ".", "..") for f in bodies]
    same(coerced(COLUMNS[tag], pl.Series(spellings)), coerce(COLUMNS[tag], pl.Series(spellings)))


@pytest.mark.parametrize("tag", [PRICE, COUNT])
@pytest.mark.parametrize("length", [1, 7, 8, 9])
def test_no_byte_between_digits_is_taken_for_one(tag, length):
    spellings = [
        "1" * place + chr(code) + "1" * (length - 1 - place) for code in (*range(1, 300), 0x2028) for place in range(length)
    ]  # fmt: skip
    same(coerced(COLUMNS[tag], pl.Series(spellings)), coerce(COLUMNS[tag], pl.Series(spellings)))


def test_long_columns_are_read_as_short_ones_are():
    values = [f"{number % 1000}.{number % 7}" if number % 5 else f"x{number}" for number in range(30_000)]
    same(coerced(COLUMNS[PRICE], pl.Series(values)), coerce(COLUMNS[PRICE], pl.Series(values)))


@MANY
@given(st.lists(st.text(st.characters(codec="ascii"), max_size=12), min_size=1), st.data())
def test_words_are_the_first_bytes_wherever_the_column_was_cut_out(values, data):
    first = data.draw(st.integers(0, len(values) - 1))
    column = pl.concat([pl.Series(values[:1]), pl.Series(values)], rechunk=False)[first + 1 :]
    words = words_of(column)
    kept = values[first:]
    assert words.length.tolist() == [len(value) for value in kept]
    whole = [int.from_bytes(value.encode(), "little") for value in kept]
    assert [first | last << 64 for first, last in zip(words.first.tolist(), words.last.tolist(), strict=True)] == whole

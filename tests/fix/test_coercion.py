from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from fix_transforms.fix.coercion import coerce, coerce_all, nulls
from fix_transforms.fix.frames import TAG_COLUMNS, parsed_schema, with_lineage
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, LOG_EVENTS, QUARANTINE
from fix_transforms.tables.render.to_polars import polars_schema


def value_of(tag, text):
    found = coerce(TAG_COLUMNS[tag], [text])
    return tuple(found.columns[column.name][0] for column in TAG_COLUMNS[tag]), bool(found.errors)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("187.25", Decimal("187.25")),
        ("-0.5", Decimal("-0.5")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("000123.4500000000000", Decimal("123.45")),
        ("999999999999999999.9999999999", Decimal("999999999999999999.9999999999")),
        ("0.00000000000", Decimal(0)),
        ("1.12345678901", None),
        ("9999999999999999999", None),
        ("1e5", None),
        ("+1", None),
        ("1,000", None),
        (".", None),
        ("-", None),
        ("", None),
    ],
)
def test_prices_are_exact_or_null(text, expected):
    assert value_of(44, text) == ((expected,), expected is None)


@settings(max_examples=60, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**17), max_value=10**17))
def test_any_decimal_that_fits_comes_back_equal(number):
    assert value_of(44, f"{number:f}") == ((number,), False)


@pytest.mark.parametrize(
    ("text", "seconds", "nanoseconds", "digits"),
    [
        ("20240102-09:30:00", "2024-01-02T09:30:00", 0, 0),
        ("20240102-09:30:00.1", "2024-01-02T09:30:00", 100_000_000, 1),
        ("20240102-09:30:00.123", "2024-01-02T09:30:00", 123_000_000, 3),
        ("20240102-09:30:00.123456789", "2024-01-02T09:30:00", 123_456_789, 9),
        ("20240102-09:30:00.999999999999", "2024-01-02T09:30:00", 999_999_999, 12),
        ("20161231-23:59:60.5", "2017-01-01T00:00:00", 500_000_000, 1),
        ("20240102-8:19:50", "2024-01-02T08:19:50", 0, 0),
        ("20160314214500018844412", "2016-03-14T21:45:00", 18_844_412, 9),
        ("20160314214500", "2016-03-14T21:45:00", 0, 0),
        ("19691231-23:59:59.5", "1969-12-31T23:59:59", 500_000_000, 1),
    ],
)
def test_timestamps_keep_their_digits_and_are_never_rounded(text, seconds, nanoseconds, digits):
    start = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
    ns = int(start.timestamp()) * 1_000_000_000 + nanoseconds
    (instant, found_ns, found_digits), failed = value_of(52, text)
    assert (found_ns, found_digits, failed) == (ns, digits, False)
    assert instant == start.replace(microsecond=nanoseconds // 1000)


@pytest.mark.parametrize(
    "text",
    ["20240102", "20240102-09:30", "20240102-09:30:00Z", "20240102-09:30:00+01:00", "20240230-09:30:00", "00000000-00:00:00",
     "20240102-24:00:00", "20240102-09:60:00", "20240102-09:30:61", "2024-01-02 09:30:00", "20240102-09:30:00.1234567890123", "<TIME>", ""],
)  # fmt: skip
def test_what_is_no_utc_timestamp_is_null_and_told(text):
    assert value_of(52, text) == ((None, None, None), True)


def test_time_beyond_the_nanosecond_range_keeps_its_microseconds():
    assert value_of(126, "99991231-23:59:59") == ((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), None, 0), True)


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        (34, "007", 7), (34, "-1", -1), (34, "9223372036854775808", None), (34, " 1", None), (34, "1.0", None),
        (43, "Y", True), (43, "N", False), (43, "y", None), (43, "1", None),
        (75, "20240229", date(2024, 2, 29)), (75, "20230229", None), (75, "2024-02-29", None),
        (58, "", ""), (11, "A", "A"),
    ],
)  # fmt: skip
def test_plain_types_are_exact_or_null(tag, text, expected):
    assert value_of(tag, text) == ((expected,), expected is None)


VALUES = st.none() | st.sampled_from(
    ["", "1", "-5", "0.25", "x", "Y", "N", "20240229", "20240102-09:30:00.123", "99991231-23:59:59"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=4))
def test_tags_read_together_are_read_as_each_alone(rows):
    texts = {tag: pl.Series([row[place % 3] for row in rows], dtype=pl.String) for place, tag in enumerate(TAG_COLUMNS)}
    together = coerce_all(TAG_COLUMNS, texts)
    for tag, columns in TAG_COLUMNS.items():
        alone = coerce(columns, texts[tag])
        assert together[tag].errors == alone.errors
        assert list(together[tag].columns) == list(alone.columns)
        for name, values in alone.columns.items():
            assert together[tag].columns[name].equals(values, check_dtypes=True, check_names=True)


@pytest.mark.parametrize("height", [0, 1, 40_000])
def test_columns_without_values_have_their_type_and_any_height(height):
    for column in FIX_MESSAGES.columns:
        found = nulls(column, height)
        assert (found.name, found.dtype, len(found), found.null_count()) == (column.name, column.dtype, height, height)


def test_coercion_errors_name_the_tags(read, wire):
    found = read(wire([(35, "D"), (34, "x"), (44, "abc"), (52, "soon"), (38, "5")]) + wire([(35, "0")]))
    assert found.messages["coercion_errors"].to_list() == [[34, 44, 52], []]
    assert found.messages["order_qty"].to_list() == [Decimal(5), None]
    assert "44=abc" in found.messages["raw"][0]


def test_repeated_tags_keep_the_first_and_groups_do_not_count(read, wire):
    repeated = wire([(35, "j"), (58, "first"), (58, "second")])
    grouped = wire([(35, "E"), (66, "L1"), (73, "2"), (11, "A"), (67, "1"), (11, "B"), (67, "2")])
    found = read(repeated + grouped)
    assert found.messages["text"].to_list() == ["first", None]
    assert found.messages["duplicate_tags"].to_list() == [[58], []]
    assert found.messages["cl_ord_id"].to_list() == [None, None]
    paths = found.group_fields.filter(tag=11).select("message_index", "path", "value").rows()
    assert paths == [(1, "73[0]", "A"), (1, "73[1]", "B")]


def test_application_version_of_a_logon_holds_for_its_session(read, wire):
    sides = [(49, "A"), (56, "B")]
    logon = wire([(35, "A"), *sides, (1137, "7")], begin="FIXT.1.1")
    event = wire([(35, "E"), *sides, (73, "1"), (11, "X"), (67, "1")], begin="FIXT.1.1")
    assert read(logon + event).group_fields.height == 2


@pytest.mark.parametrize(
    ("sending", "log", "expected"),
    [
        ("20240102-23:59:59", "20240103-00:00:01", date(2024, 1, 2)),
        ("nonsense", "20240103-00:00:01", date(2024, 1, 3)),
        ("18990101-00:00:00", "20240103-00:00:01", date(2024, 1, 3)),
        ("nonsense", "", date(1970, 1, 1)),
    ],
)
def test_trading_date_falls_back_from_message_to_log_to_none(read, wire, sending, log, expected):
    found = read(f"{log} : ".encode() + wire([(35, "0"), (52, sending)]))
    assert found.messages["trading_date"].to_list() == [expected]


def test_lineage_completes_the_declared_schema(read, wire, heartbeat):
    found = read(heartbeat + b"\nnote\n35=D|49=A|\n")
    frames = (found.messages, found.group_fields, found.log_events, found.quarantine)
    for frame, table in zip(frames, (FIX_MESSAGES, FIX_GROUP_FIELDS, LOG_EVENTS, QUARANTINE), strict=True):
        assert frame.schema == parsed_schema(table)
        whole = with_lineage(frame, table, file_id="f", batch_id="b", ingested_at=datetime.now(UTC))
        assert whole.schema == polars_schema(table)
        for column in table.columns:
            assert column.nullable or whole[column.name].null_count() == 0


def test_any_number_of_dates_makes_a_bounded_number_of_partitions(read, wire):
    days = [f"{year:04d}{month:02d}15-10:00:00" for year in range(0, 10000, 7) for month in (1, 6, 12)]
    found = read(b"".join(wire([(35, "0"), (52, day)]) for day in days))
    months = found.messages["trading_month"]
    assert found.messages.height == len(days)
    assert months.n_unique() <= (2100 - 1990 + 1) * 12 + 1
    assert months.to_list() == [day.replace(day=1) for day in found.messages["trading_date"]]

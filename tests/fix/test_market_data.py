from __future__ import annotations

import datetime as dt
from decimal import Decimal

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.fix.frames import parsed_schema
from fix_transforms.tables import MARKET_DATA_ENTRIES

MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HEAD = [(49, "VENUE"), (56, "ME"), (34, "1"), (52, "20240102-09:30:00.000123")]


@pytest.fixture(scope="session")
def entries(wire):
    def read(*messages, begin="FIX.4.4", **options):
        log = b"".join(wire([(35, kind), *HEAD, *fields], begin=begin) + b"\n" for kind, fields in messages)
        chunks = list(parse([log], ParseOptions(**options)))
        frame = pl.concat([chunk.market_data for chunk in chunks])
        assert frame.schema == parsed_schema(MARKET_DATA_ENTRIES)
        assert sum(chunk.tally.market_data_entries for chunk in chunks) == frame.height
        return frame

    return read


def instant(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_snapshot_is_a_typed_row_per_entry(entries):
    found = entries(
        ("W", [(262, "R1"), (55, "EUR/USD"), (48, "EZ0"), (22, "4"), (268, "2"),
               (269, "0"), (270, "1.0851"), (15, "USD"), (271, "5000000"), (346, "3"), (290, "1"), (276, "A B"),
               (269, "1"), (270, "-1.0853"), (271, "1"), (299, "Q7"), (336, "2"), (282, "X"), (273, "09:29:59.5")]),
    ).to_dicts()  # fmt: skip
    assert [(row["message_index"], row["entry_index"], row["msg_type"]) for row in found] == [(0, 0, "W"), (0, 1, "W")]
    bid, offer = found
    assert {name: bid[name] for name in ("symbol", "security_id", "security_id_source", "md_req_id", "sender_comp_id")} == {
        "symbol": "EUR/USD", "security_id": "EZ0", "security_id_source": "4", "md_req_id": "R1", "sender_comp_id": "VENUE",
    }  # fmt: skip
    assert (bid["md_entry_type"], bid["md_entry_px"], bid["md_entry_size"]) == (
        "0",
        Decimal("1.0851"),
        Decimal(5_000_000),
    )
    assert (bid["currency"], bid["number_of_orders"], bid["md_entry_position_no"], bid["quote_condition"]) == (
        "USD",
        3,
        1,
        "A B",
    )
    assert (bid["md_update_action"], bid["md_entry_time"], bid["coercion_errors"]) == (None, None, [])
    assert (offer["md_entry_px"], offer["quote_entry_id"], offer["trading_session_id"]) == (
        Decimal("-1.0853"),
        "Q7",
        "2",
    )
    assert (offer["md_entry_originator"], offer["symbol"], offer["currency"]) == ("X", "EUR/USD", None)
    assert offer["sending_time_ns"] == 1_704_187_800_000_123_000
    assert offer["trading_date"] == dt.date(2024, 1, 2)


def test_an_update_inherits_the_instrument_only_where_the_standard_says_so(entries):
    found = entries(
        ("X", [(268, "6"),
               (279, "0"), (269, "0"), (278, "a"), (55, "ONE"), (207, "XLON"), (270, "1"),
               (279, "0"), (269, "1"), (278, "b"), (270, "2"),
               (279, "0"), (269, "1"), (278, "c"), (280, "a"), (270, "3"),
               (279, "1"), (278, "d"), (270, "4"),
               (279, "2"), (285, "1"), (278, "e"), (48, "TWO"),
               (279, "0"), (269, "2"), (278, "f"), (270, "6")]),
        ("X", [(268, "1"), (279, "0"), (269, "0"), (270, "1")]),
    )  # fmt: skip
    assert found.select("md_entry_id", "symbol", "security_id", "security_exchange").rows() == [
        ("a", "ONE", None, "XLON"), ("b", "ONE", None, "XLON"), ("c", None, None, None), ("d", None, None, None),
        ("e", None, "TWO", None), ("f", None, "TWO", None), (None, None, None, None),
    ]  # fmt: skip
    assert found["delete_reason"].to_list() == [None, None, None, None, "1", None, None]


def test_newer_versions_have_levels_sequence_numbers_and_times_of_their_own(entries):
    found = entries(
        ("X", [(1128, "9"), (268, "2"), (279, "0"), (269, "2"), (55, "A"), (83, "41"), (1023, "2"), (1020, "7.5"), (1003, "T1"),
               (60, "20240102-09:29:59.999999999"), (279, "0"), (269, "2"), (1023, "x")]),
        begin="FIXT.1.1",
    ).to_dicts()  # fmt: skip
    assert (found[0]["rpt_seq"], found[0]["md_price_level"], found[0]["trade_volume"]) == (41, 2, Decimal("7.5"))
    assert (found[0]["trade_id"], found[0]["transact_time_ns"]) == ("T1", 1_704_187_799_999_999_999)
    assert (found[1]["md_price_level"], found[1]["coercion_errors"], found[1]["transact_time"]) == (None, [1023], None)


def test_the_messages_transact_time_is_that_of_entries_without(entries):
    found = entries(
        ("X", [(60, "20240102-09:00:00"), (268, "2"), (279, "0"), (269, "2"), (279, "0"), (269, "2"), (60, "soon")]),
        begin="FIX.5.0",
    )
    assert found["transact_time"].to_list() == [instant("2024-01-02T09:00:00"), None]
    assert found["coercion_errors"].to_list() == [[], [60]]


@pytest.mark.parametrize(
    ("fields", "sent", "expected", "digits"),
    [
        ([(272, "20231231"), (273, "09:30:00.123456789")], "20240102-09:30:00", "2023-12-31T09:30:00.123456", 9),
        ([(273, "09:30:00")], "20240102-09:30:01", "2024-01-02T09:30:00", 0),
        ([(273, "23:59:59.9")], "20240102-00:00:00.1", "2024-01-01T23:59:59.9", 1),
        ([(273, "00:00:00.1")], "20240102-23:59:59.9", "2024-01-03T00:00:00.1", 1),
        ([(273, "145500018844412")], "20240102-14:55:00", "2024-01-02T14:55:00.018844", 9),
        ([(272, "20231231")], "20240102-09:30:00", None, None),
        ([(272, "20231331"), (273, "09:30:00")], "20240102-09:30:00", None, None),
        ([(273, "09:30")], "20240102-09:30:00", None, None),
        ([(273, "09:30:00")], "never", None, None),
    ],
)  # fmt: skip
def test_entry_times_get_their_date(wire, fields, sent, expected, digits):
    head = [(35, "W"), (49, "A"), (56, "B"), (34, "1"), (52, sent)]
    message = wire([*head, (55, "A"), (268, "1"), (269, "2"), (270, "1"), *fields])
    row = next(parse([message])).market_data.to_dicts()[0]
    assert row["md_entry_time"] == (instant(expected) if expected else None)
    assert row["md_entry_time_digits"] == digits
    assert (row["md_entry_time_ns"] is None) == (expected is None)


def test_what_does_not_fit_is_null_and_told(entries):
    row = entries(
        (
            "W",
            [
                (55, "A"),
                (268, "1"),
                (269, "0"),
                (270, "1e5"),
                (271, "1,000"),
                (272, "20240230"),
                (273, "9:30"),
                (346, "many"),
            ],
        )
    ).to_dicts()[0]
    assert row["coercion_errors"] == [270, 271, 272, 273, 346]
    assert (row["md_entry_px"], row["md_entry_size"], row["md_entry_date"], row["md_entry_time"]) == (None,) * 4


def test_only_entries_of_market_data_groups_are_rows(entries):
    request = ("V", [(262, "R"), (263, "1"), (264, "1"), (267, "2"), (269, "0"), (269, "1"), (146, "1"), (55, "A")])
    order = ("D", [(11, "C"), (55, "A"), (54, "1"), (453, "1"), (448, "P"), (447, "D"), (452, "1")])
    remark = ("W", [(55, "A"), (268, "2"), (58, "no prices today"), (58, "none")])
    empty = ("W", [(55, "A"), (268, "0")])
    assert entries(request, order, remark, empty).is_empty()
    assert entries(request, ("W", [(55, "A"), (268, "1"), (269, "2")]), order)["message_index"].to_list() == [1]


def test_nested_groups_do_not_break_an_entry(entries):
    found = entries(
        (
            "X",
            [
                (268, "2"),
                (279, "0"),
                (269, "0"),
                (55, "A"),
                (711, "1"),
                (311, "U"),
                (270, "1"),
                (271, "2"),
                (279, "0"),
                (269, "1"),
                (270, "3"),
            ],
        )
    )
    assert found.select("symbol", "md_entry_px", "md_entry_size").rows() == [("A", 1, 2), ("A", 3, None)]


def test_the_first_value_of_a_tag_counts(entries):
    found = entries(("W", [(55, "A"), (268, "1"), (269, "0"), (270, "1"), (271, "5"), (270, "2")]))
    assert found["md_entry_px"].to_list() == [1]


# ---- against one entry at a time ----

VALUES = {
    279: st.sampled_from("012"), 269: st.sampled_from("012"), 278: st.text("abc", min_size=1, max_size=3), 280: st.just("r"),
    55: st.sampled_from(["A", "B"]), 48: st.sampled_from(["1", "2"]), 270: st.sampled_from(["1", "-2.50", "1e5", "x"]),
    271: st.integers(0, 99).map(str), 15: st.just("USD"), 290: st.integers(1, 9).map(str), 346: st.sampled_from(["3", "three"]),
}  # fmt: skip


@st.composite
def updates(draw):
    made = []
    for _ in range(draw(st.integers(0, 4))):
        tags = draw(st.lists(st.sampled_from(sorted(VALUES.keys() - {279})), unique=True, max_size=6))
        made.append({279: draw(VALUES[279]), **{tag: draw(VALUES[tag]) for tag in tags}})
    return made


def by_hand(update):
    last = None
    for number, entry in enumerate(update):
        named = (entry.get(55), entry.get(48))
        if named == (None, None) and 280 not in entry and entry[279] == "0" and last is not None:
            instrument = last
        else:
            instrument = named
        last = named if named != (None, None) else last
        numbers = {tag: entry.get(tag) for tag in (270, 271, 290, 346)}
        wrong = sorted(tag for tag, text in numbers.items() if text in ("1e5", "x", "three"))
        typed = [None if text is None or tag in wrong else Decimal(text) for tag, text in numbers.items()]
        yield number, entry[279], entry.get(269), entry.get(278), *instrument, entry.get(15), *typed, wrong


COLUMNS = [
    "entry_index", "md_update_action", "md_entry_type", "md_entry_id", "symbol", "security_id", "currency",
    "md_entry_px", "md_entry_size", "md_entry_position_no", "number_of_orders", "coercion_errors",
]  # fmt: skip


@MANY
@given(st.lists(updates(), max_size=5))
def test_columns_are_what_reading_entry_by_entry_gives(entries, log):
    found = entries(*(("X", [(268, str(len(u))), *(pair for entry in u for pair in entry.items())]) for u in log))
    assert found.select(COLUMNS).rows() == [row for update in log for row in by_hand(update)]

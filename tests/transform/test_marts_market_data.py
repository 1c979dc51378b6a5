from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

DAY = "20240305"


def update(fix_message, number, time, *entries, begin="X", header=()):
    return fix_message(
        begin,
        "V",
        "C",
        number,
        f"{DAY}-{time}",
        *header_fields(begin),
        (268, len(entries)),
        *flat(entries),
        header=header,
    )


def header_fields(begin):
    return [(55, "ACME")] if begin == "W" else []


def flat(entries):
    return [pair for entry in entries for pair in entry]


def trade(px, qty, action=0):
    return [(279, action), (269, 2), (278, "t"), (55, "ACME"), (270, px), (271, qty)]


def quote(kind, px, qty, level=None):
    return [(269, kind), (270, px), (271, qty), *([(290, level)] if level else [])]


@pytest.fixture(scope="module")
def house(new_house, fix_message):
    house = new_house(validate_messages=True)
    book = update(
        fix_message,
        1,
        "10:00:00.100",
        quote(0, 99, 5, 1),
        quote(0, 98, 7, 2),
        quote(1, 101, 6, 1),
        quote(2, 100, 3),
        begin="W",
    )
    house.land(
        "market.log",
        [
            book,
            update(fix_message, 2, "10:00:10.000", trade(100, 3), trade(102, 1)),
            update(fix_message, 3, "10:00:20.000", trade(99, 4)),
            update(fix_message, 4, "10:00:30.000", trade(1000, 1, action=2)),
            update(fix_message, 5, "10:00:40.000", quote(0, "99.5", 2), quote(0, "99.25", 9), begin="W"),
            update(fix_message, 6, "10:01:00.000", trade(98, 1)),
            book,  # logged twice
        ],
    )
    house.land(
        "orders.log",
        [fix_message("D", "C", "V", 1, f"{DAY}-10:00:00.000", (11, "A"), (55, "XYZ"), (54, "Z"), (38, 5), (5001, "x"))],
    )
    house.ingest()
    house.build()
    return house


def test_minutes_hold_trades_and_the_best_of_the_last_quotes(house):
    rows = house.rows("select * from agg_market_data_m1 order by minute_at")
    first, second = rows
    assert (first["instrument"], first["source_system"], first["minute_at"]) == (
        "ACME",
        "V",
        dt.datetime.fromisoformat("2024-03-05T10:00:00"),
    )
    assert (first["messages"], first["entries"], first["trades"], first["traded_quantity"]) == (5, 10, 3, Decimal(8))
    assert first["vwap"] == pytest.approx((100 * 3 + 102 + 99 * 4) / 8)
    assert [first[f"{name}_px"] for name in ("open", "high", "low", "close")] == [100, 102, 99, 99]
    assert (first["last_bid_px"], first["last_bid_qty"]) == (Decimal("99.5"), 2)
    assert (first["last_offer_px"], first["last_offer_qty"]) == (101, 6)
    assert (second["trades"], second["close_px"], second["last_bid_px"]) == (1, 98, None)


def test_reason_codes_are_counted_once_per_message(house):
    rows = house.rows("select * from agg_validation_errors where msg_type = 'D' order by validation_error")
    assert [(row["validation_error"], row["validation_code"], row["tag"], row["session_reject_reason"]) for row in rows] == [
        ("bad_enum:54", "bad_enum", 54, 5),
        ("missing_required:40", "missing_required", 40, 1),
        ("missing_required:60", "missing_required", 60, 1),
        ("user_defined:5001", "user_defined", 5001, 3),
    ]  # fmt: skip
    assert {(row["messages"], row["messages_judged"], row["source_system"]) for row in rows} == {(1, 1, "C")}
    assert all(row["code_description"] and row["first_message_id"] for row in rows)
    assert {
        row["validation_error"] for row in house.rows("select * from agg_validation_errors where msg_type <> 'D'")
    } <= {"bad_enum:279"}


def test_dates_are_built_again_when_a_file_comes_late_and_nothing_is_counted_twice(house, fix_message):
    house.land("late.log", [update(fix_message, 7, "10:01:30.000", trade(97, 2))])
    house.ingest()
    house.build()
    rows = house.rows("select minute_at, trades, close_px from agg_market_data_m1 order by minute_at")
    assert [(row["trades"], row["close_px"]) for row in rows] == [(3, 99), (2, 97)]
    assert house.rows("select count(*) as n from agg_validation_errors where msg_type = 'D'") == [{"n": 4}]


def test_without_validation_there_is_nothing_to_count(new_house, fix_message):
    plain = new_house()
    plain.land("orders.log", [fix_message("D", "C", "V", 1, f"{DAY}-10:00:00.000", (11, "A"), (54, "Z"))])
    plain.ingest()
    plain.build()
    assert plain.rows("select count(*) as n from agg_validation_errors") == [{"n": 0}]
    assert plain.rows("select count(*) as n from agg_market_data_m1") == [{"n": 0}]

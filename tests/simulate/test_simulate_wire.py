from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import simplefix
from hypothesis import given
from hypothesis import strategies as st

from fix_transforms.simulate.trading_days import FIRST_DATE, trading_dates, trading_hours
from fix_transforms.simulate.wire import SECOND, DayClock, average_text, decimal_text, encode


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_decimal_text_is_the_exact_decimal(units: int, decimals: int) -> None:
    assert Decimal(decimal_text(units, decimals)) == Decimal(units).scaleb(-decimals)


@given(st.integers(0, 10**15), st.integers(1, 10**9), st.integers(0, 6))
def test_average_is_rounded_half_up_to_six_digits(notional: int, quantity: int, decimals: int) -> None:
    exact = Decimal(notional).scaleb(-decimals) / Decimal(quantity)
    text = average_text(notional, quantity, decimals)
    assert abs(Decimal(text) - exact) <= Decimal("0.0000005")
    assert Decimal(text) == Decimal(text).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def test_half_a_unit_of_the_last_digit_rounds_up() -> None:
    assert average_text(1, 2_000_000, 0) == "0.000001"
    assert average_text(3, 2_000_000, 0) == "0.000002"


def test_average_keeps_the_decimals_of_the_instrument() -> None:
    assert average_text(10_100, 100, 2) == "1.01"
    assert average_text(10_000, 100, 2) == "1.00"


@given(
    st.lists(st.tuples(st.integers(40, 9_999), st.text(st.characters(min_codepoint=32, max_codepoint=255), min_size=1)))
)
def test_frames_are_those_of_simplefix(fields: list[tuple[int, str]]) -> None:
    message = simplefix.FixMessage()
    message.append_pair(8, "FIX.4.4")
    message.append_pair(35, "0")
    for tag, value in fields:
        message.append_pair(tag, value.encode("latin-1"))
    body = "35=0\x01" + "".join(f"{tag}={value}\x01" for tag, value in fields)
    assert encode("FIX.4.4", body) == message.encode()


def test_timestamps_are_truncated_to_the_digits_asked_for() -> None:
    clock = DayClock(date(2024, 1, 2))
    micros = (9 * 3600 + 30 * 60) * SECOND + 999_999
    assert clock.fix(micros, 0) == "20240102-09:30:00"
    assert clock.fix(micros, 3) == "20240102-09:30:00.999"
    assert clock.fix(micros, 6) == "20240102-09:30:00.999999"
    assert clock.log4j(micros) == "2024-01-02 09:30:00,999"
    assert clock.iso(micros) == "2024-01-02T09:30:00.999999Z"


def test_no_trading_on_weekends_and_holidays() -> None:
    days = trading_dates()
    year = [day for day in (next(days) for _ in range(251)) if day.year == 2024]
    assert year[0] == FIRST_DATE
    assert all(day.weekday() < 5 for day in year)
    assert date(2024, 1, 15) not in year
    assert date(2024, 7, 4) not in year
    assert date(2024, 7, 5) in year


def test_hours_follow_daylight_saving() -> None:
    winter, _ = trading_hours("us-equity", date(2024, 1, 2))
    summer, _ = trading_hours("us-equity", date(2024, 7, 2))
    assert (winter // (60 * SECOND), summer // (60 * SECOND)) == (14 * 60 + 30, 13 * 60 + 30)

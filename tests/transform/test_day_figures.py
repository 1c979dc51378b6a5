from __future__ import annotations

import math
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from fix_transforms.errors import FixLakehouseError, ReportError
from fix_transforms.marts.publish import current_snapshot, publish
from fix_transforms.reports.read_day import opened, read_day, stamps
from fix_transforms.reports.trading_days import day_report
from flows import cli, steps

# As in test_kpis_recomputed: what is expected is counted from the log files by `replay`, or known to the simulator.

FINAL = {"2", "3", "4", "8", "B", "C"}


@pytest.fixture(scope="module")
def snapshot(simulated_house):
    return publish(simulated_house.workspace)


@pytest.fixture(scope="module")
def days(snapshot):
    with opened(snapshot) as connection:
        return {day: read_day(connection, snapshot, day) for day in stamps(connection)}


def quantile(values, part):
    place = (len(values) - 1) * part
    below, above = values[math.floor(place)], values[math.ceil(place)]
    return pytest.approx(below + (above - below) * (place % 1), abs=0.501)


def test_every_date_of_the_logs_has_figures_and_no_other(days, replay):
    assert set(days) == {message.date for message in replay.messages}


def test_totals_are_what_the_logs_say(days, replay):
    for day, figures in days.items():
        messages = [message for message in replay.messages if message.date == day]
        firsts = [message for message in messages if not message.is_duplicate]
        kinds = Counter(message.type for message in firsts)
        refused = sum(message.type == "8" and message.meaning == "8" for message in firsts)
        found = figures.totals
        assert (found.messages, found.duplicates, found.checksum_bad) == (len(messages), len(messages) - len(firsts), 0)
        assert (found.orders, found.replace_requests, found.cancel_requests) == (kinds["D"], kinds["G"], kinds["F"])
        assert found.executions == sum(fill.date == day for fill, _, _ in replay.trades)
        assert (found.order_rejects, found.cancel_rejects) == (refused, kinds["9"])
        assert found.order_reject_rate == pytest.approx(refused / (kinds["D"] + kinds["G"]))
        assert sum(slot.messages for slot in figures.activity.slots) == len(messages)
        assert sum(slot.orders for slot in figures.activity.slots) == kinds["D"]


def test_fill_ratio_is_what_really_was_filled(days, truth):
    for day, figures in days.items():
        orders = [order for order in truth.orders if order.trading_date == str(day)]
        filled, ordered = (
            sum(Decimal(getattr(order, name)) for order in orders) for name in ("filled_qty", "order_qty")
        )
        assert figures.fills.orders == len(orders)
        assert figures.fills.filled == sum(order.ord_status == "2" for order in orders)
        assert figures.fills.fill_ratio == pytest.approx(float(filled / ordered))


def test_latency_is_a_quantile_of_intervals_and_names_its_clock(days, replay):
    for day, figures in days.items():
        spans = sorted(
            row["us"]
            for row in replay.latencies
            if row["measure"] == "acknowledgement" and row["message"].date == day and row["us"] is not None
        )
        found = figures.latency
        assert (found.clocks, found.measured) == ("logger", len(spans))
        assert (found.p50_us, found.p95_us, found.p99_us) == tuple(quantile(spans, part) for part in (0.50, 0.95, 0.99))


@pytest.fixture(scope="module")
def currencies(replay):
    """What is paid for each instrument: of a pair, whose first currency is dealt, the second."""
    stated = {message.symbol: message.fields[15] for message in replay.firsts if message.type == "D"}
    return {symbol: symbol.partition("/")[2] or currency for symbol, currency in stated.items()}


def test_notional_is_added_up_by_the_currency_that_is_paid(days, replay, currencies):
    assert any(fill.fields.get(15) is None for fill, _, _ in replay.trades), "the venue that speaks FIX.4.0 states none"
    for day, figures in days.items():
        counts, values = Counter(), Counter()
        for fill, traded, price in replay.trades:
            if fill.date == day:
                counts[currencies[fill.symbol]] += 1
                values[currencies[fill.symbol]] += traded * price
        assert {row.currency: row.executions for row in figures.notional} == counts
        assert {row.currency: row.amount for row in figures.notional} == {
            currency: pytest.approx(float(value), rel=1e-9) for currency, value in values.items()
        }


def test_brokers_symbols_and_reasons_add_up_to_the_day(days, replay, currencies):
    for day, figures in days.items():
        firsts = [message for message in replay.firsts if message.date == day]
        sent_to = Counter((message.target, message.session) for message in firsts if message.type == "D")
        assert {(row.broker, row.session_id): row.orders for row in figures.brokers} == sent_to
        assert sum(row.fills for row in figures.brokers) == figures.totals.executions
        by_symbol = Counter(message.symbol for message in firsts if message.type == "D")
        assert {row.symbol: row.orders for row in figures.symbols if row.orders} == by_symbol
        values = Counter()
        for fill, traded, price in replay.trades:
            if fill.date == day:
                values[fill.symbol] += traded * price
        assert {row.symbol: row.notional for row in figures.symbols if row.fills} == {
            symbol: pytest.approx(float(value), rel=1e-9) for symbol, value in values.items()
        }
        assert {row.symbol: row.currency for row in figures.symbols if row.fills} == {
            symbol: currencies[symbol] for symbol in values
        }
        refused = [one for one in firsts if one.type in "93j" or (one.type == "8" and one.meaning == "8")]
        assert sum(row.rejects for row in figures.reasons) == len(refused)


def test_sessions_have_the_gaps_that_really_were(days, truth):
    for day, figures in days.items():
        really = {
            "-".join(sorted(session.session.partition(":")[2].split("->"))): (
                len(session.gaps),
                sum(gap.last - gap.first + 1 for gap in session.gaps),
            )
            for session in truth.sessions
            if session.trading_date == str(day)
        }
        assert {row.session_id.partition(":")[2]: (row.gaps, row.missing_numbers) for row in figures.sessions} == really
        assert {row.lost_numbers for row in figures.sessions} == {0}


def test_open_orders_are_those_that_really_were_left_open(days, truth):
    for day, figures in days.items():
        really = [order for order in truth.orders if order.trading_date == str(day) and order.ord_status not in FINAL]
        rejected = {order.cl_ord_id for order in really if order.requests[0].outcome.endswith("rejected")}
        left = {(one.head_cl_ord_id, one.symbol) for one in really if one.cl_ord_id not in rejected}
        assert {(order.cl_ord_id, order.symbol) for order in figures.open_orders} == left
    assert any(figures.open_orders for figures in days.values())


def test_files_of_all_days_are_the_files_that_hold_messages(days, replay):
    files = [row for figures in days.values() for row in figures.files]
    assert sum(row.messages for row in files) == len(replay.messages)
    assert sum(row.unaccounted_bytes for row in files) == 0
    assert not any(figures.quarantined or figures.batches for figures in days.values())


# ---- the command ----


def fixlake(house, *arguments):
    return CliRunner().invoke(
        cli.build(["report", "status"]), ["report", "--home", house.workspace.settings.home, *arguments]
    )


def test_command_writes_the_newest_day_into_the_site_and_prints_where(simulated_house, days):
    answer = fixlake(simulated_house)
    newest = max(days)
    path = simulated_house.workspace.settings.docs_dir / "reports" / f"trading-day-{newest}.html"
    assert answer.output.strip() == str(path)
    assert f"<title>Trading day {newest}</title>" in path.read_text()
    assert f'href="reports/{path.name}"' in (path.parents[1] / "index.html").read_text()


def test_command_prints_or_writes_elsewhere_the_day_it_is_asked_for(simulated_house, days, tmp_path):
    oldest = min(days)
    printed = fixlake(simulated_house, str(oldest), "--out", "-")
    assert printed.output.startswith("<!DOCTYPE html>")
    assert f"<title>Trading day {oldest}</title>" in printed.output
    written = fixlake(simulated_house, str(oldest), "--out", str(tmp_path / "mine.html"))
    assert written.output.strip() == str(tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == printed.output


def test_a_date_that_is_not_there_is_refused_with_those_that_are(simulated_house, days):
    with pytest.raises(
        ReportError, match=f"got 1999-12-31; expected one of {len(days)} from {min(days)} to {max(days)}"
    ):
        day_report(simulated_house.workspace.settings, date(1999, 12, 31))
    assert isinstance(fixlake(simulated_house, "31.12.1999").exception, FixLakehouseError)


def test_nothing_can_be_reported_before_something_is_published(new_house):
    with pytest.raises(ReportError, match="nothing is published yet"):
        day_report(new_house().workspace.settings)


def test_a_report_that_fails_is_a_warning_and_the_data_is_out_all_the_same(simulated_house, days):
    reports = simulated_house.workspace.settings.docs_dir / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.parent.mkdir(parents=True, exist_ok=True)
    reports.write_text("in the way")
    warnings = []
    published = steps.publish(simulated_house.workspace, warnings.append)
    assert current_snapshot(simulated_house.workspace) == published
    assert len(warnings) == 1
    assert "the trading days could not be reported: " in warnings[0]

    reports.unlink()
    steps.publish(simulated_house.workspace, warnings.append)
    assert len(warnings) == 1
    assert sorted(path.name for path in reports.glob("*.html")) == [f"trading-day-{day}.html" for day in sorted(days)]

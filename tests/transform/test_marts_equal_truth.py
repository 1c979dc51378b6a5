from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest


def session_id(session: str) -> str:
    version, _, sides = session.partition(":")
    return f"{version}:{'-'.join(sorted(sides.split('->')))}"


def number(value: object) -> Decimal | None:
    return None if value is None else round(Decimal(str(value)), 6)


def test_every_order_ends_as_it_really_did(simulated_house, truth):
    found = {
        (row["session_id"], str(row["order_date"]), row["cl_ord_id"]): (
            row["head_cl_ord_id"], row["order_id"], row["symbol"], row["side"], row["ord_status"], number(row["order_qty"]),
            number(row["price"]), number(row["filled_qty"]), pytest.approx(row["filled_notional"], abs=0.006), row["fills"],
        )
        for row in simulated_house.rows("from fct_orders")
    }  # fmt: skip
    really = {
        (session_id(order.session), order.trading_date, order.cl_ord_id): (
            order.head_cl_ord_id, order.order_id, order.symbol, order.side, order.ord_status, number(order.order_qty),
            number(order.price), number(order.filled_qty), float(order.filled_notional), order.effective_fills,
        )
        for order in truth.orders
    }  # fmt: skip
    assert len(really) > 500
    assert found == really


def test_every_execution_counts_exactly_if_it_really_does(simulated_house, truth):
    found = {
        (row["session_id"], str(row["trading_date"]), row["exec_id"]): (
            row["execution_kind"], row["is_effective"], number(row["last_qty"]), number(row["last_px"]),
        )
        for row in simulated_house.rows("from fct_executions where not is_duplicate")
    }  # fmt: skip
    really = {
        (session_id(execution.session), execution.trading_date, execution.exec_id): (
            execution.kind, execution.is_effective, number(execution.qty), number(execution.px),
        )
        for execution in truth.executions
    }  # fmt: skip
    assert {kind for kind, *_ in really.values()} == {"fill", "bust", "correct"}
    assert found == really


def test_every_request_of_a_chain_has_its_outcome(simulated_house, truth):
    outcomes = {"session_rejected": "rejected", "business_rejected": "rejected"}
    found = {
        (row["session_id"], str(row["trading_date"]), row["cl_ord_id"]): (
            row["root_cl_ord_id"],
            row["request_type"],
            row["outcome"],
        )
        for row in simulated_house.rows("from fct_order_chain where is_order")
    }
    really = {
        (session_id(order.session), order.trading_date, request.cl_ord_id): (
            order.cl_ord_id, request.kind, outcomes.get(request.outcome, request.outcome),
        )
        for order in truth.orders
        for request in order.requests
    }  # fmt: skip
    assert {key: value for key, value in found.items() if value[1] != "not_logged"} == really


def test_every_refusal_is_there_in_its_shape(simulated_house, truth):
    shapes = {"3": "session_reject", "j": "business_reject", "8": "order_reject", "9": "cancel_reject"}
    found = Counter(
        (row["session_id"], str(row["trading_date"]), row["reject_shape"], row["is_unknown_order"])
        for row in simulated_house.rows("from fct_rejects")
    )
    really = Counter(
        (session_id(reject.session), reject.trading_date, shapes[reject.msg_type], reject.kind == "unknown_order")
        for reject in truth.rejects
    )
    assert found == really


def test_every_gap_is_found_and_explained(simulated_house, truth):
    found = sorted(
        (row["session_id"], str(row["trading_date"]), row["first_missing_seq_num"], row["last_missing_seq_num"],
         row["resent_numbers"], row["gap_filled_numbers"], row["unaccounted_numbers"])
        for row in simulated_house.rows("from fct_sequence_gaps")
    )  # fmt: skip
    really = sorted(
        (session_id(session.session), session.trading_date, gap.first, gap.last, gap.resent, gap.gap_filled, 0)
        for session in truth.sessions
        for gap in session.gaps
    )
    assert really
    assert found == really


def test_every_session_day_has_its_messages(simulated_house, truth):
    found = {
        (row["session_id"], str(row["trading_date"])): (
            row["local_comp_id"],
            row["messages"],
            row["logons"],
            row["sequence_resets"],
        )
        for row in simulated_house.rows("from fct_sessions")
    }
    really = {
        (session_id(session.session), session.trading_date): (
            session.session.partition(":")[2].partition("->")[0],
            sum(sum(by_type.values()) for by_type in session.messages.values()),
            sum(by_type.get("A", 0) for by_type in session.messages.values()),
            session.sequence_resets,
        )
        for session in truth.sessions
    }
    assert found == really


def test_the_acknowledgement_takes_what_the_logger_saw(simulated_house, truth):
    found = {
        (row["session_id"], str(row["trading_date"]), row["cl_ord_id"]): row["latency_us"]
        for row in simulated_house.rows(
            "select l.session_id, l.trading_date, o.cl_ord_id, l.latency_us from fct_latency l join fct_orders o using (order_key) "
            "where l.measure = 'acknowledgement' and l.clocks = 'logger' and l.latency_us is not null"
        )
    }
    really = {
        (session_id(order.session), order.trading_date, order.cl_ord_id): order.ack_latency_us
        for order in truth.orders
        if order.ack_latency_us is not None
    }
    assert found
    assert found == {key: really.get(key) for key in found}

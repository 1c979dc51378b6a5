from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

import pytest

# Expected figures are counted from the log files themselves, by the `replay` fixture: simplefix splits the messages, and
# no code of ours judges.

Row = dict[str, object]
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
ORDER_FLOW = frozenset("DFGH893jQ")
MEASURES = {"acknowledgement", "confirmation", "first_fill", "cancel", "replace", "transit", "sender_internal"}
SESSION_LAYER = frozenset("012345A")
REASON_TAG = {"8": 103, "9": 102, "3": 373, "j": 380, "Q": 127}
SHAPES = {"8": "order_reject", "9": "cancel_reject", "3": "session_reject", "j": "business_reject"}


def distribution(spans: Iterable[object], prefix: str = "") -> Row:
    """By the definition of a quantile between two neighbours, on the sorted values."""
    values = sorted(span for span in spans if isinstance(span, int))
    row: Row = {f"{prefix}n": len(values), f"{prefix}max_us": values[-1] if values else None}
    for name, share in SHARES.items():
        place = (len(values) - 1) * share
        below = math.floor(place)
        above = min(below + 1, len(values) - 1)
        # Half a microsecond of rounding, whichever way.
        row[f"{prefix}{name}_us"] = (
            pytest.approx(values[below] + (values[above] - values[below]) * (place - below), abs=0.501)
            if values
            else None
        )
    return row


def ratio(part: int, whole: int, less: int = 0) -> float | None:
    return part / whole - less if whole else None


def recomputed_minutes(replay, place: Callable[..., tuple[object, ...]], kinds: frozenset[str] | None) -> dict:
    rows: dict[tuple[object, ...], Row] = defaultdict(Counter)
    spans = defaultdict(list)
    for message in replay.messages:
        if kinds is not None and message.type not in kinds:
            continue
        row = rows[place(message)]
        row["messages"] += 1
        row["duplicates"] += message.is_duplicate
        if message.is_duplicate:
            continue
        row["session_rejects"] += message.type == "3"
        row["business_rejects"] += message.type == "j"
        row["orders"] += message.type == "D"
        row["replace_requests"] += message.type == "G"
        row["cancel_requests"] += message.type == "F"
        row["cancel_rejects"] += message.type == "9"
        row["execution_reports"] += message.type == "8" and message.meaning != "status"
        row["order_rejects"] += message.type == "8" and message.meaning == "8"
        row["busts"] += message.meaning == "bust"
        row["corrections"] += message.meaning == "correct"
        row["ordered_qty"] += message.quantity if message.type == "D" else 0
    for fill, quantity, price in replay.trades:
        row = rows[place(fill)]
        row["fills"] += 1
        row["filled_qty"] += quantity
        row["notional"] += quantity * price
    for latency in replay.latencies:
        if latency["measure"] == "acknowledgement":
            spans[place(latency["message"])].append(latency["us"])
    for key, row in rows.items():
        asked, amended = row["orders"] + row["replace_requests"], row["cancel_requests"] + row["replace_requests"]
        rejects = row["session_rejects"] + row["business_rejects"]
        rows[key] = {
            **row,
            "order_reject_rate": ratio(row["order_rejects"], asked),
            "cancel_reject_rate": ratio(row["cancel_rejects"], amended),
            "message_reject_rate": ratio(rejects, row["messages"] - row["duplicates"]),
            **distribution(spans[key], "ack_latency_"),
        }
    return rows


def assert_same(
    found: dict[tuple[object, ...], Row], expected: dict[tuple[object, ...], Row], columns: Iterable[str]
) -> None:
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        for column in columns:
            value = row.get(column, 0)
            wanted = pytest.approx(float(value), rel=1e-9) if column == "notional" else value
            assert found[key][column] == wanted, (key, column)


COUNTS = (
    "messages", "duplicates", "session_rejects", "business_rejects", "orders", "replace_requests", "cancel_requests",
    "execution_reports", "order_rejects", "cancel_rejects", "fills", "busts", "corrections", "ordered_qty", "filled_qty",
    "notional", "order_reject_rate", "cancel_reject_rate", "message_reject_rate",
)  # fmt: skip
LATENCY = tuple(f"ack_latency_{name}" for name in ("n", "p50_us", "p90_us", "p95_us", "p99_us", "max_us"))


def test_the_logs_hold_every_case_that_makes_counting_hard(replay):
    meanings = Counter(message.meaning for message in replay.firsts if message.type == "8")
    assert {"fill", "bust", "correct", "status", "0", "4", "5", "8", "A", "C", "E"} <= meanings.keys()
    assert {message.fields[8] for message in replay.firsts} == {"FIX.4.0", "FIX.4.2", "FIX.4.4", "FIXT.1.1"}
    resent = [message for message in replay.messages if message.is_poss_dup and message.type != "4"]
    assert {message.is_duplicate for message in resent} == {True, False}
    assert {message.type for message in replay.messages} >= ORDER_FLOW - {"Q"}


def test_every_minute_is_what_the_logs_say(simulated_house, replay):
    found = {(row["minute_at"],): row for row in simulated_house.rows("from agg_kpi_m1")}
    expected = recomputed_minutes(replay, lambda message: (message.minute,), None)
    assert_same(found, expected, COUNTS + LATENCY)
    assert {(row["checksum_bad"], row["ack_two_clocks_n"]) for row in found.values()} == {(0, 0)}


def test_every_minute_and_symbol_is_what_the_logs_say(simulated_house, replay):
    found = {(row["minute_at"], row["symbol"]): row for row in simulated_house.rows("from agg_kpi_m1_sym")}
    expected = recomputed_minutes(replay, lambda message: (message.minute, message.symbol), ORDER_FLOW)
    assert_same(found, expected, COUNTS + LATENCY)


def test_every_system_day_is_what_the_logs_say(simulated_house, replay):
    rows: dict[tuple[object, ...], Row] = defaultdict(Counter)
    seconds, times, spans = defaultdict(Counter), defaultdict(list), defaultdict(list)
    for message in replay.messages:
        key = (message.date, message.session, message.sender)
        row = rows[key]
        row["messages"] += 1
        row["application_messages"] += message.type not in SESSION_LAYER
        row["duplicates"] += message.is_duplicate
        row["resent"] += message.is_poss_dup
        row["bytes"] += message.size
        times[key].append(message.at)
        if message.is_duplicate:
            continue
        seconds[key][message.at.replace(microsecond=0)] += 1
        for column, kind in (
            ("resend_requests", "2"), ("session_rejects", "3"), ("business_rejects", "j"), ("orders", "D"),
            ("replace_requests", "G"), ("cancel_requests", "F"), ("cancel_rejects", "9"),
        ):  # fmt: skip
            row[column] += message.type == kind
        row["order_rejects"] += message.type == "8" and message.meaning == "8"
    for fill, quantity, price in replay.trades:
        row = rows[(fill.date, fill.session, fill.sender)]
        row["fills"] += 1
        row["notional"] += quantity * price
    for latency in replay.latencies:
        if latency["measure"] == "acknowledgement":
            message = latency["message"]
            spans[(message.date, message.session, latency["by"])].append(latency["us"])
    expected = {}
    for key, row in rows.items():
        (other,) = [row for peer, row in rows.items() if peer[:2] == key[:2] and peer != key]
        busiest = sorted(seconds[key].values())
        place = (len(busiest) - 1) * 0.99
        below = math.floor(place)
        p99 = busiest[below] + (busiest[math.ceil(place)] - busiest[below]) * (place - below)
        rejects = row["session_rejects"] + row["business_rejects"]
        expected[key] = {
            **row,
            "resend_share": ratio(row["resent"], row["messages"]),
            "order_reject_rate": ratio(row["order_rejects"], other["orders"] + other["replace_requests"]),
            "cancel_reject_rate": ratio(row["cancel_rejects"], other["cancel_requests"] + other["replace_requests"]),
            "message_reject_rate": ratio(rejects, other["messages"] - other["duplicates"]),
            "peak_messages_per_second": busiest[-1],
            "p99_messages_per_second": pytest.approx(p99),
            "first_message_at": min(times[key]),
            "last_message_at": max(times[key]),
            **distribution(spans[key], "ack_latency_"),
        }
    found = {
        (row["trading_date"], row["session_id"], row["sender_comp_id"]): row
        for row in simulated_house.rows("from agg_kpi_system_level")
    }
    columns = (
        "messages", "application_messages", "duplicates", "resent", "resend_requests", "session_rejects", "business_rejects",
        "bytes", "orders", "replace_requests", "cancel_requests", "order_rejects", "cancel_rejects", "fills", "notional",
        "resend_share", "order_reject_rate", "cancel_reject_rate", "message_reject_rate", "peak_messages_per_second",
        "p99_messages_per_second", "first_message_at", "last_message_at",
    )  # fmt: skip
    assert_same(found, expected, columns + LATENCY)


def test_every_link_between_systems_carries_what_the_logs_say(simulated_house, replay):
    expected: dict[tuple[object, ...], Row] = defaultdict(Counter)
    for message in replay.messages:
        row = expected[(message.date, message.session, message.sender, message.target, message.type)]
        row["duplicates" if message.is_duplicate else "messages"] += 1
        row["bytes"] += message.size
        row["first_message_at"] = min(row["first_message_at"] or message.at, message.at)
        row["last_message_at"] = max(row["last_message_at"] or message.at, message.at)
    found = {
        tuple(row[name] for name in ("trading_date", "session_id", "source_system", "target_system", "msg_type")): row
        for row in simulated_house.rows("from agg_system_message_flow")
    }
    assert_same(found, expected, ("messages", "duplicates", "bytes", "first_message_at", "last_message_at"))


def test_every_order_to_trade_ratio_is_counted_by_the_annex(simulated_house, replay):
    counts: dict[tuple[object, ...], Counter] = defaultdict(Counter)
    immediate, chains, cancelled, executed = {}, {}, set(), defaultdict(set)
    for message in replay.firsts:
        if message.type not in "DFG8" or (message.type in "FG" and message.fields[41].startswith("OLD")):
            continue
        session, day, _ = message.key
        if message.type == "D":
            chains[message.key] = message.key
            immediate[message.key] = message.fields.get(59) in ("3", "4")
        elif message.type in "FG":
            chains[message.key] = chains[(session, day, message.fields[41])]
        chain = chains[message.key]
        place = (message.date, "HARBORAM", message.target if message.type != "8" else message.sender, message.symbol)
        counts[place]["submissions"] += message.type == "D"
        counts[place]["modifications"] += message.type == "G"
        counts[place]["deletions"] += message.type == "F" and not immediate[chain]
        counts[place]["order_volume"] += message.quantity if message.type in "DG" else 0
        if message.type == "8" and message.meaning in ("4", "C") and immediate[chain] and chain not in cancelled:
            cancelled.add(chain)
            counts[place]["immediate_cancelled"] += 1
    for fill, quantity, _ in replay.trades:
        place = (fill.date, "HARBORAM", fill.sender, fill.symbol)
        counts[place]["fills"] += 1
        counts[place]["traded_volume"] += quantity
        executed[place].add(chains[fill.key])
    expected = {}
    for place, row in counts.items():
        orders = row["submissions"] + 2 * row["modifications"] + row["deletions"] + row["immediate_cancelled"]
        expected[place] = {
            **row,
            "order_messages": orders,
            "transactions": len(executed[place]),
            "ratio_by_number": ratio(orders, len(executed[place]), 1),
            "ratio_by_number_per_fill": ratio(orders, row["fills"], 1),
            "ratio_by_volume": ratio(float(row["order_volume"]), float(row["traded_volume"]), 1),
        }
    found = {
        (row["trading_date"], row["member"], row["venue"], row["instrument"]): row
        for row in simulated_house.rows("from agg_order_to_trade")
    }
    columns = (
        "submissions", "modifications", "deletions", "immediate_cancelled", "order_messages", "transactions", "fills",
        "order_volume", "traded_volume", "ratio_by_number", "ratio_by_number_per_fill", "ratio_by_volume",
    )  # fmt: skip
    assert sum(row["immediate_cancelled"] for row in counts.values()) > 10
    assert_same(found, expected, columns)


def test_every_percentile_of_latency_is_that_of_the_logs(simulated_house, replay):
    spans: dict[tuple[object, ...], list[object]] = defaultdict(list)
    for latency in replay.latencies:
        message = latency["message"]
        spans[(message.date, message.session, latency["measure"], latency["clocks"])].append(latency["us"])
    columns = ", ".join(
        f"cast(quantile_cont(latency_us, {share}) as bigint) as {name}_us" for name, share in SHARES.items()
    )
    found = {
        (row["trading_date"], row["session_id"], row["measure"], row["clocks"]): row
        for row in simulated_house.rows(
            f"select trading_date, session_id, measure, clocks, count(*) as intervals, count(latency_us) as n, "
            f"max(latency_us) as max_us, {columns} from fct_latency group by all"
        )
    }
    expected = {key: {"intervals": len(values), **distribution(values)} for key, values in spans.items()}
    assert {measure for _, _, measure, _ in expected} == MEASURES
    assert_same(found, expected, ("intervals", "n", "p50_us", "p90_us", "p95_us", "p99_us", "max_us"))


def test_every_reject_is_counted_in_its_shape_with_its_reason(simulated_house, replay):
    expected = Counter(
        (message.date, message.session, message.sender, SHAPES[message.type], message.fields.get(REASON_TAG[message.type]),
         message.fields.get(58), message.symbol)
        for message in replay.firsts
        if message.type in "93j" or (message.type == "8" and message.meaning == "8")
    )  # fmt: skip
    found = Counter(
        (row["trading_date"], row["session_id"], row["sender_comp_id"], row["reject_shape"], row["reason_code"], row["text"],
         row["symbol"] or "(none)")
        for row in simulated_house.rows("from fct_rejects")
    )  # fmt: skip
    assert {shape for _, _, _, shape, *_ in expected} == set(SHAPES.values())
    assert found == expected


@pytest.mark.parametrize("model", ["file_integration", "postgres_processed_files"])
def test_every_file_has_its_bytes_messages_and_events(simulated_house, replay, model):
    columns = ("object_bytes", "content_bytes", "messages", "log_events", "quarantined")
    found = {row["object_key"]: tuple(row[name] for name in columns) for row in simulated_house.rows(f"from {model}")}
    expected = {file.key: (file.size, file.size, file.messages, file.events, 0) for file in replay.files.values()}
    assert found == expected


def test_every_message_of_every_file_is_integrated(simulated_house, replay):
    found = {
        row["object_key"]: (row["file_status"], row["integration_status"], row["integrated_messages"])
        for row in simulated_house.rows("from file_integration")
    }
    states = {True: ("ingested", "integrated"), False: ("no_messages", "nothing_to_integrate")}
    assert found == {file.key: (*states[file.messages > 0], file.messages) for file in replay.files.values()}

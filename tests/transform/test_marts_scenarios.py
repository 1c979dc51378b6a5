from __future__ import annotations

import pytest

VENUE = "VENUE"
DAY = "20240305"


def at(second: int, day: str = DAY) -> str:
    return f"{day}-10:{second // 60:02d}:{second % 60:02d}.000"


class Session:
    def __init__(self, fix_message, client: str, venue: str = VENUE, version: str = "FIX.4.4") -> None:
        self.fix_message, self.client, self.venue, self.version = fix_message, client, venue, version
        self.numbers = {client: 0, venue: 0}
        self.lines: list[bytes] = []

    def send(self, sender, msg_type, second, *fields, day=DAY, seq=None, header=()):
        target = self.venue if sender == self.client else self.client
        if seq is None:
            self.numbers[sender] += 1
            seq = self.numbers[sender]
        line = self.fix_message(
            msg_type, sender, target, seq, at(second, day), *fields, version=self.version, header=header
        )
        self.lines.append(line)
        return line

    def ask(self, msg_type, second, *fields, **options):
        return self.send(self.client, msg_type, second, *fields, **options)

    def answer(self, msg_type, second, *fields, **options):
        return self.send(self.venue, msg_type, second, *fields, **options)

    def new(self, second, order, qty=100, **options):
        self.ask("D", second, (11, order), (55, "XYZ"), (54, 1), (38, qty), (40, 2), (44, 10), **options)

    def report(self, second, order, exec_type, status, *fields, order_id="V1", **options):
        return self.answer(
            "8",
            second,
            (37, order_id),
            (11, order),
            (150, exec_type),
            (39, status),
            (55, "XYZ"),
            (54, 1),
            *fields,
            **options,
        )


@pytest.fixture(scope="module")
def house(new_house, fix_message):
    house = new_house()

    def session(client, **options):
        return Session(fix_message, client, **options)

    # A replace that is rejected is a leaf; a fill while it is pending keeps the old ClOrdID; an unknown order stays out.
    chain = session("CHAIN")
    chain.new(1, "A1")
    chain.report(2, "A1", "0", "0", (17, "x1"), (38, 100), (14, 0), (151, 100))
    chain.ask("G", 3, (11, "A2"), (41, "A1"), (55, "XYZ"), (54, 1), (38, 500), (44, 11))
    chain.report(4, "A2", "E", "E", (41, "A1"), (17, "x2"), (38, 500), (14, 0), (151, 100))
    chain.report(5, "A1", "F", "E", (17, "x3"), (32, 40), (31, 10), (38, 100), (14, 40), (151, 60))
    chain.answer("9", 6, (37, "V1"), (11, "A2"), (41, "A1"), (39, 1), (434, 2), (102, 0))
    chain.ask("F", 7, (11, "A3"), (41, "A1"), (55, "XYZ"), (54, 1))
    chain.answer("9", 8, (37, "NONE"), (11, "A3"), (41, "A1"), (39, 8), (434, 1), (102, 1))
    chain.report(9, "A1", "I", "8", (17, "0"), (14, 40), (151, 60))
    # Not a fill, though its state is "partially filled" and it repeats what was filled last.
    chain.report(10, "A1", "D", "1", (17, "x4"), (32, 40), (31, 10), (38, 100), (14, 40), (151, 60), (378, 1))
    house.land("chain.log", chain.lines)

    # Good till cancel over three dates; its fill of the first date is busted on the third.
    long = session("LONG")
    long.ask("D", 1, (11, "G1"), (55, "XYZ"), (54, 1), (38, 100), (40, 2), (44, 10), (59, 1))
    long.report(2, "G1", "0", "0", (17, "g0"), (14, 0))
    long.report(3, "G1", "F", "1", (17, "g1"), (32, 30), (31, 10), (14, 30))
    house.land("long-1.log", long.lines)
    long.lines = []
    long.ask("G", 1, (11, "G2"), (41, "G1"), (55, "XYZ"), (54, 1), (38, 80), (44, 12), day="20240306")
    long.report(2, "G2", "5", "1", (41, "G1"), (17, "g2"), (14, 30), day="20240306")
    house.land("long-2.log", long.lines)
    long.lines = []
    long.report(1, "G2", "H", "0", (17, "g3"), (19, "g1"), (32, 30), (31, 10), (14, 0), day="20240307")
    house.land("long-3.log", long.lines)

    # The same ClOrdID on another date is another order.
    reused = session("REUSED")
    for day in (DAY, "20240306"):
        reused.new(1, "R1", day=day)
        reused.report(2, "R1", "F", "2", (17, "r1"), (32, 100), (31, 10), (14, 100), day=day)
    house.land("reused.log", reused.lines)

    # A resent report fills a gap once, however often it comes; the same bytes in a rotated log count once too.
    resent = session("RESENT")
    resent.new(1, "P1")
    resent.report(2, "P1", "0", "0", (17, "p0"), (14, 0))
    first = {"seq": 2, "header": [(43, "Y"), (122, at(3))]}
    resent.report(5, "P1", "F", "2", (17, "p2"), (32, 60), (31, 10), (14, 100), seq=3)
    resent.report(6, "P1", "F", "1", (17, "p1"), (32, 40), (31, 10), (14, 40), **first)
    resent.report(7, "P1", "F", "1", (17, "p1"), (32, 40), (31, 10), (14, 40), **first)
    house.land("resent.log", resent.lines)
    house.land("resent-rotated.log", resent.lines[-3:])

    # A drop copy on another session repeats a fill; one that stands alone counts.
    own = session("OWNER")
    own.new(1, "C1")
    own.report(2, "C1", "F", "1", (17, "c1"), (32, 10), (31, 10), (14, 10))
    own.new(3, "C9")
    own.report(4, "C9", "8", "8", (17, "c9"), (103, 1), (14, 0))
    house.land("own.log", own.lines)
    copies = session("COPIES")
    copies.report(3, "C1", "F", "1", (17, "c1"), (32, 10), (31, 10), (14, 10), (797, "Y"))
    copies.report(4, "C2", "F", "1", (17, "c2"), (32, 7), (31, 10), (14, 7), (797, "Y"), order_id="V2")
    copies.report(5, "C9", "8", "8", (17, "c9"), (103, 1), (14, 0), (797, "Y"))
    house.land("copies.log", copies.lines)

    # A fill whose price is corrected two days later.
    amended = session("AMENDED")
    amended.new(1, "K1")
    amended.report(2, "K1", "F", "1", (17, "k1"), (32, 30), (31, 10), (14, 30))
    house.land("amended-1.log", amended.lines)
    amended.lines = []
    amended.report(1, "K1", "G", "1", (17, "k2"), (19, "k1"), (32, 30), (31, 11), (14, 30), day="20240307")
    house.land("amended-2.log", amended.lines)

    # TransactTime(60) in local time, and of a replayed day; the answer that was resent is not measured, nor a later one.
    clocks = session("CLOCKS")
    clocks.new(1, "L1")
    clocks.report(3, "L1", "0", "0", (17, "l2"), (14, 0), (60, f"{DAY}-05:00:02.500"), seq=2)
    clocks.report(4, "L1", "F", "1", (17, "l3"), (32, 1), (31, 10), (14, 1), (60, "20230305-10:00:03.000"), seq=3)
    clocks.report(5, "L1", "F", "1", (17, "l4"), (32, 1), (31, 10), (14, 2), (60, f"{DAY}-10:00:04.750"), seq=4)
    clocks.report(6, "L1", "A", "A", (17, "l1"), (14, 0), seq=1, header=[(43, "Y"), (122, at(2))])
    house.land("clocks.log", clocks.lines)

    # Behind a hub two firms use one ClOrdID.
    hub = session("HUB")
    for firm, qty in (("ONE", 100), ("TWO", 200)):
        hub.new(1, "H1", qty=qty, header=[(115, firm)])
        hub.report(2, "H1", "0", "0", (17, f"h{firm}"), (14, 0), header=[(128, firm)], order_id=f"V{firm}")
    house.land("hub.log", hub.lines)

    # The venue calls a second order of the same name a duplicate; the first one lives.
    twice = session("TWICE")
    twice.new(1, "T1")
    twice.report(2, "T1", "0", "0", (17, "t0"), (14, 0))
    twice.new(3, "T1")
    twice.report(4, "T1", "8", "8", (17, "t1"), (103, 6), (14, 0), order_id="V9")
    # Session and business rejects name no order, but the message.
    twice.new(5, "T2")
    twice.answer("3", 6, (45, 3), (371, 38), (372, "D"), (373, 5), (58, "Value 123 is incorrect"))
    twice.new(7, "T3")
    twice.answer("j", 8, (45, 4), (372, "D"), (380, 4))
    twice.ask("Q", 9, (37, "V1"), (17, "t9"), (127, "A"), (55, "XYZ"), (54, 1))
    house.land("twice.log", twice.lines)

    # 41 = 11, and requests whose links form a ring.
    odd = session("ODD")
    odd.ask("D", 1, (11, "S1"), (41, "S1"), (55, "XYZ"), (54, 1), (38, 100), (40, 2))
    for child, parent in (("S2", "S3"), ("S3", "S2"), ("S2", "S1")):
        odd.ask("G", 2, (11, child), (41, parent), (55, "XYZ"), (54, 1), (38, 100))
    house.land("odd.log", odd.lines)

    house.ingest()
    house.build()
    return house


def order(house, client, cl_ord_id, order_date="2024-03-05"):
    found = house.rows(
        f"from fct_orders where client_comp_id = '{client}' and cl_ord_id = '{cl_ord_id}' and order_date = '{order_date}'"
    )
    assert len(found) == 1
    return found[0]


def test_a_rejected_replace_moves_neither_head_nor_terms(house):
    found = order(house, "CHAIN", "A1")
    assert (found["head_cl_ord_id"], float(found["order_qty"]), float(found["price"])) == ("A1", 100, 10)


def test_a_fill_during_pending_replace_belongs_to_the_order(house):
    assert float(order(house, "CHAIN", "A1")["filled_qty"]) == 40


def test_an_unknown_order_reject_or_a_status_answer_does_not_end_the_order(house):
    assert order(house, "CHAIN", "A1")["ord_status"] == "1"


def test_a_cancel_request_makes_no_order(house):
    assert house.rows("from fct_orders where cl_ord_id in ('A2', 'A3')") == []
    chain = house.rows("from fct_order_chain where session_id like '%CHAIN%' order by cl_ord_id")
    assert [(row["cl_ord_id"], row["request_type"], row["outcome"]) for row in chain] == [
        ("A1", "new", "accepted"),
        ("A2", "replace", "rejected"),
        ("A3", "cancel", "rejected"),
    ]


def test_a_good_till_order_is_one_order_over_dates(house):
    found = order(house, "LONG", "G1")
    assert (found["head_cl_ord_id"], float(found["order_qty"]), found["ord_status"]) == ("G2", 80, "0")


def test_a_bust_days_later_takes_the_fill_out_of_its_own_day(house):
    assert float(order(house, "LONG", "G1")["filled_qty"]) == 0
    fills = house.rows("from fct_executions where session_id like '%LONG%' and execution_kind = 'fill'")
    assert [(row["is_effective"], row["is_busted"], row["is_as_first_reported"]) for row in fills] == [
        (False, True, True)
    ]


def test_a_cl_ord_id_is_another_order_on_another_date(house):
    for date in ("2024-03-05", "2024-03-06"):
        assert float(order(house, "REUSED", "R1", date)["filled_qty"]) == 100


def test_a_resent_fill_counts_once_and_at_the_time_it_was_first_sent(house):
    found = order(house, "RESENT", "P1")
    assert (float(found["filled_qty"]), found["ord_status"], found["fills"]) == (100, "2", 2)
    kinds = house.rows(
        "select duplicate_kind, count(*) as n from fct_executions where session_id like '%RESENT%' group by all order by all"
    )
    assert {row["duplicate_kind"]: row["n"] for row in kinds} == {None: 2, "poss_dup": 1, "same_bytes": 3}


def test_a_drop_copy_counts_only_where_the_original_is_missing(house):
    rows = house.rows(
        "select exec_id, session_id, duplicate_kind, is_effective from fct_executions where exec_id in ('c1', 'c2') order by all"
    )
    assert [(row["exec_id"], row["duplicate_kind"], row["is_effective"]) for row in rows] == [
        ("c1", "drop_copy", False),
        ("c1", None, True),
        ("c2", None, True),
    ]


def test_firms_behind_a_hub_have_their_own_cl_ord_ids(house):
    rows = house.rows(
        "select order_scope, order_qty, ord_status from fct_orders where session_id like '%HUB%' order by all"
    )
    assert [(row["order_scope"], float(row["order_qty"]), row["ord_status"]) for row in rows] == [
        ("ONE", 100, "0"),
        ("TWO", 200, "0"),
    ]


def test_the_reject_of_a_second_order_of_the_same_name_spares_the_first(house):
    assert order(house, "TWICE", "T1")["ord_status"] == "0"


def test_rejects_without_cl_ord_id_find_their_order(house):
    assert order(house, "TWICE", "T2")["order_state"] == "Rejected"
    assert order(house, "TWICE", "T3")["order_state"] == "Rejected"


def test_all_five_shapes_of_a_reject_are_there_with_their_reason(house):
    rows = house.rows(
        "select reject_shape, reason_tag, reason_code, orders.cl_ord_id from fct_rejects left join fct_orders as orders using (order_key) "
        "where fct_rejects.session_id like '%TWICE%' or fct_rejects.session_id like '%CHAIN%' order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("business_reject", 380, "4", "T3"),
        ("cancel_reject", 102, "0", "A1"),
        ("cancel_reject", 102, "1", "A1"),
        ("order_reject", 103, "6", "T1"),
        ("session_reject", 373, "5", "T2"),
        ("trade_not_known", 127, "A", "T1"),
    ]  # fmt: skip


def test_self_links_and_rings_end(house):
    rows = house.rows(
        "select cl_ord_id, root_cl_ord_id from fct_order_chain where session_id like '%ODD%' order by all"
    )
    assert len(rows) == 3


def test_both_directions_share_one_session(house):
    rows = house.rows("select distinct session_id from fct_sessions where session_id like '%CHAIN%'")
    assert [row["session_id"] for row in rows] == ["FIX.4.4:CHAIN-VENUE"]


def test_whole_second_clocks_give_no_latency_instead_of_zero(house):
    rows = house.rows(
        "select clocks, latency_us from fct_latency where measure = 'acknowledgement' and session_id like '%CHAIN%'"
    )
    assert [(row["clocks"], row["latency_us"]) for row in rows] == [("two_clocks", 1_000_000)]


def test_the_flow_names_the_links_between_systems(house):
    rows = house.rows("from agg_system_message_flow where source_system = 'CHAIN' order by msg_type")
    assert [(row["target_system"], row["msg_type_name"], row["messages"]) for row in rows] == [
        ("VENUE", "NewOrderSingle", 1),
        ("VENUE", "OrderCancelRequest", 1),
        ("VENUE", "OrderCancelReplaceRequest", 1),
    ]


def test_a_reject_that_a_drop_copy_repeats_is_counted_once(house):
    rows = house.rows(
        "select session_id, order_rejects, order_reject_rate from agg_kpi_system_level "
        "where sender_comp_id = 'VENUE' and regexp_matches(session_id, 'OWNER|COPIES') order by all"
    )
    assert [tuple(row.values()) for row in rows] == [("FIX.4.4:COPIES-VENUE", 0, None), ("FIX.4.4:OWNER-VENUE", 1, 0.5)]
    assert house.rows("select sum(order_rejects) as n from agg_kpi_m1") == [{"n": 2}]
    assert house.rows("select sum(order_rejects) as n from agg_kpi_m1_sym") == [{"n": 2}]


def test_a_fill_that_is_corrected_later_stays_on_the_day_it_was_made(house):
    rows = house.rows(
        "select trading_date, traded_volume from agg_order_to_trade where member = 'AMENDED' and fills > 0"
    )
    assert [(str(row["trading_date"]), float(row["traded_volume"])) for row in rows] == [("2024-03-05", 30)]
    rows = house.rows(
        "select trading_date, notional from agg_kpi_system_level where session_id like '%AMENDED%' and fills > 0"
    )
    assert [(str(row["trading_date"]), row["notional"]) for row in rows] == [("2024-03-05", 330)]
    rows = house.rows("select trading_date, fills, corrections from agg_kpi_m1 where trading_date = '2024-03-07'")
    assert [(row["fills"], row["corrections"]) for row in rows] == [(0, 1)]
    assert str(order(house, "AMENDED", "K1")["first_fill_at"]) == "2024-03-05 10:00:02"


def test_a_clock_in_another_zone_or_of_another_day_gives_a_reason_and_no_latency(house):
    rows = house.rows(
        "select doubt, latency_us from fct_latency where session_id like '%CLOCKS%' and measure = 'sender_internal' order by started_at"
    )
    assert [tuple(row.values()) for row in rows] == [("other_day", None), ("other_zone", None), (None, 250_000)]


def test_where_the_first_answer_was_resent_no_later_one_is_taken_for_it(house):
    assert house.rows("from fct_latency where session_id like '%CLOCKS%' and measure = 'acknowledgement'") == []
    assert len(house.rows("from fct_latency where session_id like '%CLOCKS%' and measure = 'first_fill'")) == 1


def test_a_drop_copy_makes_nobody_a_member_with_orders(house):
    assert house.rows("from fct_orders where is_drop_copy") != []
    assert house.rows("from agg_order_to_trade where member = 'COPIES'") == []

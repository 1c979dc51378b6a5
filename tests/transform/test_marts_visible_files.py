from __future__ import annotations

import pytest

from fix_transforms.marts.publish import publish


def order(fix_message, cl_ord_id):
    return fix_message("D", "C", "V", 1, "20240305-10:00:00.000", (11, cl_ord_id), (55, "XYZ"), (54, 1), (38, 5))


@pytest.fixture(scope="module")
def house(new_house, fix_message):
    house = new_house(on_change="replace")
    house.land("changed.log", [order(fix_message, "OLD")])
    house.ingest()
    house.land("changed.log", [order(fix_message, "NEW"), order(fix_message, "NEWER")])
    house.ingest()
    house.land("held.log", [order(fix_message, "HELD")])
    house.ingest("held")
    house.land("released.log", [order(fix_message, "RELEASED")])
    house.ingest("released")
    house.build()
    return house


def test_neither_a_replaced_version_nor_a_held_batch_is_seen(house):
    rows = house.rows("select cl_ord_id from fct_orders order by all")
    assert [row["cl_ord_id"] for row in rows] == ["NEW", "NEWER", "RELEASED"]
    assert house.rows("select sum(orders) as orders, sum(messages) as messages from agg_kpi_m1") == [
        {"orders": 3, "messages": 3}
    ]


def test_every_file_says_why_it_is_or_is_not_seen(house):
    rows = house.rows(
        "select object_key, integration_status, messages, integrated_messages from file_integration order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("changed.log", "integrated", 2, 2),
        ("changed.log", "superseded", 1, 0),
        ("held.log", "held", 1, 0),
        ("released.log", "integrated", 1, 1),
    ]


def test_a_snapshot_counts_rows_that_are_there_after_some_were_deleted(house, fix_message):
    house.land("changed.log", [order(fix_message, "NEWEST")])
    house.ingest()
    assert not house.build().is_full_refresh
    counts = publish(house.workspace).row_counts
    assert {name: counts[name] for name in ("00_landing_fix.landing_fix", "03_analytics.fct_orders")} == {
        "00_landing_fix.landing_fix": 2,
        "03_analytics.fct_orders": 2,
    }

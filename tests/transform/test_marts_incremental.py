from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

from fix_transforms.errors import TransformError
from fix_transforms.lake.batches import decide
from fix_transforms.marts.build import build
from fix_transforms.marts.publish import publish
from fix_transforms.reports.trading_days import update_reports


def day_of_orders(fix_message, day, first, *, amend=None):
    lines, numbers = [], {"C": 0, "V": 0}

    def send(sender, target, msg_type, second, *fields):
        numbers[sender] += 1
        lines.append(fix_message(msg_type, sender, target, numbers[sender], f"{day}-10:00:{second:02d}.000", *fields))

    for number in range(first, first + 3):
        send("C", "V", "D", number, (11, f"O{number}"), (55, "XYZ"), (54, 1), (38, 100), (40, 1), (59, 1))
        send("V", "C", "8", number, (37, f"V{number}"), (11, f"O{number}"), (150, "F"), (39, 1), (17, f"E{number}"),
             (32, 40), (31, 10), (14, 40), (55, "XYZ"), (54, 1))  # fmt: skip
    if amend:
        send("V", "C", "8", 50, (37, f"V{amend}"), (11, f"O{amend}"), (150, "H"), (39, 0), (17, f"B{amend}"), (19, f"E{amend}"),
             (32, 40), (31, 10), (14, 0), (55, "XYZ"), (54, 1))  # fmt: skip
    return lines


def assert_like_a_full_refresh(house):
    incremental = house.tables()
    assert house.build(full_refresh=True).is_full_refresh
    for name, rebuilt in house.tables().items():
        assert_frame_equal(incremental[name], rebuilt, check_exact=True)


def reported(house):
    """Days of March whose report was written, and whose report was removed, with what was built last."""
    changes = update_reports(house.workspace.settings, publish(house.workspace))
    return [[day.day for day in days] for days in (changes.written, changes.removed)]


@pytest.fixture(scope="module")
def house(new_house, fix_message):
    house = new_house()
    house.land("day-2.log", day_of_orders(fix_message, "20240306", 4))
    house.ingest()
    house.build()
    return house


def test_late_files_amendments_and_holds_give_what_a_full_refresh_gives(house, fix_message):
    assert reported(house) == [[6], []]

    # A file of the day before, a week late; and a bust of one of its fills a day later.
    house.land("day-1.log", day_of_orders(fix_message, "20240305", 1))
    (late,) = house.ingest()
    house.land("day-3.log", day_of_orders(fix_message, "20240307", 7, amend=2))
    house.ingest()
    report = house.build()
    assert not report.is_full_refresh
    assert house.rows("select count(*) as n from fct_orders") == [{"n": 9}]
    assert house.rows("select sum(fills) as n from agg_kpi_m1 where trading_date = '2024-03-05'") == [{"n": 2}]
    assert reported(house) == [[5, 7], []]
    assert reported(house) == [[], []]

    # The late batch is held after it was shown: its orders leave, and the bust finds no fill.
    decide(house.lake, late, "held", "somebody", "wrong file")
    assert not house.build().is_full_refresh
    assert house.rows("from agg_kpi_m1 where trading_date = '2024-03-05'") == []
    held = house.rows("select integration_status from file_integration where object_key = 'day-1.log'")
    assert held == [{"integration_status": "held"}]
    assert reported(house) == [[7], [5]]

    decide(house.lake, late, "released", "somebody", "it was right")
    assert not house.build().is_full_refresh
    assert house.rows("select count(*) as n from fct_orders") == [{"n": 9}]
    assert reported(house) == [[5, 7], []]
    assert_like_a_full_refresh(house)


def test_a_failed_build_leaves_the_last_one_as_it_was(house):
    before = house.tables()
    with pytest.raises(TransformError, match="dbt build failed"):
        build(house.workspace, lambda arguments, environment: False)
    after = house.tables()
    assert before.keys() == after.keys()
    for name, frame in before.items():
        assert_frame_equal(frame, after[name])

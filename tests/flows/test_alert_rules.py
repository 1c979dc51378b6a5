from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from flows.alert_rules import DATA_DUE, RULES, DataDue, QuarantineBurst

LONDON = {
    "prefix": "venue-a/", "days": ["mon", "tue"], "from": "08:00", "to": "16:30", "zone": "Europe/London",
    "every_minutes": 15,
}  # fmt: skip


def due(**changes: object) -> DataDue:
    return DataDue.model_validate(LONDON | changes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quarantined", "messages", "burst"),
    [(100, 0, True), (99, 0, False), (100, 9900, True), (100, 9901, False), (1000, 1_000_000, False)],
)
def test_burst_reaches_both_count_and_share(quarantined: int, messages: int, burst: bool) -> None:
    assert QuarantineBurst(count=100, share=0.01).is_burst(quarantined, messages) is burst


def test_hours_are_those_of_the_zones_own_clock() -> None:
    # 2024-07-01 is a Monday in summer time: eight o'clock in London is seven o'clock UTC.
    assert due().opened_at(at("2024-07-01 07:00")) == at("2024-07-01 07:00")
    assert due().opened_at(at("2024-07-01 06:59")) is None
    assert due().opened_at(at("2024-01-01 07:30")) is None
    assert due().opened_at(at("2024-01-01 08:00")) == at("2024-01-01 08:00")


def test_nothing_is_due_on_other_days_and_after_hours() -> None:
    assert due().overdue_since(at("2024-07-03 12:00"), None) is None
    assert due().overdue_since(at("2024-07-01 15:31"), None) is None


def test_data_is_overdue_from_the_opening_or_from_what_came_last() -> None:
    now = at("2024-07-01 10:00")
    assert due().overdue_since(now, None) == at("2024-07-01 07:00")
    assert due().overdue_since(now, at("2024-07-01 09:45")) == at("2024-07-01 09:45")
    assert due().overdue_since(now, at("2024-07-01 09:46")) is None
    assert due().overdue_since(at("2024-07-01 07:14"), None) is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"zone": "Mars/Olympus"}, "zone"), ({"days": ["funday"]}, "days"), ({"every_minutes": 0}, "every_minutes"),
     ({"to": "07:00"}, ""), ({"from": "25:00"}, "from"), ({"hours": 3}, "hours")],
)  # fmt: skip
def test_rule_that_cannot_be_meant_is_refused(changes: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RULES[DATA_DUE].validate_python([LONDON | changes])
    assert where in ".".join(str(part) for part in refused.value.errors()[0]["loc"])

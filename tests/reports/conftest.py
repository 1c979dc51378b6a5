from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from fix_transforms.reports.figures import DayFigures

DAY = date(2024, 3, 5)
NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)


def made_of(kind: Any, text: str, rows: int, number: int) -> Any:
    """A value of a type in which every text is the same, every number too, and every tuple has so many rows."""
    if get_origin(kind) is tuple:
        return tuple(made_of(get_args(kind)[0], text, rows, number) for _ in range(rows))
    if isinstance(kind, UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: made_of(hints[field.name], text, rows, number) for field in fields(kind)})  # type: ignore[operator]
    return {str: text, int: number, float: float(number), Decimal: Decimal(number), date: DAY, datetime: NOON}[kind]


@pytest.fixture
def figures() -> Callable[..., DayFigures]:
    """A day of made-up figures: ``figures("MSFT", rows=2)``."""

    def make(text: str = "MSFT", rows: int = 1, number: int = 1) -> DayFigures:
        from dataclasses import replace

        found: DayFigures = made_of(DayFigures, text, rows, number)
        slots = tuple(
            replace(slot, started_at=NOON + timedelta(minutes=place)) for place, slot in enumerate(found.activity.slots)
        )
        latency = replace(found.latency, clocks="two_clocks") if found.latency else None
        return replace(found, activity=replace(found.activity, slots=slots), latency=latency)

    return make

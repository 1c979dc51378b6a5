"""The charts of a report: bars over the day, as inline SVG that stretches to any width.

Invariant: a drawing holds numbers only; its words are HTML around it, so that they keep their size on a phone, and are
escaped by whoever passes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

#: Units of the drawing: a bar takes ten of them, and the highest one hundred.
WIDTH: Final = 10
HEIGHT: Final = 100
GAP: Final = 2

#: Most labels under the charts that a phone has room for.
MOST_TICKS: Final = 7


def bars(values: Sequence[int], titles: Sequence[str], kind: str) -> str:
    """One bar per value; a point at a bar shows its title.

    Args:
        values: None negative.
        titles: HTML, one per value.
        kind: Class of the drawing, which colours it.
    """
    highest = max(values, default=0) or 1
    drawn = "".join(
        _bar(number, value / highest, title) for number, (value, title) in enumerate(zip(values, titles, strict=True))
    )
    width = WIDTH * max(len(values), 1)
    return f'<svg class="bars {kind}" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


def _bar(number: int, part: float, title: str) -> str:
    # What is not nothing is seen: no bar is lower than two hundredths.
    height = max(part * HEIGHT, 2) if part else 0
    place = f'x="{number * WIDTH}" width="{WIDTH - GAP}"'
    target = f'<rect class="target" x="{number * WIDTH}" width="{WIDTH}" y="0" height="{HEIGHT}"/>'
    return f'<g><title>{title}</title>{target}<rect {place} y="{HEIGHT - height:.1f}" height="{height:.1f}"/></g>'


def ticks(first: datetime, length: timedelta, slots: int) -> str:
    """The time axis below bars: whole hours, so many apart that they fit.

    Args:
        first: When the first slot starts.
        length: Of a slot.
        slots: How many there are.
    """
    span = length * slots
    hours = next((step for step in (1, 2, 3, 4, 6, 8) if span / timedelta(hours=step) <= MOST_TICKS), 12)
    moment, labels = first.replace(hour=0, minute=0), []
    while moment < first + span:
        if moment >= first:
            labels.append(f'<span style="left:{(moment - first) / span:.2%}">{moment:%H:%M}</span>')
        moment += timedelta(hours=hours)
    if not labels:
        labels = [f'<span style="left:0%">{first:%H:%M}</span>']
    return f'<div class="ticks">{"".join(labels)}</div>'

"""How long things take: pauses that fit the length of the session, so that a short one is as lively as a long one."""

from __future__ import annotations

from fix_transforms.simulate.desk import Desk
from fix_transforms.simulate.session import Script
from fix_transforms.simulate.wire import MILLISECOND, SECOND

#: Longest typical pause between two events of one order.
_LONGEST = 75 * SECOND


def pause(desk: Desk, scale: float = 1.0) -> Script:
    """Wait as orders do, but not past the close."""
    session = desk.session
    typical = min(_LONGEST, (session.close - session.open) // 12) * scale
    wait = int(desk.rng.expovariate(1 / typical)) + MILLISECOND
    if session.now < session.close:
        wait = min(wait, session.close - session.now + desk.rng.randint(0, 400) * MILLISECOND)
    else:
        wait = min(wait, 2 * SECOND)
    yield wait


def settle(desk: Desk) -> Script:
    """Wait until shortly after the close."""
    session = desk.session
    yield max(0, session.close - session.now) + desk.rng.randint(50, 4_000) * MILLISECOND

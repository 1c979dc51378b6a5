"""Busts and corrects: fills that are taken back or changed, at times more than once."""

from __future__ import annotations

from fix_transforms.simulate.desk import Desk
from fix_transforms.simulate.orders import Execution, Order
from fix_transforms.simulate.pacing import pause
from fix_transforms.simulate.session import Script
from fix_transforms.simulate.trading import fill_up


def correct_or_bust(desk: Desk, order: Order) -> Script:
    """Take back or change an execution; a filled order that opens again may be filled again."""
    yield from pause(desk, 0.3)
    execution = desk.rng.choice(order.executions)
    if desk.rng.random() < 0.5:
        execution = _corrected(desk, order, execution)
        if desk.rng.random() >= 0.25:
            return
        yield from pause(desk, 0.2)
        if desk.rng.random() < 0.5:
            _corrected(desk, order, execution)
            return
    desk.bust(order, execution)
    if order.is_working and desk.session.now < desk.session.close and desk.rng.random() < 0.5:
        yield from pause(desk, 0.3)
        if desk.session.now < desk.session.close:
            yield from fill_up(desk, order, at_once=True)


def _corrected(desk: Desk, order: Order, execution: Execution) -> Execution:
    """Correct the price, or at times the quantity downwards; returns what counts now."""
    lot, tick = order.instrument.lot, order.instrument.tick
    quantity, price = execution.quantity, execution.price
    if desk.rng.random() < 0.3 and quantity > lot:
        quantity -= desk.rng.randint(1, (quantity - 1) // lot) * lot
    else:
        price = max(price + desk.rng.choice((-5, -4, -2, 2, 4, 5)) * tick, tick)
    at = order.executions.index(execution)
    desk.correct(order, execution, quantity, price)
    return order.executions[at]

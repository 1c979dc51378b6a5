"""Fills: how much, at which price, and in how many pieces."""

from __future__ import annotations

from fix_transforms.simulate.desk import Desk
from fix_transforms.simulate.orders import Order
from fix_transforms.simulate.session import Script

#: Fills one order gets at most in one sweep.
_SWEEP = 5


def fill_once(desk: Desk, order: Order, quantity: int | None = None) -> None:
    """Fill a part of what is left, or as much as is given."""
    if quantity is None:
        lots = order.leaves // order.instrument.lot
        quantity = desk.rng.randint(1, max(1, lots)) * order.instrument.lot
    desk.trade(order, min(quantity, order.leaves), execution_price(desk, order))


def fill_up(desk: Desk, order: Order, *, at_once: bool) -> Script:
    """Fill everything that is left, in one to five pieces."""
    for _ in range(desk.rng.randint(0, _SWEEP - 1)):
        if order.leaves <= order.instrument.lot or desk.session.allowance_left < _SWEEP + 3:
            break
        fill_once(desk, order)
        if not order.is_working:
            return
        yield desk.rng.randint(40, 3_000) if at_once else desk.rng.randint(200_000, 6_000_000)
    fill_once(desk, order, order.leaves)


def execution_price(desk: Desk, order: Order) -> int:
    """The limit, at times a tick or two better; for a market order, around the market."""
    tick = order.instrument.tick
    if order.price is None:
        quote = next(quote for quote in desk.quotes if quote.instrument is order.instrument)
        return max(quote.price + desk.rng.randint(-2, 2) * tick, tick)
    better = desk.rng.choice((0, 0, 0, 1, 2)) * tick
    return max(order.price - better, tick) if order.side == "1" else order.price + better

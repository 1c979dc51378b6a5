"""Replaces and cancels, asked for or not, with the races that make order chains hard to follow.

Invariant: while a replace is pending, fills carry the old ClOrdID; the head moves only when the replace is accepted; a
refused request never moves it (FIX 4.2 Appendix D, FIX 4.4 order state change matrices).
"""

from __future__ import annotations

from fix_transforms.simulate.desk import Desk
from fix_transforms.simulate.orders import Order
from fix_transforms.simulate.session import Script
from fix_transforms.simulate.trading import fill_once
from fix_transforms.simulate.truth import RequestTruth


def replace(desk: Desk, order: Order) -> Script:
    """Ask for another quantity or price; it may be pending, overtaken by a fill, and refused."""
    session, rng = desk.session, desk.rng
    yield from session.link()
    if not order.is_working or order.price is None:
        return
    quantity, price = _amended(desk, order, order.price)
    request = desk.send_replace(order, quantity, price)
    yield session.round_trip()
    if session.profile.acknowledges_pending and rng.random() < 0.6:
        order.pending = "E"
        desk.report(order, "E", cl_ord_id=request.cl_ord_id, orig=order.head)
        yield rng.randint(400, 9_000)
    if order.is_working and rng.random() < 0.25:
        fill_once(desk, order)
        yield rng.randint(200, 5_000)
    order.pending = ""
    if not order.is_working:
        desk.refuse(order, request, "0", "Too late to replace")
    elif quantity <= order.cumulated and not desk.dialect.has_exec_type:
        # FIX 4.0 has one code for "replaced" and "filled" alike, so brokers refuse what would be both.
        desk.refuse(order, request, "0", "Quantity already executed")
    elif rng.random() < 0.10:
        desk.refuse(order, request, "2" if desk.dialect.has_modern_requests else "0", "Broker option")
    else:
        _accept(desk, order, request, quantity, price)


def _amended(desk: Desk, order: Order, price: int) -> tuple[int, int]:
    instrument, rng = order.instrument, desk.rng
    quantity = order.quantity
    if rng.random() < 0.5:
        lots = max(1, quantity * rng.randint(50, 160) // 100 // instrument.lot)
        quantity = lots * instrument.lot
    if quantity == order.quantity or rng.random() < 0.5:
        price = max(price + rng.choice((-3, -2, -1, 1, 2, 3)) * instrument.tick, instrument.tick)
    return quantity, price


def _accept(desk: Desk, order: Order, request: RequestTruth, quantity: int, price: int) -> None:
    request.outcome = "accepted"
    order.replace(request.cl_ord_id, quantity, price)
    status = order.settled_status
    if desk.dialect.has_exec_trans_type and (status == "0" or (status == "1" and not desk.dialect.has_exec_type)):
        status = "5"
    desk.report(order, "5", orig=request.orig_cl_ord_id or "", status=status)


def cancel(desk: Desk, order: Order) -> Script:
    """Ask to cancel; a fill may come first, and then it may be too late."""
    session, rng = desk.session, desk.rng
    yield from session.link()
    if not order.is_working:
        return
    request = desk.send_cancel(order)
    yield session.round_trip()
    if session.profile.acknowledges_pending and rng.random() < 0.5:
        order.pending = "6"
        desk.report(order, "6", cl_ord_id=request.cl_ord_id, orig=order.head)
        yield rng.randint(400, 9_000)
    chance = rng.random()
    if chance < 0.18:
        fill_once(desk, order, order.leaves if chance < 0.12 else None)
        yield rng.randint(200, 5_000)
    order.pending = ""
    if not order.is_working:
        desk.refuse(order, request, "0", "Too late to cancel")
        return
    if rng.random() < 0.03:
        desk.refuse(order, request, "2" if desk.dialect.has_modern_requests else "0", "Broker option")
        return
    request.outcome = "accepted"
    order.ended = "4"
    desk.report(order, "4", cl_ord_id=request.cl_ord_id, orig=order.head)


def cancel_unknown(desk: Desk, order: Order) -> Script:
    """Cancel a real order so soon that their front end does not know it yet; the order itself lives on."""
    yield desk.rng.randint(40, 200)
    request = desk.send_cancel(order)
    yield desk.session.round_trip()
    desk.refuse_unknown(request, order)


def cancel_stray(desk: Desk, order: Order) -> Script:
    """Cancel an order that does not exist there, e.g. one of another day; ``order`` lends the instrument only."""
    yield from desk.session.link()
    request = desk.send_cancel(order, orig=f"OLD{desk.rng.randint(100_000, 999_999)}", is_recorded=False)
    yield desk.session.round_trip()
    desk.refuse_unknown(request, None)


def cancel_unasked(desk: Desk, order: Order) -> Script:
    """The broker cancels of its own accord."""
    yield desk.rng.randint(1_000, 50_000)
    order.ended = "4"
    order.cancelled_unasked = True
    desk.report(order, "4", restatement="4", text="Unsolicited cancel by broker")

"""What becomes of orders: one script per order, from NewOrderSingle to its end, with everything that happens between.

Invariant: a script writes at most ``LIFE`` messages, ends before or shortly after the close, and leaves its order
filled, over, or (good till cancel) working with nothing pending.
"""

from __future__ import annotations

from fix_transforms.simulate.aftermath import correct_or_bust
from fix_transforms.simulate.amendments import cancel, cancel_unasked, cancel_unknown, replace
from fix_transforms.simulate.desk import Desk, Quote
from fix_transforms.simulate.orders import Order
from fix_transforms.simulate.pacing import pause, settle
from fix_transforms.simulate.session import Script
from fix_transforms.simulate.trading import fill_once, fill_up

#: Most messages one order may take.
LIFE = 26

#: Messages that a step of a life, with the end after it, may take.
_STEP = 12

_REJECTIONS = (
    ("1", "Unknown symbol"),
    ("2", "Exchange closed"),
    ("3", "Order exceeds limit"),
    ("0", "Not authorized to short"),
)


def live(desk: Desk, order: Order) -> Script:
    """Send an order and see it through."""
    session, chance = desk.session, desk.rng.random()
    yield from session.link()
    if chance < 0.004 and desk.dialect.has_modern_requests:
        yield from _refused_by_session(desk, order)
    elif chance < 0.009 and desk.dialect.has_modern_requests:
        yield from _refused_by_application(desk, order)
    elif chance < 0.035:
        yield from _refused_by_broker(desk, order)
    else:
        yield from _accepted(desk, order)
    desk.close(order)


def _refused_by_session(desk: Desk, order: Order) -> Script:
    seq_num = desk.send_new(order, omit_time=True)
    yield desk.session.round_trip()
    desk.refuse_message(order, seq_num)


def _refused_by_application(desk: Desk, order: Order) -> Script:
    seq_num = desk.send_new(order)
    yield desk.session.round_trip()
    reason, text = desk.rng.choice(
        (("4", "Application not available"), ("5", "Conditionally required field missing: 47"))
    )
    desk.refuse_business(order, seq_num, reason, text)


def _refused_by_broker(desk: Desk, order: Order) -> Script:
    desk.send_new(order)
    yield desk.session.round_trip()
    if desk.rng.random() < 0.5:
        order.order_id = desk.next_order_id()
    if desk.session.profile.acknowledges_pending and desk.rng.random() < 0.3:
        desk.report(order, "A", status="A")
        yield desk.rng.randint(500, 4_000)
    reason, text = desk.rng.choice(_REJECTIONS)
    if desk.dialect.has_credentials and desk.rng.random() < 0.3:
        reason, text = "99", f"Price {desk.rng.randint(6, 25)}% away from last trade"
    desk.refuse_order(order, reason, text)


def _accepted(desk: Desk, order: Order) -> Script:
    desk.send_new(order)
    if desk.rng.random() < 0.004:
        yield from cancel_unknown(desk, order)
    yield desk.session.round_trip()
    order.order_id = desk.next_order_id()
    order.requests[0].outcome = "accepted"
    if desk.session.profile.acknowledges_pending and desk.rng.random() < 0.35:
        desk.report(order, "A", status="A")
        yield desk.rng.randint(300, 6_000)
    desk.report(order, "0")
    desk.known.append(order)
    yield from _work(desk, order)
    yield from _end(desk, order)
    if desk.rng.random() < 0.03 and order.executions and desk.session.allowance_left > _STEP:
        yield from correct_or_bust(desk, order)
        yield from _end(desk, order)


def _work(desk: Desk, order: Order) -> Script:
    """The time an order works: as its type has it, step by step."""
    if order.time_in_force in "34":
        yield from _at_once(desk, order)
        return
    if order.ord_type == "1":
        yield desk.rng.randint(200, 5_000)
        yield from fill_up(desk, order, at_once=True)
        return
    while order.is_working and desk.session.allowance_left > _STEP and desk.session.now < desk.session.close:
        yield from pause(desk)
        if desk.session.now >= desk.session.close:
            return
        yield from _step(desk, order)


def _step(desk: Desk, order: Order) -> Script:
    chance = desk.rng.random()
    if chance < 0.50:
        fill_once(desk, order)
    elif chance < 0.62:
        yield from fill_up(desk, order, at_once=False)
    elif chance < 0.80:
        yield from replace(desk, order)
    elif chance < 0.93:
        yield from cancel(desk, order)
    elif chance < 0.945:
        yield from cancel_unasked(desk, order)
    else:
        yield from pause(desk)


def _at_once(desk: Desk, order: Order) -> Script:
    """Immediate-or-cancel takes what there is; fill-or-kill takes all or nothing. The rest is cancelled."""
    yield desk.rng.randint(100, 2_500)
    chance = desk.rng.random()
    if chance < 0.45:
        yield from fill_up(desk, order, at_once=True)
    elif chance < 0.75 and order.time_in_force == "3":
        fill_once(desk, order)
        yield desk.rng.randint(50, 900)
    if order.is_working:
        order.ended = "4"
        desk.report(order, "4", text="Unfilled remainder cancelled")


def _end(desk: Desk, order: Order) -> Script:
    """What still works at the close is done for the day, expired, or carried over."""
    if not order.is_working:
        return
    yield from settle(desk)
    yield from desk.session.link()
    if order.time_in_force == "1" and desk.dialect.has_modern_requests:
        desk.report(order, "D", restatement="1", text="Carried over")
        return
    done = "3" if desk.rng.random() < 0.4 else "C"
    order.ended = done
    desk.report(order, done)


def draw_order(desk: Desk, quote: Quote) -> Order:
    """A new order for an instrument: how much, at which price, how long."""
    rng, instrument = desk.rng, quote.instrument
    market = desk.drift(quote)
    side = rng.choices("125", (50, 44, 6))[0]
    chance = rng.random()
    ord_type = "1" if chance < 0.15 else "2"
    time_in_force = "0"
    if ord_type == "2":
        time_in_force = rng.choices("0341", (74, 14, 6, 6 if desk.dialect.has_modern_requests else 0))[0]
    lots = max(1, int(rng.expovariate(1 / instrument.typical_lots)))
    away = rng.randint(-2, 6) * instrument.tick
    price = None if ord_type == "1" else max(market - away if side == "1" else market + away, instrument.tick)
    return Order(
        instrument=instrument, account=rng.choice(desk.session.profile.accounts), side=side, ord_type=ord_type,
        time_in_force=time_in_force, quantity=lots * instrument.lot, price=price,
    )  # fmt: skip

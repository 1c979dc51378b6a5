"""A little market data: one subscription, a snapshot per instrument, then incremental refreshes.

Invariant: takes only room that orders leave, and nothing while the link is down (quotes are not replayed).
"""

from __future__ import annotations

from fix_transforms.simulate.desk import Desk, Quote
from fix_transforms.simulate.session import Script
from fix_transforms.simulate.wire import SECOND, decimal_text

_REQUEST = "262=MD1\x01263=1\x01264=1\x01265=1\x01267=2\x01269=0\x01269=1\x01"


def stream(desk: Desk) -> Script:
    """Subscribe to everything, then receive quotes until the close."""
    session = desk.session
    if session.room < 200:
        return
    symbols = "".join(f"55={quote.instrument.symbol}\x01" for quote in desk.quotes)
    session.send("V", f"{_REQUEST}146={len(desk.quotes)}\x01{symbols}")
    yield session.round_trip()
    for quote in desk.quotes:
        sent = session.their_time()
        session.receive("W", _snapshot(desk, quote, session.clock.fix(sent, session.dialect.time_digits)), sent)
        yield desk.rng.randint(100, 2_000)
    while session.now < session.close:
        messages = max(session.room // 8, 1)
        yield int(desk.rng.expovariate(messages / max(session.close - session.now, 20 * SECOND))) + 1
        if session.now < session.close and not session.is_down and session.held is None and session.room > 20:
            session.receive("X", _refresh(desk, desk.rng.choice(desk.quotes)), session.their_time())


def _snapshot(desk: Desk, quote: Quote, updated: str) -> str:
    return f"55={quote.instrument.symbol}\x01262=MD1\x01268=2\x01{_entry(desk, quote, '0')}{_entry(desk, quote, '1')}779={updated}\x01"


def _refresh(desk: Desk, quote: Quote) -> str:
    """New bid, new offer, or both."""
    desk.drift(quote)
    sides = desk.rng.choice(("0", "1", "01"))
    symbol = f"55={quote.instrument.symbol}\x01"
    entries = "".join(f"279=1\x01{_entry(desk, quote, side, symbol)}" for side in sides)
    return f"262=MD1\x01268={len(sides)}\x01{entries}"


def _entry(desk: Desk, quote: Quote, side: str, symbol: str = "") -> str:
    tick = quote.instrument.tick
    price = quote.price - tick if side == "0" else quote.price + tick
    size = desk.rng.randint(1, 20) * quote.instrument.lot
    return f"269={side}\x01{symbol}270={decimal_text(price, quote.instrument.decimals)}\x01271={size}\x01"

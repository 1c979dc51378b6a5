"""One session on one date, from connecting to Logout: which scripts run when, at what rate.

Invariant: the result depends on the arguments alone, and the log holds exactly ``budget`` messages. Orders come at a
rate that spends the budget by the close; what is then left goes into status requests and the heartbeats of a session
kept up after hours.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from fix_transforms.simulate import bodies, keepalive
from fix_transforms.simulate.amendments import cancel_stray
from fix_transforms.simulate.counterparty_log import CounterpartyLog
from fix_transforms.simulate.desk import Desk
from fix_transforms.simulate.lives import LIFE, draw_order, live
from fix_transforms.simulate.log_files import LogFile, SessionLog
from fix_transforms.simulate.market_data import stream
from fix_transforms.simulate.profiles import SessionProfile
from fix_transforms.simulate.session import Script, SessionDay
from fix_transforms.simulate.trading_days import trading_hours
from fix_transforms.simulate.truth import Truth
from fix_transforms.simulate.wire import MILLISECOND, SECOND, DayClock

#: Messages that an order takes on average: the rate starts from it and corrects itself.
_USUAL_LIFE = 6

#: Share of reservations that working orders usually give back.
_UNUSED = 0.8

#: Heartbeats of both directions may take one message in so many, at most.
_HEARTBEAT_SHARE = 5

_LOST_LINK = 8


@dataclass(frozen=True, slots=True)
class SessionRun:
    """What one session left behind on one date.

    Attributes:
        files: Its log files; the counterparty's, where wanted, comes last.
        truth: What really happened.
        next_seq_num: Where the next day goes on, by direction.
    """

    files: tuple[LogFile, ...]
    truth: Truth
    next_seq_num: dict[str, int]


def run_session(
    profile: SessionProfile,
    trading_date: date,
    budget: int,
    seed: int,
    damage: float,
    next_seq_num: dict[str, int],
    *,
    both_sides: bool = False,
) -> SessionRun:
    """Simulate one session on one date.

    Args:
        profile: Which session.
        trading_date: Which date.
        budget: Messages to log, exactly.
        seed: Seed of the whole simulation.
        damage: Share of message lines to damage.
        next_seq_num: Sequence numbers to go on from, by direction.
        both_sides: Whether to write the counterparty's log too.
    """
    key = f"{seed}/{trading_date.isoformat()}/{profile.name}"
    clock = DayClock(trading_date)
    log = SessionLog(profile, trading_date, clock, damage, key)
    hours = _hours(profile, trading_date, budget)
    their_log = CounterpartyLog(profile, trading_date, clock) if both_sides else None
    rng = random.Random(key)
    session = SessionDay(profile, trading_date, rng, budget, next_seq_num, log, clock, hours, their_log)
    desk = Desk(session)
    session.now = session.open - 60 * SECOND - session.rng.randint(0, 5 * SECOND)
    session.spawn(_whole_day(desk), is_service=True)
    session.run()
    files = log.files()
    truth = Truth(
        orders=desk.finish(), executions=desk.executions, rejects=desk.rejects, sessions=[session.finish()],
        files=log.truths(files), damages=log.damages,
    )  # fmt: skip
    if their_log is not None:
        theirs, their_truth = their_log.finish()
        files += (theirs,)
        truth.files.append(their_truth)
    return SessionRun(files, truth, session.next_seq_num)


def _hours(profile: SessionProfile, trading_date: date, budget: int) -> tuple[int, int]:
    """The market's hours, cut short where so few messages would be mostly heartbeats."""
    opens, closes = trading_hours(profile.market, trading_date)
    longest = budget * profile.heartbeat_seconds * SECOND // (2 * _HEARTBEAT_SHARE)
    return opens, min(closes, opens + longest)


def _whole_day(desk: Desk) -> Script:
    session = desk.session
    yield from keepalive.log_on(session)
    session.spawn(keepalive.log_out(session), is_service=True)
    if session.is_closing:
        return
    session.spawn(keepalive.our_heartbeats(session), is_service=True)
    session.spawn(keepalive.their_heartbeats(session), is_service=True)
    to_open = max(session.open - session.now, 0)
    session.spawn(_orders(desk), after=to_open)
    session.spawn(_incidents(desk), after=to_open)
    if session.profile.has_market_data:
        session.spawn(stream(desk), after=to_open)
    session.spawn(_reconcile(desk), after=max(session.close - session.now, 0) + 20 * SECOND)


def _orders(desk: Desk) -> Script:
    """New orders until the close, singly or in baskets, as fast as the budget wants."""
    session, rng = desk.session, desk.rng
    while session.now < session.close:
        lives = max((session.room + session.reserved * _UNUSED) / _USUAL_LIFE, 1.0)
        yield int(rng.expovariate(lives / max(session.close - session.now, 30 * SECOND))) + 200
        if session.now >= session.close:
            return
        for _ in range(rng.randint(3, 8) if rng.random() < 0.03 else 1):
            if session.room < LIFE:
                break
            session.spawn(live(desk, draw_order(desk, rng.choice(desk.quotes))), rng.randint(0, 3_000), LIFE)


def _incidents(desk: Desk) -> Script:
    """Now and then something goes wrong with the session."""
    session, rng = desk.session, desk.rng
    span = max(session.close - session.open, 1)
    count = min(2 + session.budget // 1_500, 12)
    for _ in range(count):
        yield max(int(rng.uniform(0.3, 1.7) * span / (count + 1)), SECOND)
        if session.now >= session.close - 50 * SECOND or session.is_down or session.held is not None:
            continue
        if session.room < 40:
            continue
        incident = rng.choices(("link", "test", "resend", "stray"), (4, 2, 2, 2))[0]
        if incident == "link":
            session.spawn(keepalive.lose_link(session), reserve=_LOST_LINK)
        elif incident == "test":
            session.spawn(keepalive.their_test_request(session), reserve=2)
        elif incident == "resend":
            session.spawn(keepalive.their_resend_request(session), reserve=14)
        else:
            session.spawn(cancel_stray(desk, draw_order(desk, rng.choice(desk.quotes))), reserve=2)


def _reconcile(desk: Desk) -> Script:
    """After the close, ask for the status of some orders, as far as the budget reaches."""
    session = desk.session
    while session.scripts > 1 or session.is_down:
        yield 500 * MILLISECOND
    orders = [order for order in desk.known if order.order_id]
    desk.rng.shuffle(orders)
    for order in orders:
        if session.left < 24:
            return
        body = bodies.status_request(order)
        session.send("H", body)
        yield session.round_trip()
        desk.report(order, "I")
        yield desk.rng.randint(5_000, 60_000)

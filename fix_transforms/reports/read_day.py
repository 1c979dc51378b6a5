"""The figures of a trading date, read from one published snapshot.

Invariant: the snapshot is opened as every reader opens it: read-only, without access to anything outside of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from fix_transforms.errors import ReportError
from fix_transforms.marts.query import open_snapshot
from fix_transforms.reports import operations, order_flow
from fix_transforms.reports.figures import (
    Activity,
    Batch,
    Broker,
    DayFigures,
    Files,
    Fills,
    Latency,
    Notional,
    OpenOrder,
    OrderToTrade,
    Quarantined,
    Reason,
    Session,
    Slot,
    Symbol,
    Totals,
)
from fix_transforms.reports.rows import only_row, rows

if TYPE_CHECKING:
    import duckdb

    from fix_transforms.marts.publish import Snapshot

#: Lengths of a slot in minutes; the shortest that gives no more than so many slots is taken.
SLOT_MINUTES: Final = (1, 2, 5, 10, 15)
MOST_SLOTS: Final = 96

_DAY = timedelta(days=1)


@contextmanager
def opened(snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the snapshot.

    Raises:
        ReportError: The snapshot cannot be opened, or a question to it failed.
    """
    import duckdb

    try:
        with open_snapshot(snapshot.path) as connection:
            yield connection
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
        raise ReportError("the snapshot cannot be read", where=str(snapshot.path), got=what) from error


def stamps(connection: duckdb.DuckDBPyConnection) -> dict[date, str]:
    """The trading dates of the snapshot, and for each what changes whenever its report would."""
    return dict(connection.execute(operations.STAMPS).fetchall())


def read_day(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, day: date) -> DayFigures:
    """The figures of a trading date that is in the snapshot."""
    totals = only_row(connection, Totals, order_flow.TOTALS, day)
    latency = rows(connection, Latency, order_flow.LATENCY, day)
    return DayFigures(
        day=day,
        snapshot=snapshot.name,
        published_at=snapshot.published_at,
        totals=totals,
        fills=only_row(connection, Fills, order_flow.FILLS, day),
        order_to_trade=only_row(connection, OrderToTrade, order_flow.ORDER_TO_TRADE, day),
        notional=rows(connection, Notional, order_flow.NOTIONAL, day),
        latency=latency[0] if latency else None,
        activity=_activity(connection, totals, day),
        brokers=rows(connection, Broker, order_flow.BROKERS, day),
        symbols=rows(connection, Symbol, order_flow.SYMBOLS, day),
        reasons=rows(connection, Reason, order_flow.REASONS, day),
        sessions=rows(connection, Session, operations.SESSIONS, day),
        open_orders=rows(connection, OpenOrder, order_flow.OPEN_ORDERS, day),
        files=rows(connection, Files, operations.FILES, day),
        quarantined=rows(connection, Quarantined, operations.QUARANTINED, day),
        batches=rows(connection, Batch, operations.BATCHES, day),
    )


def _activity(connection: duckdb.DuckDBPyConnection, totals: Totals, day: date) -> Activity:
    midnight = datetime.combine(day, time())
    first, last = max(totals.first_minute_at, midnight), min(totals.last_minute_at, midnight + _DAY)
    minutes = next((one for one in SLOT_MINUTES if (last - first) / timedelta(minutes=one) < MOST_SLOTS - 1), 15)
    length = timedelta(minutes=minutes)
    found = {slot.started_at: slot for slot in rows(connection, Slot, _slots(minutes), day)}
    start, slots = first - (first - midnight) % length, []
    while start <= last:
        slots.append(found.get(start) or Slot(start, 0, 0, 0, 0))
        start += length
    return Activity(minutes, tuple(slots))


def _slots(minutes: int) -> str:
    return f"""
select
    time_bucket(interval {minutes} minutes, minute_at) as started_at,
    sum(messages) as messages,
    sum(orders) as orders,
    sum(fills) as executions,
    sum(order_rejects + cancel_rejects + session_rejects + business_rejects) as rejects
from agg_kpi_m1
where trading_date = $day
group by all
"""

"""What a trading-day report says, as values.

Invariant: every figure is a mart's, or a sum or quantile of a mart's rows by the mart's own definition, of one trading
date in one snapshot. Texts are as they stood in the logs: whoever shows them escapes them. Latencies are in
microseconds, sizes in bytes, shares between 0 and 1, times UTC; none means that there is nothing to divide or measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The day in sums of ``agg_kpi_m1``, with its rates taken over the whole day."""

    messages: int
    duplicates: int
    checksum_bad: int
    orders: int
    replace_requests: int
    cancel_requests: int
    executions: int
    busts: int
    corrections: int
    order_rejects: int
    cancel_rejects: int
    session_rejects: int
    business_rejects: int
    order_reject_rate: float | None
    cancel_reject_rate: float | None
    first_minute_at: datetime
    last_minute_at: datetime


@dataclass(frozen=True, slots=True)
class Fills:
    """How much of what was ordered on the day was filled, whenever: sums of ``fct_orders``, drop copies left out."""

    orders: int
    filled: int
    fill_ratio: float | None


@dataclass(frozen=True, slots=True)
class OrderToTrade:
    """Ratios of unexecuted orders to transactions over the day, by the counts of ``agg_order_to_trade``."""

    by_number: float | None
    by_volume: float | None


@dataclass(frozen=True, slots=True)
class Notional:
    """Value of the executions in one currency; no currency where the reports state none, and then no amount either."""

    currency: str | None
    executions: int
    amount: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """From new order to first answer, by the clock named in ``clocks``: ``logger`` or ``two_clocks``."""

    clocks: str
    measured: int
    p50_us: int
    p95_us: int
    p99_us: int


@dataclass(frozen=True, slots=True)
class Slot:
    """Some minutes of the day."""

    started_at: datetime
    messages: int
    orders: int
    executions: int
    rejects: int


@dataclass(frozen=True, slots=True)
class Activity:
    """The day from its first slot to its last, quiet ones included; ``minutes`` is the length of each."""

    minutes: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Broker:
    """One system that answered orders on one session: a row of ``agg_kpi_system_level``."""

    broker: str
    session_id: str
    orders: int
    fills: int
    order_rejects: int
    order_reject_rate: float | None
    fill_ratio: float | None
    ack_latency_n: int
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None


@dataclass(frozen=True, slots=True)
class Symbol:
    """One instrument: sums of ``agg_kpi_m1_sym``, and the ratio of ``agg_order_to_trade``.

    ``currency`` is what ``notional`` is in; none where its executions are in several, or in one that is not known.
    """

    symbol: str
    orders: int
    fills: int
    filled_qty: Decimal
    notional: float
    currency: str | None
    order_rejects: int
    order_reject_rate: float | None
    ratio_by_number: float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Refusals of one shape and reason, with the commonest text."""

    reject_shape: str
    reason_tag: int
    reason_code: str | None
    reason_name: str | None
    rejects: int
    text_pattern: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One session on the day, with the gaps that were found on it."""

    session_id: str
    messages: int
    logons: int
    logouts: int
    silences_down: int
    resend_requests: int
    sequence_resets: int
    up_seconds: float
    first_message_at: datetime | None
    last_message_at: datetime | None
    gaps: int
    missing_numbers: int
    lost_numbers: int


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that was open when the day ended."""

    cl_ord_id: str
    session_id: str
    symbol: str | None
    side: str | None
    order_qty: Decimal | None
    leaves_qty: Decimal | None
    state: str
    time_in_force: str
    last_event_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What of the day's files is in quarantine for one reason."""

    reason: str
    description: str | None
    stretches: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that brought files of the day and is not in the marts."""

    batch_id: str
    status: str
    reason: str | None
    files: int
    messages: int


@dataclass(frozen=True, slots=True)
class Files:
    """The day's files that ended alike: sums of ``file_integration``."""

    integration_status: str
    files: int
    messages: int
    content_bytes: int
    unaccounted_bytes: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Everything the report of one trading date says."""

    day: date
    snapshot: str
    published_at: datetime
    totals: Totals
    fills: Fills
    order_to_trade: OrderToTrade
    notional: tuple[Notional, ...]
    latency: Latency | None
    activity: Activity
    brokers: tuple[Broker, ...]
    symbols: tuple[Symbol, ...]
    reasons: tuple[Reason, ...]
    sessions: tuple[Session, ...]
    open_orders: tuple[OpenOrder, ...]
    files: tuple[Files, ...]
    quarantined: tuple[Quarantined, ...]
    batches: tuple[Batch, ...]

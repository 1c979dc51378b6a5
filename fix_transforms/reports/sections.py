"""The sections of a report below its headline.

Invariant: everything that comes from the data goes through ``wording``; a section with nothing to show says so.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from fix_transforms.reports.charts import bars, ticks
from fix_transforms.reports.figures import Broker, DayFigures, OpenOrder, Reason, Session, Slot, Symbol
from fix_transforms.reports.notes import note
from fix_transforms.reports.tables import alarming, part_of_one, table
from fix_transforms.reports.wording import (
    LONGEST_NAME,
    amount,
    clock,
    count,
    counted,
    duration,
    latency,
    name,
    quantity,
    ratio,
    share,
    size,
    text,
    words,
)

MOST_SYMBOLS = 15
MOST_OPEN_ORDERS = 25
LONGEST_CURRENCY = 8


def activity(day: DayFigures) -> str:
    """Messages, orders, executions and refusals over the day."""
    slots, length = day.activity.slots, timedelta(minutes=day.activity.minutes)
    rows = {
        "Messages": ("messages", [slot.messages for slot in slots]),
        "Orders": ("orders", [slot.orders for slot in slots]),
        "Executions": ("executions", [slot.executions for slot in slots]),
        "Rejects": ("rejects", [slot.rejects for slot in slots]),
    }
    charts = "".join(_chart(title, kind, values, slots, length) for title, (kind, values) in rows.items())
    axis = ticks(slots[0].started_at, length, len(slots)) if slots else ""
    text_below = f"Each bar is {counted(day.activity.minutes, 'minute')}."
    return section("activity", "Activity", f'<div class="charts">{charts}{axis}</div><p class="more">{text_below}</p>')


def _chart(title: str, kind: str, values: list[int], slots: tuple[Slot, ...], length: timedelta) -> str:
    titles = [
        f"{slot.started_at:%H:%M}–{slot.started_at + length:%H:%M}: {value:,} {kind}"
        for slot, value in zip(slots, values, strict=True)
    ]
    highest = max(values, default=0)
    at = f" at {slots[values.index(highest)].started_at:%H:%M}" if highest else ""
    caption = f"<figcaption>{title} <small>{count(sum(values))}, most {count(highest)}{at}</small></figcaption>"
    return f"<figure>{caption}{bars(values, titles, kind)}</figure>"


def brokers(day: DayFigures) -> str:
    """What each system did with the orders it was sent."""
    columns = (
        "Broker", f">Orders{note('orders')}", f">Fills{note('executions')}", f">Fill ratio{note('fill')}", ">Rejects",
        f">Reject rate{note('rejects')}", ">Measured", f">Ack p50{note('latency')}", ">p95", ">p99", "Session",
    )  # fmt: skip
    rows = map(_broker, day.brokers)
    body = table(columns, rows, "Nobody was sent an order.")
    return section("brokers", "Brokers and sessions", f"{body}<p class='more'>Latency by the logger's clock alone.</p>")


def _broker(row: Broker) -> tuple[str, ...]:
    return (
        name(row.broker), count(row.orders), count(row.fills),
        part_of_one(share(row.fill_ratio), row.fill_ratio), count(row.order_rejects), share(row.order_reject_rate),
        count(row.ack_latency_n), latency(row.p50_us), latency(row.p95_us), latency(row.p99_us),
        text(row.session_id, LONGEST_NAME),
    )  # fmt: skip


def symbols(day: DayFigures) -> str:
    """The instruments with the most executions."""
    columns = (
        "Symbol", f">Orders{note('orders')}", f">Fills{note('executions')}", ">Quantity", f">Notional{note('notional')}", ">Rejects",
        f">Reject rate{note('rejects')}", f">OTR{note('otr')}",
    )  # fmt: skip
    most = max((row.fills for row in day.symbols), default=0)
    shown = day.symbols[:MOST_SYMBOLS]
    body = table(columns, [_symbol(row, most) for row in shown], "No order and no execution names an instrument.")
    rest = len(day.symbols) - len(shown)
    more = f'<p class="more">{counted(rest, "symbol")} with fewer executions not shown.</p>' if rest else ""
    return section("symbols", "Symbols", body + more)


def _symbol(row: Symbol, most: int) -> tuple[str, ...]:
    return (
        name(row.symbol), count(row.orders), part_of_one(count(row.fills), row.fills / most if most else 0),
        quantity(row.filled_qty), _notional(row), count(row.order_rejects), share(row.order_reject_rate),
        ratio(row.ratio_by_number),
    )  # fmt: skip


def _notional(row: Symbol) -> str:
    known = f"{text(row.currency, LONGEST_CURRENCY)} " if row.currency is not None else ""
    return known + amount(row.notional)


def rejects(day: DayFigures) -> str:
    """Refusals by reason."""
    columns = ("Refusal", f"Reason{note('reasons')}", ">Tag", ">Number", "Commonest text")
    most = max((row.rejects for row in day.reasons), default=0)
    return section(
        "rejects", "Rejects by reason", table(columns, [_reason(row, most) for row in day.reasons], "Nothing was refused.")
    )  # fmt: skip


def _reason(row: Reason, most: int) -> tuple[str, ...]:
    code = f"{row.reason_tag}={text(row.reason_code)}" if row.reason_code is not None else f"no {row.reason_tag}"
    reason = text(row.reason_name) if row.reason_name is not None else "None given"
    number = part_of_one(count(row.rejects), row.rejects / most)
    commonest = f"<q>{text(row.text_pattern)}</q>" if row.text_pattern else text(None)
    return words(row.reject_shape), reason, f"<code>{code}</code>", number, commonest


def sessions(day: DayFigures) -> str:
    """How the sessions held."""
    columns = (
        "Session", ">Messages", ">First", ">Last", ">Up", f">Logons{note('sessions')}", ">Logouts", ">Silent", ">Resends asked",
        ">Resets", f">Gaps{note('gaps')}", ">Missed", ">Lost",
    )  # fmt: skip
    return section("sessions", "Session health", table(columns, map(_session, day.sessions), "No session was seen."))


def _session(row: Session) -> tuple[str, ...]:
    broken = row.logons - row.logouts
    return (
        name(row.session_id), count(row.messages), clock(row.first_message_at), clock(row.last_message_at),
        duration(row.up_seconds), count(row.logons), alarming(count(row.logouts), broken > 0),
        alarming(count(row.silences_down), row.silences_down), count(row.resend_requests), count(row.sequence_resets),
        count(row.gaps), count(row.missing_numbers), alarming(count(row.lost_numbers), row.lost_numbers),
    )  # fmt: skip


def open_orders(day: DayFigures) -> str:
    """What was left open when the day ended."""
    columns = ("Order", "Symbol", "Side", ">Quantity", ">Open", "State", "Time in force", "Session", ">Last event")
    states = Counter(order.state for order in day.open_orders)
    told = ", ".join(f"{number:,} {text(state)}" for state, number in states.most_common())
    summary = f"<p>{counted(len(day.open_orders), 'order')}: {told}.</p>" if day.open_orders else ""
    body = table(columns, map(_open_order, day.open_orders), "No order was left open.", MOST_OPEN_ORDERS)
    return section("open", f"Open orders at the end of the day{note('open')}", summary + body)


def _open_order(row: OpenOrder) -> tuple[str, ...]:
    return (
        name(row.cl_ord_id), text(row.symbol, LONGEST_NAME), text(row.side), quantity(row.order_qty), quantity(row.leaves_qty),
        text(row.state), text(row.time_in_force), text(row.session_id, LONGEST_NAME),
        clock(row.last_event_at),
    )  # fmt: skip


def quality(day: DayFigures) -> str:
    """The files that the figures rest on, and what of them is not in the figures."""
    files = table(
        (f"Files{note('files')}", ">Number", ">Messages", ">Size", ">Unaccounted bytes"),
        [
            (words(row.integration_status), count(row.files), count(row.messages), size(row.content_bytes),
             alarming(count(row.unaccounted_bytes), row.unaccounted_bytes))
            for row in day.files
        ],
        "No file ends on this date: its messages came with files of other dates.",
    )  # fmt: skip
    quarantined = table(
        ("Quarantined", "Meaning", ">Stretches", ">Files", ">Size"),
        [
            (f"<b>{words(row.reason)}</b>", text(row.description), count(row.stretches), count(row.files), size(row.bytes))
            for row in day.quarantined
        ],
        "Nothing of these files is in quarantine.",
    )  # fmt: skip
    batches = table(
        ("Batch not in the marts", "Status", "Why", ">Files", ">Messages"),
        [
            (f"<code>{text(row.batch_id)}</code>", text(row.status), text(row.reason), count(row.files), count(row.messages))
            for row in day.batches
        ],
        "No batch with these files is held or waits for a decision.",
    )  # fmt: skip
    return section("quality", "Data quality", files + quarantined + batches)


def section(key: str, title: str, body: str) -> str:
    """A section with a heading; title and body are HTML."""
    return f'<section id="{key}"><h2>{title}</h2>{body}</section>\n'

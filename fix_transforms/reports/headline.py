"""The top of a report: what to look at first, and the day in ten figures.

Invariant: a point to look at leads to the section that has the rows; where there is none, the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from fix_transforms.reports.figures import DayFigures
from fix_transforms.reports.notes import note
from fix_transforms.reports.wording import NOTHING, amount, count, counted, latency, ratio, share, text

CLOCKS = {"logger": "logger's clock", "two_clocks": "two clocks, their difference included"}


def points(day: DayFigures) -> str:
    """What somebody should look at, most urgent first."""
    found = "".join(f'<li><a href="#{key}">{told}</a></li>' for key, told in _points(day))
    if not found:
        return '<p class="calm">Nothing to look into: no byte unaccounted for, no batch held, no number lost, no order left open.</p>'
    return f'<ul class="points" aria-label="To look into">{found}</ul>'


def _points(day: DayFigures) -> Iterator[tuple[str, str]]:
    lost = sum(row.lost_numbers for row in day.sessions)
    broken = sum(row.logons > row.logouts for row in day.sessions)
    silent = sum(row.silences_down > 0 for row in day.sessions)
    unaccounted = sum(row.unaccounted_bytes for row in day.files)
    stretches = sum(row.stretches for row in day.quarantined)
    numbers = (
        (unaccounted, "quality", "{} not accounted for", "byte"),
        (len(day.batches), "quality", "{} not in the marts", "batch"),
        (stretches, "quality", "{} in quarantine", "stretch"),
        (lost, "sessions", "{} lost", "sequence number"),
        (broken, "sessions", "{} ended a connection without Logout", "session"),
        (silent, "sessions", "{} went silent", "session"),
        (day.totals.checksum_bad, "headline", "{} with a wrong CheckSum", "message"),
        (len(day.open_orders), "open", "{} left open", "order"),
    )  # fmt: skip
    for number, key, told, noun in numbers:
        if number:
            yield key, told.format(f"<b>{counted(number, noun)}</b>")


def tiles(day: DayFigures) -> str:
    """The headline figures."""
    return f'<section id="headline" class="tiles">{"".join(_tile(*tile) for tile in _tiles(day))}</section>\n'


def _tiles(day: DayFigures) -> Iterator[tuple[str, str, str, str]]:
    totals, fills, trades = day.totals, day.fills, day.order_to_trade
    asked, amended = totals.orders + totals.replace_requests, totals.cancel_requests + totals.replace_requests
    yield "Messages", "messages", count(totals.messages), f"{count(totals.duplicates)} of them repeated"
    yield (
        "Orders", "orders", count(totals.orders),
        f"{counted(totals.replace_requests, 'replace')}, {counted(totals.cancel_requests, 'cancel')} requested",
    )  # fmt: skip
    yield (
        "Executions", "executions", count(totals.executions),
        f"{counted(totals.busts, 'bust')}, {counted(totals.corrections, 'correction')}",
    )  # fmt: skip
    yield ("Notional", "notional", *_notional(day))
    yield (
        "Fill ratio",
        "fill",
        share(fills.fill_ratio),
        f"{count(fills.filled)} of {counted(fills.orders, 'order')} filled whole",
    )
    yield (
        "Order reject rate", "rejects", share(totals.order_reject_rate),
        f"{count(totals.order_rejects)} of {counted(asked, 'request')}",
    )  # fmt: skip
    yield (
        "Amendment reject rate", "rejects", share(totals.cancel_reject_rate),
        f"{count(totals.cancel_rejects)} of {counted(amended, 'request')}",
    )  # fmt: skip
    yield "Order-to-trade", "otr", ratio(trades.by_number), f"by number; by volume {ratio(trades.by_volume)}"
    measured = day.latency
    if measured is None:
        yield "Ack latency", "latency", NOTHING, "no order was answered by a clock fine enough"
        return
    clocks = CLOCKS[measured.clocks]
    yield "Ack latency p50", "latency", latency(measured.p50_us), f"{clocks}; {count(measured.measured)} measured"
    yield "Ack latency p99", "latency", latency(measured.p99_us), f"{clocks}; p95 {latency(measured.p95_us)}"


def _tile(name: str, key: str, figure: str, detail: str) -> str:
    return f'<div class="tile"><h3>{name}{note(key)}</h3><p class="figure">{figure}</p><p class="detail">{detail}</p></div>'


def _notional(day: DayFigures) -> tuple[str, str]:
    known = [f"{text(row.currency)} {amount(row.amount)}" for row in day.notional if row.currency is not None]
    unknown = sum(row.executions for row in day.notional if row.currency is None)
    details = known[1:]
    if unknown:
        details.append(f"{counted(unknown, 'execution')} without a currency")
    return known[0] if known else NOTHING, ", ".join(details) or ("one currency" if known else "no execution")

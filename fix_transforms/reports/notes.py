"""What each figure of a report means: one footnote each, numbered in the order of this page.

Invariant: a note says in words what the mart that it names computes, with the FIX tags it rests on.
"""

from __future__ import annotations

from typing import Final

#: Key → HTML.
NOTES: Final = {
    "date": "UTC date of the first sending: OrigSendingTime(122), else SendingTime(52), else the log line's clock. Times are UTC.",
    "messages": "Messages of both directions, repetitions included. Repeated: the same MsgSeqNum(34) resent with PossDupFlag(43)=Y, "
    "or the same bytes in two logs. A CheckSum(10) of 000 is legal. <code>agg_kpi_m1</code>",
    "orders": "New orders (35=D, E, AB, s), replace (35=G, AC, t) and cancel requests (35=F, u), each once. <code>agg_kpi_m1</code>",
    "executions": "Effective fills (150=F, or 150/39=1, 2 with 20=0 before FIX 4.3): not busted (150=H, 20=1), corrected where corrected "
    "(150=G, 20=2), neither repeated nor drop copies, on the date the trade was first reported. <code>agg_kpi_m1</code>",
    "notional": "LastPx(31) × LastQty(32) over the executions, per Currency(15) of report or order; of a currency pair in its second "
    "currency, and LastQty(32) alone where that is dealt. Not added up where no currency is known; by symbol, none is named where "
    "there are several or it is not known. <code>fct_executions</code>, <code>agg_kpi_m1_sym</code>",
    "fill": "Filled quantity (32, effective) over OrderQty(38) of the orders that began on the date, filled whenever; drop copies "
    "left out. <code>fct_orders</code>",
    "rejects": "Orders refused (35=8 with 150/39=8, 103) per new order and replace request of the same system; amendments refused (35=9, 102) per "
    "cancel and replace request. <code>agg_kpi_m1</code>, <code>agg_kpi_system_level</code>",
    "otr": "RTS 9: by number, (submissions (35=D) + 2 × modifications (35=G) + deletions (35=F), a cancelled IOC or FOK order (59=3, 4) "
    "counting 2 in all) / orders executed − 1; by volume, OrderQty(38) submitted and modified / LastQty(32) traded − 1; over all "
    "members and instruments. <code>agg_order_to_trade</code>",
    "latency": "From new order (35=D) to the first answer (35=8 with the same ClOrdID(11)). <em>Logger</em>: both times by the one "
    "clock of the log lines. <em>Two clocks</em>: by SendingTime(52) of both sides, their difference included. "
    "<code>fct_latency</code>",
    "reasons": "OrdRejReason(103), CxlRejReason(102), SessionRejectReason(373), BusinessRejectReason(380), DKReason(127). The text is "
    "the commonest Text(58), with digits as #. <code>fct_rejects</code>",
    "sessions": "Logons (35=A) and Logouts (35=5) of both sides: a connection has two of each, so more Logons than Logouts are connections "
    "that broke. Silent: how often no message came for 2.4 × HeartBtInt(108). Up: from Logon to Logout, without such silences. <code>fct_sessions</code>",
    "gaps": "MsgSeqNum(34) higher than expected within a series. Missed: the numbers in between. Lost: those that neither a resend (43=Y) nor a gap fill "
    "(35=4 with 123=Y) has accounted for yet. <code>fct_sequence_gaps</code>",
    "open": "Orders with an event on the date whose last OrdStatus(39) by its end is not final (2, 3, 4, 8, B, C), or that nobody answered. "
    "Open is LeavesQty(151). Good-till orders (59=1, 6) without an event on the date are not listed. <code>fct_orders</code>",
    "files": "Files whose last message was sent on the date, and files without a dated message that were written on it. Unaccounted: bytes that are "
    "neither message, quarantine, log event nor what is around them. <code>file_integration</code>, <code>batch_status</code>",
}  # fmt: skip

_NUMBERS: Final = {key: number for number, key in enumerate(NOTES, start=1)}


def note(key: str) -> str:
    """The mark that leads from a figure to its footnote."""
    number = _NUMBERS[key]
    return f'<sup><a href="#note-{number}" aria-label="definition {number}">{number}</a></sup>'


def footnotes() -> str:
    """All notes, as a numbered list."""
    entries = "".join(f'<li id="note-{_NUMBERS[key]}">{html}</li>' for key, html in NOTES.items())
    return f'<footer><h2>What the figures mean</h2><ol class="notes">{entries}</ol></footer>'

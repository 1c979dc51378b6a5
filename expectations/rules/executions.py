"""Rules of execution reports in ``fix_messages``: quantities, prices and identifiers of fills.

All are warnings: they say what a counterparty's engine reports, which the marts show as it is. A fill is what
the FIX version calls one: ExecType=F from 4.3 on, 1 and 2 before (and from engines that never stopped), OrdStatus
1 and 2 in 4.0, which has no ExecType; never a cancel, correct or status report (ExecTransType 1, 2, 3).
"""

from __future__ import annotations

from expectations.rule import Rule

TABLE = "fix_messages"

REPORT = "fix_messages.msg_type = '8'"

_NEW = "coalesce(fix_messages.exec_trans_type, '0') = '0'"

IS_FILL = f"""{REPORT} AND (
    fix_messages.exec_type = 'F' AND {_NEW}
    OR fix_messages.exec_type IN ('1', '2') AND {_NEW}
    OR fix_messages.begin_string = 'FIX.4.0' AND fix_messages.exec_type IS NULL
       AND fix_messages.ord_status IN ('1', '2') AND {_NEW} AND last_qty IS NOT NULL
)"""
#: Fills, and the reports that bust or correct one: TradeCorrect, TradeCancel (4.3 on), ExecTransType 1 and 2 before.
IS_TRADE = f"""({IS_FILL}) OR {REPORT} AND (fix_messages.exec_type IN ('G', 'H') OR fix_messages.exec_trans_type IN ('1', '2'))"""

#: DoneForDay, Canceled, Rejected, Calculated, Expired: nothing is open, whatever was not executed (LeavesQty, tag 151).
_CLOSED = "fix_messages.ord_status IN ('3', '4', '8', 'B', 'C')"

EXECUTION_RULES = (
    Rule(
        TABLE,
        "leaves_qty_adds_up",
        "warning",
        "LeavesQty = OrderQty - CumQty; or 0 once the order is done for the day, canceled, rejected, calculated or expired.",
        applies=f"{REPORT} AND order_qty IS NOT NULL AND cum_qty IS NOT NULL AND leaves_qty IS NOT NULL",
        holds=f"leaves_qty = order_qty - cum_qty OR ({_CLOSED} AND leaves_qty = 0)",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "cum_qty_within_order_qty",
        "warning",
        "CumQty does not exceed OrderQty.",
        applies=f"{REPORT} AND cum_qty IS NOT NULL AND order_qty > 0",
        holds="cum_qty <= order_qty",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "avg_px_iff_executed",
        "warning",
        "AvgPx is 0 exactly while CumQty is 0.",
        applies=f"{REPORT} AND cum_qty IS NOT NULL AND avg_px IS NOT NULL",
        holds="(cum_qty = 0) = (avg_px = 0)",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "fills_have_quantity",
        "warning",
        "A fill has a positive LastQty.",
        applies=IS_FILL,
        holds="last_qty > 0",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "fills_have_price",
        "warning",
        "A fill has a LastPx; it may be negative.",
        applies=IS_FILL,
        holds="last_px IS NOT NULL",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "trades_have_exec_id",
        "warning",
        "A fill, bust or correction has an ExecID other than 0.",
        applies=IS_TRADE,
        holds="exec_id NOT IN ('', '0')",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "corrections_have_exec_ref_id",
        "warning",
        "A bust or correction names the ExecID that it is about.",
        applies=f"({IS_TRADE}) AND NOT ({IS_FILL})",
        holds="exec_ref_id NOT IN ('', '0')",
        mostly=0.99,
    ),
)

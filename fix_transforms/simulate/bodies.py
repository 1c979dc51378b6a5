"""Application messages as field text, in ascending tag order as QuickFIX writes them, in each dialect's words.

Invariant: a body holds only fields and codes that its FIX version defines for the message, and every field the version
requires. ExecType is passed in the words of FIX 4.4 (F trade, G correct, H bust, I status) and put into those of the
version: before 4.3, ExecTransType says new, bust, correct or status, and ExecType repeats the state.
"""

from __future__ import annotations

from dataclasses import dataclass

from fix_transforms.simulate.orders import Order
from fix_transforms.simulate.profiles import FIRM, Dialect
from fix_transforms.simulate.wire import decimal_text

_TRANSACTION = {"H": "1", "G": "2", "I": "3"}


@dataclass(frozen=True, slots=True)
class Report:
    """What one execution report says beyond the state of its order.

    Attributes:
        exec_type: In the words of FIX 4.4.
        exec_id: ExecID(17).
        cl_ord_id: ClOrdID(11).
        orig_cl_ord_id: OrigClOrdID(41), on what answers a cancel or replace.
        ord_status: OrdStatus(39).
        last_qty: LastQty(32), of a trade, bust or correct.
        last_px: LastPx(31), in price units.
        exec_ref_id: ExecRefID(19).
        ord_rej_reason: OrdRejReason(103).
        restatement: ExecRestatementReason(378).
        text: Text(58).
    """

    exec_type: str
    exec_id: str
    cl_ord_id: str
    ord_status: str
    orig_cl_ord_id: str = ""
    last_qty: int = 0
    last_px: int = 0
    exec_ref_id: str = ""
    ord_rej_reason: str = ""
    restatement: str = ""
    text: str = ""


def execution_report(dialect: Dialect, order: Order, report: Report, transact_time: str) -> str:
    """ExecutionReport (8)."""
    parts = [f"1={order.account}\x016={order.average}\x0111={report.cl_ord_id}\x0114={order.cumulated}\x01"]
    if dialect.has_exec_type:
        parts.append(f"15={order.instrument.currency}\x01")
    parts.append(_transaction(dialect, order, report))
    parts.append(
        f"37={order.order_id or 'NONE'}\x0138={order.quantity}\x0139={report.ord_status}\x0140={order.ord_type}\x01"
    )
    if report.orig_cl_ord_id and dialect.has_exec_type:
        parts.append(f"41={report.orig_cl_ord_id}\x01")
    if order.price is not None:
        parts.append(f"44={order.price_text()}\x01")
    parts.append(f"54={order.side}\x0155={order.instrument.symbol}\x01")
    if report.text:
        parts.append(f"58={report.text}\x01")
    parts.append(f"59={order.time_in_force}\x0160={transact_time}\x01")
    if report.ord_rej_reason:
        parts.append(f"103={report.ord_rej_reason}\x01")
    if dialect.has_exec_type:
        parts.append(f"150={_exec_type(dialect, order, report)}\x01151={order.leaves}\x01")
    if report.restatement and dialect.has_modern_requests:
        parts.append(f"378={report.restatement}\x01")
    return "".join(parts)


def _transaction(dialect: Dialect, order: Order, report: Report) -> str:
    """The execution itself: its ids, where and for how much; before 4.3 also zeros where nothing was traded."""
    text = f"17={report.exec_id}\x01"
    if report.exec_ref_id:
        text += f"19={report.exec_ref_id}\x01"
    if dialect.has_exec_trans_type:
        text += f"20={_TRANSACTION.get(report.exec_type, '0')}\x01"
    if report.last_qty:
        price = decimal_text(report.last_px, order.instrument.decimals)
        return f"{text}30={order.instrument.venue}\x0131={price}\x0132={report.last_qty}\x01"
    return f"{text}31=0\x0132=0\x01" if dialect.has_exec_trans_type else text


def _exec_type(dialect: Dialect, order: Order, report: Report) -> str:
    kind = report.exec_type
    if not dialect.has_exec_trans_type or kind not in "FGHI":
        return kind
    if kind == "F":
        return "2" if order.cumulated >= order.quantity else "1"
    return report.ord_status


def new_order(dialect: Dialect, order: Order, cl_ord_id: str, transact_time: str, *, omit_time: bool = False) -> str:
    """NewOrderSingle (D); ``omit_time`` leaves the required TransactTime out."""
    return _request(dialect, order, cl_ord_id, "", order.quantity, order.price, "" if omit_time else transact_time)


def replace_request(
    dialect: Dialect, order: Order, cl_ord_id: str, quantity: int, price: int | None, transact_time: str
) -> str:
    """OrderCancelReplaceRequest (G)."""
    return _request(dialect, order, cl_ord_id, order.head, quantity, price, transact_time)


def _request(
    dialect: Dialect, order: Order, cl_ord_id: str, orig: str, quantity: int, price: int | None, transact_time: str
) -> str:
    instrument = order.instrument
    parts = [f"1={order.account}\x0111={cl_ord_id}\x0115={instrument.currency}\x01"]
    if dialect.needs_handl_inst:
        parts.append("21=1\x01")
    if orig and order.order_id:
        parts.append(f"37={order.order_id}\x01")
    parts.append(f"38={quantity}\x0140={order.ord_type}\x01")
    if orig:
        parts.append(f"41={orig}\x01")
    if price is not None:
        parts.append(f"44={decimal_text(price, instrument.decimals)}\x01")
    parts.append(f"54={order.side}\x0155={instrument.symbol}\x0159={order.time_in_force}\x01")
    if dialect.has_modern_requests and transact_time:
        parts.append(f"60={transact_time}\x01")
    if dialect.has_venue:
        parts.append(f"207={instrument.venue}\x01")
    if dialect.has_parties:
        parts.append(_parties(dialect, order))
    return "".join(parts)


def _parties(dialect: Dialect, order: Order) -> str:
    """The firm and its client; under FIX 5.0 the firm also with its desk, as a sub-party."""
    desk = f"802=1\x01523=DESK-{order.account[-2:]}\x01803=4\x01" if dialect.default_appl_ver_id else ""
    return (
        f"453=2\x01448={FIRM}\x01447=D\x01452=1\x01{desk}"
        f"448=CLIENT{order.account[-3:].strip('-')}\x01447=D\x01452=3\x01"
    )


def cancel_request(dialect: Dialect, order: Order, cl_ord_id: str, orig: str, transact_time: str) -> str:
    """OrderCancelRequest (F)."""
    parts = [f"11={cl_ord_id}\x01"]
    if order.order_id:
        parts.append(f"37={order.order_id}\x01")
    parts.append(f"38={order.quantity}\x0141={orig}\x0154={order.side}\x0155={order.instrument.symbol}\x01")
    parts.append(f"60={transact_time}\x01" if dialect.has_modern_requests else "125=F\x01")
    return "".join(parts)


def cancel_reject(
    dialect: Dialect,
    cl_ord_id: str,
    orig: str,
    order_id: str,
    ord_status: str,
    reason: str,
    response_to: str,
    text: str,
) -> str:
    """OrderCancelReject (9); ``response_to`` is 1 for a cancel, 2 for a replace."""
    if not dialect.has_exec_type:
        return f"11={cl_ord_id}\x0137={order_id}\x0158={text}\x01102={reason}\x01"
    head = f"11={cl_ord_id}\x0137={order_id}\x0139={ord_status}\x0141={orig}\x0158={text}\x01102={reason}\x01"
    return f"{head}434={response_to}\x01" if dialect.has_modern_requests else head


def status_request(order: Order) -> str:
    """OrderStatusRequest (H)."""
    return f"11={order.head}\x0137={order.order_id}\x0154={order.side}\x0155={order.instrument.symbol}\x01"


def session_reject(dialect: Dialect, ref_seq_num: int) -> str:
    """Reject (3) of a NewOrderSingle without its TransactTime."""
    text = "58=Required tag missing\x01"
    details = "371=60\x01372=D\x01373=1\x01" if dialect.has_modern_requests else ""
    return f"45={ref_seq_num}\x01{text}{details}"


def business_reject(ref_seq_num: int, cl_ord_id: str, reason: str, text: str) -> str:
    """BusinessMessageReject (j) of a NewOrderSingle."""
    return f"45={ref_seq_num}\x0158={text}\x01372=D\x01379={cl_ord_id}\x01380={reason}\x01"

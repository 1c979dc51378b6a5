"""The order desk of one session and date: identifiers, prices, messages about orders, and the truth about them.

Invariant: every change of an order goes through here, so that what is written and what is recorded as true come from
the same state, and neither from the other. ClOrdIDs, OrderIDs and ExecIDs are unique per session and date only, and
count from the start again each day, as FIX allows and brokers do.
"""

from __future__ import annotations

from dataclasses import dataclass

from fix_transforms.simulate import bodies
from fix_transforms.simulate.bodies import Report
from fix_transforms.simulate.orders import Execution, Order
from fix_transforms.simulate.profiles import INSTRUMENTS, Instrument
from fix_transforms.simulate.session import Arrival, SessionDay
from fix_transforms.simulate.truth import (
    ExecutionKind,
    ExecutionTruth,
    OrderTruth,
    RejectKind,
    RejectTruth,
    RequestTruth,
)
from fix_transforms.simulate.wire import decimal_text


@dataclass(slots=True)
class Quote:
    """Where an instrument trades, in price units."""

    instrument: Instrument
    price: int


class Desk:
    """Sends requests to the counterparty and reports back from it."""

    def __init__(self, session: SessionDay) -> None:
        self.session = session
        self.dialect = session.dialect
        self.rng = session.rng
        self._closed: list[Order] = []
        self.executions: list[ExecutionTruth] = []
        self.rejects: list[RejectTruth] = []
        #: Orders the broker knows, for status requests.
        self.known: list[Order] = []
        self.quotes = [Quote(one, self._start(one)) for one in INSTRUMENTS[session.profile.market]]
        self._name = session.profile.name
        self._date = session.trading_date.isoformat()
        self._requests = 0
        self._order_ids = session.rng.randint(10_000, 90_000)
        self._exec_ids = 0

    def _start(self, instrument: Instrument) -> int:
        moved = instrument.start_price * self.rng.randint(9_400, 10_600) // 10_000
        return moved - moved % instrument.tick

    def drift(self, quote: Quote) -> int:
        """Move a quote by up to three ticks; returns its price."""
        quote.price = max(quote.price + self.rng.randint(-3, 3) * quote.instrument.tick, quote.instrument.tick * 10)
        return quote.price

    # ---- identifiers ----

    def next_cl_ord_id(self) -> str:
        """ClOrdID of the next request."""
        self._requests += 1
        return f"{self.session.profile.prefix}{self._requests:06d}"

    def next_order_id(self) -> str:
        """OrderID of the next order at the counterparty."""
        self._order_ids += 1
        return f"{self.session.profile.counterparty[:2]}{self._order_ids:07d}"

    def next_exec_id(self) -> str:
        """ExecID of the next report."""
        self._exec_ids += 1
        return f"{self._exec_ids:07d}E"

    # ---- requests ----

    def send_new(self, order: Order, *, omit_time: bool = False) -> int:
        """Send a NewOrderSingle under a ClOrdID of its own; returns its sequence number."""
        order.head = self.next_cl_ord_id()
        body = bodies.new_order(self.dialect, order, order.head, self.session.our_time(), omit_time=omit_time)
        seq_num, shown = self.session.send("D", body)
        order.sent_at = shown
        order.requests.append(RequestTruth(order.head, None, "new", self.session.clock.iso(shown)))
        return seq_num

    def send_replace(self, order: Order, quantity: int, price: int | None) -> RequestTruth:
        """Send an OrderCancelReplaceRequest for the order's head."""
        cl_ord_id = self.next_cl_ord_id()
        now = self.session.our_time()
        _, shown = self.session.send("G", bodies.replace_request(self.dialect, order, cl_ord_id, quantity, price, now))
        request = RequestTruth(cl_ord_id, order.head, "replace", self.session.clock.iso(shown))
        order.requests.append(request)
        return request

    def send_cancel(self, order: Order, orig: str | None = None, *, is_recorded: bool = True) -> RequestTruth:
        """Send an OrderCancelRequest for the order's head, or for ``orig``."""
        cl_ord_id, orig = self.next_cl_ord_id(), orig or order.head
        body = bodies.cancel_request(self.dialect, order, cl_ord_id, orig, self.session.our_time())
        _, shown = self.session.send("F", body)
        request = RequestTruth(cl_ord_id, orig, "cancel", self.session.clock.iso(shown))
        if is_recorded:
            order.requests.append(request)
        return request

    # ---- answers ----

    def report(
        self, order: Order, exec_type: str, *, cl_ord_id: str = "", orig: str = "", status: str = "", reason: str = "",
        restatement: str = "", text: str = "", reject: RejectTruth | None = None,
    ) -> None:  # fmt: skip
        """Receive an ExecutionReport that is not a trade; its OrdStatus is the order's unless given."""
        is_status = exec_type == "I"
        report = Report(
            exec_type=exec_type, exec_id="0" if is_status else self.next_exec_id(), cl_ord_id=cl_ord_id or order.head,
            ord_status=status or order.status, orig_cl_ord_id=orig, ord_rej_reason=reason, restatement=restatement,
            text=text,
        )  # fmt: skip
        if not is_status:
            order.last_reported = report.ord_status
        self._receive(order, report, self._acknowledged(order, reject) if exec_type in "0A8" else None)

    def trade(self, order: Order, quantity: int, price: int) -> None:
        """Receive a fill, under the ClOrdID that is the order's head."""
        execution = self._execution(order, "fill", quantity, price, None)
        order.fill(execution)
        self._receive_execution(order, "F", execution)

    def bust(self, order: Order, execution: Execution) -> None:
        """Receive the cancellation of a fill."""
        order.bust(execution)
        notice = self._execution(order, "bust", execution.quantity, execution.price, execution.exec_id)
        notice.truth.is_effective = False
        self._receive_execution(order, "H", notice)

    def correct(self, order: Order, execution: Execution, quantity: int, price: int) -> None:
        """Receive the correction of a fill."""
        corrected = self._execution(order, "correct", quantity, price, execution.exec_id)
        order.correct(execution, corrected)
        self._receive_execution(order, "G", corrected)

    def refuse(self, order: Order, request: RequestTruth, reason: str, text: str) -> None:
        """Receive an OrderCancelReject of a cancel or replace of this order."""
        request.outcome = "rejected"
        response_to = "2" if request.kind == "replace" else "1"
        body = bodies.cancel_reject(
            self.dialect, request.cl_ord_id, order.head, order.order_id, order.status, reason, response_to, text
        )
        if self.dialect.has_exec_type:
            order.last_reported = order.status
        kind: RejectKind = "replace" if request.kind == "replace" else "cancel"
        self._receive_reject("9", body, kind, request.cl_ord_id, order, reason, None)

    def refuse_unknown(self, request: RequestTruth, order: Order | None) -> None:
        """Receive an OrderCancelReject that knows no such order: OrderID NONE, OrdStatus Rejected."""
        request.outcome = "rejected"
        body = bodies.cancel_reject(
            self.dialect, request.cl_ord_id, request.orig_cl_ord_id or "", "NONE", "8", "1", "1", "Unknown order"
        )
        self._receive_reject("9", body, "unknown_order", request.cl_ord_id, order, "1", None)

    def refuse_order(self, order: Order, reason: str, text: str) -> None:
        """Receive the rejection of a new order."""
        order.ended = "8"
        order.requests[0].outcome = "rejected"
        reject = self._reject("order", "8", order.head, order, reason, None)
        self.report(order, "8", reason=reason, text=text, reject=reject)

    def refuse_message(self, order: Order, ref_seq_num: int) -> None:
        """Receive a session Reject of a new order."""
        order.requests[0].outcome = "session_rejected"
        body = bodies.session_reject(self.dialect, ref_seq_num)
        reason = "1" if self.dialect.has_modern_requests else None
        self._receive_reject("3", body, "session", order.head, order, reason, ref_seq_num)

    def refuse_business(self, order: Order, ref_seq_num: int, reason: str, text: str) -> None:
        """Receive a BusinessMessageReject of a new order."""
        order.requests[0].outcome = "business_rejected"
        body = bodies.business_reject(ref_seq_num, order.head, reason, text)
        self._receive_reject("j", body, "business", order.head, order, reason, ref_seq_num)

    def close(self, order: Order) -> None:
        """Note that nothing more will happen to an order today; its last report may still be on the way."""
        self._closed.append(order)

    def finish(self) -> list[OrderTruth]:
        """The truth about every order, once the session has run."""
        counterparty, iso = self.session.profile.counterparty, self.session.clock.iso
        return [order.truth(self._name, counterparty, self._date, iso) for order in self._closed]

    # ---- recording ----

    def _acknowledged(self, order: Order, reject: RejectTruth | None) -> Arrival:
        def arrived(shown: int) -> None:
            if reject is not None:
                reject.log_time = self.session.clock.iso(shown)
            if order.first_ack_at is None:
                order.first_ack_at = shown

        return arrived

    def _execution(self, order: Order, kind: ExecutionKind, quantity: int, price: int, ref: str | None) -> Execution:
        exec_id = self.next_exec_id()
        truth = ExecutionTruth(
            session=self._name, trading_date=self._date, cl_ord_id=order.requests[0].cl_ord_id,
            order_id=order.order_id, exec_id=exec_id, exec_ref_id=ref, kind=kind, qty=str(quantity),
            px=decimal_text(price, order.instrument.decimals), is_effective=True,
        )  # fmt: skip
        self.executions.append(truth)
        return Execution(exec_id, quantity, price, truth)

    def _receive_execution(self, order: Order, exec_type: str, execution: Execution) -> None:
        report = Report(
            exec_type=exec_type, exec_id=execution.exec_id, cl_ord_id=order.head, ord_status=order.status,
            last_qty=execution.quantity, last_px=execution.price, exec_ref_id=execution.truth.exec_ref_id or "",
        )  # fmt: skip
        order.last_reported = report.ord_status

        def arrived(shown: int) -> None:
            execution.truth.log_time = self.session.clock.iso(shown)
            if order.first_fill_at is None:
                order.first_fill_at = shown

        self._receive(order, report, arrived)

    def _receive(self, order: Order, report: Report, arrived: Arrival | None) -> None:
        sent = self.session.their_time()
        transact = self.session.clock.fix(sent - 20 - int(self.rng.random() * 230), self.dialect.time_digits)
        self.session.receive("8", bodies.execution_report(self.dialect, order, report, transact), sent, arrived)

    def _reject(
        self, kind: RejectKind, msg_type: str, cl_ord_id: str, order: Order | None, reason: str | None, ref: int | None
    ) -> RejectTruth:
        reject = RejectTruth(
            session=self._name, trading_date=self._date, kind=kind, msg_type=msg_type, cl_ord_id=cl_ord_id,
            order=None if order is None else order.requests[0].cl_ord_id, reason=reason, ref_seq_num=ref,
        )  # fmt: skip
        self.rejects.append(reject)
        return reject

    def _receive_reject(
        self, msg_type: str, body: str, kind: RejectKind, cl_ord_id: str, order: Order | None, reason: str | None,
        ref: int | None,
    ) -> None:  # fmt: skip
        reject = self._reject(kind, msg_type, cl_ord_id, order, reason, ref)

        def arrived(shown: int) -> None:
            reject.log_time = self.session.clock.iso(shown)

        self.session.receive(msg_type, body, self.session.their_time(), arrived)

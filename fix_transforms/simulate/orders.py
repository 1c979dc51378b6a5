"""An order as its broker keeps it: quantities, executions, pending requests, and the OrdStatus that follows.

Invariant: at every moment CumQty is the sum of the effective executions, LeavesQty is OrderQty - CumQty while the order
works and 0 once it is over, and AvgPx follows from the effective executions. A bust of a filled order opens it again.
States and their precedence are those of the FIX order state matrices (FIX 4.2 and 4.4, Appendix D).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fix_transforms.simulate.profiles import Instrument
from fix_transforms.simulate.truth import ExecutionTruth, OrderTruth, RequestTruth
from fix_transforms.simulate.wire import average_text, decimal_text

#: OrdStatus after which nothing works any more: DoneForDay, Canceled, Rejected, Expired.
OVER = frozenset("348C")


@dataclass(slots=True)
class Execution:
    """A fill, possibly corrected: what counts now."""

    exec_id: str
    quantity: int
    price: int
    truth: ExecutionTruth


@dataclass(slots=True)
class Order:
    """One order chain.

    Attributes:
        head: The last accepted ClOrdID.
        quantity: OrderQty as accepted.
        price: Limit in price units; None for a market order.
        ended: OrdStatus that ended it, if it is over.
        pending: ``6`` or ``E`` while a cancel or replace is pending.
        notional: Sum of quantity times price units over effective executions.
    """

    instrument: Instrument
    account: str
    side: str
    ord_type: str
    time_in_force: str
    quantity: int
    price: int | None
    head: str = ""
    order_id: str = ""
    ended: str = ""
    pending: str = ""
    cumulated: int = 0
    notional: int = 0
    executions: list[Execution] = field(default_factory=list)
    requests: list[RequestTruth] = field(default_factory=list)
    last_reported: str | None = None
    fills: int = 0
    busts: int = 0
    corrects: int = 0
    sent_at: int = 0
    first_ack_at: int | None = None
    first_fill_at: int | None = None
    cancelled_unasked: bool = False

    # ---- state ----

    @property
    def leaves(self) -> int:
        """LeavesQty(151)."""
        return 0 if self.ended else self.quantity - self.cumulated

    @property
    def is_working(self) -> bool:
        """Whether it can still trade."""
        return not self.ended and self.cumulated < self.quantity

    @property
    def settled_status(self) -> str:
        """OrdStatus without regard to pending requests."""
        if self.ended:
            return self.ended
        if self.cumulated >= self.quantity:
            return "2"
        return "1" if self.cumulated else "0"

    @property
    def status(self) -> str:
        """OrdStatus(39): a pending request takes precedence."""
        return self.pending or self.settled_status

    @property
    def average(self) -> str:
        """AvgPx(6)."""
        return average_text(self.notional, self.cumulated, self.instrument.decimals)

    def price_text(self) -> str:
        """Price(44), empty for a market order."""
        return "" if self.price is None else decimal_text(self.price, self.instrument.decimals)

    # ---- events ----

    def fill(self, execution: Execution) -> None:
        """An execution counts from now on."""
        self.executions.append(execution)
        self.fills += 1
        self.cumulated += execution.quantity
        self.notional += execution.quantity * execution.price

    def bust(self, execution: Execution) -> None:
        """An execution counts no more."""
        self.executions.remove(execution)
        execution.truth.is_effective = False
        self.busts += 1
        self.cumulated -= execution.quantity
        self.notional -= execution.quantity * execution.price

    def correct(self, execution: Execution, corrected: Execution) -> None:
        """One execution counts in place of another."""
        self.executions[self.executions.index(execution)] = corrected
        execution.truth.is_effective = False
        self.corrects += 1
        self.cumulated += corrected.quantity - execution.quantity
        self.notional += corrected.quantity * corrected.price - execution.quantity * execution.price

    def replace(self, cl_ord_id: str, quantity: int, price: int | None) -> None:
        """A replace is accepted; never for less than has been executed."""
        self.head = cl_ord_id
        self.quantity = max(quantity, self.cumulated)
        self.price = price

    # ---- truth ----

    def truth(self, session: str, counterparty: str, trading_date: str, iso: Callable[[int], str]) -> OrderTruth:
        """The order as it stands."""
        decimals = self.instrument.decimals
        return OrderTruth(
            session=session, counterparty=counterparty, trading_date=trading_date,
            cl_ord_id=self.requests[0].cl_ord_id, head_cl_ord_id=self.head, order_id=self.order_id or None,
            account=self.account, symbol=self.instrument.symbol, side=self.side, ord_type=self.ord_type,
            time_in_force=self.time_in_force, ord_status=self.last_reported, order_qty=str(self.quantity),
            price=self.price_text() or None, cum_qty=str(self.cumulated),
            leaves_qty=str(self.leaves if self.last_reported else 0), avg_px=self.average,
            filled_qty=str(sum(execution.quantity for execution in self.executions)),
            filled_notional=decimal_text(
                sum(execution.quantity * execution.price for execution in self.executions), decimals
            ),
            fills=self.fills, effective_fills=len(self.executions), busts=self.busts, corrects=self.corrects,
            is_cancelled_unasked=self.cancelled_unasked, sent_at=iso(self.sent_at),
            first_ack_at=None if self.first_ack_at is None else iso(self.first_ack_at),
            ack_latency_us=None if self.first_ack_at is None else self.first_ack_at - self.sent_at,
            first_fill_at=None if self.first_fill_at is None else iso(self.first_fill_at), requests=self.requests,
        )  # fmt: skip

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

OVER = set("348C")


@dataclass
class Chain:
    first: str
    head: str
    tags: dict[int, str]
    sent_at: object
    requests: dict[str, list] = field(default_factory=dict)
    order_id: str | None = None
    status: str | None = None
    state: dict[str, str | None] = field(default_factory=dict)
    executions: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    kinds: Counter = field(default_factory=Counter)
    first_ack_at: object = None
    first_fill_at: object = None


def _kind(tags: dict[int, str]) -> str:
    """What an execution report is, by the rules of its FIX version."""
    transaction = tags.get(20)
    if transaction is not None and transaction != "0":
        return {"1": "bust", "2": "correct", "3": "status"}[transaction]
    exec_type = tags.get(150)
    if exec_type in ("H", "G", "I"):
        return {"H": "bust", "G": "correct", "I": "status"}[exec_type]
    if exec_type is None:
        return "fill" if Decimal(tags[32]) > 0 else {"5": "replaced"}.get(tags[39], "other")
    if exec_type in ("F", "1", "2"):
        return "fill"
    return {"5": "replaced", "0": "ack", "A": "ack", "8": "ack"}.get(exec_type, "other")


class Replay:
    """Order states from the messages of one session and date, in the order they became known."""

    def __init__(self) -> None:
        self.chains: list[Chain] = []
        self.by_request: dict[str, Chain] = {}
        self.sent: dict[int, dict[int, str]] = {}
        self.rejects: list[tuple[str, str | None]] = []
        self._seen: set[tuple[str, int]] = set()

    def take(self, message) -> None:
        tags = message.tags
        if tags.get(141) == "Y" and message.direction == "out":
            self._seen.clear()
        key = (message.direction, message.seq)
        if tags[35] == "4" or key in self._seen:
            return
        self._seen.add(key)
        if message.direction == "out":
            self.sent[message.seq] = tags
        handler = getattr(self, f"_take_{tags[35]}", None)
        if handler is not None:
            handler(message, tags)

    def _take_D(self, message, tags) -> None:  # noqa: N802
        chain = Chain(tags[11], tags[11], tags, message.at)
        chain.requests[tags[11]] = ["new", None, "pending"]
        chain.state = {"qty": tags[38], "px": tags.get(44), "cum": "0", "leaves": "0", "avg": "0"}
        self.chains.append(chain)
        self.by_request[tags[11]] = chain

    def _take_amendment(self, kind: str, tags) -> None:
        chain = self.by_request.get(tags[41])
        if chain is not None:
            chain.requests[tags[11]] = [kind, tags[41], "pending"]
            self.by_request[tags[11]] = chain

    def _take_G(self, message, tags) -> None:  # noqa: N802
        self._take_amendment("replace", tags)

    def _take_F(self, message, tags) -> None:  # noqa: N802
        self._take_amendment("cancel", tags)

    def _take_3(self, message, tags) -> None:
        self._refuse(self.sent[int(tags[45])][11], "session")

    def _take_j(self, message, tags) -> None:
        assert self.sent[int(tags[45])][11] == tags[379]
        self._refuse(tags[379], "business")

    def _refuse(self, cl_ord_id: str, kind: str) -> None:
        self.rejects.append((kind, cl_ord_id))
        self.by_request[cl_ord_id].requests[cl_ord_id][2] = f"{kind}_rejected"

    def _take_9(self, message, tags) -> None:
        chain = self.by_request.get(tags[11])
        if chain is not None:
            chain.requests[tags[11]][2] = "rejected"
        if tags[37] == "NONE":
            assert tags.get(39, "8") == "8"
            self.rejects.append(("unknown_order", tags[11]))
            return
        assert tags.get(41, chain.head) == chain.head
        self.rejects.append((chain.requests[tags[11]][0], tags[11]))
        if 434 in tags:
            assert {"1": "cancel", "2": "replace"}[tags[434]] == chain.requests[tags[11]][0]
        chain.status = tags.get(39, chain.status)

    def _take_8(self, message, tags) -> None:
        kind = _kind(tags)
        chain = self.by_request[tags[11]]
        if kind == "status":
            assert tags[39] in (chain.status, "0" if chain.status == "5" else "1")
            return
        if tags[37] != "NONE":
            assert chain.order_id in (None, tags[37])
            chain.order_id = tags[37]
        chain.status = tags[39]
        leaves = tags.get(151) or str(0 if tags[39] in OVER else int(tags[38]) - int(tags[14]))
        chain.state = {"qty": tags[38], "px": tags.get(44), "cum": tags[14], "leaves": leaves, "avg": tags[6]}
        self._execute(chain, kind, message, tags)
        self._answer(chain, kind, message, tags)
        self._check(chain, tags)

    def _execute(self, chain: Chain, kind: str, message, tags) -> None:
        if kind not in ("fill", "bust", "correct"):
            return
        chain.kinds[kind] += 1
        if chain.first_fill_at is None:
            chain.first_fill_at = message.at
        if kind != "fill":
            del chain.executions[tags[19]]
        if kind != "bust":
            chain.executions[tags[17]] = (Decimal(tags[32]), Decimal(tags[31]))

    def _answer(self, chain: Chain, kind: str, message, tags) -> None:
        code = tags.get(150, tags[39])
        request = chain.requests[tags[11]]
        if chain.first_ack_at is None and code in "0A8" and kind in ("ack", "other"):
            chain.first_ack_at = message.at
        if code == "8":
            request[2] = "rejected"
            self.rejects.append(("order", tags[11]))
        elif kind == "replaced":
            assert request[0] == "replace"
            assert tags.get(41, request[1]) == request[1] == chain.head
            request[2] = "accepted"
            chain.head = tags[11]
        elif (code == "4" and request[0] == "cancel") or (code == "0" and request[0] == "new"):
            request[2] = "accepted"

    def _check(self, chain: Chain, tags) -> None:
        quantity, cumulated = int(tags[38]), int(tags[14])
        leaves = int(chain.state["leaves"])
        assert leaves == quantity - cumulated or (leaves == 0 and tags[39] in OVER)
        assert cumulated == sum(qty for qty, _ in chain.executions.values())
        assert 0 <= cumulated <= quantity
        notional = sum(qty * px for qty, px in chain.executions.values())
        average = notional / cumulated if cumulated else Decimal(0)
        assert abs(Decimal(tags[6]) - average) <= Decimal("0.0000005")
        if tags[39] == "2":
            assert leaves == 0
        if tags[39] == "1":
            assert 0 < cumulated < quantity


def _replays(written):
    for logs in written.sessions:
        replay = Replay()
        for message in logs.messages:
            replay.take(message)
        yield logs, replay


def _text(instant) -> str | None:
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _by_session(records):
    grouped = defaultdict(list)
    for record in records:
        grouped[record.session, record.trading_date].append(record)
    return grouped


def test_replaying_the_messages_gives_the_true_orders(written) -> None:
    truths, compared = _by_session(written.truth.orders), 0
    for logs, replay in _replays(written):
        orders = {order.cl_ord_id: order for order in truths[logs.session, logs.trading_date]}
        assert orders.keys() == {chain.first for chain in replay.chains}
        for chain in replay.chains:
            order = orders[chain.first]
            assert (order.head_cl_ord_id, order.order_id, order.ord_status) == (
                chain.head,
                chain.order_id,
                chain.status,
            )
            assert order.account == chain.tags[1]
            assert (order.symbol, order.side) == (chain.tags[55], chain.tags[54])
            assert (order.ord_type, order.time_in_force) == (chain.tags[40], chain.tags[59])
            assert (order.order_qty, order.price) == (chain.state["qty"], chain.state["px"])
            assert (order.cum_qty, order.leaves_qty) == (chain.state["cum"], chain.state["leaves"])
            assert order.avg_px == chain.state["avg"]
            assert {r.cl_ord_id: [r.kind, r.orig_cl_ord_id, r.outcome] for r in order.requests} == chain.requests
            compared += 1
    assert compared == len(written.truth.orders) > 2_000


def test_replaying_the_messages_gives_the_true_executions(written) -> None:
    orders, executions = _by_session(written.truth.orders), _by_session(written.truth.executions)
    for logs, replay in _replays(written):
        key = (logs.session, logs.trading_date)
        effective = {e.exec_id: (Decimal(e.qty), Decimal(e.px)) for e in executions[key] if e.is_effective}
        assert effective == {exec_id: values for chain in replay.chains for exec_id, values in chain.executions.items()}
        kinds = Counter(execution.kind for execution in executions[key])
        assert kinds == sum((chain.kinds for chain in replay.chains), Counter())
        by_first = {chain.first: chain for chain in replay.chains}
        for order in orders[key]:
            chain = by_first[order.cl_ord_id]
            assert Decimal(order.filled_qty) == sum(qty for qty, _ in chain.executions.values())
            assert Decimal(order.filled_notional) == sum(qty * px for qty, px in chain.executions.values())
            assert order.effective_fills == len(chain.executions)
            assert (order.fills, order.busts, order.corrects) == tuple(
                chain.kinds[k] for k in ("fill", "bust", "correct")
            )


def test_replaying_the_messages_gives_the_true_latencies(written) -> None:
    truths = _by_session(written.truth.orders)
    for logs, replay in _replays(written):
        orders = {order.cl_ord_id: order for order in truths[logs.session, logs.trading_date]}
        for chain in replay.chains:
            order = orders[chain.first]
            assert (order.sent_at, order.first_ack_at) == (_text(chain.sent_at), _text(chain.first_ack_at))
            assert order.first_fill_at == _text(chain.first_fill_at)
            if chain.first_ack_at is not None:
                assert order.ack_latency_us == (chain.first_ack_at - chain.sent_at) // timedelta(microseconds=1) > 0


def test_replaying_the_messages_gives_the_true_rejects(written) -> None:
    truths = _by_session(written.truth.rejects)
    for logs, replay in _replays(written):
        rejects = truths[logs.session, logs.trading_date]
        assert Counter((reject.kind, reject.cl_ord_id) for reject in rejects) == Counter(replay.rejects)
        assert all(reject.log_time for reject in rejects)


def test_identifiers_are_unique_within_a_session_and_date(written) -> None:
    for logs in written.sessions:
        fresh = [m.tags for m in logs.messages if 43 not in m.tags]
        for kinds, tag in (("DFG", 11), ("8", 17)):
            values = [tags[tag] for tags in fresh if tags[35] in kinds and tags[tag] != "0"]
            assert len(values) == len(set(values))


def test_identifiers_start_again_every_day(written) -> None:
    dates = defaultdict(set)
    for order in written.truth.orders:
        dates[order.session, order.cl_ord_id].add(order.trading_date)
    assert max(len(days) for days in dates.values()) > 1


def test_fills_while_a_replace_is_pending_carry_the_old_identifier(written) -> None:
    found = 0
    for logs in written.sessions:
        replaces = {m.tags[11] for m in logs.messages if m.tags[35] == "G"}
        fills = [m.tags for m in logs.messages if m.tags[35] == "8" and _kind(m.tags) == "fill" and m.tags[39] == "E"]
        for tags in fills:
            pending = [m.tags for m in logs.messages if m.tags.get(150) == "E" and m.tags.get(41) == tags[11]]
            assert pending
            assert pending[-1][11] in replaces
            found += 1
    assert found


def test_nothing_is_left_pending(written) -> None:
    outcomes = {request.outcome for order in written.truth.orders for request in order.requests}
    assert outcomes == {"accepted", "rejected", "session_rejected", "business_rejected"}
    assert {order.ord_status for order in written.truth.orders} <= {None, "0", "1", "2", "3", "4", "8", "C"}
    assert all(o.time_in_force == "1" for o in written.truth.orders if o.ord_status in ("0", "1"))


def test_a_week_of_orders_has_every_kind(written) -> None:
    orders, rejects = written.truth.orders, written.truth.rejects
    assert {order.ord_status for order in orders} >= {"2", "3", "4", "8", "C", None}
    assert {order.time_in_force for order in orders} == {"0", "1", "3", "4"}
    assert {order.side for order in orders} == {"1", "2", "5"}
    assert {reject.kind for reject in rejects} == {"order", "cancel", "replace", "unknown_order", "session", "business"}
    assert any(reject.order is None for reject in rejects)
    assert any(reject.order is not None for reject in rejects if reject.kind == "unknown_order")
    assert any(order.is_cancelled_unasked for order in orders)
    assert any(order.busts and order.fills > order.effective_fills for order in orders)
    assert any(len(order.requests) >= 4 for order in orders)
    assert {execution.kind for execution in written.truth.executions} == {"fill", "bust", "correct"}


def test_orders_that_an_unknown_order_reject_names_live_on(written) -> None:
    named = {
        (r.session, r.trading_date, r.order) for r in written.truth.rejects if r.kind == "unknown_order" and r.order
    }
    lived = [o for o in written.truth.orders if (o.session, o.trading_date, o.cl_ord_id) in named]
    assert lived
    assert all(order.ord_status != "8" for order in lived)

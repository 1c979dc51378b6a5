"""What really happened in a simulation, kept by the simulator's own state machine while it runs.

Invariant: nothing in here is read back from a written message. Quantities, prices and notionals are decimal text;
times are those of the log line, in ISO 8601 UTC, cut to the precision the log has. Where lines were damaged on purpose,
the truth is still what happened, and ``damages`` says which lines no longer tell it.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Literal

from fix_transforms.errors import StorageError

RequestKind = Literal["new", "replace", "cancel"]
Outcome = Literal["pending", "accepted", "rejected", "session_rejected", "business_rejected"]
ExecutionKind = Literal["fill", "bust", "correct"]
RejectKind = Literal["order", "cancel", "replace", "unknown_order", "session", "business"]
DamageKind = Literal["torn", "checksum", "noise"]


@dataclass(slots=True)
class RequestTruth:
    """One ClOrdID: what it asked for and what became of it."""

    cl_ord_id: str
    orig_cl_ord_id: str | None
    kind: RequestKind
    sent_at: str
    outcome: Outcome = "pending"


@dataclass(slots=True)
class OrderTruth:
    """One order chain at the end of its trading date.

    ``ord_status`` is the last OrdStatus reported for it, by an execution report that did not answer a status request
    or by a cancel reject that knew the order; None if there was none (rejected by the session or application layer). ``head_cl_ord_id`` is the last accepted ClOrdID.
    ``filled_qty`` and ``filled_notional`` are over effective executions: after busts and corrects.
    """

    session: str
    counterparty: str
    trading_date: str
    cl_ord_id: str
    head_cl_ord_id: str
    order_id: str | None
    account: str
    symbol: str
    side: str
    ord_type: str
    time_in_force: str
    ord_status: str | None
    order_qty: str
    price: str | None
    cum_qty: str
    leaves_qty: str
    avg_px: str
    filled_qty: str
    filled_notional: str
    fills: int
    effective_fills: int
    busts: int
    corrects: int
    is_cancelled_unasked: bool
    sent_at: str
    first_ack_at: str | None
    ack_latency_us: int | None
    first_fill_at: str | None
    requests: list[RequestTruth]


@dataclass(slots=True)
class ExecutionTruth:
    """One fill, bust or correct. ``qty`` and ``px`` of a bust are those of what it takes away."""

    session: str
    trading_date: str
    cl_ord_id: str
    order_id: str
    exec_id: str
    exec_ref_id: str | None
    kind: ExecutionKind
    qty: str
    px: str
    is_effective: bool
    log_time: str | None = None


@dataclass(slots=True)
class RejectTruth:
    """One refusal, in whichever of FIX's shapes. ``order`` is the chain it is about, if it is about a real one."""

    session: str
    trading_date: str
    kind: RejectKind
    msg_type: str
    cl_ord_id: str | None
    order: str | None
    reason: str | None
    ref_seq_num: int | None
    log_time: str | None = None


@dataclass(slots=True)
class GapTruth:
    """Incoming sequence numbers that were missing when a later one arrived, and how they came after all."""

    first: int
    last: int
    detected_at: str
    resent: int = 0
    gap_filled: int = 0


@dataclass(slots=True)
class SessionTruth:
    """One session on one trading date. ``messages`` counts written messages by direction and MsgType."""

    session: str
    counterparty: str
    trading_date: str
    first_log_time: str
    last_log_time: str
    messages: dict[str, dict[str, int]]
    poss_dups: dict[str, int]
    first_seq_num: dict[str, int]
    next_seq_num: dict[str, int]
    logons: int
    disconnects: int
    sequence_resets: int
    resend_requests: dict[str, int]
    test_requests: dict[str, int]
    gaps: list[GapTruth]


@dataclass(slots=True)
class FileTruth:
    """One file: ``messages`` counts message lines, damaged or not; ``events`` counts engine lines."""

    path: str
    session: str
    trading_date: str
    style: str
    messages: int
    events: int
    noise_lines: int
    size: int
    sha256: str


@dataclass(slots=True)
class DamageTruth:
    """One damaged line. ``noise`` is a line added before a message; the others spoil the message itself."""

    path: str
    line_number: int
    byte_offset: int
    kind: DamageKind
    direction: str | None
    msg_type: str | None
    msg_seq_num: int | None


@dataclass(slots=True)
class Truth:
    """Everything that is known about a simulation, or about one session on one date of it."""

    orders: list[OrderTruth] = field(default_factory=list)
    executions: list[ExecutionTruth] = field(default_factory=list)
    rejects: list[RejectTruth] = field(default_factory=list)
    sessions: list[SessionTruth] = field(default_factory=list)
    files: list[FileTruth] = field(default_factory=list)
    damages: list[DamageTruth] = field(default_factory=list)

    def extend(self, other: Truth) -> None:
        """Add what another part of the simulation knows."""
        for section in SECTIONS:
            getattr(self, section).extend(getattr(other, section))


SECTIONS = tuple(part.name for part in fields(Truth))

#: Version of the JSON layout.
FORMAT = 1


def _members(record: object) -> dict[str, object]:
    """A record as JSON sees it; ``dataclasses.asdict`` would copy every value."""
    return {name: getattr(record, name) for name in record.__slots__}  # type: ignore[attr-defined]


_ENCODER = json.JSONEncoder(separators=(",", ":"), default=_members)


class TruthFile:
    """Writes a truth as one JSON object, part by part, so that memory stays bounded.

    Use as a context manager; the file is complete when the block ends without an error.

    Raises:
        StorageError: The file could not be written.
    """

    def __init__(self, path: Path, **header: object) -> None:
        self._path = path
        self._header = {"format": FORMAT, **header}
        self._parts: dict[str, IO[str]] = {}
        self._begun: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> TruthFile:
        for section in SECTIONS:
            self._parts[section] = self._open.enter_context(TemporaryFile("w+", encoding="utf-8"))
        return self

    def add(self, truth: Truth) -> None:
        """Append every record of one part."""
        for section, part in self._parts.items():
            for record in getattr(truth, section):
                part.write(",\n" if section in self._begun else "\n")
                part.write(_ENCODER.encode(record))
                self._begun.add(section)

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._assemble()
        except OSError as failure:
            raise StorageError("truth could not be written", where=str(self._path), got=failure.strerror) from failure
        finally:
            self._open.close()

    def _assemble(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("w", encoding="utf-8", newline="\n") as out:
            out.write("{" + json.dumps(self._header)[1:-1])
            for section, part in self._parts.items():
                out.write(f',\n"{section}":[')
                part.seek(0)
                for block in iter(lambda part=part: part.read(1 << 20), ""):  # type: ignore[misc]
                    out.write(block)
                out.write("]")
            out.write("}\n")


def read_truth(path: Path) -> Truth:
    """Read a truth file back.

    Raises:
        StorageError: It is missing, or not a truth file of this format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise StorageError("truth has another format", where=str(path), got=content["format"], expected=FORMAT)
        return Truth(
            orders=[_order(record) for record in content["orders"]],
            executions=[ExecutionTruth(**record) for record in content["executions"]],
            rejects=[RejectTruth(**record) for record in content["rejects"]],
            sessions=[_session(record) for record in content["sessions"]],
            files=[FileTruth(**record) for record in content["files"]],
            damages=[DamageTruth(**record) for record in content["damages"]],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            "truth could not be read", where=str(path), got=type(error).__name__, expected="a truth file"
        ) from error


def _order(record: dict[str, Any]) -> OrderTruth:
    requests = [RequestTruth(**request) for request in record.pop("requests")]
    return OrderTruth(**record, requests=requests)


def _session(record: dict[str, Any]) -> SessionTruth:
    gaps = [GapTruth(**gap) for gap in record.pop("gaps")]
    return SessionTruth(**record, gaps=gaps)

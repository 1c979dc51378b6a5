from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import simplefix

from fix_transforms.lake.apply import apply
from fix_transforms.lake.batches import decide, pending_batches
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.marts.build import BuildReport, build
from fix_transforms.marts.environment import database_path
from fix_transforms.settings import load_settings
from fix_transforms.simulate import Truth, simulate, write
from fix_transforms.workspace import Workspace

MESSAGES, SEED = 8_000, 11

Row = dict[str, object]
CLOCK = re.compile(rb"(\d{4})-?(\d\d)-?(\d\d)[- ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?")


def _fix_message(
    msg_type: str,
    sender: str,
    target: str,
    seq_num: int,
    sent_at: str,
    *fields: tuple[int, object],
    version: str = "FIX.4.4",
    header: Iterable[tuple[int, object]] = (),
) -> bytes:
    body = b"".join(
        f"{tag}={value}\x01".encode()
        for tag, value in [(35, msg_type), (34, seq_num), (49, sender), (52, sent_at), (56, target), *header, *fields]
    )
    framed = f"8={version}\x019={len(body)}\x01".encode() + body
    return framed + f"10={sum(framed) % 256:03d}\x01".encode()


@dataclass
class House:
    workspace: Workspace

    @property
    def lake(self) -> Lake:
        return Lake(self.workspace.lake)

    def land(self, key: str, messages: Iterable[bytes]) -> None:
        path = self.workspace.landing.path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(message + b"\n" for message in messages))

    def ingest(self, decision: str = "passed") -> tuple[str, ...]:
        report = ingest(self.workspace, discover(self.workspace))
        for batch_id in pending_batches(self.lake):
            decide(self.lake, batch_id, decision, "test", "because the test says so")
        return report.batch_ids

    def build(self, **options: bool) -> BuildReport:
        return build(self.workspace, **options)

    def rows(self, sql: str) -> list[dict[str, object]]:
        import duckdb

        with duckdb.connect(str(database_path(self.workspace.settings)), read_only=True) as connection:
            connection.execute(
                'SET search_path = \'"03_KPI_fix","03_analytics","02_intermediate_fix","000_monitoring"\''
            )
            return connection.execute(sql).pl().to_dicts()

    def tables(self) -> dict[str, pl.DataFrame]:
        import duckdb

        with duckdb.connect(str(database_path(self.workspace.settings)), read_only=True) as connection:
            names = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not regexp_matches(table_name, '_changes$')"
            ).fetchall()
            return {
                f"{schema}.{name}": connection.execute(f'select * from "{schema}"."{name}" order by all').pl()
                for schema, name in names
            }


@pytest.fixture(scope="session")
def fix_message() -> Callable[..., bytes]:
    return _fix_message


@pytest.fixture(scope="session")
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., House]:
    def make(**settings: object) -> House:
        house = House(Workspace.from_settings(load_settings(home=tmp_path_factory.mktemp("house"), **settings)))
        Path(house.workspace.landing.uri).mkdir(parents=True, exist_ok=True)
        apply(house.lake)
        return house

    return make


@pytest.fixture(scope="session")
def truth() -> Truth:
    return simulate(MESSAGES, SEED).truth()


@pytest.fixture(scope="session")
def simulated_house(new_house: Callable[..., House]) -> House:
    house = new_house()
    write(simulate(MESSAGES, SEED), house.workspace.landing.path)
    house.ingest()
    house.build()
    return house


# ---- what the logs say, read without any code of ours ----

ANSWERS = {
    "acknowledgement": ("D", {"0", "A", "8"}),
    "confirmation": ("D", {"0", "8"}),
    "first_fill": ("D", {"fill"}),
    "cancel": ("F", {"4", "9"}),
    "replace": ("G", {"5", "9"}),
}


def instant(text: bytes) -> tuple[datetime, int]:
    *whole, fraction = CLOCK.match(text).groups()
    digits = fraction or b""
    moment = datetime(*map(int, whole), int(digits.ljust(6, b"0") or 0), tzinfo=UTC)
    return moment.replace(tzinfo=None), len(digits)


def microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


@dataclass
class Message:
    path: str
    number: int
    fields: dict[int, str]
    size: int
    logged_at: datetime
    logged_digits: int
    sent_at: datetime
    sent_digits: int
    is_duplicate: bool = False
    symbol: str = ""
    key: tuple[str, date, str] = field(init=False)

    def __post_init__(self) -> None:
        self.type, self.sender, self.target = self.fields[35], self.fields[49], self.fields[56]
        self.session = f"{self.fields[8]}:{'-'.join(sorted((self.sender, self.target)))}"
        first = self.fields.get(122)
        self.at = instant(first.encode())[0] if first else self.sent_at
        self.date = self.at.date()
        self.minute = self.at.replace(second=0, microsecond=0)
        self.key = (self.session, self.date, self.fields.get(11, ""))
        self.is_poss_dup = self.fields.get(43) == "Y"

    @property
    def meaning(self) -> str:
        """Why an execution report was sent: a code of ExecType(150), or status, bust, correct, fill."""
        if self.type != "8":
            return self.type
        transaction, reason, state = self.fields.get(20, "0"), self.fields.get(150), self.fields.get(39)
        for name, old, new in (("status", "3", "I"), ("bust", "1", "H"), ("correct", "2", "G")):
            if transaction == old or reason == new:
                return name
        if reason in ("F", "1", "2") or (
            reason is None and state in ("1", "2") and Decimal(self.fields.get(32, "0")) > 0
        ):
            return "fill"
        return str(reason or state)

    @property
    def quantity(self) -> Decimal:
        return Decimal(self.fields.get(38, "0"))

    @property
    def traded(self) -> tuple[Decimal, Decimal]:
        return Decimal(self.fields[32]), Decimal(self.fields[31])


@dataclass
class LogFile:
    key: str
    size: int
    messages: int = 0
    events: int = 0


class Replay:
    """The logs, read line by line."""

    def __init__(self, landing: Path) -> None:
        self.files = {}
        self.messages: list[Message] = []
        for path in sorted(path for path in landing.rglob("*") if path.is_file()):
            file = LogFile(path.relative_to(landing).as_posix(), path.stat().st_size)
            self.files[file.key] = file
            self.messages += self._read(path, file)
        self._mark_duplicates()
        self._name_symbols()
        self.firsts = [message for message in self.messages if not message.is_duplicate]
        self.trades = list(self._effective())
        self.latencies = list(self._latencies())

    @staticmethod
    def _read(path: Path, file: LogFile) -> Iterator[Message]:
        for line in path.read_bytes().splitlines():
            start = line.find(b"8=FIX")
            if start < 0:
                file.events += 1
                continue
            frame = line[start:]
            parser = simplefix.FixParser()
            parser.append_buffer(frame if b"\x01" in frame else frame.replace(b"|", b"\x01"))
            parsed = parser.get_message()
            fields: dict[int, str] = {}
            for tag, value in parsed.pairs:
                fields.setdefault(int(tag), value.decode("latin-1"))
            file.messages += 1
            yield Message(
                file.key, file.messages, fields, len(frame), *instant(line[:start]), *instant(fields[52].encode())
            )

    def _mark_duplicates(self) -> None:
        epochs: Counter[tuple[object, ...]] = Counter()
        seen: set[tuple[object, ...]] = set()
        for message in self.messages:
            series = (message.session, message.date, message.sender)
            number = int(message.fields[34])
            if message.type == "A" and not message.is_poss_dup and (number == 1 or message.fields.get(141) == "Y"):
                epochs[series] += 1
            place = (*series, epochs[series], number)
            message.is_duplicate = message.is_poss_dup and message.type != "4" and place in seen
            if message.type != "4":
                seen.add(place)

    def _name_symbols(self) -> None:
        names: dict[tuple[str, date, str], str] = {}
        sent: dict[tuple[str, date, str, str], Message] = {}
        for message in self.messages:
            sent[(message.session, message.date, message.sender, message.fields[34])] = message
            if 55 in message.fields and message.key[2]:
                names.setdefault(message.key, message.fields[55])
            referred = sent.get((message.session, message.date, message.target, message.fields.get(45, "")))
            message.symbol = (
                message.fields.get(55)
                or names.get(message.key)
                or (referred.symbol if message.type in "3j" and referred else "")
                or "(none)"
            )

    def _effective(self) -> Iterator[tuple[Message, Decimal, Decimal]]:
        """Fills that stand: each with the message that first reported it and what it comes to in the end."""
        trades: dict[tuple[str, date, str], list[Message]] = {}
        for message in self.firsts:
            if message.type == "8" and message.meaning in ("fill", "correct", "bust"):
                about = trades.get((message.session, message.date, message.fields.get(19, "")), [])
                about.append(message)
                trades[(message.session, message.date, message.fields[17])] = about
        for words in {id(words): words for words in trades.values()}.values():
            if words[-1].meaning != "bust":
                yield (words[0], *words[-1].traded)

    def _latencies(self) -> Iterator[Row]:
        answers: dict[tuple[str, date, str], list[Message]] = defaultdict(list)
        known = {message.key for message in self.firsts if message.type == "D"}
        for message in self.firsts:
            if message.type in "89" and message.meaning != "status":
                answers[message.key].append(message)
        for message in self.firsts:
            if message.is_poss_dup or message.meaning == "status":
                continue
            if message.type in "DFG":
                yield from self._round_trips(message, answers[message.key], known)
            elif message.type in "89" and (message.type == "8" or self._is_about(message, known)):
                yield self._interval(
                    message, "transit", "two_clocks", message.sent_at, message.logged_at, message.sent_digits
                )
                if 60 in message.fields:
                    started, digits = instant(message.fields[60].encode())
                    shortest = min(digits, message.sent_digits)
                    yield self._interval(message, "sender_internal", "sender", started, message.sent_at, shortest)

    def _round_trips(
        self, request: Message, answers: list[Message], known: set[tuple[str, date, str]]
    ) -> Iterator[Row]:
        for measure, (kind, meanings) in ANSWERS.items():
            if request.type != kind or not self._is_about(request, known):
                continue
            first = next((one for one in answers if one.meaning in meanings and one.number > request.number), None)
            if first is not None and not first.is_poss_dup:
                digits = min(request.logged_digits, first.logged_digits)
                yield self._interval(
                    request, measure, "logger", request.logged_at, first.logged_at, digits, first.sender
                )

    def _is_about(self, message: Message, known: set[tuple[str, date, str]]) -> bool:
        return message.type == "D" or not message.fields.get(41, "").startswith("OLD")

    @staticmethod
    def _interval(
        message: Message, measure: str, clocks: str, start: datetime, end: datetime, digits: int, by: str = ""
    ) -> Row:
        return {
            "message": message, "measure": measure, "clocks": clocks, "by": by,
            "us": microseconds(end - start) if digits >= 3 else None,
        }  # fmt: skip


@pytest.fixture(scope="session")
def replay(simulated_house: House) -> Replay:
    return Replay(simulated_house.workspace.landing.path)

"""The lines of the clean data sets: every message has a valid BodyLength(9) and CheckSum(10).

Invariant: the same seed gives the same lines. Text values hold ``=`` now and then, as real ones do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS, Dictionary, load_dictionary
from fix_transforms.simulate.wire import encode

SYMBOLS = ("AAPL", "MSFT", "EURUSD", "GBPUSD", "TSLA", "VOD.L", "ESZ4", "BRK.B")
ACCOUNTS = ("ACC001", "ACC002", "ACC003")
TEXTS = ("filled at the touch", "algo slice 3 of 12", "held: see desk")
#: One text in fifty says something with an equals sign.
TEXT_WITH_EQUALS = "reason=limit;source=risk"

WIDE_FIELDS = 350


def _time(number: int) -> str:
    seconds, millis = divmod(number, 1000)
    minutes, second = divmod(seconds, 60)
    return f"20240102-{8 + minutes // 60 % 10:02d}:{minutes % 60:02d}:{second:02d}.{millis:03d}"


def _line(time: str, begin: str, body: str) -> bytes:
    """A message as an engine writes it to its log: the clock, a colon, the bytes."""
    return b"%b : %b\n" % (time.encode("ascii"), encode(begin, body.replace("|", "\x01")))


def _text(rng: random.Random) -> str:
    return TEXT_WITH_EQUALS if rng.random() < 0.02 else rng.choice(TEXTS)


def small_lines(seed: int) -> Iterator[bytes]:
    """Order flow: NewOrderSingle and ExecutionReport of FIX.4.4, 28 different tags between them."""
    rng = random.Random(f"small/{seed}")
    number = 0
    while True:
        number += 1
        time = _time(number)
        symbol, account, side = rng.choice(SYMBOLS), rng.choice(ACCOUNTS), rng.choice("12")
        quantity, price = rng.randint(1, 9_999), f"{rng.randint(100, 999_999) / 100:.2f}"
        if rng.random() < 0.4:
            body = (
                f"35=D|49=DESK|56=VENUE|34={number}|52={time}|11=ORD{number}|1={account}|55={symbol}|54={side}|"
                f"38={quantity}|40=2|44={price}|59=0|60={time}|15=USD|58={_text(rng)}|"
            )
        else:
            last = rng.randint(1, quantity)
            body = (
                f"35=8|49=VENUE|56=DESK|34={number}|52={time}|37=O{number}|11=ORD{number}|17=E{number}|"
                f"150={rng.choice('0F48')}|39={rng.choice('0128')}|1={account}|55={symbol}|54={side}|38={quantity}|"
                f"44={price}|32={last}|31={price}|151={quantity - last}|14={last}|6={price}|60={time}|58={_text(rng)}|"
            )
        yield _line(time, "FIX.4.4", body)


# ---- wide messages ----


def _value_maker(dictionary: Dictionary, tag: int) -> Callable[[random.Random], str]:
    """How to make up a value that the field's type allows."""
    field = dictionary.fields[tag]
    codes = tuple(field.codes)
    if codes:
        return lambda rng: rng.choice(codes)
    if field.type in {"INT", "SEQNUM"}:
        return lambda rng: str(rng.randint(0, 99_999))
    if field.type in {"QTY", "AMT", "PRICE", "PRICEOFFSET", "FLOAT", "PERCENTAGE"}:
        return lambda rng: f"{rng.randint(0, 9_999_999) / 1000:.3f}"
    fixed = {
        "UTCTIMESTAMP": "20240102-09:30:00.123456",
        "LOCALMKTDATE": "20240103",
        "LOCALMKTTIME": "09:30:00",
        "TZTIMEONLY": "09:30:00+01",
        "MONTHYEAR": "202403",
        "CURRENCY": "USD",
        "COUNTRY": "US",
        "EXCHANGE": "XNYS",
        "BOOLEAN": "Y",
    }.get(field.type)
    if fixed is not None:
        return lambda rng: fixed
    return lambda rng: f"{rng.getrandbits(40):X}"


def wide_lines(seed: int) -> Iterator[bytes]:
    """ExecutionReports of FIX 5.0 SP2 with 350 fields each, no groups."""
    rng = random.Random(f"wide/{seed}")
    dictionary = load_dictionary("FIX.5.0SP2")
    layout = dictionary.layout("8")
    assert layout is not None
    no_plain_value = {*layout.groups, *DATA_LENGTH_TAGS, *DATA_LENGTH_TAGS.values()}
    first = (37, 11, 17, 150, 39, 1, 55, 54, 38, 40, 44, 32, 31, 151, 14, 6, 15, 59)
    header = 8 + len(("60", "10"))  # 8, 9, 35, 49, 56, 34, 52, 1128; 60 and 10 besides
    candidates = sorted(dictionary.messages["8"].members - no_plain_value - {*first, 58, 60})
    chosen = [*first, *candidates[: WIDE_FIELDS - header - len(first)]]
    makers = [(tag, _value_maker(dictionary, tag)) for tag in chosen]
    number = 0
    while True:
        number += 1
        time = _time(number)
        values = "".join([f"{tag}={make(rng)}|" for tag, make in makers])
        yield _line(time, "FIXT.1.1", f"35=8|49=VENUE|56=DESK|34={number}|52={time}|1128=9|{values}60={time}|")


# ---- groups ----


def market_data_lines(seed: int) -> Iterator[bytes]:
    """Snapshots (W) and increments (X) of FIX.4.4 with 5 to 50 entries."""
    rng = random.Random(f"market-data/{seed}")
    number = 0
    while True:
        number += 1
        time, count = _time(number), rng.randint(5, 50)
        is_snapshot = rng.random() < 0.3
        entries = []
        for entry in range(count):
            level = f"270={rng.randint(10_000, 99_999) / 100:.2f}|271={rng.randint(1, 500) * 100}|"
            if is_snapshot:
                entries.append(f"269={entry % 2}|{level}273={time[9:]}|290={entry // 2 + 1}|")
            else:
                entries.append(
                    f"279={rng.choice('012')}|269={rng.choice('01')}|278=M{rng.randint(1, 9999)}|"
                    f"55={rng.choice(SYMBOLS)}|{level}346={rng.randint(1, 40)}|"
                )
        head = f"35={'W' if is_snapshot else 'X'}|49=VENUE|56=DESK|34={number}|52={time}|262=MD{number % 100}|"
        symbol = f"55={rng.choice(SYMBOLS)}|" if is_snapshot else ""
        yield _line(time, "FIX.4.4", f"{head}{symbol}268={count}|{''.join(entries)}")


def _parties(rng: random.Random) -> str:
    """A block of parties, some with sub-ids: two levels."""
    parties = []
    for role in range(1, rng.randint(2, 4)):
        subs = rng.randint(0, 2)
        sub_ids = "".join([f"523=DESK{sub}|803={sub + 1}|" for sub in range(subs)])
        parties.append(f"448=FIRM{rng.randint(1, 60)}|447=D|452={role}|" + (f"802={subs}|{sub_ids}" if subs else ""))
    return f"453={len(parties)}|{''.join(parties)}"


def _nested_parties(rng: random.Random) -> str:
    subs = rng.randint(1, 2)
    sub_ids = "".join([f"545=TRADER{rng.randint(1, 9)}|805={sub + 1}|" for sub in range(subs)])
    return f"539=1|524=CLEAR{rng.randint(1, 9)}|525=D|538=4|804={subs}|{sub_ids}"


def _list_order(rng: random.Random, number: int, time: str) -> str:
    """NewOrderList: orders, allocations in them, parties in those, sub-ids in those."""
    orders = []
    count = rng.randint(1, 3)
    for order in range(count):
        allocations = "".join(
            [f"79={rng.choice(ACCOUNTS)}|80={rng.randint(1, 99)}|{_nested_parties(rng)}" for _ in range(2)]
        )
        orders.append(
            f"11=L{number}.{order}|67={order + 1}|78=2|{allocations}55={rng.choice(SYMBOLS)}|54=1|60={time}|"
            f"38={rng.randint(1, 999)}|40=1|"
        )
    return f"66=L{number}|394=1|68={count}|73={count}|{''.join(orders)}"


def _trade_report(rng: random.Random, number: int, time: str) -> str:
    """TradeCaptureReport: legs with nested parties, and two sides with parties and sub-ids."""
    legs = "".join(
        [f"600={rng.choice(SYMBOLS)}|624={leg + 1}|{_nested_parties(rng)}637={rng.randint(1, 99)}.5|" for leg in (0, 1)]
    )
    sides = "".join([f"54={side}|37=O{number}.{side}|{_parties(rng)}1={rng.choice(ACCOUNTS)}|" for side in (1, 2)])
    return (
        f"571=T{number}|487=0|570=N|55={rng.choice(SYMBOLS)}|32={rng.randint(1, 999)}|31={rng.randint(1, 9_999)}.25|"
        f"75=20240102|60={time}|555=2|{legs}552=2|{sides}"
    )


def deep_lines(seed: int) -> Iterator[bytes]:
    """Order lists and trade reports of FIX.4.4 whose groups nest three and four deep."""
    rng = random.Random(f"deep/{seed}")
    number = 0
    while True:
        number += 1
        time = _time(number)
        msg_type, body = ("E", _list_order) if rng.random() < 0.5 else ("AE", _trade_report)
        head = f"35={msg_type}|49=DESK|56=VENUE|34={number}|52={time}|"
        yield _line(time, "FIX.4.4", head + body(rng, number, time))

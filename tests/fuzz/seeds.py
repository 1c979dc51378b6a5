"""Lines that mutation starts from: simulated logs in every style, messages made to be nasty, and the test data.

Invariant: the same call gives the same lines, in the same order.
"""

from __future__ import annotations

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS
from fix_transforms.simulate import simulate

DATA = Path(__file__).resolve().parent.parent / "data"
SOH = b"\x01"

#: How logs spell SOH.
SPELLINGS = (
    b"|", b";", b"^", b"~", b"^A", b"<SOH>", b"[SOH]", b"\\x01", b"\\u0001", b"\\001", b"&#1;", b"&#x01;", b"#001", b" | ", b" ",
    b"\t", b"\xe2\x90\x81", b",", b"#", b"\x02",
)  # fmt: skip

#: Values that numbers, times, codes and texts are easily mistaken for.
NASTY_VALUES = (
    b"", b" ", b"0", b"-0", b"+1", b"1e9", b"NaN", b"1" * 40, b"0.00000000001", b".5", b"5.", b"-", b"1,000", b"0x10",
    b"20240230-25:61:61", b"20240102-23:59:60.999999999999", b"00000000-00:00:00", b"20240102", b"99991231-23:59:59.9",
    b"2024-01-02T09:30:00Z", b"Y", b"yes", b"\xe9", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"\x00", b"\xff\xfe",
    b"8=FIX.4.4", b"10=000", b"a=b", b"=", b"==", b"\x1b[31m", b"\xe2\x80\xae", b"***", b"554=x", b"\r", b"\x7f",
)  # fmt: skip


def wire(*pairs: tuple[int, bytes], begin: bytes = b"FIX.4.4") -> bytes:
    """A message with the right BodyLength and CheckSum."""
    body = b"".join(b"%d=%s\x01" % pair for pair in pairs)
    start = b"8=%s\x019=%d\x01" % (begin, len(body)) + body
    return start + b"10=%03d\x01" % (sum(start) % 256)


def seed_logs() -> list[list[bytes]]:
    """Logs as lists of lines, each with its line end."""
    logs = [data.read_bytes().splitlines(keepends=True) for data in sorted(DATA.glob("*.log"))]
    for seed, damage in ((1, 0.0), (2, 0.1)):
        for run in simulate(3_000, seed, damage).runs():
            logs += [file.content.splitlines(keepends=True) for file in run.files]
    return [log for log in logs if log] + [_nasty(), _groups(), _data(), _surroundings(), _spelled(), _contained()]


def _head(msg_type: bytes, number: int) -> tuple[tuple[int, bytes], ...]:
    return (35, msg_type), (34, b"%d" % number), (49, b"BUY"), (56, b"SELL"), (52, b"20240102-09:30:00.123456")


def _nasty() -> list[bytes]:
    order = ((11, b"A-1"), (55, b"MSFT"), (54, b"1"), (38, b"100"), (44, b"10.25"), (60, b"20240102-09:30:00"))
    values = [wire(*_head(b"D", 1), *order[:4], (44, value), (58, value)) for value in NASTY_VALUES]
    tags = [wire(*_head(b"D", 2), (tag, b"x")) for tag in (0, 1, 10, 35, 9, 8, 99999, 999999, 2**31 - 1, 2**31, 10**20)]
    begins = [
        wire(*_head(b"0", 3), begin=begin) for begin in (b"FIX.4.0", b"FIXT.1.1", b"FIX.9.9", b"FIX", b"FIX.5.0SP2")
    ]
    whole = wire(*_head(b"D", 4), *order)
    torn = [whole[:cut] for cut in range(3, len(whole), 7)]
    inside = [wire(*_head(b"B", 5), (58, b"see 8=FIX.4.4"), (212, b"%d" % len(whole)), (213, whole))]
    odd = [
        b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01" * 3, b"8=FIX.4.4\x0135=0\x0134=1\x0110=000\x01", b"8=FIX.4.4\x01",
        b"8=FIX.4.4\x019=99999999999999999999\x0135=0\x0110=000\x01", b"8=FIX.4.4\x019=0\x0110=000\x01", b"8=FIX",
        b"8=FIX.4.4\x019=5\x0135=0\x0110=1", b"10=000\x01", b"35=D\x0134=7\x01", b"18=FIX.4.4\x019=5\x0135=0\x0110=163\x01",
        whole.replace(b"35=D", b"035=D"), whole.replace(b"\x01", b"\x01\x01"), whole + whole, whole[:-1],
    ]  # fmt: skip
    logon = wire(*_head(b"A", 6), (98, b"0"), (108, b"30"), (553, b"someone"), (554, b"hush-hush"), (1137, b"9"))
    return [line + b"\n" for line in (*values, *tags, *begins, *torn, *inside, *odd, logon)]


def _groups() -> list[bytes]:
    party = ((448, b"FIRM"), (447, b"D"), (452, b"1"))
    nested = ((453, b"2"), *party, (802, b"2"), (523, b"a"), (803, b"1"), (523, b"b"), (803, b"2"), *party)
    entries = tuple(
        pair for number in range(5) for pair in ((269, b"%d" % (number % 2)), (270, b"10.5"), (271, b"100"))
    )
    found = [
        wire(*_head(b"8", 1), (37, b"O"), (150, b"F"), *nested),
        wire(*_head(b"8", 2), (37, b"O"), (453, b"1"), *party, *party),
        wire(*_head(b"8", 3), (37, b"O"), (453, b"9"), *party, (9999, b"own"), *party),
        wire(*_head(b"W", 4), (55, b"EUR/USD"), (268, b"5"), *entries),
        wire(*_head(b"X", 5), (268, b"2"), (279, b"0"), *entries[:3], (279, b"2"), *entries[3:6]),
        wire(*_head(b"j", 6), (453, b"0"), (453, b"-1"), (453, b"x"), *party),
        wire(*_head(b"8", 7), (1128, b"9"), (37, b"O"), *nested, begin=b"FIXT.1.1"),
    ]
    return [line + b"\n" for line in found]


def _data() -> list[bytes]:
    found = []
    for length_tag, data_tag in sorted(DATA_LENGTH_TAGS.items())[:6]:
        for content in (b"plain", b"a\x01b=c\x0110=000\x01", b"\n\r\n", b"8=FIX.4.4\x019=5\x01", bytes(range(256))):
            for length in (len(content), len(content) - 1, len(content) + 1, 0):
                pairs = (*_head(b"B", 1), (length_tag, b"%d" % length), (data_tag, content), (58, b"after"))
                found.append(wire(*pairs) + b"\n")
    return found


def _surroundings() -> list[bytes]:
    message = wire(*_head(b"0", 1))
    piped = message.replace(SOH, b"|")
    return [
        b"20240102-09:30:00.123456 : " + message + b"\n", b"2024-01-02 09:30:00,123 INFO incoming " + message + b"\r\n",
        b"<20240102-09:30:00, FIX.4.4:BUY->SELL, incoming>\n  (" + message + b")\n", b"Sent: " + piped + b" to venue\n",
        b'{"time":"2024-01-02T09:30:00Z","fix":"' + piped + b'"}\n', b"1704187800123456789 << " + message + b"\n",
        message + b" " + message + b"," + piped + b"\n", b"\x00\x00" + message + b"\x00\n", b"\xef\xbb\xbf" + message + b"\n",
        b"Session FIX.4.4:BUY->SELL created\n", b"Disconnected: 8=FIX expected\n", b"\n", b"\r\n", b"   \n", b"-----\n",
        b"Password(554)=hush-hush\n", b"\xff\xd8\xff\xe0 binary \x00\x01\x02\x03\x04\x05\n", b"x" * 300 + b"\n",
        message.replace(b"34=1", b"34=1\n"), message[:20] + b"\n" + message[20:] + b"\n", piped.replace(b"|", b"|\n") + b"\n",
    ]  # fmt: skip


def _spelled() -> list[bytes]:
    message = wire(*_head(b"D", 1), (11, b"A|1"), (58, b"a b"), (554, b"hush"), (453, b"1"), (448, b"F"), (452, b"1"))
    return [message.replace(SOH, spelling) + b"\n" for spelling in SPELLINGS]


def _contained() -> list[bytes]:
    text = (58, 'M&M "x" <1> \\ \u00fc\U0001f600'.encode())
    order = wire(*_head(b"D", 1), (11, b"A-1"), text, (554, b'hu"sh'), (38, b"100"))
    around = wire(*_head(b"n", 2), (212, b"%d" % len(order)), (213, order), text)
    found = []
    for message in (order, around):
        for delimiter in ("\x01", "|", "^A"):
            plain = message.decode().replace("\x01", delimiter)
            inner, quoted = json.dumps({"msg": plain}), plain.replace('"', '""')
            found += [inner, json.dumps({"log": inner}), f'1,"{quoted}",OUT', f"<m n='1' v={quoteattr(plain)}/>"]
    return [line.encode() + b"\n" for line in found]

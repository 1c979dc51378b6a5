"""Inputs made of seeds by small damages, one after the other.

Invariant: what comes out depends on the seed of the random numbers alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from tests.fuzz.seeds import NASTY_VALUES, SOH, SPELLINGS

#: Longest input: small ones reach as much code and take less time.
MAX_BYTES = 6_000

_TOKENS = (
    b"\x01", b"|", b"=", b"\n", b"\r\n", b"\r", b"\x00", b"\xff", b" ", b"8=FIX.4.4\x01", b"8=FIX", b"8=FIX.4.4|9=", b"9=", b"10=",
    b"\x0110=000\x01", b"|10=000|", b"\x0195=5\x0196=", b"\x01554=", b"\x01453=2\x01", b"\x01269=0\x01", b"^A", b"\\x01", b"<SOH>",
    b"\xc3", b"\xe2\x90\x81", b"0", b"9", b"35=", b"\x01", b"12:00:00", b"20240102-", b"<", b">", b"(", b'"', b"\x1b[0m",
)  # fmt: skip
_MESSAGE = re.compile(
    rb"8=FIX[^\x01|;\n]{0,20}(?P<d>[\x01|;^~])9=(?P<length>[0-9]{0,9})(?P=d)(?P<body>.*?(?P=d))10=[0-9]{3}", re.DOTALL
)
_LENGTH = re.compile(rb"(?<![0-9])9=[0-9]{0,6}")
_CHECKSUM = re.compile(rb"(?<![0-9])10=[0-9]{0,3}")
_FIELD = re.compile(rb"[0-9]{1,6}=[^\x01|;^~=\n]{0,60}")
_LINE_ENDS = (b"", b"\n", b"\r\n", b"\r", b"\n\n", b"\x00\n", b" \n", b"\n ")


class Mutator:
    """Makes inputs.

    Args:
        logs: Lists of lines to start from.
        rng: Decides everything.
    """

    def __init__(self, logs: Sequence[Sequence[bytes]], rng: random.Random) -> None:
        self._logs = logs
        self._rng = rng
        self._kinds: tuple[Callable[[bytes], bytes], ...] = (
            self._flip, self._insert, self._delete, self._duplicate, self._truncate, self._splice, self._respell,
            self._relength, self._rechecksum, self._end_lines, self._break_line, self._change_field, self._move_field,
            self._insert, self._change_field,
        )  # fmt: skip

    def next(self) -> bytes:
        """The next input: one to five lines, damaged up to six times, or not at all."""
        rng = self._rng
        content = self._lines()
        for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 4, 6))):
            content = rng.choice(self._kinds)(content)
        if rng.random() < 0.4:
            content = repaired(content, lengths=rng.random() < 0.7)
        return content[:MAX_BYTES]

    def _lines(self) -> bytes:
        log = self._rng.choice(self._logs)
        start = self._rng.randrange(len(log))
        return b"".join(log[start : start + self._rng.randint(1, 5)])

    def _place(self, content: bytes) -> int:
        return self._rng.randint(0, len(content))

    def _stretch(self, content: bytes, longest: int = 80) -> tuple[int, int]:
        start = self._place(content)
        return start, min(len(content), start + self._rng.randint(1, longest))

    # ---- the kinds of damage ----

    def _flip(self, content: bytes) -> bytes:
        damaged = bytearray(content)
        for _ in range(self._rng.randint(1, 4) if damaged else 0):
            damaged[self._rng.randrange(len(damaged))] ^= 1 << self._rng.randrange(8)
        return bytes(damaged)

    def _insert(self, content: bytes) -> bytes:
        at, rng = self._place(content), self._rng
        token = rng.choice(_TOKENS) if rng.random() < 0.8 else rng.randbytes(rng.randint(1, 12))
        return content[:at] + token + content[at:]

    def _delete(self, content: bytes) -> bytes:
        start, end = self._stretch(content)
        return content[:start] + content[end:]

    def _duplicate(self, content: bytes) -> bytes:
        start, end = self._stretch(content, 400)
        return content[:end] + content[start:end] * self._rng.randint(1, 3) + content[end:]

    def _truncate(self, content: bytes) -> bytes:
        at = self._place(content)
        return content[:at] if self._rng.random() < 0.7 else content[at:]

    def _splice(self, content: bytes) -> bytes:
        other = self._lines()
        return content[: self._place(content)] + other[self._place(other) :]

    def _respell(self, content: bytes) -> bytes:
        rng = self._rng
        spelling, now = rng.choice(SPELLINGS), SOH if SOH in content else b"|"
        if rng.random() < 0.7:
            return content.replace(now, spelling)
        start, end = self._stretch(content, 200)
        return content[:start] + content[start:end].replace(now, spelling) + content[end:]

    def _relength(self, content: bytes) -> bytes:
        rng = self._rng
        length = rng.choice((0, 1, 5, rng.randint(0, 400), rng.randint(0, 99_999), 10**9, 2**31, 2**63, 10**17))
        return _LENGTH.sub(b"9=%d" % length, content, count=rng.choice((0, 1)))

    def _rechecksum(self, content: bytes) -> bytes:
        rng = self._rng
        value = rng.choice((b"000", b"%03d" % rng.randint(0, 999), b"%d" % rng.randint(0, 99), b"", b"***", b"256"))
        return _CHECKSUM.sub(b"10=" + value, content, count=rng.choice((0, 1)))

    def _end_lines(self, content: bytes) -> bytes:
        return content.replace(b"\n", self._rng.choice(_LINE_ENDS))

    def _break_line(self, content: bytes) -> bytes:
        at = self._place(content)
        return content[:at] + self._rng.choice(_LINE_ENDS) + content[at:]

    def _change_field(self, content: bytes) -> bytes:
        found = self._field(content)
        if found is None:
            return content
        tag, _, value = found.group().partition(b"=")
        rng = self._rng
        if rng.random() < 0.5:
            value = rng.choice(NASTY_VALUES)
        else:
            tag = b"%d" % rng.choice(
                (1, 10, 35, 95, 96, 34, 453, 802, 268, 146, 554, 1128, 1137, 9999, rng.randint(0, 50_000))
            )
        return content[: found.start()] + tag + b"=" + value + content[found.end() :]

    def _move_field(self, content: bytes) -> bytes:
        found = self._field(content)
        if found is None:
            return content
        without = content[: found.start()] + content[found.end() + 1 :]
        at = self._place(without)
        return without[:at] + found.group() + self._rng.choice((b"\x01", b"|", b"")) + without[at:]

    def _field(self, content: bytes) -> re.Match[bytes] | None:
        return _FIELD.search(content, self._place(content)) or _FIELD.search(content)


def repaired(content: bytes, *, lengths: bool) -> bytes:
    """The content with CheckSum, and BodyLength on request, made right in every message that still looks like one."""

    def mend(found: re.Match[bytes]) -> bytes:
        delimiter, body = found["d"], found["body"]
        head = found.group()[: found.start("length") - found.start()]
        length = b"%d" % len(body) if lengths else found["length"]
        start = head + length + delimiter + body
        return start + b"10=%03d" % (sum(start.replace(delimiter, SOH)) % 256)

    return _MESSAGE.sub(mend, content)

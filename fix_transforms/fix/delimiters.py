"""How a log spells SOH, and the start of a message that gives it away.

Invariant: ``HEADER`` matches only where ``8=FIX…`` is followed by a delimiter and another field, so that a
mention of ``8=FIX`` in prose is never taken for a message.
"""

from __future__ import annotations

import re
from functools import lru_cache

SOH = b"\x01"

#: What people and tools write for SOH when it takes more than one byte; matched before single bytes.
SPELLED_OUT = (
    rb"\\x01", rb"\\u0001", rb"\\001", rb"\^A", rb"<SOH>", rb"\[SOH\]", rb"&#x0?1;", rb"&#0?1;", rb"\xe2\x90\x81", rb" \| ",
)  # fmt: skip
#: Single bytes that stand for SOH: not a digit, letter, ``=``, ``.``, quote, bracket, backslash or line end.
SINGLE = rb"[\x01-\x08\x0b\x0c\x0e-\x1f \t!#$%&*+,/:;@^_`|~]"

DELIMITER = b"(?:" + b"|".join(SPELLED_OUT) + b"|" + SINGLE + b")"

#: BeginString(8), the delimiter, and BodyLength(9); or any other field, when BodyLength is missing.
_BEGIN = rb"8=(?P<begin>FIX[A-Za-z0-9.]{0,16})"
_NEXT_FIELD = (
    rb"(?P<delimiter>" + DELIMITER + rb")(?:9=(?P<length>[0-9]{1,18})(?P=delimiter)|(?=[1-9][0-9]{0,5}=)(?!8=))"
)
_CUT = rb"(?:" + DELIMITER + rb"(?:9(?:=[0-9]{0,18})?)?)?\r?\n(?=[^\r\n])"
HEADER = re.compile(_BEGIN + _NEXT_FIELD)

#: A header, or one that a line break cuts: then it has no delimiter group.
HEADER_OR_CUT = re.compile(_BEGIN + rb"(?:" + _NEXT_FIELD + rb"|" + _CUT + rb")")

#: The longest header there can be: how much must be in the buffer to judge a candidate.
HEADER_BYTES = 64

_NAMES = {SOH: "SOH", b" ": "space", b"\t": "tab", b" | ": "|"}


def delimiter_name(delimiter: bytes) -> str:
    """The delimiter as the ``delimiter`` column shows it: ``SOH``, ``|``, ``^A``, ``space`` and so on."""
    name = _NAMES.get(delimiter)
    if name is None:
        text = delimiter.decode("utf-8", "backslashreplace")
        name = text if text.isprintable() else f"0x{delimiter.hex()}"
    return name


@lru_cache(maxsize=64)
def checksum_pattern(delimiter: bytes, *, is_last: bool) -> re.Pattern[bytes]:
    """CheckSum(10) with the delimiter before it and, where it was written, the one after it.

    Logs without the last delimiter end at a blank, a bracket, a quote or the end of the line.

    Args:
        delimiter: How the log spells SOH.
        is_last: Whether no field may follow: a plausible end, where BodyLength does not tell.
    """
    spelled = re.escape(delimiter)
    pattern = spelled + rb"10=(?P<value>[0-9]{1,3}|[*Xx?]{1,3})(?P<end>" + spelled + rb"|(?=[\s\x00\"')\]}>,<;|])|\Z)"
    return re.compile(pattern + rb"(?!(?!8=FIX)[1-9][0-9]{0,5}=)" if is_last else pattern)


@lru_cache(maxsize=64)
def _field_start(delimiter: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(delimiter) + rb"(?=[0-9]{1,6}=|\Z)")


def restore_at_fields(raw: bytes, delimiter: bytes) -> bytes:
    """Put SOH back where a field starts, so that a delimiter inside a value stays what it is."""
    if len(delimiter) > 1:
        return raw.replace(delimiter, SOH)
    return _field_start(delimiter).sub(SOH, raw)


def restore_everywhere(raw: bytes, delimiter: bytes) -> bytes:
    """Put SOH back wherever the delimiter stands: right when data fields held SOH."""
    return raw.replace(delimiter, SOH)


def raw_index(buffer: bytes, start: int, length: int, delimiter: bytes, ceiling: int) -> int:
    """Where ``length`` restored bytes after ``start`` end in a log that may spell SOH with more than one byte.

    Args:
        buffer: The bytes at hand.
        start: Where to count from.
        length: Bytes to count, a delimiter being one.
        delimiter: How the log spells SOH.
        ceiling: Where to give up: past it, the answer is only known to be beyond.
    """
    width = len(delimiter)
    if width == 1:
        return start + length
    while length > 0 and start <= ceiling:
        found = buffer.find(delimiter, start, start + length + width - 1)
        if found < 0:
            break
        length -= found - start + 1
        start = found + width
    return start + length

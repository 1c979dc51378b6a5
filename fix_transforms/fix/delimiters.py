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
    rb"\\x01", rb"\\u0001", rb"\\001", rb"\^A", rb"<SOH>", rb"\[SOH\]", rb"&#x0?1;", rb"&#0?1;", rb"#001", rb"\xe2\x90\x81",
    rb" \| ",
)  # fmt: skip
#: Single bytes that stand for SOH: not a digit, letter, ``=``, ``.``, quote, bracket, backslash or line end.
SINGLE = rb"[\x01-\x08\x0b\x0c\x0e-\x1f \t!#$%&*+,/:;@^_`|~]"

DELIMITER = b"(?:" + b"|".join(SPELLED_OUT) + b"|" + SINGLE + b")"
#: Whatever else stands on both sides of BodyLength(9): ``, ``, ``\x1``, ``{SOH}``, ``☺``, the ``.`` of tcpdump; the
#: longest known is ``\u003cSOH\u003e``, which JSON that is safe in HTML has for ``<SOH>``.
_UNLISTED = rb"(?:\.|[^0-9A-Za-z.=\r\n][^=\r\n]{0,14}?)"

#: BeginString(8), the delimiter, and BodyLength(9); or any other field, when BodyLength is missing.
_BEGIN = rb"8=(?P<begin>FIX[A-Za-z0-9.]{0,16})"
_FIELD = rb"[1-9][0-9]{0,5}="
_NEXT_FIELD = (
    rb"(?P<delimiter>" + DELIMITER + rb"(?=" + _FIELD + rb")"
    rb"|(?P<unlisted>" + _UNLISTED + rb")(?=9=[0-9]{1,18}(?P=unlisted)" + _FIELD + rb"))"
    rb"(?:9=(?P<length>[0-9]{1,18})(?P=delimiter)|(?=" + _FIELD + rb")(?!8=))"
)
_CUT = rb"(?:" + DELIMITER + rb"(?:9(?:=[0-9]{0,18})?)?)?\r?\n(?=[^\r\n])"
HEADER = re.compile(_BEGIN + _NEXT_FIELD)

#: A header, or one that a line break cuts: then it has no delimiter group.
HEADER_OR_CUT = re.compile(_BEGIN + rb"(?:" + _NEXT_FIELD + rb"|" + _CUT + rb")")

#: The longest header there can be: how much must be in the buffer to judge a candidate.
HEADER_BYTES = 96

#: A tag of six digits and its equals sign.
_TAG_BYTES = 7

#: CheckSum(10) as it may be written; of one that was torn off, the next message's ``8`` is no digit.
_CHECKSUM = rb"(?:(?!8=FIX)[0-9]){1,3}|[*Xx?]{1,3}"
#: What ends CheckSum(10) where the delimiter after it was not written.
_NO_VALUE = rb"(?=[^0-9A-Za-z.]|\.(?![0-9])|8=FIX)|\Z"

_NAMES = {SOH: "SOH", b" ": "space", b"\t": "tab", b" | ": "|", b"\n": "LF", b"\r\n": "CRLF"}


def delimiter_name(delimiter: bytes) -> str:
    """The delimiter as the ``delimiter`` column shows it: ``SOH``, ``|``, ``^A``, ``space`` and so on."""
    name = _NAMES.get(delimiter)
    if name is None:
        text = delimiter.decode("utf-8", "backslashreplace")
        name = text if text.isprintable() else f"0x{delimiter.hex()}"
    return name


def is_padded(delimiter: bytes) -> bool:
    """Whether people wrote blanks around the delimiter."""
    return len(delimiter) > 1 and delimiter.strip(b" \t") != delimiter


def is_ambiguous(delimiter: bytes) -> bool:
    """Whether the delimiter may well occur inside a value: one byte, or padded; nobody writes ``^A`` or ``<SOH>``."""
    return len(delimiter) == 1 or is_padded(delimiter)


def _loose(delimiter: bytes) -> bytes:
    """A pattern of the delimiter with or without its padding, which comes and goes where people type it."""
    core = delimiter.strip(b" \t")
    if not is_padded(delimiter) or core in (b"", b","):  # ", " has commas inside values
        return re.escape(delimiter)
    return rb"[ ]{0,2}" + re.escape(core) + rb"[ ]{0,2}"


@lru_cache(maxsize=64)
def checksum_pattern(delimiter: bytes, *, is_last: bool, opens_line: bool = False) -> re.Pattern[bytes]:
    """CheckSum(10) with the delimiter before it and, where it was written, the one after it.

    Logs without the last delimiter end at anything that cannot be a value's next character, or at a message.

    Args:
        delimiter: How the log spells SOH.
        is_last: Whether no field may follow: a plausible end, where BodyLength does not tell.
        opens_line: Whether the start of what is searched counts as a delimiter.
    """
    spelled = _loose(delimiter)
    before = rb"(?:" + spelled + (rb"|\A" if opens_line else b"") + rb")"
    pattern = before + rb"10=(?P<value>" + _CHECKSUM + rb")(?P<end>" + spelled + rb"|" + _NO_VALUE + rb")"
    return re.compile(pattern + rb"(?!(?:" + spelled + rb")?(?!8=FIX)" + _FIELD + rb")" if is_last else pattern)


@lru_cache(maxsize=64)
def _field_start(spelled: bytes, *, counts: bool = False) -> re.Pattern[bytes]:
    return re.compile(spelled + (rb"(?=[0-9]{1,6}=|[\r\n])" if counts else rb"(?=[0-9]{1,6}=|\Z)"))


def restore_at_fields(raw: bytes, delimiter: bytes) -> bytes:
    """Put SOH back where a field starts, so that a delimiter inside a value stays what it is."""
    if not is_ambiguous(delimiter):
        return raw.replace(delimiter, SOH)
    return _field_start(re.escape(delimiter)).sub(SOH, raw)


def restore_loosely(raw: bytes, delimiter: bytes) -> bytes:
    """Put SOH back where a field starts, whether or not the padding of the delimiter was written there."""
    return _field_start(_loose(delimiter)).sub(SOH, raw)


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
    if is_padded(delimiter):
        return _padded_index(buffer, start, length, delimiter, ceiling)
    while length > 0 and start <= ceiling:
        found = buffer.find(delimiter, start, start + length + width - 1)
        if found < 0:
            break
        length -= found - start + 1
        start = found + width
    return start + length


def _padded_index(buffer: bytes, start: int, length: int, delimiter: bytes, ceiling: int) -> int:
    pattern = _field_start(re.escape(delimiter), counts=True)
    while length > 0 and start <= ceiling:
        found = pattern.search(buffer, start, start + length + len(delimiter) + _TAG_BYTES)
        if found is None or found.start() - start >= length:
            break
        length -= found.start() - start + 1
        start = found.end()
    return start + length

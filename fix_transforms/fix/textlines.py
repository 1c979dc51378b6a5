"""What a stretch of text that is no message is: a log event, or one of the reasons for quarantine.

Invariant: a line that holds FIX fields is never shelved as an engine's remark, and an engine's remark is never
quarantined because it mentions FIX.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fix_transforms.fix.segments import Reason

#: What pads and ends lines without saying anything.
BLANKS = b" \t\r\n\x00\x0b\x0c"

_FIELD = rb"(?:^|[^0-9A-Za-z.]|\\x0?1|\\u0001|[\\#]001|%01|\^A)[1-9][0-9]{0,4}=[^=\x01|;^~\\<&\r\n]{0,256}"
#: A field before what can only be SOH, or two with a delimiter between them.
_FRAGMENT = re.compile(
    _FIELD
    + rb"(?:\x01|\\{1,3}(?:x0?1|u0001|001)|<SOH>|\[SOH\]|&#x?0?1;|#001|\xe2\x90\x81|%01|(?:\||;|\^A?|~)[ ]?[1-9][0-9]{0,4}=)"
    rb"|^[^=]{0,64}(?:^|[^0-9A-Za-z])10=[0-9]{3}[ ]?(?:\||;|\^A?|~|\\x01|\\u0001|[\\#]001|<SOH>)?\Z"
)
#: CheckSum(10) at the end of the line, after anything but a blank.
_ENDS_IN_CHECKSUM = re.compile(
    rb"(?:[^0-9A-Za-z. ]|,[ ]|\\x0?1|\\u0001|[\\#]001|%01)10=[0-9]{3}(?:[^=0-9A-Za-z]|\\x0?1|\\u0001|[\\#]001|%01|SOH){0,4}\Z"
)
#: What stands before a tag: where it is the same three times, it is a delimiter. A blank is none: prose has blanks.
_BEFORE_TAG = re.compile(rb"([^0-9A-Za-z=. ]|\\x1)[ ]?[1-9][0-9]{0,4}=")
_ENOUGH_TAGS = 3
_TORN_START = re.compile(rb"(?:\A|[^0-9])8=FIX[A-Za-z0-9.]*(?P<delimiter>[^0-9A-Za-z=.\s\"']{0,6})(?:9(?:=[0-9]*)?)?\Z")
_CLOCK = re.compile(rb"[0-9]:[0-9]{2}:[0-9]{2}")
#: Why a message is garbled whose SOH was dropped, or whose fields are strings in source code.
NO_DELIMITER = "no delimiter can be told: SOH was dropped, or the message is cut into strings"
#: A header that goes on to MsgType(35), and no delimiter that stays the same between them.
_NO_DELIMITER = re.compile(rb"8=FIX[^=]{1,24}9=[^=]{1,24}35=")
#: A header whose equals signs are escaped: in a URL, quoted-printable, JSON that is safe in HTML, markup.
_ESCAPED_SIGN = rb"(?:%3[dD]|=3D|\\{1,3}u003[dD]|&#(?:61|[xX]3[dD]);|&equals;)"
_ESCAPED_HEADER = re.compile(rb"8" + _ESCAPED_SIGN + rb"FIX[A-Za-z0-9.]{0,16}.{1,16}?9" + _ESCAPED_SIGN + rb"[0-9]")
ESCAPED_SIGNS = "its equals signs are escaped, as in a URL or a mail"
#: A line of a hex dump: an offset, and eight bytes or more, alone or in pairs.
_HEX_DUMP = re.compile(rb"(?:0x)?[0-9a-fA-F]{4,8}[:h]?[ \t]{1,4}(?:(?:[0-9a-fA-F]{2}){1,2}[ \t:-]{1,3}){4,16}")
_HEX_DUMP_BYTES = 8
HEX_DUMP = "a hex dump; the bytes themselves are read, not a picture of them"
_CONTROL = bytes(code for code in range(32) if code not in b"\t\x01\x1b\r\n") + b"\x7f"
_HIGH = bytes(range(128, 256))

#: Most bytes of text after a message that may say nothing.
NOISE_BYTES = 4

#: Share of bytes that are no text, above which a stretch is binary.
BINARY_SHARE = 0.1
#: Share of bytes above 127 in text that is not UTF-8: Latin-1 prose has far fewer.
LATIN_SHARE = 0.3


def is_binary(text: bytes) -> bool:
    """Whether a stretch is no text: too many control characters, or too many bytes of no encoding."""
    if not text:
        return False
    control = len(text) - len(text.translate(None, _CONTROL))
    if control > len(text) * BINARY_SHARE:
        return True
    if text.isascii():
        return False
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(text) - 3 and error.reason == "unexpected end of data":
            return False
        high = len(text) - len(text.translate(None, _HIGH))
        return high > len(text) * LATIN_SHARE
    return False


def _is_hex_dump(text: bytes) -> bool:
    """Whether the text is a line of a hex dump whose column of characters shows fields."""
    found = _HEX_DUMP.match(text) if b"=" in text else None
    return found is not None and len(found.group().translate(None, b" \t:-")) >= 4 + 2 * _HEX_DUMP_BYTES


def holds_fields(text: bytes) -> bool:
    """Whether there are FIX fields in the text: two, one that ends in SOH, or three with any delimiter."""
    if b"=" not in text:
        return False
    if _FRAGMENT.search(text) or _ENDS_IN_CHECKSUM.search(text):
        return True
    delimiters: Counter[bytes] = Counter(_BEFORE_TAG.findall(text))
    return any(count >= _ENOUGH_TAGS for count in delimiters.values())


def stops_in_header(text: bytes, *, ends_input: bool = False) -> bool:
    """Whether a message starts in the text and stops before its first field after BodyLength(9).

    A mention of ``8=FIX`` in prose is none, unless the input ends with it.
    """
    torn = _TORN_START.search(text) if b"8=FIX" in text else None
    return torn is not None and bool(ends_input or torn["delimiter"] or torn.start() == 0 or _CLOCK.search(text))


def classify(head: bytes, length: int, limit: int, *, ends_input: bool = False) -> tuple[Reason | None, str]:
    """Judge a stretch of text by its first bytes.

    Args:
        head: Its first bytes.
        length: How long the whole stretch is.
        limit: Longest line.
        ends_input: Whether the input ends with it, in the middle of a line.

    Returns:
        The reason for quarantine with its detail, or no reason for a log event.
    """
    if is_binary(head):
        return "binary", "bytes that are no text"
    if length > limit:
        return "too_long", f"{length} bytes without a message, at most {limit} expected"
    if _is_hex_dump(head):
        return "binary", HEX_DUMP
    if stops_in_header(head, ends_input=ends_input):
        return "truncated", "a message ends inside its header"
    if b"8=FIX" in head and _NO_DELIMITER.search(head):
        return "garbled", NO_DELIMITER
    if b"FIX" in head and _ESCAPED_HEADER.search(head):
        return "garbled", ESCAPED_SIGNS
    if holds_fields(head):
        return "fragment", "FIX fields without BeginString(8) and CheckSum(10) around them"
    return None, ""


def says_nothing(text: bytes) -> bool:
    """Whether text after a message only closes what was opened before it: a bracket, a quote, a comma."""
    return len(text) <= NOISE_BYTES and text.isascii() and not any(byte in b"=" or chr(byte).isalnum() for byte in text)

"""Trust in a message: its CheckSum(10) and BodyLength(9), judged over the restored bytes.

Invariant: a checksum is ``bad`` only when the bytes are those that were sent. Where the log itself masked,
transcoded or dropped something, it is ``not_verifiable``. ``000`` is a checksum like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fix_transforms.fix.segments import ChecksumStatus

_MASKED_AT_SOURCE = re.compile(rb"=[*]{3,}\x01|\x01(?:553|554|925|1402|1404|89|91|96)=(?:[*]+|[xX]{3,})\x01")


def checksum_of(body: bytes) -> int:
    """CheckSum(10) of everything before the field itself: the sum of the octets, modulo 256."""
    return sum(body) & 0xFF


def judge_checksum(body: bytes, written: bytes) -> ChecksumStatus:
    """Compare the checksum as written with the octets before it.

    Args:
        body: The restored message up to and including the SOH before ``10=``.
        written: The value of CheckSum(10), three digits if it is well formed.
    """
    if len(written) == 3 and written.isdigit():
        if checksum_of(body) == int(written):
            return "ok"
    elif not written.isdigit():
        return "not_verifiable"
    if _MASKED_AT_SOURCE.search(body) or _is_transcoded(body, written):
        return "not_verifiable"
    return "bad"


def _is_transcoded(body: bytes, written: bytes) -> bool:
    """Whether the log was turned from Latin-1 into UTF-8: then the octets that were sent do add up."""
    if body.isascii() or not written.isdigit():
        return False
    try:
        sent = body.decode("utf-8").encode("latin-1")
    except UnicodeError:
        return False
    return checksum_of(sent) == int(written)

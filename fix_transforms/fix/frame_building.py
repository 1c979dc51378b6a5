"""A message between its header and its CheckSum(10): SOH put back, checksum and length judged.

Invariant: of two readings of a delimiter that also stands inside values, the one whose octets add up is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.fix.checksums import judge_checksum
from fix_transforms.fix.delimiters import (
    SOH,
    is_ambiguous,
    is_padded,
    restore_at_fields,
    restore_everywhere,
    restore_loosely,
)
from fix_transforms.fix.segments import Frame

if TYPE_CHECKING:
    import re

    from fix_transforms.fix.segments import ChecksumStatus, Framing


def build_frame(buffer: bytes, start: int, head: re.Match[bytes], closing: re.Match[bytes], framing: Framing) -> Frame:
    """The message from ``start`` to the end of ``closing``, as it was sent."""
    delimiter = head["delimiter"]
    value = closing["value"]
    raw = buffer[start : closing.start("value") - len(b"10=")]
    body, status = _restored(raw, delimiter, value)
    length_ok = None
    if head["length"] is not None:
        before = len(b"8=") + len(head["begin"]) + len(b"\x019=") + len(head["length"]) + len(SOH)
        length_ok = len(body) - before == int(head["length"])
    wire = b"".join((body, b"10=", value, SOH))
    return Frame(closing.end(), wire, delimiter, framing, status, length_ok)


def _restored(raw: bytes, delimiter: bytes, value: bytes) -> tuple[bytes, ChecksumStatus]:
    body = raw if delimiter == SOH else restore_at_fields(raw, delimiter)
    status = judge_checksum(body, value)
    if status != "bad" or delimiter == SOH:
        return body, status
    others = [restore_everywhere(raw, delimiter)] if is_ambiguous(delimiter) else []
    if is_padded(delimiter):
        others.append(restore_loosely(raw, delimiter))
    for other in others:
        if judge_checksum(other, value) == "ok":
            return other, "ok"
    return max((body, *others[1:]), key=lambda reading: reading.count(SOH)), status

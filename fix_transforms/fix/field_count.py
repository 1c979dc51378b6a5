"""Whether a message has more fields than it may, told without decoding it.

Invariant: a message with no more fields than the limit is never refused for them, unless a data field inside it
is itself written like that many fields; one with more always is. Time is linear, and mostly one count of a byte.
"""

from __future__ import annotations

import re
from itertools import islice

from fix_transforms.fix.delimiters import SOH

_FIELD_AFTER_ANOTHER = re.compile(SOH + rb"[0-9]+=")


def has_more_fields(wire: bytes, limit: int) -> bool:
    """Whether a framed message has more than ``limit`` fields."""
    if wire.count(SOH) <= limit:
        return False
    return next(islice(_FIELD_AFTER_ANOTHER.finditer(wire), limit - 1, None), None) is not None

"""A failing input made smaller for as long as it fails.

Invariant: what is returned fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def shrink(content: bytes, fails: Callable[[bytes], bool], seconds: float = 30.0) -> bytes:
    """Leave out ever smaller stretches while the rest still fails, greedily.

    Args:
        content: An input that fails.
        fails: Whether an input does.
        seconds: When to leave it at that.
    """
    deadline = time.monotonic() + seconds
    size = len(content) // 2
    while size > 0 and time.monotonic() < deadline:
        position, shrunk = 0, False
        while position < len(content) and time.monotonic() < deadline:
            rest = content[:position] + content[position + size :]
            if fails(rest):
                content, shrunk = rest, True
            else:
                position += size
        if not shrunk or size > len(content):
            size //= 2
    return content

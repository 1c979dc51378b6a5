"""One holder at a time of a lock file: a lock that the kernel drops when its holder dies.

Invariant: the lock is held by an open file, not by the file's existence, so that a holder that was killed never
blocks the next one and nothing has to be cleaned up.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fix_transforms.errors import BusyError


@contextmanager
def only_holder(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file.

    Args:
        path: The file; it stays when the lock is let go.
        what: What is at work, for the message.

    Raises:
        BusyError: Another process holds it.
    """
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise BusyError(
                f"another {what} is at work here",
                where=str(path),
                got=f"process {holder} holding the lock",
                expected="one at a time: wait for it, then try again",
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield

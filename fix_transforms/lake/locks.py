"""One maintenance job at a time: concurrent compactions are where delta-rs has duplicated rows.

Invariant: the lock goes when its holder dies. With a ledger it is an advisory lock of PostgreSQL and holds
for every machine that uses that ledger; without one it is a file of this home and holds for this machine only.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fix_transforms.errors import BusyError, StorageError
from fix_transforms.lake.ledger import Ledger

if TYPE_CHECKING:
    from fix_transforms.workspace import Workspace

LOCK_NAME = "maintain.lock"


@contextmanager
def maintenance_lock(workspace: Workspace) -> Iterator[None]:
    """Be the only maintenance job of this lake, or refuse at once.

    Raises:
        BusyError: Another job holds the lock.
        LedgerError: There is a ledger and it cannot be used.
        StorageError: The lock file cannot be made.
    """
    dsn = workspace.settings.ledger_dsn
    if dsn is None:
        with _file_lock(workspace.settings.home / LOCK_NAME):
            yield
        return
    number = int.from_bytes(hashlib.sha256(workspace.lake.uri.encode()).digest()[:8], "big", signed=True)
    with Ledger(dsn.get_secret_value()) as ledger:
        if not ledger.try_lock(number):
            raise _busy(workspace.lake.uri)
        yield  # the lock ends with the connection


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise StorageError("cannot be written", where=str(path), got=error.strerror) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(str(path)) from None
        yield


def _busy(where: str) -> BusyError:
    return BusyError("another maintenance job is at work", where=where, expected="one at a time: try again later")

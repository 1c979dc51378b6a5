"""The ingestion's side of the ledger: leases on the files it is about to read. Without a ledger, all are free.

Invariant: leases only spare work. Losing one, or two workers holding the same one, changes no row.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fix_transforms.lake.ledger import Ledger

if TYPE_CHECKING:
    from fix_transforms.lake.landing import LandedObject
    from fix_transforms.settings import Settings


class Leases:
    """What one worker holds."""

    def __init__(self, ledger: Ledger | None, seconds: int) -> None:
        self._ledger = ledger
        self._seconds = seconds
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held: set[str] = set()

    @classmethod
    @contextmanager
    def open(cls, settings: Settings) -> Iterator[Leases]:
        """Connect to the ledger, if there is one; what is still held at the end is given back.

        Raises:
            LedgerError: It cannot be reached.
        """
        if settings.ledger_dsn is None:
            yield cls(None, settings.lease_seconds)
            return
        with Ledger(settings.ledger_dsn.get_secret_value()) as ledger:
            leases = cls(ledger, settings.lease_seconds)
            try:
                yield leases
            except Exception as error:
                leases.fail(sorted(leases._held), f"{type(error).__name__}: {error}")
                raise
            leases.release(sorted(leases._held))

    def take(self, objects: Sequence[LandedObject]) -> list[LandedObject]:
        """Register objects and lease them; returns those that nobody else is reading."""
        if self._ledger is not None:
            self._ledger.register(objects)
        free = self.claim([landed.file_id for landed in objects])
        return [landed for landed in objects if landed.file_id in free]

    def claim(self, file_ids: Sequence[str]) -> frozenset[str]:
        """Lease files; returns those that are ours. A file that the ledger does not know is free."""
        if self._ledger is None:
            return frozenset(file_ids)
        ours = self._ledger.claim(file_ids, self._owner, self._seconds)
        self._held |= ours
        unknown = frozenset(file_ids) - self._ledger.known(file_ids)
        return ours | unknown

    def renew(self) -> None:
        """Let what is held run from now."""
        if self._ledger is not None:
            self._ledger.renew(sorted(self._held), self._owner, self._seconds)

    def complete(self, rows: Iterable[Mapping[str, Any]], delta_version: int) -> None:
        """Record files that Delta has."""
        done = list(rows)
        if self._ledger is not None:
            self._ledger.complete(done, delta_version)
        self._held -= {str(row["file_id"]) for row in done}

    def fail(self, file_ids: Sequence[str], error: str) -> None:
        """Give leases back after a failure."""
        if self._ledger is not None:
            self._ledger.fail(file_ids, self._owner, error)
        self._held -= set(file_ids)

    def release(self, file_ids: Sequence[str]) -> None:
        """Give leases back without having done anything."""
        if self._ledger is not None:
            self._ledger.release(file_ids, self._owner)
        self._held -= set(file_ids)

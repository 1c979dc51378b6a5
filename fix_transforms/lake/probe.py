"""Whether a store keeps the promise that commits rest on: of two conditional writes to one key, one wins.

Invariant: a store that passes let exactly one of several simultaneous create-only writes succeed, refused a
later one, and holds the winner's bytes. Some S3 look-alikes accept the condition and ignore it; on those,
two commits could take the same version and one would be lost, so the program must refuse to run.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from fix_transforms.errors import StorageError, UnsafeStoreError
from fix_transforms.lake.stores import open_store, storage_errors

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

    from fix_transforms.lake.locations import Location

#: Folder inside the lake that probes are written to; the ingester may delete there and nowhere else.
FOLDER = "_probe"
#: Writers that race for a key.
RACERS = 4
#: Races: one may by chance be won cleanly by a store that promises nothing.
ROUNDS = 3


def probe(location: Location) -> None:
    """Race conditional writes in the lake.

    Raises:
        UnsafeStoreError: Two writes to one key succeeded, or the loser's bytes are there.
        StorageError: The store cannot be written or read.
    """
    store = open_store(location)
    for _ in range(ROUNDS):
        key = f"{FOLDER}/{secrets.token_hex(12)}"
        try:
            _race(store, key, location.uri)
        finally:
            _clean_up(store, key)


def _race(store: LocalStore | S3Store, key: str, uri: str) -> None:
    import obstore

    start = threading.Barrier(RACERS)

    def write(racer: int) -> bool:
        start.wait()
        return _create(store, key, _content(racer), uri)

    with ThreadPoolExecutor(RACERS) as pool:
        won = [racer for racer, success in enumerate(pool.map(write, range(RACERS))) if success]
    if _create(store, key, b"late", uri):
        raise _unsafe(uri, "a write to an existing key succeeded")
    if len(won) > 1:
        raise _unsafe(uri, f"{len(won)} of {RACERS} simultaneous writes succeeded")
    with storage_errors("probe cannot be read", uri):
        found = bytes(obstore.get(store, key).bytes())
    # No winner at all: the answer to the winner was lost and its repetition refused. Its bytes are there.
    if found not in [_content(racer) for racer in (won or range(RACERS))]:
        raise _unsafe(uri, "the key holds what a refused write brought")


def _create(store: LocalStore | S3Store, key: str, content: bytes, uri: str) -> bool:
    import obstore
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    with storage_errors("probe cannot be written", uri):
        try:
            obstore.put(store, key, content, mode="create")
        except (AlreadyExistsError, PreconditionError):
            return False
    return True


def _content(racer: int) -> bytes:
    return f"racer {racer}".encode()


def _clean_up(store: LocalStore | S3Store, key: str) -> None:
    import obstore

    # A key that may not delete leaves a few bytes behind; that says nothing about the store.
    with contextlib.suppress(StorageError), storage_errors("probe cannot be removed", key):
        obstore.delete(store, key)


def _unsafe(uri: str, got: str) -> UnsafeStoreError:
    return UnsafeStoreError("the store ignores conditional writes", where=uri, got=got, expected="exactly one winner")

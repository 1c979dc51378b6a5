"""One run at a time in a home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.services.sole_holder import only_holder

LOCK_NAME = "run.lock"


@contextmanager
def only_run(home: Path) -> Iterator[None]:
    """Be the only run in this home, or refuse at once.

    Raises:
        BusyError: Another process is at it; the message says which.
    """
    home.mkdir(parents=True, exist_ok=True)
    with only_holder(home / LOCK_NAME, "run"):
        yield

"""Text files that readers may open at any time.

Invariant: at the path there is a whole text or what was there before, whoever dies while writing: it is written and
synced beside its place, under a hidden name, and renamed into it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put a text at a path, all of it or nothing; folders are made.

    Raises:
        OSError: The folder or the file cannot be written.
    """
    # A process of its own name: the pipeline and somebody at a terminal may write the same file at once.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

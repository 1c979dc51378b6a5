"""Files of the docs folder, by the path of a request.

Invariant: what is found is a regular file of a known kind inside the folder, reached without a symbolic link and
without a name that begins with a dot. What is read and what its tag says are of one and the same file, although the
pipeline replaces files at any time.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INDEX: Final = "index.html"

#: Suffix → media type of what is served; everything else is not.
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it was at one moment.

    Attributes:
        tag: Changes with the file, quoted as HTTP wants it.
        modified: Seconds since 1970.
    """

    content: bytes
    media_type: str
    tag: str
    modified: float


def is_folder(root: Path, path: str) -> bool:
    """Whether a path without a slash at its end leads to a folder that has an index."""
    return read(root, f"{path}/{INDEX}") is not None


def read(root: Path, path: str) -> Page | None:
    """The file at a path relative to the folder; nothing unless it may be served.

    Args:
        root: The folder. Need not exist.
        path: As in a URL, decoded.
    """
    names = path.split("/")
    media_type = KINDS.get(Path(names[-1]).suffix)
    if media_type is None or not all(map(_is_plain, names)):
        return None
    try:
        return _read(root, names, media_type)
    except (OSError, ValueError):
        return None


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and not any(char in "\\/\0" for char in name)


def _read(root: Path, names: list[str], media_type: str) -> Page | None:
    """Walk down from the folder, one name at a time, so that no link leads away at any step."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for number, name in enumerate(names, start=1):
            kind = os.O_NONBLOCK if number == len(names) else os.O_DIRECTORY
            below = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=here)
            os.close(here)
            here = below
        found = os.fstat(here)
        if not stat.S_ISREG(found.st_mode):
            return None
        with os.fdopen(here, "rb", closefd=False) as file:
            content = file.read()
    finally:
        os.close(here)
    tag = f'"{found.st_ino:x}-{found.st_mtime_ns:x}-{len(content):x}"'
    return Page(content, media_type, tag, found.st_mtime)

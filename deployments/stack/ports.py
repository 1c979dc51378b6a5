"""Ports of this machine: whether one is free, and who holds it if not.

Invariant: nothing is left listening, and nobody is asked anything.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from deployments.services.descendants import PROC

#: State of a listening socket in /proc/net/tcp.
LISTEN = "0A"


def is_free(address: str, port: int) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen()
        except OSError:
            return False
    return True


def holders(port: int) -> dict[int, str]:
    """Processes that listen on a port, as far as we may see: their ids and names."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    found = {}
    for folder in PROC.glob("[0-9]*/fd") if sockets else ():
        with suppress(OSError):
            if any(_target(link) in sockets for link in folder.iterdir()):
                found[int(folder.parent.name)] = (folder.parent / "comm").read_text(encoding="utf-8").strip()
    return found


def _target(link: Path) -> str:
    # A descriptor may be closed while we look.
    with suppress(OSError):
        return os.readlink(link)  # noqa: PTH115 (a socket is no path)
    return ""


def _listening(port: int) -> list[str]:
    """Inodes of the sockets that listen on a port, from the kernel's tables (proc(5))."""
    found = []
    for table in (PROC / "net" / "tcp", PROC / "net" / "tcp6"):
        with suppress(OSError):
            rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
            found += [row[9] for row in rows if row[3] == LISTEN and int(row[1].rpartition(":")[2], 16) == port]
    return found

"""Everything that would keep the stack from starting, found before anything is started, and said at once.

Invariant: each problem is said together with what solves it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deployments.services.postgres_server import ACCOUNT
from deployments.stack.layout import SCRIPTS, Layout
from deployments.stack.orphans import marked
from deployments.stack.ports import holders, is_free
from deployments.stack.services import SERVICES
from deployments.stack.tools import find_tools

#: How long a port may be held by what passes by: a service of ours that is ending, or a connection of somebody else's.
PASSING_SECONDS = 5.0
POLL_SECONDS = 0.2
#: Longest path of a Unix socket, less what supervisord puts behind it while it makes it.
LONGEST_SOCKET = 107 - len(".4194304")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is missing or in the way.

    Attributes:
        what: The problem.
        solution: A command, or what else to do.
    """

    what: str
    solution: str


def problems(layout: Layout) -> list[Problem]:
    """Everything that would keep the stack from starting."""
    return [*_missing_tools(layout), *_unusable_home(layout), *_taken_ports(layout)]


def _missing_tools(layout: Layout) -> Iterator[Problem]:
    for name, command in find_tools(layout.settings).missing().items():
        yield Problem(f"{name} is not installed", command)
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        yield Problem(
            "setpriv, by which PostgreSQL gives up root's rights, is not installed", "apt-get install util-linux"
        )
    scripts = [service.name for service in SERVICES if not (SCRIPTS / f"{service.name}.sh").is_file()]
    if scripts:
        yield Problem(f"there is no {', '.join(scripts)} in {SCRIPTS}", "run fixlake from a full source tree")


def _unusable_home(layout: Layout) -> Iterator[Problem]:
    if len(os.fsencode(layout.socket)) > LONGEST_SOCKET:
        yield Problem(
            f"the path of {layout.socket} is too long for a Unix socket",
            f"choose a home whose path has at most {LONGEST_SOCKET - len('/stack/supervisor.sock')} bytes: --home FOLDER",
        )
    closed = [folder for folder in layout.folder.parents if folder.exists() and not _may_be_entered(folder)]
    if os.geteuid() == 0 and closed:
        yield Problem(
            f"PostgreSQL does not run as root, and {ACCOUNT} may not enter {closed[-1]}",
            f"choose another home: --home /var/lib/fix-lakehouse, or: chmod o+x {closed[-1]}",
        )


def _may_be_entered(folder: Path) -> bool:
    found, account = folder.stat(), pwd.getpwnam(ACCOUNT)
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == account.pw_gid else stat.S_IXOTH))


def _taken_ports(layout: Layout) -> Iterator[Problem]:
    ports = layout.settings.ports
    wanted = Counter(ports.values())
    taken = _held_for_long(layout, [name for name, port in ports.items() if wanted[port] == 1])
    for name, port in ports.items():
        variable = f"FIXLAKE_{name.upper()}"
        if wanted[port] > 1:
            yield Problem(f"port {port} of {variable} is wanted more than once", f"choose another: {variable}=N")
        elif name in taken:
            who = ", ".join(f"{command} (process {pid})" for pid, command in holders(port).items()) or "somebody"
            yield Problem(
                f"port {port} on {_address(layout, name)} is held by {who}",
                f"stop it, or choose another port: {variable}=N",
            )


def _held_for_long(layout: Layout, names: Iterable[str]) -> list[str]:
    """Settings whose ports others hold, and go on holding.

    A process that ends gives up its memory first: for a moment its port is held by nobody that could be named.
    """
    deadline = time.monotonic() + PASSING_SECONDS
    while (held := [name for name in names if _is_held(layout, name)]) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        names = held
    return held


def _is_held(layout: Layout, name: str) -> bool:
    port = layout.settings.ports[name]
    return not is_free(_address(layout, name), port) and not _is_ours(layout, port)


def _address(layout: Layout, name: str) -> str:
    return "127.0.0.1" if name == "receiver_port" else layout.settings.publish_address


def _is_ours(layout: Layout, port: int) -> bool:
    """Whether a process of this very stack listens there."""
    return bool(holders(port).keys() & {process.pid for process in marked(layout)})

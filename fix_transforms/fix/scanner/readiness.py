"""Whether the compiled pass can start at once, and the process that compiles it meanwhile where it cannot.

Invariant: nobody waits for the compiler as long as another process can do its work: ``is_ready`` is true when compiled
code is at hand, or when it would never be without compiling it here. At most one process per machine compiles into a
folder, and at most one is started by this one, whatever becomes of it.
"""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from fix_transforms.fix.scanner.compiling import is_at_hand, kept_in
from fix_transforms.fix.scanner.passes import open_run, scan_block

if TYPE_CHECKING:
    from pathlib import Path

#: Locked by the process that compiles into the folder of this file, for as long as it lives.
LOCK_NAME: Final = "compiling.lock"

_LOW_PRIORITY = 10


def is_ready() -> bool:
    """Whether to start the compiled pass now; to be asked again later if not."""
    if _is_compiled():
        _compiler.reap()
        return True
    folder = kept_in(scan_block)
    if folder is None:  # what another process compiles, this one will not find
        return True
    return not _compiler.is_enough(folder)


def _is_compiled() -> bool:
    return is_at_hand(scan_block) and is_at_hand(open_run)


class _Compiler:
    """The process that this one has started, if it has."""

    def __init__(self) -> None:
        self._was_started = False
        self._pid: int | None = None

    def is_enough(self, folder: Path) -> bool:
        """Whether code is being compiled into the folder, by a process of ours or of others; starts one if not.

        A process of ours that has failed is enough, too: it would fail again, and the reference reads everything.
        """
        self.reap()
        if self._was_started:
            return True
        try:
            lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_compiled():  # by who had the lock until just now
                return False
            self._pid = _start(lock)
            self._was_started = True
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(lock)
        return True

    def reap(self) -> None:
        """Let go of the process if it has ended."""
        if self._pid is None:
            return
        try:
            ended, _ = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:  # somebody else has waited for it, or it is our parent's
            ended = self._pid
        if ended:
            self._pid = None


_compiler = _Compiler()


def _start(lock: int) -> int:
    """Start a process that compiles, out of the way of everybody.

    Args:
        lock: What it is to hold until it ends, however it ends: a lock goes with the last descriptor of it.

    Returns:
        Its id.

    Raises:
        OSError: It cannot be started.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise OSError("no interpreter to start")
    arguments = [sys.executable, "-P", "-m", __spec__.parent or ""]
    # It finds modules where this process does, whatever has been done to the path since.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)}
    output = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    actions = [(os.POSIX_SPAWN_DUP2, lock, 0), *output]
    # A group of its own: what a terminal sends to those in front does not reach it.
    pid = os.posix_spawn(sys.executable, arguments, environment, file_actions=actions, setpgroup=0)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _LOW_PRIORITY)
    return pid

"""What the services say, one or all of them, as it is written.

Invariant: files are only read, and one that is rotated away is followed into its successor.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deployments.stack.layout import Layout
from deployments.stack.services import refuse_unknown, start_order

POLL_SECONDS = 0.3
#: The supervisor's own log goes by this name.
SUPERVISOR = "supervisor"


def names() -> list[str]:
    """Everything that has a log."""
    return [*(service.name for service in start_order()), SUPERVISOR]


def print_logs(layout: Layout, services: Iterable[str], lines: int, follow: bool, say: Callable[[str], None]) -> None:
    """Print the last lines of logs, and, if wanted, what is added to them until interrupted.

    Args:
        layout: The stack.
        services: Which; all if empty.
        lines: How many of each.
        follow: Whether to go on.
        say: Told each line; of more than one service, with its name before it.

    Raises:
        ServiceError: There is no such service.
    """
    wanted = list(services) or names()
    refuse_unknown(wanted, names())
    width = max(map(len, wanted)) if len(wanted) > 1 else 0
    tails = [_Tail(layout.log(name), f"{name:{width}} | " if width else "") for name in wanted]
    for tail in tails:
        for line in tail.last(lines):
            say(line)
    while follow:
        for tail in tails:
            for line in tail.new():
                say(line)
        time.sleep(POLL_SECONDS)


@dataclass(slots=True)
class _Tail:
    """A log that is read from somewhere on."""

    path: Path
    prefix: str
    position: int = 0
    inode: int | None = None

    def last(self, lines: int) -> list[str]:
        return list(deque(self.new(), maxlen=lines))

    def new(self) -> list[str]:
        """Whole lines since the last call."""
        try:
            with self.path.open("rb") as file:
                inode = self.path.stat().st_ino
                if inode != self.inode:
                    self.inode, self.position = inode, 0
                file.seek(self.position)
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self.position += len(whole)
        return [self.prefix + line for line in whole.decode("utf-8", "replace").splitlines()]

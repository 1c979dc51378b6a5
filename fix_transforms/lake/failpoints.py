"""Named points at which a test may stop the program, as a crash would.

Invariant: without ``settings.failpoint`` nothing here does anything. A failpoint is written
``name[:kill|raise|delay]``: ``kill`` (the default) ends the process with SIGKILL, ``raise`` raises
``FailpointError`` and ``delay`` sleeps for a random moment; the name ``*`` stands for every point.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Final

from fix_transforms.errors import SettingsError

ACTIONS: Final = ("kill", "raise", "delay")
#: Longest random delay, in seconds.
MAX_DELAY: Final = 0.05


class FailpointError(Exception):
    """Error raised by a failpoint: it stands for any error of a library, so it is not one of ours."""


def parse_failpoint(text: str) -> tuple[str, str]:
    """Split into name and action.

    Raises:
        SettingsError: The action is none of ``ACTIONS``.
    """
    name, _, action = text.partition(":")
    if action not in ("", *ACTIONS):
        raise SettingsError("unknown action of a failpoint", where=name, got=action, expected=" or ".join(ACTIONS))
    return name, action or "kill"


def reach(point: str, failpoint: str | None) -> None:
    """Say that the program got to ``point``; does what ``failpoint`` asks for there.

    Raises:
        FailpointError: It asks for an error.
    """
    if failpoint is None:
        return
    name, action = parse_failpoint(failpoint)
    if name not in (point, "*"):
        return
    if action == "delay":
        time.sleep(random.uniform(0, MAX_DELAY))
    elif action == "raise":
        raise FailpointError(point)
    else:
        os.kill(os.getpid(), signal.SIGKILL)

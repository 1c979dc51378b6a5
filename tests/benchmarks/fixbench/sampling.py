"""A sampling profiler for one task: which line of our package each thread was in, how long.

Invariant: the times add up to the wall time of the task per thread that ran. A sample weighs as much as the time
since the one before, so that a compiled call that holds the interpreter is not lost.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType, TracebackType

_INTERVAL_SECONDS = 0.001
_SWITCH_SECONDS = 0.0005
_PACKAGE = f"{Path('fix_transforms') / 'fix'}/"

Line = tuple[str, str, int]


def _innermost(frame: FrameType | None) -> Line | None:
    """The innermost line of ours on a stack: module in ``fix/``, function, line number."""
    while frame is not None:
        name = frame.f_code.co_filename
        _, found, module = name.rpartition(_PACKAGE)
        if found:
            return module.removesuffix(".py"), frame.f_code.co_name, frame.f_lineno
        if name.endswith("fixbench/ours.py"):
            return "reading", frame.f_code.co_name, frame.f_lineno
        frame = frame.f_back
    return None


class Sampler:
    """Samples every other thread from ``with`` to its end."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._found: Counter[Line] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._switch = sys.getswitchinterval()

    def __enter__(self) -> Sampler:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.seconds = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self.seconds
        self._stop.set()
        self._thread.join()
        sys.setswitchinterval(self._switch)

    def lines(self) -> list[tuple[str, str, int, float]]:
        """Module, function, line and seconds, the longest first."""
        return [(*line, seconds) for line, seconds in self._found.most_common()]

    def _watch(self) -> None:
        own = threading.get_ident()
        before = time.perf_counter()
        while not self._stop.wait(_INTERVAL_SECONDS):
            now = time.perf_counter()
            frames = sys._current_frames()
            for thread, frame in frames.items():
                line = _innermost(frame) if thread != own else None
                if line is not None:
                    self._found[line] += now - before  # type: ignore[assignment]
            before = now

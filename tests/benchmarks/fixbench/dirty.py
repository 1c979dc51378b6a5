"""Lines of dirty logs: what the simulator's engines write, damaged, respelled and mixed into one stream.

Invariant: the same seed gives the same lines. The mix holds event lines, wrong checksums, torn writes, noise, two
line layouts and four spellings of SOH.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle

from fix_transforms.simulate import simulate

#: Messages of one simulation; a stream is as many of them as it takes.
_MESSAGES = 20_000
_DAMAGE = 0.03
_LONGEST_RUN = 40


def _respelled(lines: list[bytes], spelling: bytes) -> list[bytes]:
    return [line.replace(b"\x01", spelling) for line in lines]


def _logs(seed: int) -> list[list[bytes]]:
    """The lines of each log of one simulation; of the logs with SOH, one in two spells it another way."""
    files = [file for run in simulate(_MESSAGES, seed, _DAMAGE).runs() for file in run.files]
    logs = [file.content.splitlines(keepends=True) for file in files]
    spellings = cycle((b"\x01", b"^A", b"\x01", b";"))
    return [_respelled(lines, next(spellings)) if b"\x01" in lines[0] else lines for lines in logs if lines]


def dirty_lines(seed: int) -> Iterator[bytes]:
    """Runs of lines from every log of one simulation after another, as where several engines share a file."""
    rng = random.Random(f"dirty/{seed}")
    number = 0
    while True:
        left = [iter(lines) for lines in _logs(seed + number)]
        number += 1
        while left:
            log = rng.choice(left)
            for _ in range(rng.randint(1, _LONGEST_RUN)):
                line = next(log, None)
                if line is None:
                    left.remove(log)
                    break
                yield line

"""The work, cut into units that any process may do: mutate, check, and keep what fails.

Invariant: a unit depends on the seed of the run and its own number alone, so the same run finds the same failures
however many processes share it.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tests.fuzz.checking import Options, Outcome, check, random_options
from tests.fuzz.mutation import Mutator
from tests.fuzz.seeds import seed_logs
from tests.fuzz.shrinking import shrink

#: Inputs of one unit: most joined into a few streams, because a stream costs as much as many small inputs in one.
UNIT_INPUTS = 100
JOINED = 45
ALONE = UNIT_INPUTS - 2 * JOINED


@dataclass(frozen=True)
class Failure:
    """An input that something is wrong with.

    Attributes:
        name: Seed of the run, number of the unit and of the stream in it.
        content: The input, shrunk.
        options: How it was read.
        cut: Seed of the way it was cut up.
        error: What went wrong with the input as it was made.
    """

    name: str
    content: bytes
    options: Options
    cut: int | None
    error: str


@cache
def _logs() -> list[list[bytes]]:
    return seed_logs()


def run_unit(seed: int, number: int, seconds_to_shrink: float = 30.0) -> tuple[Outcome, list[Failure]]:
    """Do one unit of the run with this seed."""
    rng = random.Random(f"{seed}/{number}")
    outcome, failures = Outcome(inputs=UNIT_INPUTS), []
    for index, content in enumerate(_streams(Mutator(_logs(), rng), rng)):
        options = random_options(rng)
        cut = rng.getrandbits(32) if rng.random() < 0.4 else None
        try:
            outcome.add(check(content, options, cut))
        except Exception:
            error = traceback.format_exc()
            smallest = shrink(content, lambda shorter, how=(options, cut): fails(shorter, *how), seconds_to_shrink)
            failures.append(Failure(f"{seed}-{number}-{index}", smallest, options, cut, error))
    return outcome, failures


def _streams(mutator: Mutator, rng: random.Random) -> Sequence[bytes]:
    joined = [b"\n".join(mutator.next() for _ in range(JOINED)) + rng.choice((b"\n", b"")) for _ in range(2)]
    return [*joined, *(mutator.next() for _ in range(ALONE))]


def fails(content: bytes, options: Options, cut: int | None) -> bool:
    """Whether something is wrong with an input."""
    try:
        check(content, options, cut)
    except Exception:
        return True
    return False

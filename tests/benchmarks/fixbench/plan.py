"""How much is measured, how often, and what the results have to reach.

Invariant: a plan is all that decides sizes and rounds; the bars are stated here once, and the report quotes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MEGABYTE = 1_000_000

Tier = Literal["whole", "middle", "slow", "warm-up"]

#: Share of a data set that a contestant is given: a rate does not need a minute of the slowest.
TIER_SHARES: dict[Tier, float] = {"whole": 1.0, "middle": 0.2, "slow": 0.025, "warm-up": 0.0}

#: What a process reads before its clock starts, by what it is timed on: its memory has been taken then. Who is fast
#: reads the same: after a fifth of it, two threads still took 19,600 pages anew, an eighth of the time that is measured.
READ_BEFORE: dict[Tier, Tier] = {"whole": "whole", "middle": "slow", "slow": "warm-up"}

#: Bytes of what is read before a clock starts, and of what is read to time the start of a process.
WARM_UP_BYTES = 250_000

#: Bytes of what is read first when nothing is compiled: enough for the default decoder to want the compiled one.
COLD_BYTES = 4 * MEGABYTE

#: Megabytes of each data set at scale 1.
MEGABYTES = {"small": 250, "wide": 100, "market-data": 100, "deep": 100, "dirty": 100}

#: Sizes of the streams whose peak memory is compared, in megabytes at scale 1.
MEMORY_MEGABYTES = (50, 250, 1000)

#: Runs of each contestant on each data set; the first data set has the headline figures.
ROUNDS = {"small": 5}
OTHER_ROUNDS = 3

#: Starts of each kind: the command compiles the same code as the library.
START_RUNS = {"library": 3, "command": 1}

#: Longest single measurement; whoever would take longer is given a smaller tier.
LONGEST_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Bars:
    """What the scanner has to reach.

    Attributes:
        to_simplefix: Least times the rate of simplefix on order flow, on one thread.
        to_polars: Least times the rate of a Polars regex per tag, likewise.
        peak_bytes: Most resident memory of a process that parses.
        peak_growth: Most that the peak may grow from the second to the third of ``MEMORY_MEGABYTES``.
        cold_seconds: Most from the start of a process to its first rows when nothing is compiled yet, by default.
        warm_seconds: The same with compiled code cached, by the compiled decoder.
        scaling: Least gain of the second thread.
        scanner_share: Least share of clean messages that the scanner reads itself, without the reference decoder.
    """

    to_simplefix: float = 75.0
    to_polars: float = 12.0
    peak_bytes: int = 1 << 30
    peak_growth: float = 1.1
    cold_seconds: float = 10.0
    warm_seconds: float = 1.0
    scaling: float = 1.7
    scanner_share: float = 0.99


BARS = Bars()


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the benchmark.

    Attributes:
        scale: Factor on every size.
        seed: Of the generated data.
        data: Names of the data sets to measure on.
        rounds: Runs of each contestant per data set; none takes ``ROUNDS``.
        has_starts: Whether starts are measured, which compile everything again and again.
    """

    scale: float = 1.0
    seed: int = 20240102
    data: tuple[str, ...] = tuple(MEGABYTES)
    rounds: int | None = None
    has_starts: bool = True

    def rounds_on(self, data: str) -> int:
        """How often each contestant runs on a data set."""
        return self.rounds if self.rounds is not None else ROUNDS.get(data, OTHER_ROUNDS)

    def size_of(self, data: str) -> int:
        """Bytes of a data set."""
        return int(MEGABYTES[data] * self.scale * MEGABYTE)

    @property
    def memory_sizes(self) -> tuple[int, ...]:
        """Bytes of the streams whose peak memory is compared."""
        return tuple(int(size * self.scale * MEGABYTE) for size in MEMORY_MEGABYTES)

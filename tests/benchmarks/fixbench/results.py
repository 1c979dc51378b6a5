"""What a run of the benchmark found, as one value that is kept as JSON; report and plots are made from it alone.

Invariant: rates and ratios are computed here and nowhere else. A ratio compares two contestants in the same round, so
that a machine that slows down slows both.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from fixbench.plan import MEGABYTE


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def over(cls, values: list[float]) -> Spread | None:
        """Nothing without values."""
        return cls(median(values), min(values), max(values)) if values else None


@dataclass(slots=True)
class Results:
    """Everything measured.

    Attributes:
        data: Data set → tier → path, size and messages of the file.
        agreement: Data set → contestant → what ``agreement.compare`` answered.
        samples: One per data set, round and contestant: ``seconds``, ``cpu_seconds``, ``messages``, ``peak_bytes``,
            or ``stopped`` with the reason.
        starts: One per start of a process: ``kind`` library or command, ``is_cold``, ``seconds``,
            ``cpu_seconds``; of cold ones ``compiled_seconds``, until the compiled code was there.
        memory: One per contestant and size of a stream: ``peak_bytes``.
        profiles: One per data set and contestant: ``seconds``, and ``lines`` of module, function, line, seconds.
        errors: What went wrong; a run with errors is no proof of anything.
    """

    machine: dict[str, Any]
    plan: dict[str, Any]
    data: dict[str, dict[str, dict[str, Any]]]
    agreement: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    starts: list[dict[str, Any]] = field(default_factory=list)
    memory: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def write(self, path: Path) -> None:
        """Keep them."""
        text = json.dumps(asdict(self), indent=1)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Take them up again."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    # ---- figures ----

    def samples_of(self, data: str, contestant: str) -> list[dict[str, Any]]:
        """The completed runs of a contestant on a data set, by round."""
        return [
            sample
            for sample in self.samples
            if sample["data"] == data and sample["contestant"] == contestant and "seconds" in sample
        ]

    def bytes_of(self, sample: dict[str, Any]) -> int:
        """How much a run read."""
        return int(self.data[sample["data"]][sample["tier"]]["size"])

    def messages_in(self, sample: dict[str, Any]) -> int:
        """How many messages were there to be read."""
        return int(self.data[sample["data"]][sample["tier"]]["messages"])

    def megabytes_per_second(self, data: str, contestant: str) -> Spread | None:
        """Rate over the rounds."""
        return Spread.over([self._rate(sample) for sample in self.samples_of(data, contestant)])

    def messages_per_second(self, data: str, contestant: str) -> Spread | None:
        """The same in messages of the log, read or not."""
        samples = self.samples_of(data, contestant)
        return Spread.over([self.messages_in(sample) / sample["seconds"] for sample in samples])

    def ratio(self, data: str, contestant: str, to: str) -> Spread | None:
        """How many times the rate of another contestant, round by round."""
        others = {sample["round"]: self._rate(sample) for sample in self.samples_of(data, to)}
        return Spread.over(
            [
                self._rate(sample) / others[sample["round"]]
                for sample in self.samples_of(data, contestant)
                if sample["round"] in others
            ]
        )

    def cores_used(self, data: str, contestant: str) -> float | None:
        """Processor time over wall time, median."""
        samples = self.samples_of(data, contestant)
        return median([sample["cpu_seconds"] / sample["seconds"] for sample in samples]) if samples else None

    def peak_bytes(self, data: str, contestant: str) -> int | None:
        """Most memory of any of its processes."""
        return max((int(sample["peak_bytes"]) for sample in self.samples_of(data, contestant)), default=None)

    def share_read(self, data: str, contestant: str) -> float | None:
        """Messages found of those that were there."""
        samples = self.samples_of(data, contestant)
        return samples[0]["messages"] / self.messages_in(samples[0]) if samples else None

    def peaks(self, contestant: str) -> list[tuple[int, int]]:
        """Size of a stream, and the peak memory of the process that read it."""
        return [(int(run["size"]), int(run["peak_bytes"])) for run in self.memory if run["contestant"] == contestant]

    def start_seconds(self, kind: str, *, is_cold: bool, clock: str = "seconds") -> Spread | None:
        """Time from the start of a process to its first rows; with ``cpu_seconds``, of the processor."""
        return Spread.over(
            [start[clock] for start in self.starts if start["kind"] == kind and start["is_cold"] == is_cold]
        )

    @property
    def compiled_seconds(self) -> Spread | None:
        """Time from the start of the first process until there was compiled code, which nobody waits for."""
        return Spread.over([start["compiled_seconds"] for start in self.starts if start["is_cold"]])

    def _rate(self, sample: dict[str, Any]) -> float:
        return self.bytes_of(sample) / MEGABYTE / float(sample["seconds"])

"""What a run did: values that the command line, the Prefect artifacts and the tests read alike.

Invariant: everything in here is small and printable; no field value and no secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from expectations.results import BatchValidation
    from fix_transforms.lake.landing import LandedObject
    from fix_transforms.lake.report import IngestReport
    from fix_transforms.marts.build import BuildReport
    from fix_transforms.marts.publish import Snapshot

#: The outcome that lets a batch into the marts; any other holds it out.
PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Found:
    """What a poll saw.

    Attributes:
        objects: Landed objects that are not ingested.
        batches: Ids of batches that are committed and undecided.
    """

    objects: tuple[LandedObject, ...] = ()
    batches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the suites said of one batch, and why; ``broken`` counts the critical rules that did not pass."""

    batch_id: str
    outcome: str
    reason: str = ""
    broken: int = 0

    @classmethod
    def of(cls, validation: BatchValidation) -> Verdict:
        """Name the critical rules that did not pass."""
        broken = [
            f"{result.table_name}.{result.rule} {result.outcome}"
            for result in validation.results
            if result.severity == "critical" and result.outcome != PASSED
        ]
        return cls(
            batch_id=validation.batch_id, outcome=validation.decision, reason=", ".join(broken), broken=len(broken)
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not succeed, in one sentence."""

    step: str
    message: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of the pipeline, step by step; a step that had nothing to do is ``None`` or empty."""

    found: Found
    ingested: IngestReport | None = None
    verdicts: tuple[Verdict, ...] = ()
    built: BuildReport | None = None
    snapshot: Snapshot | None = None
    failures: tuple[Failure, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the run did not succeed, one sentence each; empty if every part did."""
        failed = [f"{failure.step} failed: {failure.message}" for failure in self.failures]
        held = [
            f"batch {verdict.batch_id} is held out of the marts ({verdict.outcome}): {verdict.reason or 'no reason given'}"
            for verdict in self.verdicts
            if verdict.outcome != PASSED
        ]
        return (*failed, *held, *self._lost())

    def _lost(self) -> list[str]:
        if self.ingested is None:
            return []
        lost = []
        unreadable = self.by_status.get("unreadable", 0)
        if unreadable:
            lost.append(f"{counted(unreadable, 'file')} cannot be read, ever: see ingested_files.detail")
        if self.ingested.failed:
            first = next(iter(self.ingested.failed.values()))
            lost.append(
                f"{counted(len(self.ingested.failed), 'file')} could not be read this time; the next run tries again: {first}"
            )
        return lost

    @property
    def ok(self) -> bool:
        """Whether every part of the run succeeded."""
        return not self.problems

    @property
    def is_news(self) -> bool:
        """Whether the run did or failed to do anything at all."""
        ingested = self.ingested is not None and bool(self.ingested.files or self.ingested.failed)
        return bool(ingested or self.verdicts or self.built or self.snapshot or self.failures)

    @property
    def by_status(self) -> Mapping[str, int]:
        """Files by what became of them."""
        return dict(self.ingested.by_status) if self.ingested else {}

    @property
    def batches_by_outcome(self) -> Mapping[str, int]:
        """Batches judged in this run, by outcome."""
        return dict(Counter(verdict.outcome for verdict in self.verdicts))

    @property
    def headline(self) -> str:
        """The run in a few words: the name of its flow run."""
        if not self.is_news:
            return "nothing new"
        did = []
        if self.ingested and self.ingested.files:
            did.append(f"ingested {counted(self.ingested.files, 'file')}, {counted(self.ingested.messages, 'message')}")
        held = sum(count for outcome, count in self.batches_by_outcome.items() if outcome != PASSED)
        if held:
            did.append(f"held {counted(held, 'batch')}")
        if self.snapshot:
            did.append(f"published {self.snapshot.name}")
        if self.ingested and self.ingested.failed:
            did.append(f"{counted(len(self.ingested.failed), 'file')} could not be read")
        did += [f"{failure.step} failed" for failure in self.failures]
        return ", ".join(did) or f"judged {counted(len(self.verdicts), 'batch')}"

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        ingested = self.ingested
        return {
            "ok": self.ok,
            "headline": self.headline,
            "problems": list(self.problems),
            "files": ingested.files if ingested else 0,
            "files_by_status": dict(self.by_status),
            "messages": ingested.messages if ingested else 0,
            "quarantined": ingested.quarantined if ingested else 0,
            "log_events": ingested.log_events if ingested else 0,
            "object_bytes": ingested.object_bytes if ingested else 0,
            "files_put_off": len(ingested.failed) + ingested.changed if ingested else 0,
            "batches": dict(self.batches_by_outcome),
            "batch_ids": [verdict.batch_id for verdict in self.verdicts],
            "snapshot": self.snapshot.name if self.snapshot else None,
            "table_versions": dict(self.snapshot.table_versions) if self.snapshot else {},
            "seconds": {step: round(seconds, 3) for step, seconds in self.seconds.items()},
        }


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``, ``1,204 messages``, ``2 batches``."""
    plural = noun + ("es" if noun.endswith("ch") else "s")
    return f"{count:,} {noun if count == 1 else plural}"

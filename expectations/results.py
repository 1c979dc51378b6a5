"""What a validation says: one ``RuleResult`` per rule, one ``BatchValidation`` per batch.

Invariant: an outcome is one of three. ``error`` means that the rule could not be judged and says nothing about
the data. No field holds a value that a counterparty wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]
Outcome = Literal["passed", "failed", "error"]
#: What the suites may decide; ``released`` and ``held`` are left to people.
SuiteDecision = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule said of one batch.

    Attributes:
        rows_evaluated: Rows the rule speaks about.
        rows_failed: Rows that broke it; a passed rule may have some, within its tolerance.
        detail: What was expected, or the class of the error.
    """

    table_name: str
    rule: str
    severity: Severity
    outcome: Outcome
    rows_evaluated: int
    rows_failed: int
    detail: str


@dataclass(frozen=True, slots=True)
class BatchValidation:
    """One run of the suites over one batch.

    Attributes:
        decision: What the suites decided, whether or not a person has decided otherwise since.
    """

    batch_id: str
    validation_id: str
    results: tuple[RuleResult, ...]
    decision: SuiteDecision

    def count(self, outcome: Outcome, severity: Severity | None = None) -> int:
        """How many rules ended so."""
        return len([r for r in self.results if r.outcome == outcome and severity in (None, r.severity)])


def judge(results: Iterable[RuleResult]) -> SuiteDecision:
    """Decide: a critical failure is ``failed``, else a critical error is ``error``, else ``passed``.

    Failure comes first because it is knowledge about the data, which an error elsewhere cannot take away.
    """
    outcomes = {result.outcome for result in results if result.severity == "critical"}
    if "failed" in outcomes:
        return "failed"
    return "error" if "error" in outcomes else "passed"


def reason(results: tuple[RuleResult, ...]) -> str:
    """Say why in one line: names of rules and numbers only."""
    critical = [
        f"{r.table_name}.{r.rule} {r.outcome}" for r in results if r.severity == "critical" and r.outcome != "passed"
    ]
    warnings = len([r for r in results if r.severity == "warning" and r.outcome != "passed"])
    tail = f"{len(results)} rules, {warnings} warning{'' if warnings == 1 else 's'}"
    if not critical:
        return tail
    named = ", ".join(critical[:5]) + (f" and {len(critical) - 5} more" if len(critical) > 5 else "")
    return f"{named}; {tail}"

"""``Rule``: one thing that every row of a table must satisfy, as a literal.

Invariant: a rule is judged as a verdict per row (true, false, or null where it does not apply), computed inside
DuckDB. Great Expectations is handed verdicts, never the values that they were computed from.

Severity says whose fault a failure is. Critical: ours, so the marts would lie (lineage, counts, masking, types);
it holds the batch. Warning: a counterparty's or a logger's, which is what the marts are there to show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from expectations.results import Severity
from fix_transforms.errors import TableSpecError

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """A hand-written or derived rule.

    Attributes:
        table: The table it judges.
        name: Snake-case name, unique in the table.
        description: What must hold, for people.
        holds: SQL over a row; true where it holds, null counts as broken.
        applies: SQL over a row; the rule speaks about rows where it is true.
        mostly: Share of these rows that must hold.
    """

    table: str
    name: str
    severity: Severity
    description: str
    holds: str
    applies: str = "true"
    mostly: float = 1.0

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise TableSpecError("a rule's name is a column's name", where=self.table, got=self.name)
        if not 0 < self.mostly <= 1:
            raise TableSpecError(
                "mostly is a share", where=f"{self.table}.{self.name}", got=self.mostly, expected="0 < mostly <= 1"
            )

    @property
    def verdict(self) -> str:
        """SQL of the verdict: true, false, or null where the rule does not apply."""
        return f"CASE WHEN ({self.applies}) THEN coalesce(({self.holds}), false) END"

    @property
    def expected(self) -> str:
        """What must hold, with its tolerance."""
        return self.description if self.mostly == 1 else f"{self.description} Tolerance: {1 - self.mostly:.2%} of rows."

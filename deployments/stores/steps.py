"""What a part of the bootstrap says about each thing it looked after.

Invariant: ``found`` means that nothing was written, so a second run says nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome = Literal["made", "changed", "found"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is now in place.

    Attributes:
        what: Its kind and name, such as ``bucket textfixlogs``.
        outcome: What had to be done for it.
    """

    what: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.outcome:<8} {self.what}"


#: Work that is done while it is iterated over, one step at a time.
Steps: TypeAlias = Iterator[Step]


def outcome(*, existed: bool, changed: bool) -> Outcome:
    """The word for what was done."""
    if not existed:
        return "made"
    return "changed" if changed else "found"

"""Which part of the parser a line belongs to, for the profile.

Invariant: every sampled line belongs to exactly one stage; a module that is not listed is a stage of its own name.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

_STAGES = {
    "reading": "reading the file",
    "__init__": "rows",
    "framing": "framing",
    "frame_search": "framing",
    "candidates": "framing",
    "delimiters": "framing",
    "checksums": "framing",
    "segments": "framing",
    "textlines": "framing",
    "reference": "simplefix",
    "frames": "typed columns",
    "coercion": "typed columns",
    "assembly": "rows",
    "accounting": "rows",
    "groups": "groups",
    "session_versions": "groups",
    "masking": "masking",
    "profiles": "clocks and directions",
    "wording": "clocks and directions",
}


def stage_of(module: str) -> str:
    """The stage of a module, named by its path in ``fix/`` without the suffix."""
    return _STAGES.get(module, module)


def by_stage(profile: dict[str, Any]) -> list[tuple[str, float]]:
    """Share of the sampled time per stage, the largest first."""
    found: Counter[str] = Counter()
    for module, _, _, seconds in profile["lines"]:
        found[stage_of(module)] += seconds
    total = sum(found.values())
    return [(stage, seconds / total) for stage, seconds in found.most_common()] if total else []


def by_function(profile: dict[str, Any], most: int) -> list[tuple[str, float]]:
    """Share of the sampled time per function, ``module.function``, itself and the foreign code it calls."""
    found: Counter[str] = Counter()
    for module, function, _, seconds in profile["lines"]:
        found[f"{module.replace('/', '.')}.{function}"] += seconds
    total = sum(found.values())
    return [(function, seconds / total) for function, seconds in found.most_common(most)] if total else []

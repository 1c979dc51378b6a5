"""Which part of the parser a line belongs to, for the profile.

Invariant: every sampled line belongs to exactly one stage; a module that is not listed is a stage of its own name.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

_PARTS = {
    "reading the file": ("reading",),
    "framing": (
        "framing",
        "frame_search",
        "frame_building",
        "candidates",
        "delimiters",
        "checksums",
        "segments",
        "textlines",
        "transcoding",
        "line_roles",
        "twins",
    ),
    "simplefix": ("reference", "bare_messages"),
    "rows": ("__init__", "assembly", "accounting", "field_lines", "field_count"),
    "groups": ("groups", "session_versions"),
    "masking": ("masking", "secret_notations"),
    "clocks and directions": ("profiles", "wording"),
    "typed columns": ("frames", "coercion"),
    "market data": ("market_data", "plain_values", "entry_times"),
    "compiled pass": ("scanner/passes", "scanner/blocks:_pass"),
    "around the pass": (
        "scanner/blocks",
        "scanner/ahead",
        "scanner/arrays",
        "scanner/parts",
        "scanner/slabs",
        "scanner/stores",
        "decoders",
    ),
    "scanned columns": ("scanner/rows", "scanner/columns", "scanner/unfolding", "scanner/layouts", "scanned_rows"),
}
_STAGES = {place: stage for stage, places in _PARTS.items() for place in places}


def stage_of(module: str, function: str) -> str:
    """The stage of a line: of its function if that is listed, else of its module, else of the folder of that.

    Args:
        module: Path in ``fix/`` without the suffix.
        function: Name of the function.
    """
    for place in (f"{module}:{function}", module, module.partition("/")[0]):
        if place in _STAGES:
            return _STAGES[place]
    return module


def by_stage(profile: dict[str, Any]) -> list[tuple[str, float]]:
    """Share of the sampled time per stage, the largest first."""
    found: Counter[str] = Counter()
    for module, function, _, seconds in profile["lines"]:
        found[stage_of(module, function)] += seconds
    total = sum(found.values())
    return [(stage, seconds / total) for stage, seconds in found.most_common()] if total else []


def by_function(profile: dict[str, Any], most: int) -> list[tuple[str, float]]:
    """Share of the sampled time per function, ``module.function``, itself and the foreign code it calls."""
    found: Counter[str] = Counter()
    for module, function, _, seconds in profile["lines"]:
        found[f"{module.replace('/', '.')}.{function}"] += seconds
    total = sum(found.values())
    return [(function, seconds / total) for function, seconds in found.most_common(most)] if total else []

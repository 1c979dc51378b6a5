"""What surrounds a message on its line: the clock of the log, and whether the engine sent or received it.

Invariant: nothing here fails for what a line holds. Profiles are detected (``DetectedProfile``) unless an operator
declared one (``DeclaredProfile``); either offers the two methods of ``LineProfile``.
"""

from fix_transforms.fix.profiles.declared import DeclaredProfile, LineRules, markers_of, profile_of
from fix_transforms.fix.profiles.detected import (
    _CLOCK,
    MONTHS,
    TICKS_NAMES,
    DetectedProfile,
    LineProfile,
    LogTime,
    is_of_text,
    ticks_in,
)
from fix_transforms.fix.profiles.patterns import MATCHED_BYTES, compiled, compiled_bytes
from fix_transforms.fix.profiles.time_formats import TimeFormat
from fix_transforms.fix.profiles.words import Direction, announces, is_twin, needs_reference
from fix_transforms.fix.profiles.zones import NAMED_ZONES

__all__ = [
    "MATCHED_BYTES",
    "MONTHS",
    "NAMED_ZONES",
    "TICKS_NAMES",
    "_CLOCK",
    "DeclaredProfile",
    "DetectedProfile",
    "Direction",
    "LineProfile",
    "LineRules",
    "LogTime",
    "TimeFormat",
    "announces",
    "compiled",
    "compiled_bytes",
    "is_of_text",
    "is_twin",
    "markers_of",
    "needs_reference",
    "profile_of",
    "ticks_in",
]

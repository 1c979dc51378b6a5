"""What a log looks like, and how that is known: the evidence behind ``fixlake profile``.

Invariant: nothing here changes how a log is read. A survey counts what the parser found; the TOML it suggests is
read as the same rows as long as no line of it is uncommented.
"""

from fix_transforms.survey.evidence import Survey
from fix_transforms.survey.suggestion import suggest

__all__ = ["Survey", "suggest"]

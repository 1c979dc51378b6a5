"""Is it right: the suites a batch must pass before the marts show it.

Invariant: importing this package is cheap. great_expectations takes seconds to import, so it is imported when
the first batch is validated, or earlier by ``preload()`` in a background thread while bytes are parsed.
"""

from __future__ import annotations

from expectations.results import BatchValidation, RuleResult
from expectations.validate import preload, validate_batch

__all__ = ["BatchValidation", "RuleResult", "preload", "validate_batch"]

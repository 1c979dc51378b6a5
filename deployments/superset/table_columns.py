"""Which columns of a dataset are columns of its table.

Invariant: what is left out here is computed of others, and its name stands in no table.
"""

from __future__ import annotations

import re
from typing import Any

_TEXT = re.compile(r"'[^']*'")


def is_of_table(column: dict[str, Any]) -> bool:
    """Whether the table has it: it has no expression, or one of itself, such as ``LEFT(symbol, 60)`` for ``symbol``."""
    expression = column.get("expression")
    if not expression:
        return True
    named = re.findall(r"\w+", _TEXT.sub("", expression))
    return column["column_name"] in named

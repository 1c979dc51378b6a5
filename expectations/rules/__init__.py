"""The hand-written rules, one module per table; what a declaration already promises is derived instead.

Rules are SQL over the row of their table, seen under the table's own name; the batch's rows of the other tables
are in reach under theirs (keys, numbers and times, no text). In ``fix_messages`` there are two structs beside the
columns: ``file``, the offsets of the row's file; and ``codes``, the dictionary of the row's FIX version, where
``codes.<column>`` lists the codes of the column's tag and is null when the version does not define any.
"""

from __future__ import annotations

from expectations.rule import Rule
from expectations.rules.executions import EXECUTION_RULES
from expectations.rules.fix_group_fields import GROUP_FIELD_RULES
from expectations.rules.fix_messages import MESSAGE_RULES
from expectations.rules.ingested_files import FILE_RULES
from expectations.rules.log_events import LOG_EVENT_RULES
from expectations.rules.market_data_entries import MARKET_DATA_RULES
from expectations.rules.quarantine import QUARANTINE_RULES

#: Table → its hand-written rules.
WRITTEN: dict[str, tuple[Rule, ...]] = {
    "ingested_files": FILE_RULES,
    "quarantine": QUARANTINE_RULES,
    "log_events": LOG_EVENT_RULES,
    "fix_group_fields": GROUP_FIELD_RULES,
    "market_data_entries": MARKET_DATA_RULES,
    "fix_messages": MESSAGE_RULES + EXECUTION_RULES,
}

__all__ = ["WRITTEN"]

"""The tables, declared once: schemas, dbt sources, quality suites and documentation derive from here."""

from fix_transforms.tables.batch_decisions import BATCH_DECISIONS
from fix_transforms.tables.fix_group_fields import FIX_GROUP_FIELDS
from fix_transforms.tables.fix_messages import FIX_MESSAGES
from fix_transforms.tables.ingested_files import INGESTED_FILES
from fix_transforms.tables.log_events import LOG_EVENTS
from fix_transforms.tables.market_data_entries import MARKET_DATA_ENTRIES
from fix_transforms.tables.quality_results import QUALITY_RESULTS
from fix_transforms.tables.quarantine import QUARANTINE
from fix_transforms.tables.spec import Check, Column, Table

#: Every declared table, in the order in which a batch commits to them: the file's own row first, because it
#: settles which batch a file belongs to; the messages last, because that commit is the publish point.
TABLES: tuple[Table, ...] = (
    INGESTED_FILES,
    QUARANTINE,
    LOG_EVENTS,
    FIX_GROUP_FIELDS,
    MARKET_DATA_ENTRIES,
    FIX_MESSAGES,
    QUALITY_RESULTS,
    BATCH_DECISIONS,
)

__all__ = [
    "BATCH_DECISIONS",
    "FIX_GROUP_FIELDS",
    "FIX_MESSAGES",
    "INGESTED_FILES",
    "LOG_EVENTS",
    "MARKET_DATA_ENTRIES",
    "QUALITY_RESULTS",
    "QUARANTINE",
    "TABLES",
    "Check",
    "Column",
    "Table",
]

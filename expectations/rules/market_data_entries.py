"""Rules of ``market_data_entries``: entries belong to a message of their batch and say what they are."""

from __future__ import annotations

from expectations.rule import Rule

TABLE = "market_data_entries"

MARKET_DATA_RULES = (
    Rule(
        TABLE,
        "message_in_batch",
        "critical",
        "Its message is in fix_messages, in the same batch.",
        holds="(market_data_entries.file_id, market_data_entries.message_index) IN (SELECT (file_id, message_index) FROM fix_messages)",
    ),
    Rule(
        TABLE,
        "values_fit_their_types",
        "warning",
        "Every value of an entry fitted its column's type.",
        holds="len(coercion_errors) = 0",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "update_says_what_it_does",
        "warning",
        "An entry of an update (35=X) has an MDUpdateAction of the standard: 0 to 5.",
        applies="market_data_entries.msg_type = 'X'",
        holds="md_update_action IN ('0', '1', '2', '3', '4', '5')",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "snapshot_says_what_it_is",
        "warning",
        "An entry of a snapshot (35=W) has an MDEntryType.",
        applies="market_data_entries.msg_type = 'W'",
        holds="md_entry_type IS NOT NULL",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "instrument_known",
        "warning",
        "It names an instrument, or refers to an entry that does.",
        holds="coalesce(symbol, security_id, md_entry_id, md_entry_ref_id) IS NOT NULL",
        mostly=0.99,
    ),
)

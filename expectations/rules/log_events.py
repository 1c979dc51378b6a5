"""Rules of ``log_events``: lines between messages are bounded, masked and belong to a file of the batch."""

from __future__ import annotations

from expectations.rule import Rule
from expectations.rules.secrets import masked_text

TABLE = "log_events"

LOG_EVENT_RULES = (
    Rule(
        TABLE,
        "file_in_batch",
        "critical",
        "Its file was ingested in the same batch.",
        holds="log_events.file_id IN (SELECT file_id FROM ingested_files)",
    ),
    Rule(TABLE, "secrets_masked", "critical", "No secret is legible in the line.", holds=masked_text("text")),
    Rule(TABLE, "text_bounded", "warning", "The line was cut at 4,096 characters.", holds="length(text) <= 4096"),
)

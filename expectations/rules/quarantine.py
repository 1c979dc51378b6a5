"""Rules of ``quarantine``: what was refused is bounded, masked and belongs to a file of the batch."""

from __future__ import annotations

from expectations.rule import Rule
from expectations.rules.secrets import masked_text

TABLE = "quarantine"

QUARANTINE_RULES = (
    Rule(
        TABLE,
        "file_in_batch",
        "critical",
        "Its file was ingested in the same batch.",
        holds="quarantine.file_id IN (SELECT file_id FROM ingested_files)",
    ),
    Rule(TABLE, "secrets_masked", "critical", "No secret is legible in the excerpt.", holds=masked_text("excerpt")),
    # 1,024 bytes, each of which may have become an escape of up to six characters.
    Rule(TABLE, "excerpt_bounded", "warning", "The excerpt was cut at 1,024 bytes.", holds="length(excerpt) <= 6144"),
)

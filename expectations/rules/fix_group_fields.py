"""Rules of ``fix_group_fields``: fields of repeating groups belong to a message and follow its dictionary."""

from __future__ import annotations

from expectations.rule import Rule
from expectations.rules.secrets import masked_field

TABLE = "fix_group_fields"

GROUP_FIELD_RULES = (
    Rule(
        TABLE,
        "message_in_batch",
        "critical",
        "Its message is in fix_messages, in the same batch.",
        holds="(fix_group_fields.file_id, fix_group_fields.message_index) IN (SELECT (file_id, message_index) FROM fix_messages)",
    ),
    Rule(
        TABLE,
        "secrets_masked",
        "critical",
        "Passwords, keys and signatures are asterisks.",
        applies="value IS NOT NULL",
        holds=masked_field("tag", "value"),
    ),
    Rule(
        TABLE,
        "counts_agree",
        "warning",
        "A group's counter agrees with the instances found (else SessionRejectReason 16).",
        holds="count_ok",
        mostly=0.99,
    ),
    Rule(TABLE, "tags_known", "warning", "The dictionary lists the tag in its group.", holds="is_known", mostly=0.95),
)

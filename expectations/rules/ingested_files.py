"""Rules of ``ingested_files``: what a file's row says must be what the tables hold, to the byte."""

from __future__ import annotations

from expectations.rule import Rule

TABLE = "ingested_files"


def _counted(table: str, column: str, applies: str = "true") -> Rule:
    return Rule(
        TABLE,
        f"{column}_counted",
        "critical",
        f"{column} is the number of the file's rows in {table}.",
        applies=applies,
        holds=f"ingested_files.{column} = (SELECT count(*) FROM {table} AS r WHERE r.file_id = ingested_files.file_id)",
    )


def _measured(table: str, column: str) -> Rule:
    return Rule(
        TABLE,
        f"{column}_measured",
        "critical",
        f"{column} is the length of the file's rows in {table}.",
        holds=f"""ingested_files.{column} = (
            SELECT coalesce(sum(byte_length), 0) FROM {table} AS r WHERE r.file_id = ingested_files.file_id
        )""",
    )


#: Files of which some byte is in two messages.
_OVERLAPPING = """
    SELECT file_id FROM (
        SELECT file_id, byte_offset + byte_length AS ends_at,
               lead(byte_offset) OVER (PARTITION BY file_id ORDER BY byte_offset, message_index) AS next_starts_at
        FROM fix_messages
    ) WHERE ends_at > next_starts_at
"""

FILE_RULES = (
    _counted("fix_messages", "messages"),
    _counted("quarantine", "quarantined"),
    _counted("log_events", "log_events"),
    _counted("fix_group_fields", "group_fields"),
    # Null in the row of a file that was read before the table existed.
    _counted("market_data_entries", "market_data_entries", applies="ingested_files.market_data_entries IS NOT NULL"),
    _measured("fix_messages", "message_bytes"),
    _measured("quarantine", "quarantined_bytes"),
    _measured("log_events", "log_event_bytes"),
    Rule(TABLE, "every_byte_accounted_for", "critical", "unaccounted_bytes is 0.", holds="unaccounted_bytes = 0"),
    Rule(
        TABLE,
        "bytes_add_up",
        "critical",
        "Messages, quarantine, events and decoration are the whole content.",
        holds="message_bytes + quarantined_bytes + log_event_bytes + decoration_bytes + unaccounted_bytes = content_bytes",
    ),
    Rule(
        TABLE,
        "no_byte_read_twice",
        "critical",
        "Each message of the file ends before the next one starts.",
        holds=f"ingested_files.file_id NOT IN ({_OVERLAPPING})",
    ),
    Rule(
        TABLE,
        "resumes_inside_content",
        "critical",
        "resume_offset lies between start_offset and the end of the content.",
        holds="resume_offset BETWEEN start_offset AND start_offset + content_bytes",
    ),
    Rule(
        TABLE,
        "quarantine_is_small",
        "warning",
        "At most 1% of a file's bytes are in quarantine.",
        applies="content_bytes > 0",
        holds="quarantined_bytes * 100 <= content_bytes",
    ),
    Rule(
        TABLE,
        "readable",
        "warning",
        "The object could be read and was not rejected.",
        holds="ingested_files.status NOT IN ('unreadable', 'rejected')",
    ),
    Rule(
        TABLE,
        "holds_messages",
        "warning",
        "An object that is not empty holds FIX messages.",
        applies="ingested_files.status IN ('ingested', 'no_messages')",
        holds="ingested_files.messages > 0",
    ),
)

"""The dictionary as DuckDB tables: which codes each FIX version knows, and which version each message speaks.

Invariant: after ``load`` every (BeginString, application version) of the batch has exactly one row in
``message_codes``, so joining it never adds or drops a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.tables import FIX_MESSAGES

if TYPE_CHECKING:
    import duckdb

    from fix_transforms.fix.dictionary import Dictionary

#: Columns whose values are codes of the dictionary.
CODE_COLUMNS = ("msg_type", "side", "ord_status", "exec_type", "exec_trans_type", "ord_type", "time_in_force")

#: The application version of a FIXT session is said once, by DefaultApplVerID(1137) of its Logon.
SESSION_VERSIONS = """
    CREATE TEMP TABLE session_versions AS
    SELECT file_id AS session_file_id, least(sender_comp_id, target_comp_id) AS one_comp_id,
           greatest(sender_comp_id, target_comp_id) AS other_comp_id, max(default_appl_ver_id) AS session_appl_ver_id
    FROM {messages} WHERE batch_id = {batch_id} AND default_appl_ver_id IS NOT NULL
    GROUP BY ALL
"""

#: Joins a message with its session's version, then with the codes of the version that results.
JOINS = """
    LEFT JOIN session_versions
      ON session_file_id = fix_messages.file_id
     AND one_comp_id = least(fix_messages.sender_comp_id, fix_messages.target_comp_id)
     AND other_comp_id = greatest(fix_messages.sender_comp_id, fix_messages.target_comp_id)
    LEFT JOIN message_codes
      ON codes_begin_string IS NOT DISTINCT FROM fix_messages.begin_string
     AND codes_appl_ver_id IS NOT DISTINCT FROM coalesce(fix_messages.appl_ver_id, session_appl_ver_id)
"""

_SPOKEN = """
    SELECT DISTINCT begin_string, coalesce(appl_ver_id, session_appl_ver_id)
    FROM {messages} AS fix_messages
    LEFT JOIN session_versions
      ON session_file_id = fix_messages.file_id
     AND one_comp_id = least(fix_messages.sender_comp_id, fix_messages.target_comp_id)
     AND other_comp_id = greatest(fix_messages.sender_comp_id, fix_messages.target_comp_id)
    WHERE batch_id = {batch_id}
"""


def load(connection: duckdb.DuckDBPyConnection, messages: str, batch_id: str) -> None:
    """Create ``session_versions`` and ``message_codes`` for one batch.

    Args:
        connection: Where the tables are created, as temporary ones.
        messages: SQL name of the messages.
        batch_id: SQL literal of the batch.
    """
    from fix_transforms.fix.dictionary import dictionary_of

    connection.execute(SESSION_VERSIONS.format(messages=messages, batch_id=batch_id))
    fields = ", ".join(f"{column} VARCHAR[]" for column in CODE_COLUMNS)
    connection.execute(
        f"CREATE TEMP TABLE message_codes (codes_begin_string VARCHAR, codes_appl_ver_id VARCHAR, codes STRUCT({fields}))"
    )
    spoken = connection.execute(_SPOKEN.format(messages=messages, batch_id=batch_id)).fetchall()
    rows = []
    for begin_string, appl_ver_id in spoken:
        dictionary = dictionary_of(begin_string or "", appl_ver_id)
        rows.append((begin_string, appl_ver_id, {column: codes(dictionary, column) for column in CODE_COLUMNS}))
    if rows:
        connection.executemany("INSERT INTO message_codes VALUES (?, ?, ?)", rows)


def codes(dictionary: Dictionary, column: str) -> list[str] | None:
    """The codes a version knows for a column of ``fix_messages``; none where it does not define any."""
    if column == "msg_type":
        return sorted(dictionary.messages)
    tag = FIX_MESSAGES[column].tag
    field = None if tag is None else dictionary.fields.get(tag)
    return sorted(field.codes) if field is not None and field.codes else None

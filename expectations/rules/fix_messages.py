"""Rules of ``fix_messages``: lineage, masking, trust, header and code sets.

Bad checksums and body lengths never hold a batch: whole real logs have them (a logger that rewrote the
delimiter, an engine that logs before it computes), and every row says so in ``checksum_status``.
"""

from __future__ import annotations

from expectations.rule import Rule
from expectations.rules.secrets import masked_message, masked_text

TABLE = "fix_messages"

_END = "byte_offset + byte_length"

_LINEAGE = (
    Rule(
        TABLE,
        "file_in_batch",
        "critical",
        "Its file was ingested in the same batch.",
        holds="fix_messages.file_id IN (SELECT file_id FROM ingested_files)",
    ),
    Rule(
        TABLE,
        "within_its_file",
        "critical",
        "It lies inside the bytes of its file that were read.",
        applies="file IS NOT NULL",
        holds=f"byte_offset >= file.start_offset AND {_END} <= file.start_offset + file.content_bytes",
    ),
    Rule(
        TABLE,
        "message_index_from_zero",
        "critical",
        "message_index is not negative.",
        holds="message_index >= 0",
    ),
)

_MASKING = (
    Rule(
        TABLE,
        "secrets_masked",
        "critical",
        "Passwords, keys and signatures are asterisks in raw.",
        holds=masked_message("raw"),
    ),
    Rule(
        TABLE,
        "log_prefix_masked",
        "critical",
        "No secret is legible in the text before a message.",
        applies="log_prefix IS NOT NULL",
        holds=masked_text("log_prefix"),
    ),
)

_TRUST = (
    Rule(
        TABLE,
        "checksum_trusted",
        "warning",
        "CheckSum(10) matches the bytes.",
        holds="checksum_status = 'ok'",
        mostly=0.95,
    ),
    Rule(
        TABLE,
        "body_length_trusted",
        "warning",
        "BodyLength(9), where present, matches the bytes.",
        applies="body_length_ok IS NOT NULL",
        holds="body_length_ok",
        mostly=0.95,
    ),
    Rule(
        TABLE,
        "framed_by_body_length",
        "warning",
        "Its end was found by BodyLength(9), not by a scan.",
        holds="framing = 'body_length'",
        mostly=0.95,
    ),
    Rule(
        TABLE,
        "values_fit_their_types",
        "warning",
        "Every promoted value fitted its column's type.",
        holds="len(coercion_errors) = 0",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "validation_errors_well_formed",
        "critical",
        "Reason codes are a name, maybe with a tag; none is null.",
        applies="validation_errors IS NOT NULL",
        holds="len(list_filter(validation_errors, code -> coalesce(regexp_full_match(code, '[a-z_]+(:[1-9][0-9]*)?'), false))) = len(validation_errors)",
    ),
    Rule(
        TABLE,
        "valid",
        "warning",
        "It keeps the rules of its FIX version, where validation was asked for.",
        applies="validation_errors IS NOT NULL",
        holds="len(validation_errors) = 0",
        mostly=0.95,
    ),
    Rule(
        TABLE,
        "no_duplicate_tags",
        "warning",
        "No tag is repeated outside a repeating group.",
        holds="len(duplicate_tags) = 0",
        mostly=0.99,
    ),
)

_HEADER = (
    Rule(
        TABLE,
        "header_complete",
        "warning",
        "BeginString, MsgType, SenderCompID and TargetCompID are present.",
        holds="begin_string IS NOT NULL AND msg_type IS NOT NULL AND sender_comp_id IS NOT NULL AND target_comp_id IS NOT NULL",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "msg_seq_num_positive",
        "warning",
        "MsgSeqNum is present and positive.",
        holds="msg_seq_num > 0",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "sending_time_present",
        "warning",
        "SendingTime is present.",
        holds="sending_time IS NOT NULL",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "trading_date_known",
        "warning",
        "Some clock dates the message.",
        holds="trading_date <> DATE '1970-01-01'",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "sending_time_near_log_time",
        "warning",
        "SendingTime is within a day of the log line's clock.",
        applies="log_time IS NOT NULL AND sending_time IS NOT NULL",
        holds="abs(epoch_us(log_time) - epoch_us(sending_time)) <= 86400000000",
        mostly=0.99,
    ),
    Rule(
        TABLE,
        "resend_has_original_time",
        "warning",
        "A resend (43=Y) carries OrigSendingTime, except SequenceReset.",
        applies="poss_dup_flag AND msg_type IS DISTINCT FROM '4'",
        holds="orig_sending_time IS NOT NULL",
        mostly=0.99,
    ),
)

_CODES = (
    Rule(
        TABLE,
        "known_msg_type",
        "warning",
        "MsgType is known in the message's FIX version, or user-defined (U…).",
        applies="msg_type IS NOT NULL AND codes.msg_type IS NOT NULL AND NOT starts_with(msg_type, 'U')",
        holds="list_contains(codes.msg_type, fix_messages.msg_type)",
        mostly=0.99,
    ),
    *(
        Rule(
            TABLE,
            f"known_{column}",
            "warning",
            f"{field} has a code of the message's FIX version.",
            applies=f"fix_messages.{column} IS NOT NULL AND codes.{column} IS NOT NULL",
            holds=f"list_contains(codes.{column}, fix_messages.{column})",
            mostly=0.99,
        )
        for column, field in (
            ("side", "Side"),
            ("ord_status", "OrdStatus"),
            ("exec_type", "ExecType"),
            ("exec_trans_type", "ExecTransType"),
            ("ord_type", "OrdType"),
            ("time_in_force", "TimeInForce"),
        )
    ),
)

MESSAGE_RULES = _LINEAGE + _MASKING + _TRUST + _HEADER + _CODES

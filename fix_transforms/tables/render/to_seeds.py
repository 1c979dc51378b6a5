"""The FIX dictionary → dbt seeds: what message types, codes and reason codes are called.

Invariant: every cell is a non-empty fact, but for the session_reject_reason of codes that no reject answers;
(version, msg_type), (version, tag, code) and the reason code are unique. Codes are text: ``1`` and ``A``, ``a`` and ``A`` are different, so a seed column must be varchar.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from fix_transforms.fix.dictionary import VERSIONS, load_dictionary
from fix_transforms.fix.validation import CODES
from fix_transforms.tables.fix_messages import FIX_MESSAGES
from fix_transforms.tables.market_data_entries import MARKET_DATA_ENTRIES

MESSAGE_TYPES = "fix_message_types.csv"
CODE_NAMES = "fix_code_names.csv"
VALIDATION_CODES = "fix_validation_codes.csv"


def render_seeds() -> dict[str, str]:
    """File name → CSV text with a header line, for every seed."""
    return {
        MESSAGE_TYPES: _csv(("version", "msg_type", "msg_type_name", "category"), _message_types()),
        CODE_NAMES: _csv(("version", "tag", "field_name", "code", "code_name"), _code_names()),
        VALIDATION_CODES: _csv(("code", "session_reject_reason", "description"), _validation_codes()),
    }


def readable(name: str) -> str:
    """The dictionary's name of a code as words, each with a capital: ``PARTIALLY_FILLED`` → ``Partially Filled``."""
    return " ".join(word.capitalize() for word in name.split("_") if word)


def _message_types() -> Iterator[tuple[str, ...]]:
    for version in VERSIONS:
        for msg_type, message in sorted(load_dictionary(version).messages.items()):
            yield version, msg_type, message.name, message.category


def _code_names() -> Iterator[tuple[str, ...]]:
    tags = sorted(FIX_MESSAGES.tag_columns() | MARKET_DATA_ENTRIES.tag_columns())
    for version in VERSIONS:
        fields = load_dictionary(version).fields
        for field in (fields[tag] for tag in tags if tag in fields):
            for code, name in field.codes.items():
                yield version, str(field.tag), field.name, code, readable(name)


def _validation_codes() -> Iterator[tuple[str, ...]]:
    for code in CODES.values():
        reason = "" if code.session_reject_reason is None else str(code.session_reject_reason)
        yield code.name, reason, code.description


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()

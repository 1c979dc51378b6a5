from __future__ import annotations

import csv
import io

import pytest

from fix_transforms.fix.dictionary import VERSIONS, load_dictionary
from fix_transforms.fix.validation import CODES
from fix_transforms.tables import FIX_MESSAGES, MARKET_DATA_ENTRIES
from fix_transforms.tables.render.to_seeds import readable, render_seeds


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_seeds()[name])))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("NEW", "New"), ("PARTIALLY_FILLED", "Partially Filled"), ("FIX50_SP2", "Fix50 Sp2"), ("__A_", "A"), ("", "")],
)
def test_code_names_are_words_with_capitals(name: str, expected: str) -> None:
    assert readable(name) == expected


def test_every_message_type_of_every_version_is_seeded_once() -> None:
    rows = [(r["version"], r["msg_type"], r["msg_type_name"], r["category"]) for r in rows_of("fix_message_types.csv")]
    assert set(rows) == {
        (version, m.msg_type, m.name, m.category)
        for version in VERSIONS
        for m in load_dictionary(version).messages.values()
    }
    assert len(rows) == len({row[:2] for row in rows})
    assert ("FIX.4.4", "j", "BusinessMessageReject", "app") in rows
    assert ("FIX.5.0SP2", "A", "Logon", "admin") in rows


def test_codes_of_every_column_are_seeded_once() -> None:
    rows = rows_of("fix_code_names.csv")
    keys = [(row["version"], int(row["tag"]), row["code"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert set(keys) == {
        (version, tag, code)
        for version in VERSIONS
        for tag, field in load_dictionary(version).fields.items()
        if tag in FIX_MESSAGES.tag_columns() or tag in MARKET_DATA_ENTRIES.tag_columns()
        for code in field.codes
    }
    named = {(row["version"], row["field_name"], row["code"]): row["code_name"] for row in rows}
    assert named["FIX.4.4", "OrdStatus", "1"] == "Partially Filled"
    assert named["FIX.4.2", "ExecType", "1"] == "Partial Fill"
    assert ("FIX.4.4", "ExecType", "1") not in named


def test_no_cell_is_empty_padded_or_read_as_null() -> None:
    for name in render_seeds():
        for row in rows_of(name):
            said = [value for column, value in row.items() if (column, value) != ("session_reject_reason", "")]
            assert all(value and value == value.strip() and value != "null" for value in said), row


def test_every_reason_code_is_seeded_with_the_reject_it_would_get() -> None:
    rows = {row["code"]: row["session_reject_reason"] for row in rows_of("fix_validation_codes.csv")}
    assert rows.keys() == CODES.keys()
    codes = load_dictionary("FIX.5.0SP2").fields[373].codes
    assert {code for code, reason in rows.items() if not reason} == {"body_length", "checksum"}
    assert all(reason in codes for reason in rows.values() if reason)
    assert codes[rows["missing_required"]] == "REQUIRED_TAG_MISSING"

"""Names of codes come from the dictionary: nowhere is a code typed next to the name that people are shown.

Words all in lower case are our own vocabulary of events and states, which spans FIX versions, and are not meant.
"""

from __future__ import annotations

import re
from pathlib import Path

from fix_transforms.fix.dictionary import VERSIONS, load_dictionary
from fix_transforms.tables import FIX_MESSAGES

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "fix_transforms/**/*.py",
    "expectations/**/*.py",
    "flows/**/*.py",
    "dbt/models/**/*.sql",
    "dbt/macros/**/*.sql",
)
#: `when '8' then 'Rejected'`, `"8": "Rejected"`, `('8', 'Rejected')`
PAIR = re.compile(
    r"""['"](\w{1,4})['"]\s*(?:then|:|=>)\s*['"]([A-Za-z_ ]{3,60})['"]"""
    r"""|\(\s*['"](\w{1,4})['"],\s*['"]([A-Za-z_ ]{3,60})['"]\s*\)""",
    re.IGNORECASE,
)


def plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def named_codes() -> set[tuple[str, str]]:
    dictionaries = [load_dictionary(version) for version in VERSIONS]
    codes = {
        (code, plain(name))
        for dictionary in dictionaries
        for tag in FIX_MESSAGES.tag_columns()
        if tag in dictionary.fields
        for code, name in dictionary.fields[tag].codes.items()
    }
    messages = {(m.msg_type, plain(m.name)) for dictionary in dictionaries for m in dictionary.messages.values()}
    return codes | messages


def typed_pairs(text: str, known: set[tuple[str, str]]) -> list[tuple[str, str]]:
    pairs = [(one or two, name or other) for one, name, two, other in PAIR.findall(text)]
    return [(code, name) for code, name in pairs if not name.islower() and (code, plain(name)) in known]


def test_no_source_types_a_code_beside_its_name() -> None:
    known = named_codes()
    files = [path for pattern in SOURCES for path in ROOT.glob(pattern)]
    files = [path for path in files if "simulate" not in path.parts]  # its counterparties write reasons into Text(58)
    assert len(files) > 20
    found = {
        path.relative_to(ROOT).as_posix(): pairs
        for path in files
        if (pairs := typed_pairs(path.read_text(encoding="utf-8"), known))
    }
    assert found == {}


def test_typed_pairs_would_be_noticed() -> None:
    text = "case ord_status when '8' then 'Rejected' end; {\"D\": \"NewOrderSingle\"}; ('1', 'PARTIALLY_FILLED'), ('8', 'rejected')"
    assert [code for code, _ in typed_pairs(text, named_codes())] == ["8", "D", "1"]

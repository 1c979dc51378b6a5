from __future__ import annotations

import re
import subprocess
import sys

import pytest

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary import (
    DATA_LENGTH_TAGS,
    VERSIONS,
    Dictionary,
    dictionary_of,
    load_dictionary,
    version_of,
)
from fix_transforms.fix.dictionary.compact import from_compact, to_compact
from fix_transforms.fix.dictionary.generate import DATA_DIR, main
from fix_transforms.tables import FIX_MESSAGES, MARKET_DATA_ENTRIES

NEWEST_FIRST = ("FIX.5.0SP2", "FIX.5.0SP1", "FIX.5.0", "FIX.4.4", "FIX.4.3", "FIX.4.2", "FIX.4.1", "FIX.4.0")

# FIX Orchestra 4.2, 4.4 and FIXT 1.1: data field → length field.
ORCHESTRA_PAIRS = {
    89: 93, 91: 90, 96: 95, 213: 212, 349: 348, 351: 350, 353: 352, 355: 354, 357: 356, 359: 358, 361: 360,
    363: 362, 365: 364, 446: 445, 619: 618, 622: 621,
}  # fmt: skip


def depth_of_groups(dictionary: Dictionary, msg_type: str) -> int:
    groups = dictionary.layout(msg_type).groups

    def depth(counter: int) -> int:
        return 1 + max((depth(nested) for nested in groups[counter].nested), default=0)

    return max((depth(counter) for counter in groups), default=0)


# ---- facts of the standard ----


@pytest.mark.parametrize("version", ["FIX.4.2", "FIX.4.3", "FIX.4.4", "FIX.5.0", "FIX.5.0SP1", "FIX.5.0SP2"])
def test_market_data_entries_start_differently_in_snapshot_and_increment(version: str) -> None:
    dictionary = load_dictionary(version)
    assert dictionary.group("W", 268).delimiter == 269
    assert dictionary.group("X", 268).delimiter == 279


def test_delimiters_of_well_known_groups() -> None:
    dictionary = load_dictionary("FIX.4.4")
    found = {
        (m, c): dictionary.group(m, c).delimiter
        for m, c in (("8", 453), ("8", 802), ("AB", 555), ("J", 78), ("AE", 552))
    }
    assert found == {("8", 453): 448, ("8", 802): 523, ("AB", 555): 600, ("J", 78): 79, ("AE", 552): 54}
    assert dictionary.group("8", 453).nested == {802}


def test_depth_of_nesting() -> None:
    for version, expected in (("FIX.4.4", 4), ("FIX.5.0SP2", 7)):
        dictionary = load_dictionary(version)
        assert max(depth_of_groups(dictionary, msg_type) for msg_type in dictionary.messages) == expected


def test_number_of_counters_by_version() -> None:
    found = {}
    for version in ("FIX.4.2", "FIX.4.3", "FIX.4.4"):
        dictionary = load_dictionary(version)
        found[version] = len({c for m in dictionary.messages for c in dictionary.layout(m).groups} - dictionary.header)
    assert found == {"FIX.4.2": 18, "FIX.4.3": 33, "FIX.4.4": 58}


def test_fill_codes_by_version() -> None:
    exec_types = {version: set(load_dictionary(version).fields[150].codes) for version in VERSIONS[1:8]}
    assert {"1", "2"} <= exec_types["FIX.4.2"]
    assert "F" not in exec_types["FIX.4.2"]
    assert {"1", "2", "F"} <= exec_types["FIX.4.3"]
    assert not {"1", "2"} & exec_types["FIX.4.4"]
    assert "F" in exec_types["FIX.4.4"]
    assert 150 not in load_dictionary("FIX.4.0").fields
    assert "5" in load_dictionary("FIX.4.2").fields[39].codes
    assert "5" not in load_dictionary("FIX.4.4").fields[39].codes


def test_business_message_reject_is_j() -> None:
    message = load_dictionary("FIX.4.4").messages["j"]
    assert (message.name, message.category) == ("BusinessMessageReject", "app")
    assert {45, 372, 379, 380} <= message.members | message.required
    assert load_dictionary("FIX.4.4").messages["J"].name != message.name


def test_required_members_are_members() -> None:
    for version in VERSIONS:
        for message in load_dictionary(version).messages.values():
            assert message.required <= message.members


def test_every_tag_of_every_message_is_a_field() -> None:
    for version in VERSIONS:
        dictionary = load_dictionary(version)
        for msg_type in dictionary.messages:
            layout = dictionary.layout(msg_type)
            tags = layout.tags.union(*(group.members for group in layout.groups.values()))
            assert tags <= dictionary.fields.keys()


@pytest.mark.parametrize("version", ["FIX.5.0", "FIX.5.0SP1", "FIX.5.0SP2"])
def test_fix_50_has_the_session_layer_of_fixt(version: str) -> None:
    dictionary, session = load_dictionary(version), load_dictionary("FIXT.1.1")
    assert dictionary.header == session.header
    assert dictionary.trailer == session.trailer
    assert session.messages.keys() < dictionary.messages.keys()
    assert dictionary.messages["A"].category == "admin"
    assert 1137 in dictionary.messages["A"].required
    assert dictionary.group("A", 384).delimiter == 372  # FIXT 1.1 leaves this component to the application
    assert dictionary.fields[373].codes.keys() >= session.fields[373].codes.keys()


@pytest.mark.parametrize("version", [one for one in VERSIONS if one.startswith("FIX.4")])
def test_older_versions_are_spoken_under_fixt_with_its_session_layer(version: str) -> None:
    code = next(code for code in map(str, range(10)) if version_of("FIXT.1.1", code) == version)
    spoken, alone, session = dictionary_of("FIXT.1.1", code), load_dictionary(version), load_dictionary("FIXT.1.1")
    assert (spoken.version, spoken.header, spoken.trailer) == (version, session.header, session.trailer)
    assert spoken.messages["D"] == alone.messages["D"]
    assert spoken.layout("D").groups.keys() == alone.layout("D").groups.keys() | session.layout("0").groups.keys()
    assert spoken.messages["A"] == load_dictionary("FIX.5.0").messages["A"]
    assert dictionary_of(version) is alone


def test_data_length_pairs_contain_orchestras() -> None:
    found = {data: length for length, data in DATA_LENGTH_TAGS.items()}
    assert found.items() >= ORCHESTRA_PAIRS.items()
    assert found[1402] == 1401
    assert found[41874] == 41873  # the one pair whose names differ by more than the ending
    assert len(found) == len(DATA_LENGTH_TAGS) == 83


# ---- which dictionary ----


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("FIX.4.2", None, None), "FIX.4.2"),
        (("FIX.4.4", "9", None), "FIX.4.4"),
        (("FIXT.1.1", None, None), "FIX.5.0SP2"),
        (("FIXT.1.1", None, "7"), "FIX.5.0"),
        (("FIXT.1.1", "8", "7"), "FIX.5.0SP1"),
        (("FIXT.1.1", "6", "9"), "FIX.4.4"),
        (("FIXT.1.1", "", "4"), "FIX.4.2"),
        (("FIXT.1.1", "nonsense", "4"), "FIX.4.2"),
        (("FIXT.1.1", "0", None), "FIX.4.0"),
        (("FIXT.1.1", "10", None), "FIX.5.0SP2"),
        (("FIXT.1.2", "9", None), "FIX.5.0SP2"),
        (("FIX.5.0SP2", None, None), "FIX.5.0SP2"),
        (("FIX.4.5", None, None), "FIX.4.4"),
        (("FIX.3.0", None, None), "FIX.4.0"),
        (("FIX.6.0", None, None), "FIX.5.0SP2"),
        (("", None, None), "FIX.4.4"),
        (("garbage", None, None), "FIX.4.4"),
    ],
)
def test_version_of(given: tuple[str, str | None, str | None], expected: str) -> None:
    assert version_of(*given) == expected


def test_every_version_code_of_the_dictionary_has_a_dictionary() -> None:
    for code, name in load_dictionary("FIX.5.0SP2").fields[1128].codes.items():
        version = version_of("FIXT.1.1", code)
        if name.replace("_", "") in {v.replace(".", "") for v in VERSIONS}:
            assert version.replace(".", "") == name.replace("_", "")
        assert version in VERSIONS


def test_unknown_version_and_message_type_have_clear_outcomes() -> None:
    with pytest.raises(DictionaryError, match=r"FIX\.9\.9.*FIX\.4\.4"):
        load_dictionary("FIX.9.9")
    with pytest.raises(DictionaryError, match="passwd"):
        load_dictionary("../../../etc/passwd")
    dictionary = load_dictionary("FIX.4.4")
    assert dictionary.layout("no such type") is None
    assert dictionary.group("no such type", 453) is None
    assert dictionary.group("0", 453) is None


# ---- the compact form ----


@pytest.mark.parametrize("version", VERSIONS)
def test_compact_form_keeps_everything(version: str) -> None:
    dictionary = load_dictionary(version)
    text = to_compact(dictionary)
    assert from_compact(text, version) == dictionary
    assert text == (DATA_DIR / f"{version}.json").read_text(encoding="utf-8")
    assert len(text.encode()) < 1024 * 1024


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"messages": {"A": ["Logon"]}}'])
def test_damaged_table_is_reported_with_its_name(text: str) -> None:
    with pytest.raises(DictionaryError, match=r"FIX\.4\.4\.json: is damaged"):
        from_compact(text, "FIX.4.4.json")


def test_generator_names_the_missing_file(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "FIX40.xml: cannot be read" in capsys.readouterr().err


def test_only_the_dictionary_asked_for_is_read() -> None:
    code = (
        "from fix_transforms.fix.dictionary import load_dictionary, version_of; import fix_transforms.fix.groups;"
        "version_of('FIXT.1.1', '9'); before = load_dictionary.cache_info().currsize;"
        "first, second = load_dictionary('FIX.4.4'), load_dictionary('FIX.4.4');"
        "print(before, load_dictionary.cache_info().currsize, first is second)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "0 1 True\n", "")


# ---- the declared columns ----


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def test_column_of_a_tag_is_named_after_the_newest_field_name() -> None:
    differing = {}
    for tag, columns in (*FIX_MESSAGES.tag_columns().items(), *MARKET_DATA_ENTRIES.tag_columns().items()):
        field = next(fields[tag] for fields in (load_dictionary(v).fields for v in NEWEST_FIRST) if tag in fields)
        wanted = {
            column: snake_case(field.name) + ("" if column.facet == "value" else f"_{column.facet}")
            for column in columns
        }
        differing.update({column.name: name for column, name in wanted.items() if column.name != name})
    assert differing == {}

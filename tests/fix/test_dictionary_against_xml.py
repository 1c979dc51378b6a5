"""The committed tables against the dictionaries they were made from, read a second time with ElementTree."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS, VERSIONS, load_dictionary, read_quickfix_xml
from fix_transforms.fix.dictionary.generate import DATA_DIR, generate, main, stale

LOCK = Path(__file__).resolve().parents[1] / "data" / "quickfix-spec.lock"
PACKAGE, SHA256 = re.search(r"^(\S+) --hash=sha256:(\w{64})$", LOCK.read_text(encoding="utf-8"), re.M).groups()
APPLICATION_50 = ("FIX.5.0", "FIX.5.0SP1", "FIX.5.0SP2")


@pytest.fixture(scope="session")
def xml_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = cached_archive()
    folder = tmp_path_factory.mktemp("quickfix-spec")
    with tarfile.open(archive) as tar:
        for member in tar:
            if re.fullmatch(r"[^/]+/spec/FIXT?\d+(SP\d)?\.xml", member.name):
                (folder / Path(member.name).name).write_bytes(tar.extractfile(member).read())
    assert len(list(folder.iterdir())) == len(VERSIONS)
    return folder


def cached_archive() -> Path:
    name = PACKAGE.replace("==", "-")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fix-lakehouse" / name
    archive = cache / f"{name}.tar.gz"
    if not is_intact(archive):
        cache.mkdir(parents=True, exist_ok=True)
        command = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:"]
        subprocess.run(
            [sys.executable, "-m", "pip", *command, "--require-hashes", "-r", LOCK, "-d", cache],
            check=True,
            timeout=280,
        )
        assert is_intact(archive)
    return archive


def is_intact(archive: Path) -> bool:
    return archive.is_file() and hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256


class Oracle:
    """One document, optionally over a session document, with components expanded on every visit."""

    def __init__(self, folder: Path, version: str) -> None:
        roots = [ET.parse(folder / f"{version.replace('.', '')}.xml").getroot()]
        if version in APPLICATION_50:
            roots.insert(0, ET.parse(folder / "FIXT11.xml").getroot())
        self.roots = roots
        self.numbers = {e.get("name"): int(e.get("number")) for root in roots for e in root.find("fields")}
        self.components = {e.get("name"): e for root in roots for e in root.find("components")}
        self.messages = {e.get("msgtype"): e for root in roots for e in root.find("messages")}
        self.expansions: dict[ET.Element, list[tuple[ET.Element, bool]]] = {}

    def fields(self) -> dict[int, tuple[str, str, dict[str, str]]]:
        found: dict[int, tuple[str, str, dict[str, str]]] = {}
        for root in self.roots:
            for e in root.find("fields"):
                codes = found.get(int(e.get("number")), ("", "", {}))[2]
                codes = {**codes, **{v.get("enum"): v.get("description") for v in e}}
                found[int(e.get("number"))] = (e.get("name"), e.get("type"), codes)
        return found

    def expand(self, element: ET.Element) -> list[tuple[ET.Element, bool]]:
        if element not in self.expansions:
            self.expansions[element] = list(self._expand(element))
        return self.expansions[element]

    def _expand(self, element: ET.Element) -> Iterator[tuple[ET.Element, bool]]:
        for child in element:
            required = child.get("required") == "Y"
            if child.tag == "component":
                for inner, inner_required in self.expand(self.components[child.get("name")]):
                    yield inner, required and inner_required
            else:
                yield child, required

    def tags(self, element: ET.Element) -> list[int]:
        return list(dict.fromkeys(self.numbers[child.get("name")] for child, _ in self.expand(element)))

    def required(self, element: ET.Element) -> set[int]:
        return {self.numbers[child.get("name")] for child, required in self.expand(element) if required}

    def groups(self, element: ET.Element, found: dict[int, tuple[list[int], set[int], set[int]]]) -> None:
        for child, _ in self.expand(element):
            if child.tag == "group":
                nested = {self.numbers[c.get("name")] for c, _ in self.expand(child) if c.tag == "group"}
                entry = (self.tags(child), nested, self.required(child))
                counter = self.numbers[child.get("name")]
                if counter not in found:
                    found[counter] = entry
                    self.groups(child, found)
                assert found[counter] == entry, "a message with two groups of one counter: extend the oracle"


@pytest.fixture(scope="session", params=VERSIONS)
def oracle(xml_dir: Path, request: pytest.FixtureRequest) -> tuple[str, Oracle]:
    return request.param, Oracle(xml_dir, request.param)


def test_tables_are_the_ones_generated_from_the_xml(xml_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stale(generate(xml_dir), DATA_DIR) == []
    assert main([str(xml_dir), "--check"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_edited_table_is_called_stale(xml_dir: Path, tmp_path: Path) -> None:
    tables = generate(xml_dir)
    for name, text in tables.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "FIX.4.4.json").write_text(tables["FIX.4.4.json"].replace("Symbol", "Ticker"), encoding="utf-8")
    (tmp_path / "FIX.3.0.json").write_text("{}", encoding="utf-8")
    (tmp_path / "FIX.4.0.json").unlink()
    assert stale(tables, tmp_path) == ["FIX.3.0.json", "FIX.4.0.json", "FIX.4.4.json"]


def test_every_field_and_code_is_the_documents(oracle: tuple[str, Oracle]) -> None:
    version, document = oracle
    ours = {tag: (f.name, f.type, dict(f.codes)) for tag, f in load_dictionary(version).fields.items()}
    assert ours == document.fields()
    assert all(field.tag == tag for tag, field in load_dictionary(version).fields.items())


def test_every_message_is_the_documents(oracle: tuple[str, Oracle]) -> None:
    version, document = oracle
    ours = {
        msg_type: (m.msg_type, m.name, m.category, m.required, m.members)
        for msg_type, m in load_dictionary(version).messages.items()
    }
    assert ours == {
        msg_type: (msg_type, e.get("name"), e.get("msgcat"), document.required(e), set(document.tags(e)))
        for msg_type, e in document.messages.items()
    }


def test_header_and_trailer_are_the_documents(oracle: tuple[str, Oracle]) -> None:
    version, document = oracle
    dictionary, root = load_dictionary(version), document.roots[0]
    assert dictionary.header == set(document.tags(root.find("header")))
    assert dictionary.trailer == set(document.tags(root.find("trailer")))
    assert dictionary.always_required == {
        tag for part in ("header", "trailer") for tag in document.required(root.find(part))
    }


def test_every_group_of_every_message_is_the_documents(oracle: tuple[str, Oracle]) -> None:
    version, document = oracle
    dictionary = load_dictionary(version)
    for msg_type, element in document.messages.items():
        expected: dict[int, tuple[list[int], set[int], set[int]]] = {}
        document.groups(document.roots[0].find("header"), expected)
        document.groups(element, expected)
        layout = dictionary.layout(msg_type)
        found = {c: (list(g.order), set(g.nested), set(g.required)) for c, g in layout.groups.items()}
        assert found == expected, msg_type
        for counter, (order, _, _) in expected.items():
            group = dictionary.group(msg_type, counter)
            assert (group.counter, group.delimiter, group.members) == (counter, order[0], set(order))


def test_every_data_field_has_the_length_field_before_it(oracle: tuple[str, Oracle]) -> None:
    _, document = oracle
    names = {number: name for name, number in document.numbers.items()}
    data = {tag for tag, (_, kind, _) in document.fields().items() if kind in ("DATA", "XMLDATA")}
    assert data <= set(DATA_LENGTH_TAGS.values())
    for root in document.roots:
        for parent in root.iter():
            for before, here in pairwise(parent):
                if (
                    here.tag == "field"
                    and document.numbers.get(here.get("name")) in data
                    and "number" not in here.attrib
                ):
                    assert DATA_LENGTH_TAGS[document.numbers[before.get("name")]] == document.numbers[here.get("name")]
    for length, tag in DATA_LENGTH_TAGS.items():
        if length in names and tag in names:
            assert document.fields()[length][1] in ("LENGTH", "INT")


def test_own_reader_gives_the_committed_dictionary(oracle: tuple[str, Oracle], xml_dir: Path) -> None:
    version, _ = oracle
    path = xml_dir / f"{version.replace('.', '')}.xml"
    with path.open("rb") as file:
        read = read_quickfix_xml(file, path.name)
    if version not in APPLICATION_50:
        assert read == load_dictionary(version)
        return
    committed = load_dictionary(version)
    assert read.version == version
    assert read.messages == {m: committed.messages[m] for m in read.messages}
    for msg_type in read.messages:
        groups = dict(committed.layout(msg_type).groups)
        del groups[627]  # of the session's header
        assert read.layout(msg_type).groups == groups

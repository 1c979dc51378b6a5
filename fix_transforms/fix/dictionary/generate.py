"""Derives the compact tables from a folder of QuickFIX XML dictionaries.

    python -m fix_transforms.fix.dictionary.generate XML_DIR [--check]

XML_DIR holds ``FIX40.xml`` … ``FIX50SP2.xml`` and ``FIXT11.xml``, as the ``spec`` folder of the QuickFIX
1.16.0 source distribution does. Invariant: the tables are a function of those files alone, so ``--check`` tells
whether the committed ones are theirs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary.compact import GENERATED_BY, to_compact
from fix_transforms.fix.dictionary.flatten import Element
from fix_transforms.fix.dictionary.model import SESSION_VERSION, Dictionary
from fix_transforms.fix.dictionary.quickfix_xml import Document, read_document

SOURCES = (
    "FIX40.xml",
    "FIX41.xml",
    "FIX42.xml",
    "FIX43.xml",
    "FIX44.xml",
    "FIX50.xml",
    "FIX50SP1.xml",
    "FIX50SP2.xml",
    "FIXT11.xml",
)
DATA_DIR = Path(__file__).parent / "data"

#: The enumeration whose codes name application versions.
APPL_VER_ID = 1128


def generate(xml_dir: Path) -> dict[str, str]:
    """The text of every table by file name.

    Raises:
        DictionaryError: A file of ``SOURCES`` is missing or cannot be read.
    """
    documents = [_read(xml_dir / name) for name in SOURCES]
    session = next(document for document in documents if document.version == SESSION_VERSION)
    dictionaries = [
        (document.with_session(session) if document.version.startswith("FIX.5") else document).flattened()
        for document in documents
    ]
    tables = {f"{dictionary.version}.json": to_compact(dictionary) for dictionary in dictionaries}
    tables["shared.json"] = _shared(documents, dictionaries)
    return tables


def data_length_tags(document: Document) -> dict[int, int]:
    """Length tag → data tag of every field typed DATA or XMLDATA.

    The pair of ``X`` is named ``XLen`` or ``XLength``; failing that, it is the field that stands directly
    before ``X`` wherever ``X`` is used, and is named as a length too.

    Raises:
        DictionaryError: A data field has no such partner, so its end could not be found in a message.
    """
    before = _predecessors((document.header, document.trailer, *document.messages, *document.components.values()))
    pairs: dict[int, int] = {}
    for data in document.fields.values():
        if data.type not in ("DATA", "XMLDATA"):
            continue
        candidates = [f"{data.name}Len", f"{data.name}Length"]
        candidates += [name for name in before.get(data.name, ()) if name.endswith(("Len", "Length"))]
        length = next((document.fields[name] for name in candidates if name in document.fields), None)
        if length is None:
            raise DictionaryError("data field without a length field", where=document.name, got=data.name)
        pairs[length.tag] = data.tag
    return pairs


def appl_ver_ids(dictionary: Dictionary, versions: Iterable[str]) -> dict[str, str]:
    """Code of ApplVerID(1128) → version, after the dictionary's own names for the codes (``FIX50_SP2``).

    A code older than every dictionary (``FIX27``) gives the oldest of ``versions``, one without digits
    (``FIX_LATEST``) the newest.
    """
    by_name = {version.replace(".", ""): version for version in versions}
    found: dict[str, str] = {}
    for code, name in dictionary.fields[APPL_VER_ID].codes.items():
        known = by_name.get(name.replace("_", ""))
        if known is None:
            known = min(by_name.values()) if any(character.isdigit() for character in name) else max(by_name.values())
        found[code] = known
    return found


def stale(tables: Mapping[str, str], data_dir: Path) -> list[str]:
    """Names of files in ``data_dir`` that are missing, differ from ``tables`` or do not belong there."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in data_dir.glob("*.json")}
    return sorted(name for name in tables.keys() | kept.keys() if tables.get(name) != kept.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables, or with ``--check`` say which are stale; the exit status is 1 then, 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m fix_transforms.fix.dictionary.generate", description=__doc__)
    parser.add_argument("xml_dir", type=Path, metavar="XML_DIR")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a table is stale")
    options = parser.parse_args(arguments)
    try:
        tables = generate(options.xml_dir)
    except DictionaryError as error:
        print(error, file=sys.stderr)
        return 2
    changed = stale(tables, DATA_DIR)
    if options.check:
        print("\n".join(f"stale: {name}" for name in changed) or f"{len(tables)} tables are up to date")
        return 1 if changed else 0
    for name in changed:
        if name in tables:
            (DATA_DIR / name).write_text(tables[name], encoding="utf-8")
        else:
            (DATA_DIR / name).unlink()
    print(f"{len(changed)} of {len(tables)} tables written to {DATA_DIR}")
    return 0


def _read(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            return read_document(file.read(), path.name)
    except OSError as error:
        raise DictionaryError("cannot be read", where=str(path), got=error.strerror) from error


def _predecessors(roots: Iterable[Element]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    waiting = list(roots)
    while waiting:
        children = waiting.pop().children
        for first, second in pairwise(children):
            if first.kind == second.kind == "field":
                found.setdefault(second.attributes.get("name", ""), []).append(first.attributes.get("name", ""))
        waiting.extend(children)
    return found


def _shared(documents: Iterable[Document], dictionaries: Sequence[Dictionary]) -> str:
    pairs: dict[int, int] = {}
    for document in documents:
        pairs.update(data_length_tags(document))
    versions = [dictionary.version for dictionary in dictionaries if dictionary.version != SESSION_VERSION]
    latest = max(dictionaries, key=lambda dictionary: (dictionary.version in versions, dictionary.version))
    counters = {definition.counter for dictionary in dictionaries for definition in dictionary.definitions}
    content = {
        "generated_by": GENERATED_BY,
        "appl_ver_ids": appl_ver_ids(latest, versions),
        "data_length_tags": {str(length): pairs[length] for length in sorted(pairs)},
        "group_counters": sorted(counters),
    }
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())

"""The files of a folder of assets, read and parsed.

Invariant: every file of the folder is either part of the bundle or a problem; none is passed over in silence, as
Superset's own importer does with a file whose name it does not expect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

METADATA = "metadata.yaml"
KINDS = ("databases", "datasets", "charts", "dashboards")
#: Stands in a text for the address of the reports, which each installation has its own of.
SITE_URL = "{{ site_url }}"
DEFAULT_SITE_URL = "http://127.0.0.1:8090"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in one file."""

    file: str
    key: str
    got: object
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: got {self.got!r}, expected {self.expected}"


class BundleError(Exception):
    """The bundle cannot be imported; nothing was."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder of assets.

    Attributes:
        documents: File, as Superset names it, → its content, sorted by name.
    """

    documents: Mapping[str, Document] = field(repr=False)

    def of(self, kind: str) -> dict[str, Document]:
        """The documents of one kind."""
        return {file: document for file, document in self.documents.items() if file.startswith(f"{kind}/")}

    def by_uuid(self, kind: str) -> dict[str, Document]:
        """The documents of one kind by what identifies them."""
        return {str(document.get("uuid")): document for document in self.of(kind).values()}


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML keeps the last."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    return dict(loader.construct_pairs(node, deep=True))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_bundle(folder: Path, site_url: str = DEFAULT_SITE_URL) -> Bundle:
    """Read a folder.

    Args:
        folder: Of the assets.
        site_url: Where the reports are, as the browser sees it; takes the place of ``{{ site_url }}``.

    Raises:
        BundleError: A file cannot be read or parsed, or has no place in a bundle.
    """
    if not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./~-]*)?", site_url):
        raise BundleError([Problem(METADATA, SITE_URL, site_url, "http://host:port or https://host")])
    if not (folder / METADATA).is_file():
        raise BundleError([Problem(METADATA, "file", "nothing", f"this file in {folder}")])
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
        file = path.relative_to(folder).as_posix()
        problem = _misplaced(file)
        if problem is None:
            document = _parse(path, file, site_url.rstrip("/"))
            if isinstance(document, Problem):
                problem = document
            else:
                documents[file] = document
        if problem is not None:
            problems.append(problem)
    if problems:
        raise BundleError(problems)
    return Bundle(documents)


def _misplaced(file: str) -> Problem | None:
    kind, _, rest = file.partition("/")
    if file == METADATA or (kind in KINDS and rest and file.endswith(".yaml")):
        return None
    return Problem(file, "file", file, f"{METADATA}, or a .yaml file in one of {', '.join(KINDS)}")


def _parse(path: Path, file: str, site_url: str) -> Document | Problem:
    try:
        text = path.read_text(encoding="utf-8").replace(SITE_URL, site_url)
        # Ours refuses more than the safe loader and builds nothing that it does not.
        document = yaml.load(text, Loader=_StrictLoader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        return Problem(file, "file", " ".join(str(error).split()), "YAML in UTF-8")
    if not isinstance(document, dict):
        return Problem(file, "file", type(document).__name__, "a mapping")
    return document

"""Reads dictionaries written in the XML format of the QuickFIX family: the format that users' own come in.

Invariant: a document is untrusted. A DTD or entity is refused, depth and size are bounded, components are
expanded once each, and every defect is a ``DictionaryError`` that names the line; no other error escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary.flatten import Element, Flattener
from fix_transforms.fix.dictionary.model import Dictionary, Field

#: The largest public dictionary (FIX 5.0 SP2) has 1.5 MB.
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
#: The deepest public one nests groups in components in groups: 6 elements.
MAX_ELEMENT_DEPTH = 64
MAX_TAG = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document, before components are expanded."""

    name: str
    version: str
    header: Element
    trailer: Element
    messages: tuple[Element, ...]
    components: Mapping[str, Element]
    fields: Mapping[str, Field]

    def with_session(self, session: Document) -> Document:
        """This application dictionary joined with the session layer it runs over (FIXT 1.1).

        The session layer gives header, trailer, session messages and the components left empty nowhere; an
        application's component or field wins over the session's of the same name, and a field's codes are
        those of both.
        """
        fields = dict(session.fields)
        for name, mine in self.fields.items():
            theirs = session.fields.get(name)
            codes = {} if theirs is None else theirs.codes
            fields[name] = Field(mine.tag, name, mine.type, MappingProxyType({**codes, **mine.codes}))
        return Document(
            name=self.name,
            version=self.version,
            header=session.header,
            trailer=session.trailer,
            messages=(*session.messages, *self.messages),
            components={**session.components, **self.components},
            fields=fields,
        )

    def flattened(self) -> Dictionary:
        """The dictionary, with components expanded and groups found.

        Raises:
            DictionaryError: A name is not defined, a component contains itself, or a message stands twice.
        """
        return Flattener(self.name, self.components, self.fields).dictionary(
            self.version, self.header, self.trailer, self.messages
        )


def read_quickfix_xml(source: bytes | BinaryIO, name: str = "dictionary") -> Dictionary:
    """Read a dictionary in QuickFIX XML.

    Args:
        source: The document, or a file opened for reading bytes.
        name: What to call it in errors, such as its path.

    Raises:
        DictionaryError: It is not such a document, has a DTD, is too large, or contradicts itself.
    """
    return read_document(source, name).flattened()


def read_document(source: bytes | BinaryIO, name: str) -> Document:
    """Read a document without expanding it; raises ``DictionaryError`` like ``read_quickfix_xml``."""
    content = source if isinstance(source, bytes) else source.read(MAX_DOCUMENT_BYTES + 1)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise DictionaryError("too large", where=name, expected=f"at most {MAX_DOCUMENT_BYTES} bytes")
    root = _TreeBuilder(name).build(content)
    if root.kind != "fix":
        raise DictionaryError("not a QuickFIX dictionary", where=name, got=f"<{root.kind}>", expected="<fix>")
    parts = {child.kind: child for child in root.children}
    empty = Element("", MappingProxyType({}), root.line)
    return Document(
        name=name,
        version=_version(name, root),
        header=parts.get("header", empty),
        trailer=parts.get("trailer", empty),
        messages=tuple(_only("message", parts.get("messages", empty), name)),
        components=_by_name(name, _only("component", parts.get("components", empty), name)),
        fields=_fields(name, _only("field", parts.get("fields", empty), name)),
    )


# ---- the tree ----


@dataclass(slots=True)
class _TreeBuilder:
    name: str
    open: list[Element] = field(default_factory=list)
    root: Element | None = None
    parser: expat.XMLParserType = field(default_factory=expat.ParserCreate)

    def build(self, content: bytes) -> Element:
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        try:
            self.parser.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: unusable encodings
            raise DictionaryError(f"is not well-formed XML: {error}", where=self.name) from error
        if self.root is None:  # expat has reported "no element found" before this
            raise DictionaryError("has no element", where=self.name)
        return self.root

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise DictionaryError("a DTD is not accepted", where=f"{self.name}:{self.parser.CurrentLineNumber}")

    def _start(self, kind: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        if len(self.open) >= MAX_ELEMENT_DEPTH:
            raise DictionaryError(f"nested deeper than {MAX_ELEMENT_DEPTH} elements", where=f"{self.name}:{line}")
        element = Element(kind, MappingProxyType(attributes), line)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def _end(self, _: str) -> None:
        self.open.pop()


# ---- what the tree says ----


def _version(name: str, root: Element) -> str:
    kind, major, minor = (root.required_attribute(key, name) for key in ("type", "major", "minor"))
    pack = root.attributes.get("servicepack", "0")
    if kind not in ("FIX", "FIXT") or not (major + minor + pack).isdecimal():
        got = f"type={kind!r} major={major!r} minor={minor!r} servicepack={pack!r}"
        raise DictionaryError("names no FIX version", where=f"{name}:{root.line}", got=got)
    return f"{kind}.{major}.{minor}" + (f"SP{pack}" if pack != "0" else "")


def _only(kind: str, parent: Element, name: str) -> Iterable[Element]:
    for child in parent.children:
        if child.kind != kind:
            where = f"{name}:{child.line}"
            raise DictionaryError("unexpected element", where=where, got=f"<{child.kind}>", expected=f"<{kind}>")
        yield child


def _by_name(name: str, elements: Iterable[Element]) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for element in elements:
        key = element.required_attribute("name", name)
        if key in found:
            raise DictionaryError("defined twice", where=f"{name}:{element.line}", got=f"component {key}")
        found[key] = element
    return found


def _fields(name: str, elements: Iterable[Element]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    tags: set[int] = set()
    for element in elements:
        read = _field(name, element)
        if read.name in found or read.tag in tags:
            raise DictionaryError("defined twice", where=f"{name}:{element.line}", got=f"field {read.name}({read.tag})")
        found[read.name] = read
        tags.add(read.tag)
    return found


def _field(name: str, element: Element) -> Field:
    number = element.required_attribute("number", name)
    if not (number.isascii() and number.isdecimal() and len(number) <= 10 and 0 < int(number) <= MAX_TAG):
        raise DictionaryError("a field needs a number", where=f"{name}:{element.line}", got=repr(number))
    codes = {
        value.required_attribute("enum", name): value.attributes.get("description", "")
        for value in _only("value", element, name)
    }
    return Field(
        tag=int(number),
        name=element.required_attribute("name", name),
        type=element.required_attribute("type", name).upper(),
        codes=MappingProxyType(codes),
    )

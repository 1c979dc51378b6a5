"""Expands the components of a dictionary document and finds its repeating groups.

Invariant: each component is expanded once and each distinct group is stored once, so that work and result are
bounded by the document however its components refer to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary.model import Category, Dictionary, Field, GroupDefinition, Message, Section

#: How deep groups and components may contain each other; FIX 5.0 SP2 needs 22.
MAX_DEPTH = 128


@dataclass(frozen=True, slots=True)
class Element:
    """An XML element and the line it starts on."""

    kind: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element] = field(default_factory=list)

    @property
    def is_required(self) -> bool:
        """Whether ``required`` says so; absent means no."""
        return self.attributes.get("required", "N").upper() == "Y"

    def required_attribute(self, key: str, document: str) -> str:
        """The attribute's value.

        Raises:
            DictionaryError: It is absent or empty.
        """
        value = self.attributes.get(key)
        if not value:
            raise DictionaryError(f"<{self.kind}> lacks {key!r}", where=f"{document}:{self.line}")
        return value


@dataclass(slots=True)
class _Gathered:
    order: dict[int, None] = field(default_factory=dict)
    required: set[int] = field(default_factory=set)
    groups: dict[int, None] = field(default_factory=dict)


@dataclass(slots=True)
class Flattener:
    """Turns one document's elements into a ``Dictionary``."""

    document: str
    components: Mapping[str, Element]
    fields: Mapping[str, Field]
    definitions: dict[GroupDefinition, int] = field(default_factory=dict)
    expanded: dict[str, Section] = field(default_factory=dict)
    expanding: dict[str, None] = field(default_factory=dict)
    depth: int = 0

    def dictionary(self, version: str, header: Element, trailer: Element, messages: Iterable[Element]) -> Dictionary:
        """The whole dictionary; raises ``DictionaryError`` where an element refers to nothing or to itself."""
        bodies: dict[str, Section] = {}
        known: dict[str, Message] = {}
        for element in messages:
            msg_type = element.required_attribute("msgtype", self.document)
            if msg_type in known:
                raise DictionaryError("defined twice", where=self._at(element), got=f"message {msg_type}")
            bodies[msg_type] = body = self._section(element)
            known[msg_type] = self._message(element, msg_type, body)
        return Dictionary(
            version=version,
            fields=MappingProxyType(
                {read.tag: read for read in sorted(self.fields.values(), key=lambda read: read.tag)}
            ),
            messages=MappingProxyType(known),
            header_section=self._section(header),
            trailer_section=self._section(trailer),
            bodies=MappingProxyType(bodies),
            definitions=tuple(self.definitions),
        )

    def _message(self, element: Element, msg_type: str, body: Section) -> Message:
        category = element.attributes.get("msgcat", "app")
        if category not in ("admin", "app"):
            raise DictionaryError("unknown msgcat", where=self._at(element), got=category, expected="admin or app")
        name = element.required_attribute("name", self.document)
        return Message(msg_type, name, cast(Category, category), body.required, frozenset(body.order))

    def _section(self, parent: Element) -> Section:
        if self.depth >= MAX_DEPTH:
            raise DictionaryError(f"nested deeper than {MAX_DEPTH} groups and components", where=self._at(parent))
        gathered = _Gathered()
        self.depth += 1
        for child in parent.children:
            self._gather(child, gathered)
        self.depth -= 1
        return Section(tuple(gathered.order), frozenset(gathered.required), tuple(gathered.groups))

    def _gather(self, child: Element, gathered: _Gathered) -> None:
        name = child.required_attribute("name", self.document)
        if child.kind == "component":
            part = self._component(child, name)
            gathered.order.update(dict.fromkeys(part.order))
            gathered.groups.update(dict.fromkeys(part.groups))
            if child.is_required:
                gathered.required.update(part.required)
            return
        if child.kind not in ("field", "group"):
            raise DictionaryError(
                "unexpected element", where=self._at(child), got=f"<{child.kind}>", expected="field, group or component"
            )
        tag = self._tag(child, name)
        gathered.order[tag] = None
        if child.is_required:
            gathered.required.add(tag)
        if child.kind == "group":
            gathered.groups[self._group(child, tag)] = None

    def _component(self, reference: Element, name: str) -> Section:
        found = self.expanded.get(name)
        if found is not None:
            return found
        if name not in self.components:
            raise DictionaryError("component is not defined", where=self._at(reference), got=name)
        if name in self.expanding:
            raise DictionaryError("component contains itself", where=self._at(reference), got=name)
        self.expanding[name] = None
        section = self.expanded[name] = self._section(self.components[name])
        del self.expanding[name]
        return section

    def _group(self, element: Element, counter: int) -> int:
        inner = self._section(element)
        if not inner.order:
            raise DictionaryError("group has no fields", where=self._at(element), got=element.attributes["name"])
        definition = GroupDefinition(counter, inner.order, inner.groups, inner.required)
        return self.definitions.setdefault(definition, len(self.definitions))

    def _tag(self, element: Element, name: str) -> int:
        known = self.fields.get(name)
        if known is None:
            raise DictionaryError("field is not defined", where=self._at(element), got=name)
        return known.tag

    def _at(self, element: Element) -> str:
        return f"{self.document}:{element.line}"

"""The compact form in which dictionaries are kept: JSON with one field, group or message on a line.

Invariant: ``from_compact(to_compact(d))`` equals ``d``, and equal dictionaries give equal text, so that a
regenerated table differs only where a fact does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary.model import Dictionary, Field, GroupDefinition, Message, Section

GENERATED_BY = "python -m fix_transforms.fix.dictionary.generate; do not edit"
_NO_CODES: Mapping[str, str] = MappingProxyType({})


def to_compact(dictionary: Dictionary) -> str:
    """The dictionary as text, ending in a newline."""
    fields = {str(f.tag): [f.name, f.type, *([dict(f.codes)] if f.codes else [])] for f in dictionary.fields.values()}
    groups = [[d.counter, list(d.order), list(d.inside), sorted(d.required)] for d in dictionary.definitions]
    messages = {
        m.msg_type: [m.name, m.category, *_from_section(dictionary.bodies[m.msg_type])]
        for m in dictionary.messages.values()
    }
    return (
        "{\n"
        + ",\n".join((
            f'"generated_by": {_line(GENERATED_BY)}',
            f'"version": {_line(dictionary.version)}',
            f'"header": {_line(_from_section(dictionary.header_section))}',
            f'"trailer": {_line(_from_section(dictionary.trailer_section))}',
            f'"messages": {{\n{_object_lines(messages)}\n}}',
            f'"groups": [\n{_lines(map(_line, groups))}\n]',
            f'"fields": {{\n{_object_lines(fields)}\n}}',
        ))
        + "\n}\n"
    )  # fmt: skip


def from_compact(text: str, name: str) -> Dictionary:
    """The dictionary that ``to_compact`` wrote.

    Raises:
        DictionaryError: The text is not one, which means that the installation is damaged.
    """
    try:
        return _from_json(json.loads(text))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DictionaryError(f"is damaged: {type(error).__name__}: {error}", where=name) from error


def _from_json(content: dict[str, Any]) -> Dictionary:
    bodies: dict[str, Section] = {}
    messages: dict[str, Message] = {}
    for msg_type, (name, category, *rest) in content["messages"].items():
        bodies[msg_type] = body = _to_section(rest)
        messages[msg_type] = Message(msg_type, name, category, body.required, frozenset(body.order))
    fields = {int(tag): _to_field(int(tag), *rest) for tag, rest in content["fields"].items()}
    return Dictionary(
        version=content["version"],
        fields=MappingProxyType(fields),
        messages=MappingProxyType(messages),
        header_section=_to_section(content["header"]),
        trailer_section=_to_section(content["trailer"]),
        bodies=MappingProxyType(bodies),
        definitions=tuple(
            GroupDefinition(counter, tuple(order), tuple(inside), frozenset(required))
            for counter, order, inside, required in content["groups"]
        ),
    )


def _to_field(tag: int, name: str, kind: str, codes: dict[str, str] | None = None) -> Field:
    return Field(tag, name, kind, _NO_CODES if codes is None else MappingProxyType(codes))


def _to_section(stored: list[list[int]]) -> Section:
    order, required, groups = stored
    return Section(tuple(order), frozenset(required), tuple(groups))


def _from_section(section: Section) -> list[list[int]]:
    return [list(section.order), sorted(section.required), list(section.groups)]


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _lines(lines: Iterable[str]) -> str:
    return ",\n".join(lines)


def _object_lines(entries: Mapping[str, object]) -> str:
    return _lines(f"{_line(key)}: {_line(value)}" for key, value in entries.items())

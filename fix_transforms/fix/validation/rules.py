"""``validate``: the rules of the session layer over the fields of one message.

Invariant: codes come in the order of the message, of one position in the order of their names, each once; fields that
are absent count as after the last. A field in a repeating group is judged by its group, as ``unfold`` found it.

Tags from 5000 to 39999 are user-defined (5000 to 9999 by registration, 20000 to 39999 by agreement, the rest inside a
firm). Those that the dictionary does not know have a code of their own, because QuickFIX rejects them by default and
not with ValidateUserDefinedFields=N; a dictionary laid over the standard's makes them known. A tag that is not listed
does not decide where the header ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fix_transforms.fix.validation.codes import code_text
from fix_transforms.fix.validation.datatypes import LISTS, fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fix_transforms.fix.dictionary import Dictionary, Group, Layout
    from fix_transforms.fix.groups import GroupField
    from fix_transforms.fix.segments import ChecksumStatus

_BEGIN_STRING, _BODY_LENGTH, _CHECK_SUM, _MSG_TYPE = 8, 9, 10, 35
_FIRST = (_BEGIN_STRING, _BODY_LENGTH, _MSG_TYPE)
_HEADER, _BODY, _TRAILER = range(3)
USER_DEFINED = range(5000, 40_000)

#: Position, name and tag of a code: sorting findings sorts codes.
_Finding = tuple[int, str, int]
_NO_TAG = -1


def validate(
    fields: Sequence[tuple[int, str]],
    dictionary: Dictionary,
    msg_type: str,
    *,
    inside: Sequence[GroupField] = (),
    body_length_ok: bool | None = None,
    checksum_status: ChecksumStatus = "ok",
    left_out: frozenset[int] = frozenset(),
) -> list[str]:
    """Judge one message.

    Args:
        fields: Tag and value of every field, header and trailer included, in the order of the message.
        dictionary: Of the message's version, with what a user laid over it.
        msg_type: MsgType(35); empty when absent.
        inside: What ``unfold`` returned for the same fields.
        body_length_ok: Whether BodyLength(9) matches the bytes; none when that is not known.
        checksum_status: Whether CheckSum(10) does; only ``bad`` is a finding.
        left_out: Tags that the log leaves out of every message, so that they are not missing.

    Returns:
        Codes as ``codes.CODES`` lists them; none for a valid message.
    """
    message = _Message(
        fields,
        dictionary,
        dictionary.layout(msg_type) or _without_body(dictionary),
        {row.position: row for row in inside},
    )
    knows_type = msg_type in dictionary.messages
    findings = [*message.missing(left_out), *message.order(), *message.values(knows_type), *message.repeated()]
    findings += _groups(message, inside, msg_type)
    if msg_type and not knows_type:
        findings.append((message.first_at(_MSG_TYPE), "unknown_msg_type", _NO_TAG))
    if body_length_ok is False:
        findings.append((message.first_at(_BODY_LENGTH), "body_length", _NO_TAG))
    if checksum_status == "bad":
        findings.append((message.first_at(_CHECK_SUM), "checksum", _NO_TAG))
    codes = (code_text(name, tag if tag != _NO_TAG else None) for _, name, tag in sorted(findings))
    return list(dict.fromkeys(codes))


def _without_body(dictionary: Dictionary) -> Layout:
    """What is known of a message whose type is not: header and trailer."""
    from fix_transforms.fix.dictionary import Layout

    header, trailer = dictionary.header, dictionary.trailer
    return Layout(header | trailer, {}, header, trailer, dictionary.always_required)


@dataclass(slots=True)
class _Message:
    fields: Sequence[tuple[int, str]]
    dictionary: Dictionary
    layout: Layout
    inside: Mapping[int, GroupField]
    outside: list[tuple[int, int]] = field(init=False)
    first: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.outside = [(at, tag) for at, (tag, _) in enumerate(self.fields) if at not in self.inside]
        self.first = {tag: at for at, tag in reversed(self.outside)}

    def first_at(self, tag: int) -> int:
        """Position of the tag's first occurrence outside groups, or past the end."""
        return self.first.get(tag, len(self.fields))

    def missing(self, left_out: frozenset[int]) -> Iterator[_Finding]:
        """Fields that header, body and trailer must have, and this one has not."""
        for tag in self.layout.required - self.first.keys() - left_out:
            yield len(self.fields), "missing_required", tag

    def order(self) -> Iterator[_Finding]:
        """8, 9, 35 first, 10 last, header before body before trailer."""
        for place, tag in enumerate(tag for tag in _FIRST if tag in self.first):
            if self.first[tag] != place:
                yield self.first[tag], "field_order", tag
        if self.first_at(_CHECK_SUM) < len(self.fields) - 1:
            yield self.first[_CHECK_SUM], "field_order", _CHECK_SUM
        reached = _HEADER
        for at, tag in self.outside:
            part = self._part(tag)
            if part is not None and part < reached:
                yield at, "field_order", tag
            elif part is not None:
                reached = part

    def _part(self, tag: int) -> int | None:
        if tag in self.layout.header:
            return _HEADER
        if tag in self.layout.trailer:
            return _TRAILER
        return _BODY if tag in self.layout.tags else None

    def values(self, knows_type: bool) -> Iterator[_Finding]:
        """Each field by itself: whether it belongs here, and whether its value is one."""
        for at, (tag, value) in enumerate(self.fields):
            known = self.dictionary.fields.get(tag)
            if known is None:
                yield at, "user_defined" if tag in USER_DEFINED else "unknown_tag", tag
            elif knows_type and not self.belongs(at, tag):
                yield at, "not_in_message", tag
            if not value:
                yield at, "empty_value", tag
            elif known is not None and not fits(known.type, value, self.dictionary.version):
                yield at, "bad_type", tag
            elif known is not None and known.codes and tag != _MSG_TYPE:
                elements = value.split(" ") if known.type in LISTS else (value,)
                if not all(element in known.codes for element in elements):
                    yield at, "bad_enum", tag

    def belongs(self, at: int, tag: int) -> bool:
        """Whether the message, or the group the field is in, lists the tag."""
        row = self.inside.get(at)
        return tag in self.layout.tags if row is None else row.is_known

    def repeated(self) -> Iterator[_Finding]:
        """Tags that come again outside groups."""
        for at, tag in self.outside:
            if self.first[tag] != at:
                yield at, "duplicate_tag", tag


# ---- repeating groups ----


@dataclass(slots=True)
class _Instance:
    start: int
    group: Group | None
    tags: set[int] = field(default_factory=set)


def _groups(message: _Message, inside: Sequence[GroupField], msg_type: str) -> Iterator[_Finding]:
    """Instances against their group: first field, repeated and required fields, and the counter."""
    yield from _counters(message)
    instances: dict[str, _Instance] = {}
    for row in inside:
        instance = instances.get(row.path)
        if instance is None:
            group = message.dictionary.group(msg_type, row.counter_tag)
            instance = instances[row.path] = _Instance(row.position, group)
            if group is not None and row.tag != group.delimiter:
                yield row.position, "group_first_field", row.counter_tag
        elif row.tag in instance.tags:
            yield row.position, "duplicate_tag", row.tag
        instance.tags.add(row.tag)
    for instance in instances.values():
        for tag in (instance.group.required if instance.group is not None else frozenset()) - instance.tags:
            yield instance.start, "missing_required", tag


def _counters(message: _Message) -> Iterator[_Finding]:
    """Counters whose instances are fewer or more than they say."""
    counters: dict[int, int] = {}
    for at, (tag, value) in enumerate(message.fields):
        row = message.inside.get(at)
        if row is not None and not row.count_ok:
            yield counters.get(row.counter_tag, at), "group_count", row.counter_tag
        if tag in message.layout.groups:
            counters[tag] = at
            following = message.inside.get(at + 1)
            is_opened = following is not None and following.counter_tag == tag
            if not is_opened and value.isdecimal() and int(value[:9]) > 0 and message.belongs(at, tag):
                yield at, "group_count", tag

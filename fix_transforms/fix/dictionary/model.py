"""What a FIX dictionary knows: fields with their codes, messages with their members, repeating groups.

Invariant: a ``Dictionary`` never changes. A group is found by (MsgType, counter tag), for the same counter
starts different groups in different messages (268 holds 269 first in W and 279 first in X).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from fix_transforms.errors import DictionaryError

Category = Literal["admin", "app"]

#: The session layer that FIX 5.0 and later share.
SESSION_VERSION = "FIXT.1.1"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: ``codes`` maps each enumerated value to its name, in the standard's spelling (``NEW_ORDER``)."""

    tag: int
    name: str
    type: str
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """A message type.

    Attributes:
        required: Tags of the body that must be present; counters of required groups included.
        members: Tags of the body outside repeating groups; counters included, components flattened.
    """

    msg_type: str
    name: str
    category: Category
    required: frozenset[int]
    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class Group:
    """A repeating group of one message.

    Attributes:
        counter: Tag that counts its instances.
        order: Tags of an instance in the dictionary's order; the counters of nested groups included.
        nested: Counters of the groups directly inside.
        members: The tags of ``order``, for membership tests.
        required: Tags that every instance must have.
    """

    counter: int
    order: tuple[int, ...]
    nested: frozenset[int]
    members: frozenset[int]
    required: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls, counter: int, order: tuple[int, ...], nested: frozenset[int], required: frozenset[int] = frozenset()
    ) -> Group:
        """A group with its members derived."""
        return cls(counter, order, nested, frozenset(order), required)

    @property
    def delimiter(self) -> int:
        """The tag that the dictionary puts first in every instance; may itself be a nested counter."""
        return self.order[0]

    def united(self, other: Group) -> Group:
        """Both definitions of one counter as one group, this one's order first; required is what both require."""
        order = tuple(dict.fromkeys(self.order + other.order))
        return Group.of(self.counter, order, self.nested | other.nested, self.required & other.required)


@dataclass(frozen=True, slots=True)
class GroupDefinition:
    """A group as it is stored: once per distinct content; ``inside`` are positions in the same list."""

    counter: int
    order: tuple[int, ...]
    inside: tuple[int, ...]
    required: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """Tags that stand together (header, trailer, a message's body), with the groups directly in it."""

    order: tuple[int, ...] = ()
    required: frozenset[int] = frozenset()
    groups: tuple[int, ...] = ()

    def shifted(self, by: int) -> Section:
        """The same section over a list of definitions that has ``by`` others in front."""
        return replace(self, groups=tuple(position + by for position in self.groups))


@dataclass(frozen=True, slots=True)
class Layout:
    """What one message type may contain.

    Attributes:
        tags: Tags outside groups, header and trailer included.
        groups: Repeating groups by counter, however deep.
        header: Tags of the standard header that the body does not list too.
        trailer: Tags of the standard trailer that neither header nor body list too.
        required: Tags that header, body and trailer require.
    """

    tags: frozenset[int]
    groups: Mapping[int, Group]
    header: frozenset[int] = frozenset()
    trailer: frozenset[int] = frozenset()
    required: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The dictionary of one FIX version.

    Attributes:
        version: Such as ``FIX.4.4`` or ``FIX.5.0SP2``.
        fields: By tag.
        messages: By MsgType(35).
        header_section: Standard header.
        trailer_section: Standard trailer.
        bodies: The body of each message type.
        definitions: Every distinct group, referred to by position.
    """

    version: str
    fields: Mapping[int, Field]
    messages: Mapping[str, Message]
    header_section: Section
    trailer_section: Section
    bodies: Mapping[str, Section]
    definitions: tuple[GroupDefinition, ...]
    _layouts: dict[str, Layout] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def header(self) -> frozenset[int]:
        """Tags of the standard header outside its groups."""
        return frozenset(self.header_section.order)

    @property
    def trailer(self) -> frozenset[int]:
        """Tags of the standard trailer."""
        return frozenset(self.trailer_section.order)

    @property
    def always_required(self) -> frozenset[int]:
        """Tags that every message must have: the required ones of header and trailer."""
        return self.header_section.required | self.trailer_section.required

    @property
    def is_in_session(self) -> bool:
        """Whether its session layer is FIXT's: ApplVerID(1128) stands in the header."""
        return 1128 in self.header_section.order

    def group(self, msg_type: str, counter: int) -> Group | None:
        """The group that ``counter`` starts in messages of this type; none if it starts none there."""
        layout = self.layout(msg_type)
        return None if layout is None else layout.groups.get(counter)

    def layout(self, msg_type: str) -> Layout | None:
        """Where every tag of this message type belongs; none for an unknown type. Built on first use."""
        found = self._layouts.get(msg_type)
        if found is None and msg_type in self.messages:
            found = self._layouts[msg_type] = self._lay_out(msg_type)
        return found

    def overlaid(self, other: Dictionary) -> Dictionary:
        """This dictionary with another's content on top, such as a venue's own dialect.

        A field (by tag) or a message (by MsgType, with all its groups) of ``other`` replaces the one here; so
        do its header and trailer, unless empty. Everything else stays.

        Raises:
            DictionaryError: ``other`` is of another version. FIXT.1.1 may lie over any.
        """
        if other.version not in (self.version, SESSION_VERSION):
            raise DictionaryError("cannot lie over another version", got=other.version, expected=self.version)
        shift = len(self.definitions)
        moved = tuple(
            replace(definition, inside=tuple(position + shift for position in definition.inside))
            for definition in other.definitions
        )
        header, trailer = other.header_section.shifted(shift), other.trailer_section.shifted(shift)
        bodies = {msg_type: body.shifted(shift) for msg_type, body in other.bodies.items()}
        return Dictionary(
            version=self.version,
            fields=MappingProxyType({**self.fields, **other.fields}),
            messages=MappingProxyType({**self.messages, **other.messages}),
            header_section=header if header.order else self.header_section,
            trailer_section=trailer if trailer.order else self.trailer_section,
            bodies=MappingProxyType({**self.bodies, **bodies}),
            definitions=self.definitions + moved,
        )

    def _lay_out(self, msg_type: str) -> Layout:
        sections = (self.header_section, self.bodies[msg_type], self.trailer_section)
        groups: dict[int, Group] = {}
        waiting = [position for section in sections for position in section.groups]
        seen = set(waiting)
        while waiting:
            definition = self.definitions[waiting.pop()]
            group = Group.of(
                definition.counter,
                definition.order,
                frozenset(self.definitions[position].counter for position in definition.inside),
                definition.required,
            )
            known = groups.get(group.counter)
            groups[group.counter] = group if known is None else known.united(group)
            fresh = [position for position in definition.inside if position not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        header, body, trailer = (frozenset(section.order) for section in sections)
        required = frozenset(tag for section in sections for tag in section.required)
        return Layout(
            header | body | trailer, MappingProxyType(groups), header - body, trailer - body - header, required
        )

"""Which dictionary a message is to be read with: its own version's, or the one that its session agreed on.

Invariant: a message is read with the same dictionary however the file is cut, because what a Logon states is
kept for the rest of the session. ``generation`` changes when, and only when, an answer may have changed: overlays
and what is known beforehand are settled before the first answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from fix_transforms.fix.dictionary import dictionary_of, load_dictionary
from fix_transforms.fix.dictionary.load import LATEST
from fix_transforms.fix.dictionary.model import SESSION_VERSION

if TYPE_CHECKING:
    from fix_transforms.fix.dictionary import Dictionary

_MAX_SESSIONS = 10_000

#: The two CompIDs of a session: both directions are one session.
Session: TypeAlias = frozenset[str | None]


class Overlays:
    """Dictionaries of a venue, laid over the standard ones of their versions; each result is built once.

    Args:
        dictionaries: Later ones lie on top of earlier ones. One of FIXT.1.1 lies over every version spoken under FIXT.
    """

    def __init__(self, dictionaries: Sequence[Dictionary] = ()) -> None:
        self._dictionaries = tuple(dictionaries)
        self._laid: dict[tuple[str, bool], Dictionary] = {}

    def __bool__(self) -> bool:
        return bool(self._dictionaries)

    def __iter__(self) -> Iterator[Dictionary]:
        return iter(self._dictionaries)

    def __add__(self, above: Overlays) -> Overlays:
        """These, and others on top."""
        return Overlays(self._dictionaries + above._dictionaries)

    def check(self) -> None:
        """Lay them over the standard dictionaries of their versions.

        Raises:
            DictionaryError: There is no standard dictionary of a version.
        """
        for dictionary in self._dictionaries:
            self.over(load_dictionary(LATEST if dictionary.version == SESSION_VERSION else dictionary.version))

    def over(self, standard: Dictionary) -> Dictionary:
        """The standard dictionary with those of its version on top."""
        key = standard.version, standard.is_in_session
        found = self._laid.get(key)
        if found is None:
            found = standard
            for dictionary in self._dictionaries:
                if dictionary.version == standard.version or _is_session_of(dictionary, standard):
                    found = found.overlaid(dictionary)
            self._laid[key] = found
        return found


def _is_session_of(dictionary: Dictionary, standard: Dictionary) -> bool:
    return dictionary.version == SESSION_VERSION and standard.is_in_session


@dataclass(frozen=True, slots=True)
class Dialects:
    """The overlays of one file.

    Attributes:
        always: Those of every message.
        sessions: Those of a session, by its CompIDs and its BeginString or none for any.
    """

    always: Overlays = field(default_factory=Overlays)
    sessions: Mapping[tuple[Session, str | None], Overlays] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, begin: str, session: Session) -> Overlays:
        """The overlays of a session's messages."""
        own = self.sessions.get((session, begin)) or self.sessions.get((session, None))
        return own if own is not None else self.always


class SessionVersions:
    """The dictionaries of one file's messages.

    Args:
        dialects: Overlays.
        agreed: DefaultApplVerID(1137) by session, as far as it is known before the first message.
        begin_string: Version of messages that do not say theirs.
    """

    def __init__(
        self,
        dialects: Dialects | None = None,
        agreed: Mapping[Session, str] = MappingProxyType({}),
        begin_string: str | None = None,
    ) -> None:
        self._dialects = dialects or Dialects()
        self._begin_string = begin_string or ""
        self._defaults: dict[Session, str] = dict(agreed)
        self._dictionaries: dict[tuple[str, str | None, str | None, Session | None], Dictionary] = {}
        self.generation = 0

    @property
    def overlays(self) -> Iterator[Dictionary]:
        """Every dictionary that may be laid over a standard one."""
        for overlays in (self._dialects.always, *self._dialects.sessions.values()):
            yield from overlays

    @property
    def depends_on_session(self) -> bool:
        """Whether messages of one version may have several dictionaries, by their CompIDs."""
        return bool(self._dialects.sessions)

    def dictionary(self, first: Mapping[int, str], msg_type: str) -> Dictionary:
        """The dictionary of the message's version; under FIXT a Logon states it for the rest of the session.

        Args:
            first: The first value of each tag of the message.
            msg_type: MsgType(35).
        """
        begin, stated, default = first.get(8) or self._begin_string, first.get(1128), None
        own: Session | None = None
        if begin.startswith("FIXT") or self._dialects.sessions:
            session = frozenset((first.get(49), first.get(56)))
            own = session if self._dialects.sessions else None
            if begin.startswith("FIXT"):
                if msg_type == "A" and 1137 in first:
                    self._agree(session, first[1137])
                default = self._defaults.get(session)
        key = (begin, stated, default, own)
        found = self._dictionaries.get(key)
        if found is None:
            if len(self._dictionaries) >= _MAX_SESSIONS:
                self._dictionaries.clear()
            standard = dictionary_of(begin, stated, default)
            overlays = self._dialects.always if own is None else self._dialects.of(begin, own)
            found = self._dictionaries[key] = overlays.over(standard)
        return found

    def _agree(self, session: Session, default: str) -> None:
        """Keep DefaultApplVerID(1137) for both directions of the session."""
        if self._defaults.get(session) != default and len(self._defaults) < _MAX_SESSIONS:
            self._defaults[session] = default
            self.generation += 1

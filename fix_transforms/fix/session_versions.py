"""Which dictionary a message is to be read with: its own version's, or the one that its session agreed on.

Invariant: a message is read with the same dictionary however the file is cut, because what a Logon states is
kept for the rest of the session. ``generation`` changes when, and only when, an answer may have changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.fix.dictionary import load_dictionary, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fix_transforms.fix.dictionary import Dictionary

_MAX_SESSIONS = 10_000


class SessionVersions:
    """The dictionaries of one file's messages."""

    def __init__(self) -> None:
        self._defaults: dict[frozenset[str | None], str] = {}
        self._dictionaries: dict[tuple[str, str | None, str | None], Dictionary] = {}
        self.generation = 0

    def dictionary(self, first: Mapping[int, str], msg_type: str) -> Dictionary:
        """The dictionary of the message's version; under FIXT a Logon states it for the rest of the session.

        Args:
            first: The first value of each tag of the message.
            msg_type: MsgType(35).
        """
        begin, stated, default = first.get(8, ""), first.get(1128), None
        if begin.startswith("FIXT"):
            session = frozenset((first.get(49), first.get(56)))
            if msg_type == "A" and 1137 in first:
                self._agree(session, first[1137])
            default = self._defaults.get(session)
        key = (begin, stated, default)
        found = self._dictionaries.get(key)
        if found is None:
            if len(self._dictionaries) >= _MAX_SESSIONS:
                self._dictionaries.clear()
            found = self._dictionaries[key] = load_dictionary(version_of(begin, stated, default))
        return found

    def _agree(self, session: frozenset[str | None], default: str) -> None:
        """Keep DefaultApplVerID(1137) for both directions of the session."""
        if self._defaults.get(session) != default and len(self._defaults) < _MAX_SESSIONS:
            self._defaults[session] = default
            self.generation += 1

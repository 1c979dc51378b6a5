"""One way to make what the server has of a kind of thing into what the files say: create, change, leave, remove.

Invariant: what does not differ is not written, and only what is ours is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fix_transforms.errors import SettingsError
from flows.apply.server import Action, Applied, Server

Document = Mapping[str, Any]


def holds(found: Document, wanted: Document) -> bool:
    """Whether the server's document says everything that is wanted; it may say more."""
    return all(found[key] == value for key, value in wanted.items())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing on the server, of which each has a name.

    Attributes:
        title: What people call it.
        path: Of the collection.
        one: Path of one that was found.
        is_ours: Whether one that was found comes from our files.
        same: Whether one that was found is as wanted.
        replaced: Whether a change is given as a whole document.
        fixed: Keys that are given when it is made and never changed.
    """

    title: str
    path: str
    one: Callable[[Document], str]
    is_ours: Callable[[Document], bool]
    same: Callable[[Document, Document], bool] = holds
    replaced: bool = False
    fixed: frozenset[str] = frozenset()

    def change(self, server: Server, found: Document, wanted: Document) -> None:
        """Make one that was found as wanted.

        Raises:
            SettingsError: It differs in what cannot be changed.
        """
        for key in sorted(self.fixed):
            if found[key] != wanted[key]:
                where = f"{self.title} {found['name']}: {key}"
                raise SettingsError("cannot be changed", where=where, got=found[key], expected=wanted[key])
        body = {key: value for key, value in wanted.items() if key not in self.fixed}
        if self.replaced:
            server.put(self.one(found), {"name": found["name"], **body})
        else:
            server.patch(self.one(found), body)


def make(
    server: Server, kind: Kind, wanted: Mapping[str, Document], notes: Mapping[str, str] | None = None
) -> list[Applied]:
    """Create, change or leave what is wanted, then remove what is ours and is not.

    Args:
        server: Where.
        kind: Of what.
        wanted: Name → document without the name.
        notes: Name → what to say about it whatever became of it.
    """
    found = {one["name"]: one for one in server.all(f"{kind.path}/filter")}
    applied = []
    for name, document in wanted.items():
        action: Action = "unchanged"
        if name not in found:
            server.post(f"{kind.path}/", {"name": name, **document})
            action = "created"
        elif not kind.same(found[name], document):
            kind.change(server, found[name], document)
            action = "changed"
        applied.append(Applied(kind.title, name, action, (notes or {}).get(name, "")))
    for name in sorted(found.keys() - wanted.keys()):
        if kind.is_ours(found[name]):
            server.delete(kind.one(found[name]))
            applied.append(Applied(kind.title, name, "removed"))
    return applied

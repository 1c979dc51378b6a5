"""What is declared of the places that logs come from: the TOML file that ``FIXLAKE_SOURCES`` names.

Invariant: the file and the dictionaries it names are read whole and checked before anything is read by them; every
defect is a ``SettingsError`` that names file, key, what was got and what is expected. What is loaded never changes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fix_transforms.errors import DictionaryError, SettingsError
from fix_transforms.fix.dictionary import read_quickfix_xml
from fix_transforms.fix.dictionary.load import APPL_VER_IDS
from fix_transforms.fix.session_versions import Dialects, Overlays, Session
from fix_transforms.source_tables import SourcesFile, SourceTable

if TYPE_CHECKING:
    from fix_transforms.fix.dictionary import Dictionary
    from fix_transforms.fix.profiles import LineRules

_MAX_FILE_BYTES = 4 * 1024 * 1024
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Source:
    """What is declared for one object.

    Attributes:
        timezone: IANA zone of the clock of its lines; none leaves the setting.
        rules: Its profile; none leaves its lines to detection.
        dialects: Dictionaries that lie over the standard ones.
        validate: Whether its messages are judged; none leaves the setting.
        local: CompIDs of the side that logs.
        agreed: DefaultApplVerID(1137) by session, until a Logon states it.
    """

    timezone: str | None = None
    rules: LineRules | None = None
    dialects: Dialects = field(default_factory=Dialects)
    validate: bool | None = None
    local: frozenset[str] = frozenset()
    agreed: Mapping[Session, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Profile:
    """A declared profile with the zone of its clock."""

    rules: LineRules
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Sources:
    """A loaded file."""

    path: Path
    by_prefix: Mapping[str, Source]
    profiles: Mapping[str, Profile]
    anywhere: Source
    stamps: Mapping[Path, tuple[int, int]]

    def of(self, key: str, profile: str | None = None) -> Source:
        """What is declared for an object: the source with the longest prefix of its key.

        Args:
            key: Key of the object, or path of a file.
            profile: Name of a profile that takes the place of the source's.

        Raises:
            SettingsError: There is no such profile.
        """
        prefix = max((prefix for prefix in self.by_prefix if key.startswith(prefix)), key=len, default=None)
        source = self.by_prefix[prefix] if prefix is not None else self.anywhere
        if profile is None:
            return source
        chosen = self.profiles.get(profile)
        if chosen is None:
            expected = ", ".join(self.profiles) or "a [profile] table, of which there is none"
            raise SettingsError("no such profile", where=str(self.path), got=repr(profile), expected=expected)
        zone = chosen.timezone or source.timezone
        return replace(source, timezone=zone, rules=chosen.rules)

    def is_current(self) -> bool:
        """Whether the files are still those that were read."""
        return all(_stamp(path) == stamp for path, stamp in self.stamps.items())


_loaded: dict[Path, Sources] = {}


def load_sources(path: Path) -> Sources:
    """Load a file, or take what was loaded before if neither it nor a dictionary it names has changed.

    Raises:
        SettingsError: The file, or a dictionary that it names, cannot be read or used.
    """
    found = _loaded.get(path)
    if found is None or not found.is_current():
        found = _loaded[path] = _Loader(path).load()
    return found


class _Loader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._dictionaries: dict[Path, Dictionary] = {}

    def load(self) -> Sources:
        declared = self._declared()
        profiles = {name: Profile(table.rules(name), table.timezone) for name, table in declared.profile.items()}
        sessions: dict[tuple[Session, str | None], list[Path]] = {}
        agreed: dict[Session, str] = {}
        for session in declared.session:
            comp_ids = frozenset((session.sender, session.target))
            if session.application_version is not None:
                agreed[comp_ids] = APPL_VER_IDS[session.application_version]
            if session.dictionary:
                key = (comp_ids, session.begin_string)
                sessions.setdefault(key, []).extend(self._path.parent / name for name in session.dictionary)
        own = {key: self._overlays(paths, "session.dictionary") for key, paths in sessions.items()}
        by_prefix = {}
        for number, table in enumerate(declared.source):
            paths = [self._path.parent / name for name in table.dictionary]
            always = self._overlays(paths, f"source[{number}].dictionary")
            profile = self._profile(profiles, table, f"source[{number}].profile")
            by_prefix[table.prefix] = Source(
                table.timezone or (profile.timezone if profile is not None else None),
                profile.rules if profile is not None else None,
                Dialects(always, _on_top(always, own)),
                table.validates,
                frozenset(table.local),
                MappingProxyType(agreed),
            )
        anywhere = Source(dialects=Dialects(Overlays(), MappingProxyType(own)), agreed=MappingProxyType(agreed))
        return Sources(
            self._path,
            MappingProxyType(by_prefix),
            MappingProxyType(profiles),
            anywhere,
            MappingProxyType(self._stamps),
        )

    def _declared(self) -> SourcesFile:
        content = self._read(self._path, "sources")
        try:
            values = tomllib.loads(content.decode("utf-8"))
            return SourcesFile.model_validate(values)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError("is not TOML", where=str(self._path), got=str(error)) from None
        except ValidationError as error:
            raise self._explained(error) from None

    def _explained(self, error: ValidationError) -> SettingsError:
        first = error.errors(include_url=False)[0]
        key = _dotted(first["loc"])
        got = repr(first["input"])
        got = got if len(got) <= _SHOWN_CHARACTERS else f"{got[: _SHOWN_CHARACTERS - 1]}…"
        return SettingsError("cannot be used", where=f"{self._path}: {key}", got=got, expected=_expected(first))

    def _profile(self, profiles: Mapping[str, Profile], table: SourceTable, key: str) -> Profile | None:
        if table.profile is None:
            return None
        if table.profile not in profiles:
            expected = ", ".join(profiles) or "a [profile] table, of which there is none"
            raise SettingsError(
                "no such profile", where=f"{self._path}: {key}", got=repr(table.profile), expected=expected
            )
        return profiles[table.profile]

    def _overlays(self, paths: list[Path], key: str) -> Overlays:
        overlays = Overlays([self._dictionary(path, key) for path in paths])
        try:
            overlays.check()
        except DictionaryError as error:
            raise SettingsError(str(error), where=f"{self._path}: {key}") from None
        return overlays

    def _dictionary(self, path: Path, key: str) -> Dictionary:
        path = path.resolve()
        if path not in self._dictionaries:
            try:
                self._dictionaries[path] = read_quickfix_xml(self._read(path, key), str(path))
            except DictionaryError as error:
                raise SettingsError(str(error), where=f"{self._path}: {key}") from None
        return self._dictionaries[path]

    def _read(self, path: Path, key: str) -> bytes:
        where = str(path) if path == self._path else f"{self._path}: {key}"
        try:
            self._stamps[path] = _stamp(path)
            return path.read_bytes()
        except OSError as error:
            raise SettingsError("cannot be read", where=where, got=f"{error.strerror}: {path}") from None


def _on_top(
    always: Overlays, own: Mapping[tuple[Session, str | None], Overlays]
) -> Mapping[tuple[Session, str | None], Overlays]:
    return MappingProxyType({session: always + overlays if always else overlays for session, overlays in own.items()})


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (-1, -1)
    return (found.st_mtime_ns, found.st_size)


def _dotted(location: tuple[int | str, ...]) -> str:
    """``source[0].timezone`` out of ``("source", 0, "timezone")``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "the file"


def _expected(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "one of the keys that docs/profiles.md lists"
    return str(error["msg"]).removeprefix("Value error, ")

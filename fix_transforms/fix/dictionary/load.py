"""The dictionaries that come with the package, and which of them a message speaks.

Invariant: ``load_dictionary`` reads each version once per process and on demand; importing this module reads
only the small table that all versions share.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from fix_transforms.errors import DictionaryError
from fix_transforms.fix.dictionary.compact import from_compact
from fix_transforms.fix.dictionary.model import SESSION_VERSION, Dictionary

VERSIONS = (
    "FIX.4.0",
    "FIX.4.1",
    "FIX.4.2",
    "FIX.4.3",
    "FIX.4.4",
    "FIX.5.0",
    "FIX.5.0SP1",
    "FIX.5.0SP2",
    "FIXT.1.1",
)
LATEST = "FIX.5.0SP2"

#: The file beside the versions' own that holds what they share.
SHARED_FILE = "shared.json"


@cache
def load_dictionary(version: str) -> Dictionary:
    """The dictionary of a version; FIX 5.0 and later include the FIXT 1.1 session layer.

    Raises:
        DictionaryError: ``version`` is not one of ``VERSIONS``.
    """
    if version not in VERSIONS:
        raise DictionaryError("no dictionary of this version", got=repr(version), expected=", ".join(VERSIONS))
    name = f"{version}.json"
    return from_compact(_read(name), name)


def dictionary_of(
    begin_string: str, appl_ver_id: str | None = None, default_appl_ver_id: str | None = None
) -> Dictionary:
    """The dictionary that a message is to be read with: of the version that ``version_of`` names.

    Under FIXT that is an application version: header, trailer and administrative messages are those of FIXT 1.1, also
    where the application is FIX 4.4 or older.
    """
    version = version_of(begin_string, appl_ver_id, default_appl_ver_id)
    return _in_session(version) if begin_string.startswith("FIXT") else load_dictionary(version)


@cache
def _in_session(version: str) -> Dictionary:
    application = load_dictionary(version)
    if application.is_in_session:
        return application
    # FIXT 1.1 leaves the group of a Logon's message types to the application; FIX 5.0 holds both.
    session, whole = load_dictionary(SESSION_VERSION), load_dictionary("FIX.5.0")
    layer = replace(
        whole,
        version=SESSION_VERSION,
        fields=session.fields,
        messages={msg_type: whole.messages[msg_type] for msg_type in session.messages},
        bodies={msg_type: whole.bodies[msg_type] for msg_type in session.messages},
    )
    return application.overlaid(layer)


def version_of(begin_string: str, appl_ver_id: str | None = None, default_appl_ver_id: str | None = None) -> str:
    """The version whose dictionary a message is to be read with: always one of ``VERSIONS``.

    BeginString(8) names it up to FIX 4.4. Under FIXT it is ApplVerID(1128) of the message, else
    DefaultApplVerID(1137) of the session's Logon; an absent or unknown code means FIX 5.0 SP2, which contains
    its predecessors' messages. ``FIX27`` and ``FIX30`` are read as FIX 4.0, the oldest there is. A BeginString
    that names no version is matched by its digits to the newest version not above it (``FIX.4.5`` is read as FIX 4.4,
    ``FIX.5.0SP3`` and ``FIX.6.0`` as FIX 5.0 SP2), and without digits as FIX 4.4, the version most in use.
    """
    if begin_string.startswith("FIXT"):
        for code in (appl_ver_id, default_appl_ver_id):
            known = _APPL_VERSIONS.get(code or "")
            if known is not None:
                return known
        return LATEST
    if begin_string in VERSIONS:
        return begin_string
    return _nearest(begin_string)


def _nearest(begin_string: str) -> str:
    wanted = _digits(begin_string)
    if not wanted:
        return "FIX.4.4"
    applications = [version for version in VERSIONS if version != SESSION_VERSION]
    return max((v for v in applications if _digits(v) <= wanted), key=_digits, default=applications[0])


def _digits(version: str) -> str:
    return "".join(character for character in version if character in "0123456789")


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")


def _shared() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_read(SHARED_FILE))
    return content


_SHARED = _shared()
_APPL_VERSIONS: Mapping[str, str] = MappingProxyType(_SHARED["appl_ver_ids"])

#: The same by version: what a Logon states in DefaultApplVerID(1137).
APPL_VER_IDS: Mapping[str, str] = MappingProxyType({version: code for code, version in _APPL_VERSIONS.items()})

#: Length tag → data tag, of all versions: the value of the second may contain SOH, and is as long as the first says.
DATA_LENGTH_TAGS: Mapping[int, int] = MappingProxyType(
    {int(length): data for length, data in _SHARED["data_length_tags"].items()}
)

#: Tags that count the instances of a group in a message of any version.
GROUP_COUNTERS: frozenset[int] = frozenset(_SHARED["group_counters"])

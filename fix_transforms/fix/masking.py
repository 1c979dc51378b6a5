"""Secrets and identities, hidden before anything leaves the parser.

Invariant: no value of a password or key field appears in any output, whatever delimiter surrounds it and
whether or not the message around it is whole. Secrets become ``*`` of the same length, so BodyLength stays true.
Pseudonyms are keyed: equal accounts stay equal, and nobody without the key can test a guess.

``secret_notations`` says what a secret's field looks like in text, ``torn_secrets`` finds what was cut off from it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache

from fix_transforms.fix.delimiters import SOH, SPELLED_OUT
from fix_transforms.fix.dictionary import VERSIONS, load_dictionary
from fix_transforms.fix.reference import DATA_TAGS, Fields, field_spans
from fix_transforms.fix.secret_notations import (
    RAW_DATA,
    SECRET_IN_TEXT,
    SECRET_IN_VALUE,
    SECRET_TAGS,
    SIGN,
    TAG_END,
    TAG_START,
    may_hold_secret,
    may_name_secret,
    value_may_hold_secret,
)

#: Names of the fields that say who traded, in the standard's spelling.
_IDENTITY_NAME = re.compile(r"(?:Party(?:Sub)?ID|ClientID|(?:\A|Alloc|Clearing|LegAlloc|IndividualAlloc)Account)\Z")

_DATA_IN_TEXT = re.compile(rb"0*(?:89|91|96|1402|1404)[ ]?" + SIGN)
_LENGTH_BEFORE = re.compile(SIGN + rb"([0-9]{1,8})[^0-9]{1,8}\Z")
_DELIMITER_BEFORE = re.compile(b"(?:" + b"|".join(SPELLED_OUT) + rb"|[\x01|;^~,\t]|(?<=[0-9A-Za-z.])[ ])\Z")
_PSEUDONYM_DIGITS = 16


@lru_cache(maxsize=1)
def identity_tags() -> frozenset[int]:
    """Accounts, clients and parties of every version, found by the names of their fields."""
    return frozenset(
        field.tag
        for version in VERSIONS
        for field in load_dictionary(version).fields.values()
        if _IDENTITY_NAME.search(field.name)
    )


class Masker:
    """Hides secrets always, and identities when it has a key.

    Args:
        key: Key of the pseudonyms.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key
        self._identities = identity_tags() if key is not None else frozenset()
        self._pseudonyms: dict[bytes, bytes] = {}
        self._identity_in_text = (
            re.compile(TAG_START + rb"0*(?:" + b"|".join(str(t).encode() for t in self._identities) + rb")" + SIGN)
            if key is not None
            else None
        )

    @property
    def hides_identities(self) -> bool:
        """Whether accounts and parties become pseudonyms."""
        return self._key is not None

    # ---- messages ----

    def mask_message(self, wire: bytes, fields: Fields) -> tuple[bytes, Fields]:
        """The message and its fields with everything hidden that has to be."""
        if self._key is None and not may_name_secret(wire):
            return wire, fields
        is_logon = (35, b"A") in fields
        masked = [(tag, self._mask_value(tag, value, is_logon)) for tag, value in fields]
        if masked == fields:
            return wire, fields
        parts: list[bytes] = []
        position = 0
        for (start, end), (_, value) in zip(field_spans(wire, fields), masked, strict=True):
            parts += (wire[position:start], value)
            position = end
        parts.append(wire[position:])
        return b"".join(parts), masked

    def _mask_value(self, tag: int, value: bytes, is_logon: bool) -> bytes:
        if tag in SECRET_TAGS or (tag == RAW_DATA and is_logon):
            return b"*" * len(value)
        if tag in self._identities:
            return self._pseudonym(value)
        holds_identity = self._key is not None and b"=" in value and (tag in DATA_TAGS or b"8=FIX" in value)
        if value_may_hold_secret(value):
            return self._hide_identities(self._hide_secrets(value, SECRET_IN_VALUE))
        return self._hide_identities(value) if holds_identity else value

    def _pseudonym(self, value: bytes) -> bytes:
        if not value or self._key is None:
            return value
        found = self._pseudonyms.get(value)
        if found is None:
            if len(self._pseudonyms) >= 65_536:
                self._pseudonyms.clear()
            digest = hmac.new(self._key, value, hashlib.sha256).hexdigest()
            found = self._pseudonyms[value] = b"~" + digest[:_PSEUDONYM_DIGITS].encode()
        return found

    # ---- anything else ----

    def mask_text(self, text: bytes) -> bytes:
        """Text with every secret after its tag hidden, by the delimiter that stands before the tag.

        Where no delimiter stands there, the rest of the line is hidden: better too much than a password.
        """
        if may_hold_secret(text):
            text = self._hide_secrets(text, SECRET_IN_TEXT)
        return self._hide_identities(text)

    @staticmethod
    def _hide_secrets(text: bytes, notations: re.Pattern[bytes]) -> bytes:
        hidden = bytearray(text)
        position = 0
        while (match := notations.search(text, position)) is not None:
            end = value_end(text, match.start(), match.end())
            if _DATA_IN_TEXT.match(match.group()):
                length = _LENGTH_BEFORE.search(text, max(0, match.start() - 24), match.start())
                if length is not None:
                    end = min(len(text), max(end, match.end() + int(length[1])))
            hidden[match.end() : end] = b"*" * (end - match.end())
            position = end
        return bytes(hidden)

    def _hide_identities(self, text: bytes) -> bytes:
        if self._identity_in_text is None:
            return text
        parts, position = [], 0
        while (match := self._identity_in_text.search(text, position)) is not None:
            parts.append(text[position : match.end()])
            position = match.end()
            if match.start() == 0 or _DELIMITER_BEFORE.search(text, max(0, match.start() - 8), match.start()):
                end = value_end(text, match.start(), match.end())
                parts.append(self._pseudonym(text[match.end() : end]))
                position = end
        parts.append(text[position:])
        return b"".join(parts)


def value_end(text: bytes, tag_start: int, start: int) -> int:
    """Where a value in text ends: at the delimiter that stands before its tag, SOH, or the end of the line."""
    stops = [len(text)]
    soh = text.find(SOH, start)
    if soh >= 0:
        stops.append(soh)
    before = _DELIMITER_BEFORE.search(text, max(0, tag_start - 8), tag_start)
    if before is not None and before.group() != SOH:
        pattern = _next_field(before.group())
        following = pattern.search(text, start)
        if following is not None:
            stops.append(following.start())
    if soh < 0:
        line_end = text.find(b"\n", start)
        if line_end >= 0:
            stops.append(line_end)
    return min(stops)


@lru_cache(maxsize=64)
def _next_field(delimiter: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(delimiter) + rb"(?=[0-9]{1,6}" + SIGN + rb"|[\s\"')\]}>]*(?:\n|\Z))")


#: A secret's tag after the digits of the value before it, where SOH was dropped.
_AFTER_DIGITS = re.compile(rb"(?<=[0-9])(?:" + TAG_END + rb")=")


def hide_undelimited(text: bytes) -> bytes:
    """A message without delimiters: everything after what may be a secret's tag is hidden, for nothing ends it."""
    first = _AFTER_DIGITS.search(text)
    return text if first is None else text[: first.end()] + b"*" * (len(text) - first.end())

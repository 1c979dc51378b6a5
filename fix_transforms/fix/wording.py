"""Bytes of a log as text that is safe to store and show.

Invariant: no control character of a file reaches a report or a terminal through this text, and raw messages
can always be turned back into their bytes with the encoding given beside them.
"""

from __future__ import annotations

from typing import Literal

RawEncoding = Literal["utf-8", "latin-1"]

# C0, DEL, C1, line and paragraph separators, and the characters that turn the direction of writing.
_HIDDEN = (
    *range(32),
    *range(0x7F, 0xA0),
    0x061C,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
)
#: Code of a control character → how it is spelled out.
ESCAPES = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _HIDDEN}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in _HIDDEN if chr(code) not in "\t\r\n"}


def encoding_of(content: bytes) -> RawEncoding:
    """UTF-8 where the bytes are valid UTF-8, else Latin-1, in which every byte is a character."""
    if content.isascii():
        return "utf-8"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def escape_control(text: str) -> str:
    """Text with control characters spelled out as hexadecimal escapes."""
    return text if text.isprintable() else text.translate(ESCAPES)


def escape_json(document: str) -> str:
    """A JSON document with the control characters that JSON allows as they are in JSON's own escapes."""
    return document.translate(_JSON_ESCAPES)


def readable(content: bytes, cut_short: bool = False, *, keeps_tabs: bool = False) -> str:
    """Bytes as text that can be shown.

    Args:
        content: The bytes.
        cut_short: Whether a character may be cut at the end, and is left out then.
        keeps_tabs: Whether words are to be looked for in the text: spelled out, a tab would stick to the next one.
            ``escape_control`` makes what can be shown of it.
    """
    if cut_short:
        content = _without_torn_character(content)
    text = content.decode(encoding_of(content))
    return "\t".join(map(escape_control, text.split("\t"))) if keeps_tabs else escape_control(text)


def _without_torn_character(content: bytes) -> bytes:
    for back in range(1, min(4, len(content)) + 1):
        byte = content[-back]
        if byte & 0xC0 == 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return content[:-back] if back < needed else content
        if byte < 0x80:
            return content
    return content

"""Which engine wrote a log, guessed from the shape of its lines and the name of its file.

Invariant: a guess comes with its reason, and lines that several engines write give all of their names. The shapes
are those of the engines' own log writers.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Engine(NamedTuple):
    """A guess and what it rests on."""

    name: str
    reason: str


class _Sign(NamedTuple):
    name: str
    reason: str
    prefix: re.Pattern[str]
    file: re.Pattern[str]


def _sign(name: str, reason: str, prefix: str, file: str = "") -> _Sign:
    return _Sign(name, reason, re.compile(prefix), re.compile(file))


_FIX_CLOCK = r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}"
#: The first that fits counts.
_SIGNS = (
    _sign("QuickFIX ScreenLog", "two lines: <time, session, direction>, then the message in brackets",
          r"\A<[^<]+, FIXT?\.[^<]+, (?:incoming|outgoing)> \("),
    _sign("QuickFIX/n ScreenLog", "<incoming> or <outgoing> and no clock", r"\A<(?:incoming|outgoing)>\Z"),
    _sign("QuickFIX/J with SLF4J", "the session and a colon before the message", r"FIXT?\.[0-9.]+[^ ]*:[^ ]+->[^ ]+:\Z"),
    _sign("QuickFIX/J application", "its dispatcher thread is named", r"QF/J Session dispatcher"),
    _sign("QuickFIX C++ FileLog", "nine decimals and ' : ' before the message", rf"\A{_FIX_CLOCK}\.[0-9]{{9}} :\Z"),
    _sign("QuickFIX C++ or QuickFIX/n FileLog", "milliseconds and ' : ' before the message",
          rf"\A{_FIX_CLOCK}\.[0-9]{{3}} :\Z"),
    _sign("QuickFIX/J FileLog", "a FIX clock and a colon before the message", rf"\A{_FIX_CLOCK}(?:\.[0-9]+)?:\Z"),
    _sign("quickfix-go file log", "a Go clock and nothing else", r"\A[0-9]{4}(?:/[0-9]{2}){2} [0-9:]{8}\.[0-9]{6}\Z"),
    _sign("FIX Antenna", "'date time - ' in a file per direction", r"\A[0-9]{8} [0-9:]{8}(?:\.[0-9]+)? -\Z", r"\.(?:in|out)\b"),
    _sign("Fix8", "a sequence number of seven digits and in or out", r"\A[0-9]{7}\s+(?:in|out)\Z"),
    _sign("Artio archive printer", "microseconds since 1970 and a colon", r"\A[0-9]{16}:\Z"),
    _sign("B4B FIX Engine", "Recv: or Sent: after a FIX clock", rf"\A{_FIX_CLOCK}(?:\.[0-9]+)? (?:Recv|Sent):\Z"),
    _sign("tools4j", "RawFix: before fields without BeginString", r"RawFix:\Z"),
    _sign("QuickFIX/J FileLog", "no prefix, in a file named after the session", r"\A\Z", r"FIXT?\.[^/\\]+-[^/\\]+\.messages\.log"),
    _sign("QuickFIX", "a file named after the session", r"", r"FIXT?\.[^/\\]+-[^/\\]+\.messages\.(?:current|backup)"),
)  # fmt: skip


def engine_of(prefix: str, file_name: str) -> Engine | None:
    """The engine that writes such prefixes into such files; none where nothing tells."""
    for sign in _SIGNS:
        if sign.prefix.search(prefix) and sign.file.search(file_name):
            return Engine(sign.name, sign.reason)
    return None

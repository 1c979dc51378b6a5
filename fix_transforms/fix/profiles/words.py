"""The words of engines, loggers and gateways: what tells that a message was received or sent, and what is special.

Invariant: everything here is decided by words alone, so that lines of one shape get one answer; ``needs_reference``
and ``announces`` say for which shapes a decision takes more than the words of the line itself.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from fix_transforms.fix.textlines import BLANKS, holds_fields

Direction = Literal["in", "out"]

#: Small letters are a word of prose, unless they stand alone, after a number, or in a bracket, quotes or column of their own.
_SMALL = (
    r"\A\W*%(way)s\W*\Z|(?<=\d)\s+%(way)s\s*\Z|(?<==)%(way)s(?=[\s,;])"
    r"|(?<=[\[(<])[ ]?%(way)s[ ]?(?=[\])>])|(?<=[\",;|])%(way)s(?=[\",;|])"
)
#: The word nearest to the message counts.
_DIRECTION = re.compile(
    r"(?P<arrived>\bincoming\b|\binbound\b|\bIncoming\b|\bInbound\b|\bINCOMING\b|\bINBOUND\b|\bIN\b|" + _SMALL % {"way": "in"} +
    r"|\b[Rr]ecv\b|\bRECV\b|\b[Rr]eceived?\b|\bRECEIVED\b|\b[Rr]eceiving\b|\b[Ff]romApp\b|\b[Ff]romAdmin\b|\bFixIncoming\b"
    r"|\bRx\b|\bRX\b|\brx[ ]?:\s*\Z|" + _SMALL % {"way": "rx"} + r"|<==?|<--|<<)"
    r"|(?P<left>\boutgoing\b|\boutbound\b|\bOutgoing\b|\bOutbound\b|\bOUTGOING\b|\bOUTBOUND\b|\bOUT\b|" + _SMALL % {"way": "out"} +
    r"|\b[Ss]ent\b|\bSENT\b|\b[Ss]end\b|\bSEND\b|\b[Ss]ending\b|\b[Tt]oApp\b|\b[Tt]oAdmin\b|\bFixOutgoing\b"
    r"|\bTx\b|\bTX\b|\btx[ ]?:\s*\Z|" + _SMALL % {"way": "tx"} + r"|==>|-->|>>|\bgoing out\b)"
)  # fmt: skip
#: What colours a terminal, spelled out; it ends in a letter, which would stick to a word.
_COLOUR = re.compile(r"\\x[0-9]+b\[[0-9;]*m")

#: ``LOCAL/SUB/LOCATION->REMOTE/SUB/LOCATION:QUALIFIER``.
_PAIR = r"(?P<local>[^\s:/,<>\[(]{1,128})(?:/[^\s:,<>]{0,256})?[ ]?->[ ]?(?P<remote>[^\s:/,<>\])]{1,128})"
#: A session as QuickFIX and its ports write it: ``FIX.4.2:LOCAL->REMOTE``.
_SESSION = re.compile(r"\bFIXT?\.[0-9](?:\.[0-9])?(?:SP[0-9])?:" + _PAIR)
_SESSION_ALONE = re.compile(_PAIR)

#: Beside the message itself, B4B's engine writes what its driver saw, and tools4j what the fields are called.
TWIN_WORDS = ("Driver Inbound:", "Driver Outbound:", "AnnotatedFix:")
_TWIN = re.compile("|".join(TWIN_WORDS))

_WAY = (
    rb"\b(?:incoming|outgoing|inbound|outbound|Incoming|Outgoing|Inbound|Outbound|INCOMING|OUTGOING|INBOUND|OUTBOUND"
    rb"|[Rr]ecv|RECV|[Rr]eceived?|RECEIVED|[Rr]eceiving|[Ss]ent|SENT|[Ss]end|SEND|[Ss]ending)"
)
_NOUN = rb"(?:message|msg|Message|Msg|MESSAGE|MSG)"
_MARK = rb"[ ]?(?::|=|->|=>)"
#: ``<time, session, incoming>``; ``Incoming message:``; ``Message received:``; ``Recv:``; ``<==``.
_ANNOUNCEMENT = re.compile(
    rb"(?:\A[ \t\r\x00]*<[^<\r\n]{0,512}\b(?:incoming|outgoing)>"
    + rb"|" + _WAY + rb"(?:[ ][A-Za-z]{1,16}){0,2}[ ]" + _NOUN + rb"(?:" + _MARK + rb")?"
    + rb"|\b" + _NOUN + rb"[ ]" + _WAY + _MARK
    + rb"|" + _WAY + rb"[ ]?:"
    + rb"|(?:\A|[ \t])(?:<==?|<--|<<|==>|-->|>>))\Z"
)  # fmt: skip
_LONGEST_ANNOUNCEMENT = 1024
_LAST_LETTERS = b":=>-<eEgG"


class PrefixSession(NamedTuple):
    """The session that a prefix names, seen from the engine that logs: the two SenderCompIDs."""

    local: str
    remote: str


def spoken_direction(words: str) -> Direction | None:
    """What the words before a message say about it."""
    last = _last_word(words)
    if last is None:
        return None
    return "in" if last["arrived"] is not None else "out"


def direction_word(words: str) -> str | None:
    """The word that tells it."""
    last = _last_word(words)
    return last[0] if last is not None else None


def _last_word(words: str) -> re.Match[str] | None:
    last = None
    for found in _DIRECTION.finditer(_COLOUR.sub(" ", words)):
        if last is None or not _only_points(last, found):
            last = found
    return last


def _only_points(word: re.Match[str], sign: re.Match[str]) -> bool:
    """Whether a sign right after a word only points to the message, as in ``receiving >>``."""
    is_after_word = _is_word(word) and not _is_word(sign)
    return is_after_word and not sign.string[word.end() : sign.start()].strip(" :")


def _is_word(found: re.Match[str]) -> bool:
    return any(map(str.isalpha, found[0]))


def session_in(words: str) -> PrefixSession | None:
    """The session that a prefix names with its version, as in ``FIX.4.2:DESK->VENUE``."""
    found = _SESSION.search(words) if "->" in words else None
    return PrefixSession(found["local"], found["remote"]) if found is not None else None


def session_named(text: str) -> PrefixSession | None:
    """The session that a text consists of, with or without a version."""
    found = _SESSION.search(text) or _SESSION_ALONE.search(text)
    return PrefixSession(found["local"], found["remote"]) if found is not None else None


def session_direction(session: PrefixSession, sender: str | None, target: str | None) -> Direction | None:
    """Sent, when the message's CompIDs are those of the session; received, when they are the other way round."""
    if not sender or not target or sender == target:
        return None
    if session == (sender, target):
        return "out"
    return "in" if session == (target, sender) else None


def is_twin(words: str) -> bool:
    """Whether engines write such a line beside the one that holds the message itself."""
    return _TWIN.search(words) is not None


def needs_reference(words: str) -> bool:
    """Whether a prefix of these words takes more than the words: the lines around it, or the message's CompIDs.

    Such a message, and those on the lines right before and after it, have to go through ``Framer`` and
    ``settle_roles``.

    Args:
        words: The prefix without its clock; runs of digits may have been replaced by ``0``.
    """
    return is_twin(words) or (session_in(words) is not None and spoken_direction(words) is None)


def announces(line: bytes) -> bool:
    """Whether a line says that the message on the next line was received or sent.

    Args:
        line: The whole line, with or without its line end.
    """
    text = line.rstrip(BLANKS)
    if not text or text[-1] not in _LAST_LETTERS or len(text) > _LONGEST_ANNOUNCEMENT:
        return False
    return _ANNOUNCEMENT.search(text) is not None and not holds_fields(text)

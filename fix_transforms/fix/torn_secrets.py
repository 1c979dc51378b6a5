"""Secrets that a tear or a line break cut: the rest of a value, or of its tag, stands in a stretch of its own.

Invariant: nothing is hidden in a stretch without a field, so that lines which the compiled decoder reads by
themselves are never changed by what stands before them.
"""

from __future__ import annotations

import re

from fix_transforms.fix.delimiters import DELIMITER
from fix_transforms.fix.masking import value_end
from fix_transforms.fix.secret_notations import RAW_DATA, SECRET_IN_TEXT, SECRET_TAGS, SIGN

_HOLDS_FIELD = re.compile(rb"[0-9]" + SIGN)
#: What begins a line anew: a clock, a message, or what an engine leaves of one.
_BEGINS_ANEW = re.compile(
    rb"[\s\[<(\"']{0,3}(?:[0-9]{8}[-T_ ][0-9]|[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"
    rb"|[0-9]{1,2}:[0-9]{2}:[0-9]{2}|8=FIX|35=)"
)
#: How much may be left of a tag, with the delimiter before it.
_TAG_BYTES = 12
_NEXT_FIELD = rb"(?=" + DELIMITER + rb"[1-9][0-9]{0,5}" + SIGN + rb"|[\r\n]|\Z)"
_ENDINGS = sorted({str(tag)[cut:].encode() for tag in (*SECRET_TAGS, RAW_DATA) for cut in range(len(str(tag)) + 1)})
#: What a file may begin with whose first message was cut: the end of a secret's tag, its value and the next field; or
#: a value alone.
_CUT_FIELD = re.compile(rb"(?:" + b"|".join(_ENDINGS) + rb")" + SIGN + rb"(?P<value>[^\r\n]*?)" + _NEXT_FIELD)
_VALUE = rb"(?P<value>[^=\s:]{1,1024}?)"
_CUT_VALUE = re.compile(_VALUE + rb"(?=(?:[ ]?[^0-9A-Za-z=\s:]{1,6}[ ]?)?[0-9]{1,6}" + SIGN + rb")")
#: The same where blanks stand for SOH: only before the end of a message, for words before fields are no secrets.
_CUT_WORD = re.compile(_VALUE + rb"(?=[ ][0-9]{1,6}" + SIGN + rb")")
_SAYS_SOMETHING = re.compile(rb"[0-9A-Za-z]|[^\x00-\x7f]")
_ENDS_A_MESSAGE = re.compile(rb"(?:^|[^0-9]|01)10" + SIGN + rb"[0-9]{3}(?![0-9=])[^=]{0,8}\Z")


class TornSecrets:
    """What the stretch before may have left open.

    Args:
        start: Offset at which the input begins; a file that is read from its beginning may begin within a message.
    """

    def __init__(self, start: int = 0) -> None:
        self._end = 0 if start == 0 else -1
        self._tail: bytes | None = None

    def split(self, content: bytes, lead: int, *, is_event: bool) -> tuple[bytes, bytes]:
        """The stretch after ``lead``: the field that goes on with a secret from before it, hidden, and the rest."""
        if lead != self._end or _BEGINS_ANEW.match(content) or not _HOLDS_FIELD.search(content):
            return b"", content
        if self._tail is not None:
            start, end = _goes_on(self._tail, content)
        else:
            start, end = _cut_at_start(content, is_event=is_event)
        return content[:start] + b"*" * (end - start), content[end:]

    def note(self, content: bytes | None, end: int) -> None:
        """Remember how a stretch of text ends; nothing if that is not at hand."""
        self._end = -1
        if content is None or not _HOLDS_FIELD.search(content):
            return
        last = None
        for last in SECRET_IN_TEXT.finditer(content):  # noqa: B007
            pass
        open_from = len(content) if last is None else last.start()
        self._tail = content[max(0, open_from - _TAG_BYTES) :]
        self._end = end

    def skip(self, lead: int, end: int) -> None:
        """Pass over blanks: whether they come by themselves depends on how the input was cut."""
        if lead == self._end:
            self._end = end


def _cut_at_start(content: bytes, *, is_event: bool) -> tuple[int, int]:
    """Where the value lies whose tag was cut off with what stood before the file."""
    ends_message = _ENDS_A_MESSAGE.search(content) is not None
    if is_event and not ends_message:
        return 0, 0
    found = _CUT_FIELD.match(content) or _CUT_VALUE.match(content)
    if found is None and ends_message:
        found = _CUT_WORD.match(content)
    return found.span("value") if found is not None and _SAYS_SOMETHING.search(found["value"]) else (0, 0)


def _goes_on(tail: bytes, content: bytes) -> tuple[int, int]:
    """Where the rest of a value lies whose tag, or the beginning of it, is in ``tail``."""
    joined = tail + content
    for match in SECRET_IN_TEXT.finditer(joined):
        if match.start() >= len(tail):
            break
        end = value_end(joined, match.start(), match.end())
        if end > len(tail):
            return max(match.end() - len(tail), 0), end - len(tail)
    return 0, 0

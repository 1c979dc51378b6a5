r"""How a secret's field is written in text: on the wire, by viewers, in JSON and markup, in prose.

Invariant: ``SECRET_IN_TEXT`` ends where the value starts, and finds nothing in text without ``=``, or an escape of it
as ``%3D``, ``\u003d``, ``\x3d``, ``&#61;``, ``&#x3d;`` or ``&equals;``, unless

- a ``:`` stands after, blanks aside, a run of digits that is a secret's tag (leading zeros aside), such a run in square
  brackets, a closing parenthesis, a quote, a backslash, or a name that ends in ``word``, ``swd``, ``pwd`` or ``name``;
- a ``:`` stands before a quote, one blank aside; or
- a ``>`` stands after such a name.

The compiled decoder relies on it: ``scanner.secret_marks`` is this list as code.

Numbers are everywhere in logs, so ``554:`` counts only where a field could start: not in clocks, addresses, ratios,
process ids (``app[554]:``), places in code (``f.c(554):``), or after a word that counts things (``line 554:``).
"""

from __future__ import annotations

import re

#: Signature, SecureData, Username, Password, NewPassword, EncryptedPassword, EncryptedNewPassword.
SECRET_TAGS = frozenset({89, 91, 553, 554, 925, 1402, 1404})
#: RawData carries the password in the Logon of FIX 4.0 to 4.2 (Logon has no Password(554) before FIX 4.3).
RAW_DATA = 96

_ALL_TAGS = tuple(str(tag).encode() for tag in (*sorted(SECRET_TAGS), RAW_DATA))
TAG_END = b"|".join(_ALL_TAGS)
#: A tag starts after no digit, unless the digit ends a spelled-out delimiter, or what a torn log has left of one: a
#: lone 1 counts as that only where the text goes on with such delimiters, for 1553 is a tag too.
TAG_START = (
    rb"(?:(?<![0-9])|(?<=[^0-9]01)|(?<=[^0-9]001)|(?<=[^0-9]0001)|(?<=[^0-9]0{7}1)|(?<=\\x1)|(?<=\\1)"
    rb"|(?<=\A0001)|(?<=\A001)|(?<=\A01)"
    rb"|(?<=\A1)(?=[^\n]*(?:\\(?:x0?1|u0001|0?01)|%01)))"
)

#: ``=``, and what it becomes in URLs, in JSON that is safe in HTML, and in markup.
SIGN = rb"(?:=|%3[Dd]|\\{1,3}(?:u003|x3)[Dd]|&#(?:61|[xX]3[Dd]);|&equals;)"
_TAG = rb"0*(?:" + TAG_END + rb")"
_BLANKS = rb"[ \t]{0,8}"
#: ``554(Password)=``: the name after the tag.
_NAME_AFTER = rb"(?:[ ]?[(\[][A-Za-z]{1,32}[)\]])?"
#: ``"554":``, ``'554':`` and, in JSON in JSON, ``\"554\":``.
_QUOTE = rb"\\{0,3}[\"']"

_BY_SIGN = TAG_START + _TAG + _NAME_AFTER + rb"(?:[)\]>]|" + _QUOTE + rb"){0,2}" + _BLANKS + SIGN
_BY_KEY = _QUOTE + _TAG + _QUOTE + _BLANKS + rb":"
#: A tag whose number is too common to be a field's in prose unless its value follows at once and is no number.
_SMALL = rb"(?=0*[0-9]{2}:)0*(?:89|91|96):(?![0-9]{1,2}(?![0-9A-Za-z])|[ \t]+(?![\"'])|\Z)"
_LARGE = rb"0*(?:553|554|925|1402|1404)(?:[ ]?\([A-Za-z]{1,32}\))?" + _BLANKS + rb":"
#: Where a field may start in prose; a count of something does not.
_COUNTED = rb"line|row|port|pid|tid|thread|error|code|event|byte|offset|number|seq|session|queue|id|no|nr"
_FIELD_START = rb"(?:(?<=[\s{,;|^~='\"\x01])|(?<![\s\S]))(?<!:[0-5][0-9],)" + b"".join(
    rb"(?<!\b(?i:%s) )" % word for word in _COUNTED.split(b"|")
)
_BY_COLON = _FIELD_START + rb"(?:" + _LARGE + rb"|" + _SMALL + rb")"

_TAG_IN_BRACKETS = rb"(?:[ ]?[(\[]" + _TAG + rb"[)\]])"
_NAME = (
    rb"(?i:(?<![A-Za-z])(?:(?:new|encrypted(?:new)?)?(?:password|passwd|pwd)|user[ _]?name))" + _TAG_IN_BRACKETS + rb"?"
)
#: Words of everyday language, so only with their tag.
_NAME_AND_TAG = rb"(?:Signature|SecureData|RawData)[ ]?[(\[]0*(?:89|91|96)[)\]]"
_BY_NAME = rb"(?:" + _NAME + rb"|" + _NAME_AND_TAG + rb")(?:" + _QUOTE + rb")?" + _BLANKS + rb"(?::|" + SIGN + rb")"
#: ``<field tag="554" value="…"/>``, ``{"tag":"554","value":"…"}``.
_BY_ATTRIBUTE = rb"(?<=[=:])[ ]?" + _QUOTE + _TAG + _QUOTE + rb"(?=[ ,/>])"
#: ``{"tag":554,"value":"…"}``.
_BY_MEMBER = rb"(?<=:)[ ]?" + _TAG + rb"[ ]?,[ ]?" + _QUOTE + rb"(?i:value|val|v)" + _QUOTE + rb"[ ]?:"
#: ``<Password>…``, ``<fix:Password kind="…">…``, ``<Password value="…"/>``.
_BY_ELEMENT = rb"(?<=[<:])" + _NAME + rb"(?:>|[ \t][^<>=\r\n]{0,64}=[ ]?(?=" + _QUOTE + rb"))"

_NOTATIONS = (_BY_SIGN, _BY_KEY, _BY_COLON, _BY_NAME, _BY_ATTRIBUTE, _BY_MEMBER, _BY_ELEMENT)
SECRET_IN_TEXT = re.compile(rb"(?:" + rb"|".join(_NOTATIONS) + rb")[ ]?")

_ON_THE_WIRE = tuple(tag + b"=" for tag in _ALL_TAGS)
_NAMES = (b"passw", b"pwd", b"user")
#: One of these is in every notation.
_MARKS = (b"=", b":", b">", b"%", b"\\", b"&")
#: What stands after a tag in other notations, and then the tag before it: in this order, which ``re`` finds faster.
_AFTER_TAG = re.compile(
    rb"[)\]>\"'\\: \t(\[%&,](?:(?<=89.)|(?<=9[16].)|(?<=55[34].)|(?<=925.)|(?<=140[24].))"
)  # fmt: skip


def may_name_secret(text: bytes) -> bool:
    """Whether a secret's field could be named somewhere in the text: cheap, and too often rather than too rarely."""
    for tag in _ON_THE_WIRE:
        if tag in text:
            return True
    if _AFTER_TAG.search(text) is not None:
        return True
    lower = text.lower()
    return any([name in lower for name in _NAMES])  # noqa: C419 - as above


def may_hold_secret(text: bytes) -> bool:
    """Whether a secret's field is named in the text: only then is there anything to hide."""
    is_marked = any([mark in text for mark in _MARKS])  # noqa: C419 - as above
    return is_marked and may_name_secret(text) and SECRET_IN_TEXT.search(text) is not None

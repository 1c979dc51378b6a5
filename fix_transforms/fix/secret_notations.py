r"""How a secret's field is written in text: on the wire, by viewers, in JSON and markup, in dumps of code, in prose.

``SECRET_IN_VALUE`` is looked for in the values of messages; ``SECRET_IN_TEXT`` in everything else of a log, where lines
may also be rows of a table or show an HTTP header.

Invariant: both end where the value starts, and find nothing in text without ``=``, or an escape of it as ``%3D``,
``\u003d``, ``\x3d``, ``&#61;``, ``&#x3d;`` or ``&equals;``, unless

- a ``:`` stands after, blanks aside, a run of digits that is a secret's tag (leading zeros aside), such a run in square
  brackets, a closing parenthesis, a quote, a backslash, or a name: what ends in ``word``, ``swd``, ``pwd``, ``name``,
  ``token``, ``secret``, ``key``, ``phrase`` or ``RawData``, and ``Authorization``;
- a ``:`` stands before a quote or a secret's tag, one blank aside;
- a ``,`` stands after a secret's tag or a quote that closes one, one blank aside; or
- a ``>`` stands after such a name;

and in ``SECRET_IN_TEXT`` alone, unless

- a ``|``, a tab, a line of a drawn table or two blanks stand after a secret's tag, alone or in brackets, or after the
  name of its field; or
- ``Bearer`` stands there.

The compiled decoder relies on it: ``scanner.secret_marks`` is this list as code.

Numbers are everywhere in logs, so ``554:`` counts only where a field could start: not in clocks, addresses, ratios,
process ids (``app[554]:``), places in code (``f.c(554):``), or after a word that counts things (``line 554:``). For the
same reason ``(554, …)`` counts only before a quote, and ``tag: 554`` only before a ``value:`` on the same line.
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
#: ``Password``, and ``LogonPassword``, ``keystore_password``, ``sshPwd``: whatever it is a password of.
_NAME = (
    rb"(?:(?i:(?:(?<![A-Za-z])(?:new|encrypted(?:new)?))?(?:password|passwd)|(?<![A-Za-z])(?:newpwd|pwd|user[ _]?name))"
    rb"|(?<=[a-z])Pwd)" + _TAG_IN_BRACKETS + rb"?"
)
#: Words of everyday language, so only with their tag.
_NAME_AND_TAG = rb"(?:Signature|SecureData|RawData)[ ]?[(\[]0*(?:89|91|96)[)\]]"
_SIGNED = rb"(?:" + _QUOTE + rb")?" + _BLANKS + rb"(?::|" + SIGN + rb")"
_BY_NAME = rb"(?:" + _NAME + rb"|" + _NAME_AND_TAG + rb")" + _SIGNED
_QUOTED_VALUE = rb"(?:[bu]?" + _QUOTE + rb")"
#: ``RawData=…`` without a tag, but not as the heading of a message.
_BY_RAW_DATA = rb"(?<![A-Za-z])[Rr]aw_?[Dd]ata" + _SIGNED + rb"(?![ ]{0,8}" + _QUOTED_VALUE + rb"?[0-9]{1,5}=)"
#: What lets in whoever has it: ``access_token``, ``apiKey``, ``client_secret``, ``secretKey``, ``passphrase``.
_CREDENTIAL = (
    rb"(?:(?i:(?<![A-Za-z])(?:(?:access|auth|refresh)?token|api[ _-]?key"
    rb"|(?:api|app|client)?secret(?:[ _-]?(?:access[ _-]?)?key)?)|pass[ _-]?phrase)"
    rb"|(?<=[a-z])(?:Token|Api[_-]?[Kk]ey|Secret(?:(?:Access)?Key)?))"
)
#: Words of everyday language too: there has to be a value, which ``Unexpected token: }`` has not.
_BY_CREDENTIAL = _CREDENTIAL + _SIGNED + rb"(?=[ ]?" + _QUOTED_VALUE + rb"?[^\s\"'\\,;&|(){}\[\]<>])"
#: ``Authorization: Bearer …``.
_BY_HEADER = rb"(?i:authorization)" + _SIGNED + rb"[ ]?" + _QUOTED_VALUE + rb"?(?i:basic|bearer|digest|token)(?=[ ])"
#: The same without its header, and not ``Bearer shares``.
_BY_SCHEME = rb"(?<![A-Za-z])(?i:bearer)[ ](?=[0-9A-Za-z._~+/=-]{6})(?=[A-Za-z._~+/=-]{0,64}[0-9]|[A-Za-z._~+/=-]{20})"
#: ``<field tag="554" value="…"/>``, ``{"tag":"554","value":"…"}``.
_BY_ATTRIBUTE = rb"(?<=[=:])[ ]?" + _QUOTE + _TAG + _QUOTE + rb"(?=[ ,/>])"
#: ``{"tag":554,"value":"…"}``.
_BY_MEMBER = rb"(?<=:)[ ]?" + _TAG + rb"[ ]?,[ ]?" + _QUOTE + rb"(?i:value|val|v)" + _QUOTE + rb"[ ]?:"
#: What may stand between a tag or name and its value in a structure: other members, but no end of it.
_TO_VALUE = (
    rb"(?:[ ]?[,;][ ]?|[ ])(?:[^{}\r\n]{0,128}?[ ,;])??"
    rb"(?:" + _QUOTE + rb"(?i:(?:field[ _]?)?value|val|v)" + _QUOTE + rb"|(?i:(?:field[ _]?)?value|val))[ ]?[:=]"
)
_TAG_KEY = rb"(?<![A-Za-z])(?i:(?:fix|field)?[ _]?tag|(?:tag|field)[ _]?(?:num(?:ber)?|id)|field|key)[ ]?[:=][ ]?"
_NAME_KEY = rb"(?<![A-Za-z])(?i:(?:field|tag)?[ _]?name)[ ]?[:=][ ]?"
#: ``{ tag: 554, value: "…" }``, ``{Tag:554 Value:…}``, ``{"tag":554,"name":"Password","value":"…"}``.
_BY_STRUCTURE = (
    rb"(?:(?:" + _TAG_KEY + rb"|(?<=[\"']:)[ ]?)" + _TAG + rb"(?![0-9.])"
    rb"|(?:" + _NAME_KEY + _NAME + rb"|(?<=[:=])[ ]?" + _QUOTE + _NAME + _QUOTE + rb"))" + _TO_VALUE
)
#: ``('554', '…')``, ``(b'554', b'…')``, ``[554, "…"]``, ``{"554", "…"}``, and ``[554, …]``, as .NET prints a pair.
_BY_PAIR = (
    rb"(?<=[(\[{])[ ]?(?:[bu]?" + _QUOTE + _TAG + _QUOTE + rb"[ ]?,|" + _TAG + rb"[ ]?,(?=[ ]?" + _QUOTED_VALUE + rb")"
    rb"|(?<=\[)0*(?:553|554|925|1402|1404),(?=[ ][^\s\[\],]{0,64}?[A-Za-z][^\s\[\],]{0,1024}\]))"
)
#: ``<Password>…``, ``<fix:Password kind="…">…``, ``<Password value="…"/>``.
_BY_ELEMENT = rb"(?<=[<:])[A-Za-z_.]{0,32}?" + _NAME + rb"(?:>|[ \t][^<>=\r\n]{0,64}=[ ]?(?=" + _QUOTE + rb"))"

#: What parts the columns of a table: a line, a tab, or two blanks.
_COLUMN = (
    rb"(?:[ ]{0,64}(?:\||\xe2\x94[\x82\x83]|\xe2\x95\x91)[ ]{0,64}|[ ]{0,64}\t[ \t]{0,64}|[ ]{2,64})(?=[^\s|\xe2])"
)
_FIELD_NAME = rb"(?i:(?:new|encrypted(?:new)?)?password|user[ _]?name|signature|securedata|rawdata)"
_CELL = rb"(?<![0-9.])(?<!:[0-5][0-9],)" + _TAG
#: ``| 554 | Password | …``, ``[554] Password   │ …``, ``554,Password,…``, ``Password | 554 | …``, ``Password (554)   …``.
_BY_ROW = (
    rb"(?:" + _CELL + rb"(?:[ ]?[)\]])?(?:" + _COLUMN + rb"|[ ])" + _FIELD_NAME + _COLUMN + rb"|"
    + _CELL + rb",[ ]?" + _FIELD_NAME + rb",|"
    + _FIELD_NAME + rb"(?:[ ]?[(\[][ ]?" + _TAG + rb"[ ]?[)\]]|" + _COLUMN + _CELL + rb")" + _COLUMN + rb")"
)  # fmt: skip

_NOTATIONS = (
    _BY_SIGN,
    _BY_KEY,
    _BY_COLON,
    _BY_NAME,
    _BY_RAW_DATA,
    _BY_CREDENTIAL,
    _BY_HEADER,
    _BY_ATTRIBUTE,
    _BY_MEMBER,
    _BY_STRUCTURE,
    _BY_PAIR,
    _BY_ELEMENT,
)


def _any_of(*notations: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:" + rb"|".join(notations) + rb")[ ]?")


SECRET_IN_VALUE = _any_of(*_NOTATIONS)
SECRET_IN_TEXT = _any_of(*_NOTATIONS, _BY_SCHEME, _BY_ROW)

_ON_THE_WIRE = tuple(tag + b"=" for tag in _ALL_TAGS)
_NAMES = (b"passw", b"pwd", b"user", b"token", b"secret", b"api", b"phrase", b"raw", b"authoriz")
#: One of these is in every notation of a value.
_MARKS = (b"=", b":", b">", b"%", b"\\", b"&", b",")
#: What stands after a tag in other notations, and then the tag before it: in this order, which ``re`` finds faster.
_AFTER_TAG = re.compile(
    rb"[)\]>\"'\\: \t(\[%&,|\xe2](?:(?<=89.)|(?<=9[16].)|(?<=55[34].)|(?<=925.)|(?<=140[24].))"
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


def value_may_hold_secret(value: bytes) -> bool:
    """Whether a secret's field is named in the value of a field: only then is there anything to hide."""
    is_marked = any([mark in value for mark in _MARKS])  # noqa: C419 - as above
    return is_marked and may_name_secret(value) and SECRET_IN_VALUE.search(value) is not None


def may_hold_secret(text: bytes) -> bool:
    """Whether a secret's field is named in text that is no value of a field."""
    return (may_name_secret(text) or b"earer" in text.lower()) and SECRET_IN_TEXT.search(text) is not None

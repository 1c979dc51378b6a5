"""The datatypes of FIX fields: whether a value has the form that its field's type asks for.

Invariant: a type that is not listed accepts every value, so that a user's own dictionary never makes a valid
message wrong. Sources: FIX 4.0 to 4.4, volume 1, "Field data types"; FIX 5.0 SP2, volume 1, "Datatypes".

Deliberate leniencies, all seen in real logs: up to 12 decimals in a time (picoseconds), a leap second in any minute,
lower case in currencies (pence are written GBp). Before FIX 4.2 ``char`` meant any text, before FIX 4.3 an exchange
was a Reuters code and not a MIC.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY = r"(?P<day>[0-9]{8})"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = r":(?:[0-5][0-9]|60)(?:\.[0-9]{1,12})?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?"
_NUMBER = r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"

#: Datatype → the form of its values; ``day`` has to be a day of the calendar.
_FORMS = {
    "INT": r"-?[0-9]+",
    "LENGTH": r"[0-9]+",
    "SEQNUM": r"[0-9]+",
    "NUMINGROUP": r"[0-9]+",
    "TAGNUM": r"[1-9][0-9]*",
    "DAYOFMONTH": r"0?[1-9]|[12][0-9]|3[01]",
    **dict.fromkeys(
        ("FLOAT", "PRICE", "PRICEOFFSET", "QTY", "QUANTITY", "AMT", "PERCENTAGE"),
        _NUMBER,
    ),
    "RESERVED100PLUS": r"-?[0-9]+",
    "RESERVED1000PLUS": r"-?[0-9]+",
    "RESERVED4000PLUS": r"-?[0-9]+",
    "CHAR": r"(?s:.)",
    "BOOLEAN": r"[YN]",
    "MULTIPLECHARVALUE": r"[^ ](?: [^ ])*",
    "MULTIPLEVALUESTRING": r"[^ ]+(?: [^ ]+)*",
    "MULTIPLESTRINGVALUE": r"[^ ]+(?: [^ ]+)*",
    "CURRENCY": r"[A-Za-z]{3}",
    "COUNTRY": r"[A-Z]{2}",
    "EXCHANGE": r"[A-Z0-9]{4}",
    "LANGUAGE": r"[A-Za-z]{2}",
    "TENOR": r"[DMWY][0-9]+",
    **dict.fromkeys(("UTCDATE", "UTCDATEONLY", "LOCALMKTDATE", "DATE"), _DAY),
    **dict.fromkeys(("UTCTIMESTAMP", "TIME"), rf"{_DAY}-{_CLOCK}{_SECONDS}"),
    "UTCTIMEONLY": rf"{_CLOCK}{_SECONDS}",
    "LOCALMKTTIME": rf"{_CLOCK}{_SECONDS}",
    "TZTIMEONLY": rf"{_CLOCK}(?:{_SECONDS})?{_ZONE}",
    "TZTIMESTAMP": rf"{_DAY}-{_CLOCK}(?:{_SECONDS})?{_ZONE}",
    "MONTHYEAR": rf"{_DAY}|(?P<month>[0-9]{{6}})(?:w[1-5])?",
}
_PATTERNS = {name: re.compile(form) for name, form in _FORMS.items()}

#: Datatypes of lists: codes are those of each element.
LISTS = frozenset({"MULTIPLECHARVALUE", "MULTIPLEVALUESTRING", "MULTIPLESTRINGVALUE"})

_CHAR_IS_TEXT = frozenset({"FIX.4.0", "FIX.4.1"})
_EXCHANGE_IS_TEXT = _CHAR_IS_TEXT | {"FIX.4.2"}


def fits(datatype: str, value: str, version: str) -> bool:
    """Whether a value that is not empty has the form of its datatype.

    Args:
        datatype: As the dictionary names it, in capitals.
        value: The value.
        version: FIX version of the dictionary.
    """
    pattern = _PATTERNS.get(datatype)
    if pattern is None:
        return True
    if (datatype == "CHAR" and version in _CHAR_IS_TEXT) or (datatype == "EXCHANGE" and version in _EXCHANGE_IS_TEXT):
        return True
    match = pattern.fullmatch(value)
    return match is not None and (datatype not in _DATED or _DATED[datatype](match))


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _has_day(match: re.Match[str]) -> bool:
    return _is_day(match["day"])


def _has_month(match: re.Match[str]) -> bool:
    return _is_day(match["day"] or f"{match['month']}01")


_DATED: dict[str, Callable[[re.Match[str]], bool]] = {
    **{name: _has_day for name, form in _FORMS.items() if _DAY in form},
    "MONTHYEAR": _has_month,
}

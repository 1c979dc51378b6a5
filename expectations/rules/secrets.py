"""What an unmasked secret looks like; the rules that look for one are critical everywhere.

Invariant: written independently of the masking in the parser, so that neither hides the other's mistake.
"""

from __future__ import annotations

#: Username, Password, NewPassword, EncryptedPassword, EncryptedNewPassword, Signature, SecureData
#: (FIX fields 553, 554, 925, 1402, 1404, 89, 91).
SECRET_TAGS = (553, 554, 925, 1402, 1404, 89, 91)

_ANY = "|".join(str(tag) for tag in SECRET_TAGS)

#: A secret's field in a message: something other than asterisks before the next SOH.
_IN_MESSAGE = rf"(^|\x01)({_ANY})=\**[^*\x01]"
#: RawData(96) of a Logon, where passwords were put before FIX 4.3 had a field for them.
_IN_LOGON = r"(^|\x01)96=\**[^*\x01]"
#: The same in text whose delimiter is unknown or escaped: the value starts with something that ends no field, or
#: goes on after its asterisks.
_IN_TEXT = rf"""(^|[^0-9]|\\x01|\\u0001)({_ANY})=([^*\s|;^~,<>()\[\]{{}}"''\\\x01]|\*+[0-9A-Za-z])"""


def masked_message(column: str) -> str:
    """SQL that holds for a SOH-delimited message without a legible secret."""
    logon = f"({column} LIKE '%' || chr(1) || '35=A' || chr(1) || '%' AND regexp_matches({column}, '{_IN_LOGON}'))"
    return f"NOT regexp_matches({column}, '{_IN_MESSAGE}') AND NOT {logon}"


def masked_text(column: str) -> str:
    """SQL that holds for any text without a legible secret."""
    return f"NOT regexp_matches({column}, '{_IN_TEXT}')"


def masked_field(tag: str, value: str) -> str:
    """SQL that holds for a tag and its value unless the value is a legible secret."""
    tags = ", ".join(str(secret) for secret in SECRET_TAGS)
    return f"{tag} NOT IN ({tags}) OR regexp_full_match({value}, '\\**')"

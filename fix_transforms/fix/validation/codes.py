"""The reason codes of validation and the SessionRejectReason(373) an engine would answer with.

Invariant: a code is written ``name`` or ``name:tag``; every name that ``validate`` gives is listed here.

Reasons of the session layer that are no code here: 0 (a tag that is no number makes a message undecodable), 7 and 8
(need keys), 9 and 10 (need the session's configuration and clock), 12, 17 and 18. Requirements that depend on
another field ("required if OrdType is Limit") are in the standard's prose only, so they are not judged.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """One reason.

    Attributes:
        name: As written before the colon.
        has_tag: Whether a tag follows.
        session_reject_reason: What SessionRejectReason(373) calls it; none where no reject answers it.
        description: What is wrong, for people.
    """

    name: str
    has_tag: bool
    session_reject_reason: int | None
    description: str


CODES: dict[str, Code] = {
    code.name: code
    for code in (
        Code("body_length", False, None, "BodyLength(9) is not the length of the body; engines ignore the message."),
        Code("checksum", False, None, "CheckSum(10) is not the sum of the bytes; engines ignore the message."),
        Code("unknown_msg_type", False, 11, "MsgType(35) is not in the dictionary."),
        Code("missing_required", True, 1, "A field that the header, body, trailer or group requires is absent."),
        Code("not_in_message", True, 2, "The dictionary knows the tag, but not in this message or at this place."),
        Code("unknown_tag", True, 3, "The dictionary does not know the tag. QuickFIX answers 0."),
        Code("user_defined", True, 3, "A tag from 5000 to 39999 that the dictionary does not know. QuickFIX answers 0, unless ValidateUserDefinedFields is N."),
        Code("empty_value", True, 4, "The tag has no value."),
        Code("bad_enum", True, 5, "The value is not one of the field's codes."),
        Code("bad_type", True, 6, "The value is not of the field's datatype."),
        Code("duplicate_tag", True, 13, "The tag is repeated outside groups, or within one instance of a group."),
        Code("field_order", True, 14, "8, 9, 35 are not first, 10 is not last, or header, body and trailer are mixed."),
        Code("group_first_field", True, 15, "An instance of the group this tag counts does not start with the group's first field."),
        Code("group_count", True, 16, "The tag counts another number of instances than there are."),
    )
}  # fmt: skip


def code_text(name: str, tag: int | None = None) -> str:
    """A code as it is stored."""
    return name if tag is None else f"{name}:{tag}"

"""The tables of a sources file, checked field by field: ``[[source]]``, ``[[session]]`` and ``[profile.NAME]``.

Invariant: a table that passes can be used as it is; patterns and formats in it compile, zones and versions exist.
"""

from __future__ import annotations

import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fix_transforms.fix.dictionary import VERSIONS
from fix_transforms.fix.dictionary.load import APPL_VER_IDS
from fix_transforms.fix.profiles import LineRules, TimeFormat, compiled, compiled_bytes, markers_of
from fix_transforms.fix.profiles.declared import LINE_GROUPS, DirectionFrom

_MESSAGE_GROUP = "(?P<message>"
_LONGEST_DELIMITER = 16
_FIELDS = r"(?P<message>[1-9][0-9]{0,5}=.*)"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an IANA time zone such as Europe/London") from None
    return name


def _pattern(text: str) -> str:
    compiled_bytes(text)
    return text


def _text_pattern(text: str) -> str:
    compiled(text)
    return text


def _version(text: str) -> str:
    if text not in VERSIONS:
        raise ValueError(f"one of {', '.join(VERSIONS)}")
    return text


def _application_version(text: str) -> str:
    if text not in APPL_VER_IDS:
        raise ValueError(f"one of {', '.join(sorted(APPL_VER_IDS))}")
    return text


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("a text that is not blank")
    return text


Zone = Annotated[str, AfterValidator(_zone)]
BytesPattern = Annotated[str, AfterValidator(_pattern)]
TextPattern = Annotated[str, AfterValidator(_text_pattern)]
Version = Annotated[str, AfterValidator(_version)]
ApplicationVersion = Annotated[str, AfterValidator(_application_version)]
Texts = Annotated[tuple[Annotated[str, AfterValidator(_not_blank)], ...], BeforeValidator(_listed)]
BytesPatterns = Annotated[tuple[BytesPattern, ...], BeforeValidator(_listed)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class SourceTable(_Table):
    """``[[source]]``: the objects whose key begins with ``prefix``."""

    prefix: str
    timezone: Zone | None = None
    profile: str | None = None
    dictionary: Texts = ()
    validates: bool | None = Field(None, alias="validate")
    local: Texts = ()


class SessionTable(_Table):
    """``[[session]]``: both directions of the session between two CompIDs, wherever they are logged."""

    sender: str
    target: str
    begin_string: str | None = None
    application_version: ApplicationVersion | None = None
    dictionary: Texts = ()

    @model_validator(mode="after")
    def _says_something(self) -> SessionTable:
        if not self.dictionary and self.application_version is None:
            raise ValueError("dictionary, application_version or both")
        return self


class ProfileTable(_Table):
    """``[profile.NAME]``: what the lines of a log look like."""

    line: TextPattern | None = None
    time: TextPattern | None = None
    time_format: str | None = None
    timezone: Zone | None = None
    incoming: Texts = ()
    outgoing: Texts = ()
    direction_from: DirectionFrom = "line"
    noise: BytesPatterns = ()
    message_start: BytesPattern | None = None
    message_end: BytesPattern | None = None
    delimiter: str | None = None
    begin_string: Version | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ProfileTable:
        if self.time_format is not None:
            TimeFormat(self.time_format)
        if self.delimiter is not None and not _is_delimiter(self.delimiter):
            raise ValueError(
                f"delimiter of 1 to {_LONGEST_DELIMITER} characters that begins with no letter or digit and holds no ="
            )
        if self.message_end is not None and self.message_start is None:
            raise ValueError("message_start beside message_end")
        if self.line is not None:
            self._check_line(self.line)
        if self.direction_from == "line_before" and not (self.incoming or self.outgoing):
            raise ValueError("incoming and outgoing, the words that tell the direction in the line before")
        return self

    def _check_line(self, line: str) -> None:
        given = [name for name in ("time", "message_start") if getattr(self, name) is not None]
        if given:
            raise ValueError(f"either line, or {given[0]}, not both")
        unknown = set(re.compile(line).groupindex) - LINE_GROUPS
        if unknown:
            raise ValueError(f"groups named {', '.join(sorted(LINE_GROUPS))} in line, not {', '.join(sorted(unknown))}")
        try:
            compiled(_prefix_of(line))
            compiled_bytes(line)
        except ValueError as error:
            raise ValueError(f"a line whose group message comes last and outside other groups: {error}") from None

    def rules(self, name: str) -> LineRules:
        """What the table declares, ready for use."""
        return LineRules(
            name=name,
            prefix=compiled(_prefix_of(self.line)) if self.line is not None else None,
            time=compiled(self.time) if self.time is not None else None,
            time_format=TimeFormat(self.time_format) if self.time_format is not None else None,
            markers=markers_of(self.incoming, self.outgoing),
            direction_from=self.direction_from,
            noise=tuple(compiled_bytes(pattern) for pattern in self.noise),
            message=self._message(),
            delimiter=self.delimiter.encode() if self.delimiter is not None else None,
            begin_string=self.begin_string,
        )

    def _message(self) -> re.Pattern[bytes] | None:
        """What fits a whole line that holds a message without BeginString, BodyLength and CheckSum."""
        if self.message_start is not None:
            end = f"(?={self.message_end})" if self.message_end is not None else r"\Z"
            fields = _FIELDS.replace(".*", ".*?") if self.message_end is not None else _FIELDS
            return re.compile(f"(?s:.*?(?:{self.message_start})){fields}{end}".encode("ascii"), re.DOTALL)
        if self.line is not None and _MESSAGE_GROUP in self.line:
            return compiled_bytes(self.line)
        return None


class SourcesFile(_Table):
    """The whole file."""

    source: tuple[SourceTable, ...] = ()
    session: tuple[SessionTable, ...] = ()
    profile: dict[str, ProfileTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_each_source_once(self) -> SourcesFile:
        prefixes = [source.prefix for source in self.source]
        twice = next((prefix for prefix in prefixes if prefixes.count(prefix) > 1), None)
        if twice is not None:
            raise ValueError(f"one [[source]] for prefix {twice!r}")
        return self


def _prefix_of(line: str) -> str:
    """The part of a line's pattern that fits what stands before the message."""
    return line.partition(_MESSAGE_GROUP)[0]


def _is_delimiter(text: str) -> bool:
    is_one_line = 0 < len(text) <= _LONGEST_DELIMITER and not set(text) & set("=\r\n")
    return is_one_line and not text[0].isalnum()

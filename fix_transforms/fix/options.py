"""What ``parse`` is told and what it gives back: ``ParseOptions``, ``Tally`` and ``ParsedChunk``.

Invariant: tallies add up. The sum over a file's chunks is the tally of the file, and ``unaccounted_bytes`` is
measured from how the segments tile the input, not from the totals it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from fix_transforms.fix.session_versions import Dialects, Session

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from fix_transforms.fix.profiles import LineRules
    from fix_transforms.settings import Settings

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """How to read one file.

    Attributes:
        decoder: Which decoder reads the fields of a message; ``auto`` takes the fastest that is proven equal.
        threads: How many threads read with the compiled decoder, the caller's own among them.
        timezone: IANA zone of the clock in front of log lines, where a line does not say it.
        mask_key: Key that turns accounts and party ids into pseudonyms; none leaves them as they are.
        max_message_bytes: Longest message or line; longer ones go to quarantine.
        max_fields_per_message: Most fields of a message; one with more goes to quarantine.
        validate: Whether to judge every message by the rules of its version; takes the slower decoder.
        rules: What is declared of the lines of the log; none leaves everything to detection.
        local: CompIDs of the side that logs: what they send is outgoing, where neither line nor file tells.
        dialects: Dictionaries of the venue, laid over the standard ones.
        agreed_versions: DefaultApplVerID(1137) by session, as earlier parts of the file stated it.
        source_name: Name of the file or object: tells the direction for some engines.
        start_offset: Offset of the first byte of ``chunks`` in the file.
        first_message_index: Index of the first message found.
        first_line_number: Number of the line that the first byte is on.
    """

    decoder: Literal["auto", "scanner", "simplefix"] = "auto"
    threads: int = 1
    timezone: str = "UTC"
    mask_key: bytes | None = None
    max_message_bytes: int = 16 * MEBIBYTE
    max_fields_per_message: int = 100_000
    validate: bool = False
    rules: LineRules | None = None
    local: frozenset[str] = frozenset()
    dialects: Dialects = field(default_factory=Dialects)
    agreed_versions: Mapping[Session, str] = field(default_factory=lambda: MappingProxyType({}))
    source_name: str = ""
    start_offset: int = 0
    first_message_index: int = 0
    first_line_number: int = 1

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        source_name: str = "",
        *,
        start_offset: int = 0,
        first_message_index: int = 0,
        first_line_number: int = 1,
        agreed_versions: Mapping[Session, str] = MappingProxyType({}),
        profile: str | None = None,
    ) -> ParseOptions:
        """Take the settings of the house, what is declared for the object, and the position in it.

        Args:
            settings: The settings; what is declared for the object wins over them.
            source_name: Its key, or the path of a file.
            start_offset: See the attributes, as for the next two.
            first_message_index: As before.
            first_line_number: As before.
            agreed_versions: What earlier parts of it stated.
            profile: Name of a profile that takes the place of the declared one.

        Raises:
            SettingsError: The sources file cannot be used, or there is no such profile.
        """
        key = settings.mask_key
        source = settings.source_of(source_name, profile)
        declared: dict[str, Any] = {}
        if source is not None:
            declared = {"rules": source.rules, "local": source.local, "dialects": source.dialects}
            agreed_versions = {**source.agreed, **agreed_versions}
        zone = source.timezone if source is not None else None
        judges = source.validate if source is not None else None
        return cls(
            decoder=settings.decoder,
            threads=settings.threads,
            timezone=zone or settings.timezone,
            mask_key=key.get_secret_value().encode() if key is not None and key.get_secret_value() else None,
            max_message_bytes=settings.max_message_bytes,
            max_fields_per_message=settings.max_fields_per_message,
            validate=settings.validate_messages if judges is None else judges,
            agreed_versions=agreed_versions,
            source_name=source_name,
            start_offset=start_offset,
            first_message_index=first_message_index,
            first_line_number=first_line_number,
            **declared,
        )


def _earliest(left: datetime | None, right: datetime | None) -> datetime | None:
    return min((time for time in (left, right) if time is not None), default=None)


def _latest(left: datetime | None, right: datetime | None) -> datetime | None:
    return max((time for time in (left, right) if time is not None), default=None)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of rows and bytes, and where to read on.

    Attributes:
        content_bytes: Bytes that were read.
        untiled_bytes: Bytes that no segment covers, or that two cover: 0 unless the parser is wrong.
        resume_offset: End of the last complete message or line: a later version of the file is read from there.
        next_line_number: Number of the line at ``resume_offset``.
        next_message_index: Index of the next message.
    """

    messages: int = 0
    quarantined: int = 0
    log_events: int = 0
    group_fields: int = 0
    market_data_entries: int = 0
    content_bytes: int = 0
    message_bytes: int = 0
    quarantined_bytes: int = 0
    log_event_bytes: int = 0
    decoration_bytes: int = 0
    untiled_bytes: int = 0
    first_sending_time: datetime | None = None
    last_sending_time: datetime | None = None
    resume_offset: int = 0
    next_line_number: int = 1
    next_message_index: int = 0

    @property
    def unaccounted_bytes(self) -> int:
        """Bytes that are neither message, quarantine, log event nor decoration."""
        accounted = self.message_bytes + self.quarantined_bytes + self.log_event_bytes + self.decoration_bytes
        return max(self.untiled_bytes, abs(self.content_bytes - accounted))

    def __add__(self, later: Tally) -> Tally:
        """The tally of this stretch and of the one that follows it."""
        return Tally(
            messages=self.messages + later.messages,
            quarantined=self.quarantined + later.quarantined,
            log_events=self.log_events + later.log_events,
            group_fields=self.group_fields + later.group_fields,
            market_data_entries=self.market_data_entries + later.market_data_entries,
            content_bytes=self.content_bytes + later.content_bytes,
            message_bytes=self.message_bytes + later.message_bytes,
            quarantined_bytes=self.quarantined_bytes + later.quarantined_bytes,
            log_event_bytes=self.log_event_bytes + later.log_event_bytes,
            decoration_bytes=self.decoration_bytes + later.decoration_bytes,
            untiled_bytes=self.untiled_bytes + later.untiled_bytes,
            first_sending_time=_earliest(self.first_sending_time, later.first_sending_time),
            last_sending_time=_latest(self.last_sending_time, later.last_sending_time),
            resume_offset=max(self.resume_offset, later.resume_offset),
            next_line_number=max(self.next_line_number, later.next_line_number),
            next_message_index=max(self.next_message_index, later.next_message_index),
        )


@dataclass(frozen=True, slots=True)
class ParsedChunk:
    """Up to 20,000 messages and what lay between them.

    The frames have the declared columns of their tables without ``file_id``, ``batch_id`` and ``ingested_at``,
    which ``frames.with_lineage`` adds.
    """

    messages: pl.DataFrame
    group_fields: pl.DataFrame
    log_events: pl.DataFrame
    quarantine: pl.DataFrame
    market_data: pl.DataFrame
    tally: Tally

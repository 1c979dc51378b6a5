"""Segments into the rows of one chunk: decoded, masked, typed and accounted for.

Invariant: every segment becomes exactly one row or none (blanks), its bytes are counted once, and nothing that
goes into a row has not been masked first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.fix.accounting import Account
from fix_transforms.fix.delimiters import SOH, delimiter_name
from fix_transforms.fix.frames import (
    DATES,
    FOUND_COLUMNS,
    LINEAGE,
    TAG_COLUMNS,
    event_frame,
    frame_of,
    group_frame,
    message_frame,
)
from fix_transforms.fix.groups import GroupField, duplicate_tags, unfold
from fix_transforms.fix.masking import Masker, ends_in_secret
from fix_transforms.fix.options import ParsedChunk, Tally
from fix_transforms.fix.profiles import DetectedProfile, LineProfile
from fix_transforms.fix.reference import UndecodableError, decoder_for
from fix_transforms.fix.segments import MessageSegment, TextSegment
from fix_transforms.fix.session_versions import SessionVersions
from fix_transforms.fix.wording import encoding_of, escape_control, readable
from fix_transforms.tables import FIX_GROUP_FIELDS, LOG_EVENTS, QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.options import ParseOptions
    from fix_transforms.fix.segments import Segment
    from fix_transforms.tables import Table

#: Rows and bytes at which a chunk is handed over.
MAX_ROWS = 20_000
MAX_CHUNK_BYTES = 64 * 1024 * 1024

_EXCERPT_BYTES = 1024
_EVENT_CHARACTERS = 4096
_EVENT_CLOCK_BYTES = 128

Rows = dict[str, list[object]]


def _rows(table: Table, without: tuple[str, ...] = ()) -> Rows:
    return {column.name: [] for column in table.columns if column.name not in (*LINEAGE, *without)}


class ChunkBuilder:
    """Collects rows until the chunk is full; what it learnt of the sessions of a file stays.

    Args:
        options: How the file is read.
    """

    def __init__(self, options: ParseOptions) -> None:
        self._decoder = decoder_for(options.decoder)
        self._masker = Masker(options.mask_key)
        self._profile: LineProfile = DetectedProfile(options.timezone, options.source_name)
        self._account = Account(options.start_offset)
        self._next_index = options.first_message_index
        self._versions = SessionVersions()
        self._secret_goes_on_at = -1
        self._start_chunk()

    def _start_chunk(self) -> None:
        self._found: Rows = {name: [] for name in FOUND_COLUMNS}
        self._values: dict[int, list[str | None]] = {tag: [] for tag in TAG_COLUMNS}
        self._columns = [(tag, values.append) for tag, values in self._values.items()]
        self._groups = _rows(FIX_GROUP_FIELDS, without=DATES)
        self._group_rows: list[int] = []
        self._events = _rows(LOG_EVENTS)
        self._quarantine = _rows(QUARANTINE)

    @property
    def is_full(self) -> bool:
        """Whether it is time to hand over."""
        rows = (self._found["raw"], self._events["text"], self._quarantine["reason"])
        too_many = any(len(column) >= MAX_ROWS for column in rows) or len(self._group_rows) >= 20 * MAX_ROWS
        return too_many or self._account.chunk_bytes >= MAX_CHUNK_BYTES

    def add(self, segment: Segment) -> None:
        """Take the next segment of the file."""
        if isinstance(segment, MessageSegment):
            self._add_message(segment)
        elif isinstance(segment, TextSegment):
            self._add_text(segment)
        else:
            self._account.take(segment.lead, segment.end, segment.end, "decoration")

    # ---- messages ----

    def _add_message(self, segment: MessageSegment) -> None:
        frame = segment.frame
        try:
            fields = self._decoder.decode(frame.wire)
        except UndecodableError as error:
            raw = segment.prefix + frame.wire.replace(SOH, frame.delimiter)
            start = segment.prefix_start if segment.prefix else segment.start
            self._add_quarantine(segment.lead, start, segment.end, segment.line, raw, "undecodable", str(error))
            return
        self._account.take(segment.lead, segment.start, segment.end, "message")
        wire, fields = self._masker.mask_message(frame.wire, fields)
        encoding = encoding_of(wire)
        text = [(tag, value.decode(encoding, "backslashreplace")) for tag, value in fields]
        first = dict(reversed(text))
        inside = self._unfold(text, first)
        if inside:
            grouped = {field.position for field in inside}
            first = dict(reversed([pair for position, pair in enumerate(text) if position not in grouped]))
        prefix = self._prefix(segment.prefix)
        log_time = self._profile.log_time(prefix) if prefix else None
        found = self._found
        found["message_index"].append(self._next_index)
        found["byte_offset"].append(segment.start)
        found["byte_length"].append(segment.end - segment.start)
        found["line_number"].append(segment.line)
        found["log_time_ns"].append(log_time.ns if log_time is not None else None)
        found["log_time_digits"].append(log_time.digits if log_time is not None else None)
        found["direction"].append(self._profile.direction(prefix, first.get(49), first.get(56)))
        found["log_prefix"].append(prefix or None)
        found["delimiter"].append(delimiter_name(frame.delimiter))
        found["framing"].append(frame.framing)
        found["checksum_status"].append(frame.checksum_status)
        found["body_length_ok"].append(frame.body_length_ok)
        found["decoder"].append(self._decoder.name)
        found["raw_encoding"].append(encoding)
        found["raw"].append(wire.decode(encoding))
        for tag, append in self._columns:
            append(first.get(tag))
        self._next_index += 1

    def _prefix(self, prefix: bytes) -> str:
        if not prefix:
            return ""
        lines = [line.strip(b" \t\r\x00") for line in prefix.split(b"\n")]
        return readable(self._masker.mask_text(b" ".join(line for line in lines if line)))

    def _unfold(self, text: Sequence[tuple[int, str]], first: dict[int, str]) -> list[GroupField]:
        """Unfold the message's groups into rows, and note the tags repeated outside of them."""
        msg_type = first.get(35, "")
        is_unique = len(first) == len(text)
        dictionary = self._versions.dictionary(first, msg_type)
        layout = dictionary.layout(msg_type)
        inside: list[GroupField] = []
        if layout is not None and not layout.groups.keys().isdisjoint(first):
            inside = unfold(text, dictionary, msg_type)
            row = len(self._found["raw"])
            for field in inside:
                for name, value in zip(GroupField._fields, field, strict=True):
                    self._groups[name].append(value)
                self._groups["message_index"].append(self._next_index)
                self._group_rows.append(row)
        self._found["duplicate_tags"].append(
            [] if is_unique else duplicate_tags(text, dictionary, msg_type, inside=inside)
        )
        return inside

    # ---- everything else ----

    def _add_text(self, segment: TextSegment) -> None:
        if segment.reason is not None:
            self._add_quarantine(
                segment.lead, segment.start, segment.end, segment.line, segment.head, segment.reason, segment.detail
            )
            return
        self._account.take(segment.lead, segment.start, segment.end, "log_event")
        text = readable(self._masker.mask_text(segment.head), segment.end - segment.start > len(segment.head))
        log_time = self._profile.log_time(text[:_EVENT_CLOCK_BYTES])
        self._events["byte_offset"].append(segment.start)
        self._events["byte_length"].append(segment.end - segment.start)
        self._events["line_number"].append(segment.line)
        self._events["log_time"].append(None)
        self._events["log_time_ns"].append(log_time.ns if log_time is not None else None)
        self._events["log_time_digits"].append(log_time.digits if log_time is not None else None)
        self._events["text"].append(text[:_EVENT_CHARACTERS])

    def _add_quarantine(
        self, lead: int, start: int, end: int, line: int, content: bytes, reason: str, detail: str
    ) -> None:
        self._account.take(lead, start, end, "quarantine")
        goes_on = reason == "fragment" and self._secret_goes_on_at == lead
        masked = self._masker.mask_continuation(content) if goes_on else self._masker.mask_text(content)
        self._secret_goes_on_at = end if ends_in_secret(content) else -1
        row = self._quarantine
        row["byte_offset"].append(start)
        row["byte_length"].append(end - start)
        row["line_number"].append(line)
        row["reason"].append(reason)
        row["detail"].append(escape_control(detail))
        row["excerpt"].append(readable(masked[:_EXCERPT_BYTES], len(masked) > _EXCERPT_BYTES))

    # ---- handing over ----

    def flush(self, *, end: int | None, resume_offset: int, resume_line: int) -> ParsedChunk:
        """The chunk so far.

        Args:
            end: Offset of the end of the input, at the end of the input.
            resume_offset: Where a later version of the file is to be read from.
            resume_line: The line there.
        """
        messages = message_frame(self._found, self._values)
        groups = group_frame(self._groups, self._group_rows, messages)
        events = event_frame(LOG_EVENTS, self._events)
        quarantine = frame_of(QUARANTINE, self._quarantine)
        times = messages["sending_time"]
        tally = self._account.close(
            Tally(
                messages=messages.height,
                quarantined=quarantine.height,
                log_events=events.height,
                group_fields=groups.height,
                first_sending_time=times.min(),  # type: ignore[arg-type]
                last_sending_time=times.max(),  # type: ignore[arg-type]
                resume_offset=resume_offset,
                next_line_number=resume_line,
                next_message_index=self._next_index,
            ),
            end,
        )
        self._start_chunk()
        return ParsedChunk(messages, groups, events, quarantine, tally)

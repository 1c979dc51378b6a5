"""Segments into the rows of one chunk: decoded, masked, typed and accounted for.

Invariant: every segment becomes exactly one row or none (blanks), its bytes are counted once, and nothing that
goes into a row has not been masked first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.fix.accounting import Account
from fix_transforms.fix.bare_messages import decode_bare, is_bare
from fix_transforms.fix.delimiters import SOH, delimiter_name
from fix_transforms.fix.field_count import has_more_fields
from fix_transforms.fix.frames import (
    CHUNK_ROWS,
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
from fix_transforms.fix.hex_dumps import hide_dump
from fix_transforms.fix.market_data import market_data_frame
from fix_transforms.fix.masking import Masker, hide_undelimited
from fix_transforms.fix.options import ParsedChunk, Tally
from fix_transforms.fix.profiles import LineProfile, profile_of
from fix_transforms.fix.reference import ReferenceDecoder, UndecodableError
from fix_transforms.fix.scanned_rows import ScannedRows
from fix_transforms.fix.segments import HEAD_BYTES, MessageSegment, Scanned, TextSegment
from fix_transforms.fix.textlines import HEX_DUMP, NO_DELIMITER
from fix_transforms.fix.torn_secrets import TornSecrets
from fix_transforms.fix.validation import validate
from fix_transforms.fix.wording import encoding_of, escape_control, readable
from fix_transforms.tables import FIX_GROUP_FIELDS, LOG_EVENTS, QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fix_transforms.fix.options import ParseOptions
    from fix_transforms.fix.segments import Frame, Segment
    from fix_transforms.fix.session_versions import SessionVersions
    from fix_transforms.tables import Table

#: Rows and bytes at which a chunk is handed over. Fewer where rows were decoded one by one: they are many objects until
#: then, and rows that stand among them are copied to be put in order.
MAX_ROWS = CHUNK_ROWS
MAX_DECODED_ROWS = 30_000
MAX_GROUP_ROWS = 400_000
MAX_CHUNK_BYTES = 64 * 1024 * 1024

#: What engines leave out that do not log the bytes of a message: BeginString, BodyLength, CheckSum.
FRAMING_TAGS = frozenset({8, 9, 10})

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
        versions: Which dictionary a message is to be read with.
    """

    def __init__(self, options: ParseOptions, versions: SessionVersions) -> None:
        self._decoder = ReferenceDecoder()
        self._masker = Masker(options.mask_key)
        self._max_fields = options.max_fields_per_message
        self._validates = options.validate
        self._profile: LineProfile = profile_of(options.rules, options.timezone, options.source_name, options.local)
        self._account = Account(options.start_offset)
        self._next_index = options.first_message_index
        self._versions = versions
        self._torn_secrets = TornSecrets(options.start_offset)
        self._start_chunk()

    def _start_chunk(self) -> None:
        self._found: Rows = {name: [] for name in FOUND_COLUMNS}
        self._values: dict[int, list[str | None]] = {tag: [] for tag in TAG_COLUMNS}
        self._groups = _rows(FIX_GROUP_FIELDS, without=DATES)
        self._group_rows: list[int] = []
        self._events = _rows(LOG_EVENTS)
        self._quarantine = _rows(QUARANTINE)
        self._scanned = ScannedRows()

    def has_room_for(self, segment: Segment) -> bool:
        """Whether the chunk can take the segment; else it is time to hand over."""
        scanned = self._scanned
        more, lines = (segment.messages, segment.lines) if isinstance(segment, Scanned) else (1, 1)
        decoded = [len(self._found["raw"]), len(self._events["text"]), len(self._quarantine["reason"])]
        most = MAX_DECODED_ROWS if any(decoded) or not isinstance(segment, Scanned) else MAX_ROWS
        too_many = (
            decoded[0] + scanned.messages + more > most
            or decoded[1] + scanned.lines + lines > most
            or decoded[2] >= most
            or len(self._group_rows) + scanned.group_fields >= MAX_GROUP_ROWS
        )
        return not too_many and self._account.chunk_bytes < MAX_CHUNK_BYTES

    def add(self, segment: Segment) -> None:
        """Take the next segment of the file."""
        if isinstance(segment, MessageSegment):
            self._add_message(segment)
        elif isinstance(segment, TextSegment):
            self._add_text(segment)
        elif isinstance(segment, Scanned):
            self._account.take_run(segment)
            self._scanned.add(segment, self._next_index)
            self._next_index += segment.messages
        else:
            self._account.take(segment.lead, segment.end, segment.end, "decoration")
            self._torn_secrets.skip(segment.lead, segment.end)

    # ---- messages ----

    def _add_message(self, segment: MessageSegment) -> None:
        frame = segment.frame
        if has_more_fields(frame.wire, self._max_fields):
            self._refuse(segment, "too_many_fields", f"more than {self._max_fields} fields")
            return
        try:
            fields = decode_bare(self._decoder, frame.wire) if is_bare(frame) else self._decoder.decode(frame.wire)
        except UndecodableError as error:
            self._refuse(segment, "undecodable", str(error))
            return
        self._account.take(segment.lead, segment.start, segment.end, "message")
        wire, fields = self._masker.mask_message(frame.wire, fields)
        encoding = encoding_of(wire)
        text = [(tag, value.decode(encoding, "backslashreplace")) for tag, value in fields]
        first = dict(reversed(text))
        inside = self._unfold(text, first)
        if self._validates:
            self._found["validation_errors"].append(self._judge(text, first, inside, frame))
        if inside:
            grouped = {field.position for field in inside}
            first = dict(reversed([pair for position, pair in enumerate(text) if position not in grouped]))
        prefix = self._prefix(segment.prefix)  # its tabs are tabs still
        log_time = self._profile.log_time(prefix) if prefix else None
        found = self._found
        found["message_index"].append(self._next_index)
        found["byte_offset"].append(segment.start)
        found["byte_length"].append(segment.end - segment.start)
        found["line_number"].append(segment.line)
        found["log_time_ns"].append(log_time.ns if log_time is not None else None)
        found["log_time_digits"].append(log_time.digits if log_time is not None else None)
        found["direction"].append(self._profile.direction(prefix, first.get(49), first.get(56)))
        found["log_prefix"].append(escape_control(prefix) or None)
        found["delimiter"].append(delimiter_name(frame.delimiter))
        found["framing"].append(frame.framing)
        found["checksum_status"].append(frame.checksum_status)
        found["body_length_ok"].append(frame.body_length_ok)
        found["decoder"].append(self._decoder.name)
        found["raw_encoding"].append(encoding)
        found["raw"].append(wire.decode(encoding))
        self._add_values(first)
        self._next_index += 1

    def _add_values(self, first: dict[int, str]) -> None:
        """Add what the message has to the columns of its tags: few of them, so that columns are filled up later."""
        row, columns = len(self._found["raw"]) - 1, self._values
        for tag, value in first.items():
            values = columns.get(tag)
            if values is not None:
                if len(values) < row:
                    values += [None] * (row - len(values))
                values.append(value)

    def _refuse(self, segment: MessageSegment, reason: str, detail: str) -> None:
        """Quarantine a framed message, with its prefix."""
        frame = segment.frame
        raw = segment.prefix + frame.wire[:HEAD_BYTES].replace(SOH, frame.delimiter)
        start = segment.prefix_start if segment.prefix else segment.start
        self._add_quarantine(segment.lead, start, segment.end, segment.line, raw, reason, detail)

    def _prefix(self, prefix: bytes) -> str:
        if not prefix:
            return ""
        lines = [line.strip(b" \t\r\x00") for line in prefix.split(b"\n")]
        return readable(self._masker.mask_text(b" ".join(line for line in lines if line)), keeps_tabs=True)

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

    def _judge(
        self, text: Sequence[tuple[int, str]], first: dict[int, str], inside: Sequence[GroupField], frame: Frame
    ) -> list[object]:
        msg_type = first.get(35, "")
        return list(
            validate(
                text,
                self._versions.dictionary(first, msg_type),
                msg_type,
                inside=inside,
                body_length_ok=frame.body_length_ok,
                checksum_status=frame.checksum_status,
                left_out=FRAMING_TAGS if is_bare(frame) else frozenset(),
            )
        )

    # ---- everything else ----

    def _add_text(self, segment: TextSegment) -> None:
        if segment.reason is not None:
            self._add_quarantine(
                segment.lead, segment.start, segment.end, segment.line, segment.head, segment.reason, segment.detail
            )
            return
        self._account.take(segment.lead, segment.start, segment.end, "log_event")
        length = segment.end - segment.start
        masked = self._mask_stretch(segment.head, segment.lead, segment.end, length, is_event=True)
        text = readable(masked, length > len(segment.head), keeps_tabs=True)
        log_time = self._profile.log_time(text[:_EVENT_CLOCK_BYTES])
        self._events["byte_offset"].append(segment.start)
        self._events["byte_length"].append(length)
        self._events["line_number"].append(segment.line)
        self._events["log_time"].append(None)
        self._events["log_time_ns"].append(log_time.ns if log_time is not None else None)
        self._events["log_time_digits"].append(log_time.digits if log_time is not None else None)
        self._events["text"].append(escape_control(text)[:_EVENT_CHARACTERS])

    def _add_quarantine(
        self, lead: int, start: int, end: int, line: int, content: bytes, reason: str, detail: str
    ) -> None:
        self._account.take(lead, start, end, "quarantine")
        if detail == HEX_DUMP:
            content = hide_dump(content, end - start, hides_all=self._masker.hides_identities)
        masked = self._mask_stretch(content, lead, end, end - start, is_event=False)
        if detail == NO_DELIMITER:
            masked = hide_undelimited(masked)
        row = self._quarantine
        row["byte_offset"].append(start)
        row["byte_length"].append(end - start)
        row["line_number"].append(line)
        row["reason"].append(reason)
        row["detail"].append(escape_control(detail))
        row["excerpt"].append(readable(masked[:_EXCERPT_BYTES], len(masked) > _EXCERPT_BYTES))

    def _mask_stretch(self, content: bytes, lead: int, end: int, length: int, *, is_event: bool) -> bytes:
        """The first bytes of a stretch of text, which ends at ``end`` and is ``length`` long, masked."""
        hidden, rest = self._torn_secrets.split(content, lead, is_event=is_event)
        self._torn_secrets.note(content if len(content) == length else None, end)
        return hidden + self._masker.mask_text(rest)

    # ---- handing over ----

    def flush(self, *, end: int | None, resume_offset: int, resume_line: int) -> ParsedChunk:
        """The chunk so far.

        Args:
            end: Offset of the end of the input, at the end of the input.
            resume_offset: Where a later version of the file is to be read from.
            resume_line: The line there.
        """
        decoded = message_frame(self._found, self._values)
        unfolded = group_frame(self._groups, self._group_rows, decoded)
        messages, groups = self._scanned.joined_with(decoded, unfolded, self._profile)
        market_data = market_data_frame(groups, messages)
        events = self._scanned.with_events(event_frame(LOG_EVENTS, self._events), self._profile)
        quarantine = frame_of(QUARANTINE, self._quarantine)
        times = messages["sending_time"]
        tally = self._account.close(
            Tally(
                messages=messages.height,
                quarantined=quarantine.height,
                log_events=events.height,
                group_fields=groups.height,
                market_data_entries=market_data.height,
                first_sending_time=times.min(),  # type: ignore[arg-type]
                last_sending_time=times.max(),  # type: ignore[arg-type]
                resume_offset=resume_offset,
                next_line_number=resume_line,
                next_message_index=self._next_index,
            ),
            end,
        )
        self._start_chunk()
        return ParsedChunk(messages, groups, events, quarantine, market_data, tally)

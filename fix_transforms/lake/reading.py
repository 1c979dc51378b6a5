"""One landed object into the spool: read, decompress, compare with its predecessor, parse, account.

Invariant: whatever an object holds, reading it ends in one row of ``ingested_files`` whose counts are those of
the rows in the spool. Bad content is a status of that row, never an exception; exceptions say that the object
could not be read at all (``StorageError``) or is another one now (``ObjectChangedError``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fix_transforms import __version__
from fix_transforms.errors import DecompressionError, FixLakehouseError
from fix_transforms.fix import ParseOptions, Tally, parse
from fix_transforms.fix.compression import Limits, decompress
from fix_transforms.lake.commit import FileRecord
from fix_transforms.lake.content import Measured, drop, measure_prefix, take
from fix_transforms.lake.delta import InvalidRowsError
from fix_transforms.lake.failpoints import FailpointError, reach
from fix_transforms.lake.landing import Landing, OpenObject
from fix_transforms.lake.predecessors import agreed_versions
from fix_transforms.lake.refused import quarantined_whole
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, LOG_EVENTS, MARKET_DATA_ENTRIES, QUARANTINE

if TYPE_CHECKING:
    from fix_transforms.lake.delta import Lake
    from fix_transforms.lake.landing import LandedObject
    from fix_transforms.lake.predecessors import Predecessor
    from fix_transforms.lake.spool import SpoolWriter
    from fix_transforms.settings import Settings

log = logging.getLogger(__name__)

_BLANK: Mapping[str, Any] = {
    "compression": "none",
    "content_sha256": None,
    "detail": None,
    "supersedes_file_id": None,
    "is_replacement": False,
    "start_offset": 0,
    "resume_offset": 0,
    "content_bytes": 0,
    "message_bytes": 0,
    "quarantined_bytes": 0,
    "log_event_bytes": 0,
    "decoration_bytes": 0,
    "unaccounted_bytes": 0,
    "messages": 0,
    "quarantined": 0,
    "log_events": 0,
    "group_fields": 0,
    "market_data_entries": 0,
    "first_sending_time": None,
    "last_sending_time": None,
}


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a file parsing starts, and which versions of it hold what lies before, the newest first."""

    offset: int = 0
    message_index: int = 0
    line_number: int = 1
    continued: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectReader:
    """Reads objects into one batch.

    Raises:
        SettingsError: What is declared of sources cannot be used; nothing has been read then.
    """

    settings: Settings
    landing: Landing
    spool: SpoolWriter
    batch_id: str
    ingested_at: datetime
    lake: Lake

    def __post_init__(self) -> None:
        self.settings.source_of("")

    def read(self, landed: LandedObject, predecessor: Predecessor | None, generation: int) -> FileRecord:
        """Read an object that no batch has.

        Args:
            landed: The object.
            predecessor: The version that it continues or replaces.
            generation: Which version of the object this is, from 1.

        Raises:
            ObjectChangedError: The object is gone or is another version now.
            StorageError: It cannot be read.
        """
        started = time.perf_counter()
        try:
            values = self._read(landed, predecessor)
        except (FixLakehouseError, FailpointError, MemoryError):
            raise
        except Exception as error:
            # Deterministic, so trying again is no use. Its text may quote the content, so only its class is told.
            log.error("parser failed on %s: %s", landed.file_id, type(error).__name__)
            values = _unreadable(f"the parser failed: {type(error).__name__}")
        row = {
            **_BLANK,
            "file_id": landed.file_id,
            "bucket": landed.bucket,
            "object_key": landed.key_text,
            "version_id": landed.version_id,
            "etag": landed.etag,
            "object_bytes": landed.size,
            "last_modified": landed.last_modified,
            "parser_version": __version__,
            "decoder": self.settings.decoder,
            **values,
            "parse_seconds": time.perf_counter() - started,
        }
        return FileRecord(row, landed.key_id, generation)

    def read_again(
        self, landed: LandedObject, row: Mapping[str, Any], first_message_index: int, continued: tuple[str, ...] = ()
    ) -> bool:
        """Read an object whose row is in ``ingested_files`` but whose rows are not in all the other tables.

        Args:
            landed: The object as it was, or as it is now: what was read must be how it begins.
            row: Its row in ``ingested_files``.
            first_message_index: How many messages lie before the row's ``start_offset``.
            continued: The versions that hold them, the newest first.

        Returns:
            Whether the same content was found. If not, the spool holds no row of it.

        Raises:
            ObjectChangedError: The object is gone or is another version now.
            StorageError: It cannot be read.
        """
        length = row["start_offset"] + row["content_bytes"]
        try:
            compression, content = decompress(self.landing.read(landed), self._limits)
            prefix = measure_prefix(content, length, row["start_offset"])
            if prefix.length != length or prefix.sha.hexdigest() != row["content_sha256"]:
                return False
            start = Position(row["start_offset"], first_message_index, prefix.line_number, continued)
            unread = self._reopened(landed, compression, start.offset)
            self._parse(row["file_id"], row["object_key"], Measured(take(unread, row["content_bytes"])), start)
        except (DecompressionError, InvalidRowsError) as error:
            log.warning("%s cannot be read again: %s", row["file_id"], error)
            return False
        return True

    def quarantine_content(self, file_id: str, detail: str, length: int) -> None:
        """Spool the one row that stands for content which did not unpack to its end.

        Args:
            file_id: The object version.
            detail: Why not.
            length: How many bytes had come out; what they said is not kept, for nobody knows how it went on.
        """
        with self.spool.file(file_id, self.batch_id, self.ingested_at) as rows:
            rows.add(quarantined_whole(detail, length))

    # ---- what to read ----

    @property
    def _limits(self) -> Limits:
        return Limits.from_settings(self.settings)

    def _refused(self, file_id: str, error: DecompressionError) -> dict[str, Any]:
        detail = str(error)
        if not error.offset:
            return _unreadable(detail)
        self.quarantine_content(file_id, detail, error.offset)
        counts = {"content_bytes": error.offset, "quarantined_bytes": error.offset, "quarantined": 1}
        return _unreadable(detail) | counts

    def _read(self, landed: LandedObject, predecessor: Predecessor | None) -> dict[str, Any]:
        if not landed.is_addressable:
            return _unreadable("the key has characters that no client can ask for")
        opened = self.landing.open(landed)
        known = {"version_id": opened.landed.version_id}
        compression, content = decompress(opened.chunks, self._limits)
        known["compression"] = compression
        try:
            return known | self._read_content(opened, compression, content, predecessor)
        except DecompressionError as error:
            return known | self._refused(landed.file_id, error)
        except InvalidRowsError as error:
            return known | _unreadable(str(error))

    def _read_content(
        self, opened: OpenObject, compression: str, content: Iterator[bytes], predecessor: Predecessor | None
    ) -> dict[str, Any]:
        landed = opened.landed
        if predecessor is None:
            return self._whole(landed, content)
        prefix = measure_prefix(content, predecessor.content_end, predecessor.resume_offset)
        is_prefix = prefix.sha.hexdigest() == predecessor.content_sha256
        supersedes = {"supersedes_file_id": predecessor.file_id}
        if is_prefix and not prefix.has_more:
            return supersedes | _unchanged(predecessor)
        if self.settings.on_change == "reject":
            return supersedes | {"status": "rejected", "detail": _change(is_prefix)}
        if self.settings.on_change == "append" and is_prefix:
            start = Position(
                predecessor.resume_offset, predecessor.next_message_index, prefix.line_number, predecessor.continued
            )
            tail = self._reopened(landed, compression, start.offset)
            unseen = Measured(tail, after=prefix.sha, skip=predecessor.content_end - start.offset)
            return supersedes | self._from(landed, unseen, start)
        replaces = self.settings.on_change == "replace"
        whole = self._whole(landed, self._reopened(landed, compression, 0))
        return supersedes | whole | {"is_replacement": replaces, "detail": _change(is_prefix)}

    def _reopened(self, landed: LandedObject, compression: str, start: int) -> Iterator[bytes]:
        """The same version's content from an offset on; where it is not compressed, nothing before it is read."""
        if compression == "none":
            return self.landing.read(landed, start)
        return drop(decompress(self.landing.read(landed), self._limits)[1], start)

    def _whole(self, landed: LandedObject, content: Iterable[bytes]) -> dict[str, Any]:
        return self._from(landed, Measured(content), Position())

    def _from(self, landed: LandedObject, content: Measured, start: Position) -> dict[str, Any]:
        tally = self._parse(landed.file_id, landed.key_text, content, start)
        return _counts(tally) | {
            "status": _status(tally, start, content.length),
            "content_sha256": content.sha256,
            "start_offset": start.offset,
            "resume_offset": max(start.offset, tally.resume_offset),
            "content_bytes": content.length,
        }

    # ---- parsing it ----

    def _parse(self, file_id: str, source_name: str, content: Measured, start: Position) -> Tally:
        options = ParseOptions.from_settings(
            self.settings,
            source_name,
            start_offset=start.offset,
            first_message_index=start.message_index,
            first_line_number=start.line_number,
            agreed_versions=agreed_versions(self.lake, start.continued),
        )
        tally = Tally()
        with self.spool.file(file_id, self.batch_id, self.ingested_at) as rows:
            for chunk in parse(content, options):
                rows.add(chunk)
                tally += chunk.tally
                reach("parsed_chunk", self.settings.failpoint)
            _assert_accounted(tally, rows.rows, content.length)
        return tally


def _assert_accounted(tally: Tally, rows: Mapping[str, int], length: int) -> None:
    """Assert that every byte and every row is accounted for; the table would refuse the whole batch otherwise."""
    counted = (
        tally.messages,
        tally.quarantined,
        tally.log_events,
        tally.group_fields,
        tally.market_data_entries,
        tally.content_bytes,
    )
    tables = (FIX_MESSAGES, QUARANTINE, LOG_EVENTS, FIX_GROUP_FIELDS, MARKET_DATA_ENTRIES)
    spooled = (*(rows[table.name] for table in tables), length)
    if tally.unaccounted_bytes or counted != spooled:
        raise InvalidRowsError(
            "the parser's counts do not add up",
            got=f"{counted}, {tally.unaccounted_bytes} bytes left over",
            expected=spooled,
        )


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "message_bytes": tally.message_bytes,
        "quarantined_bytes": tally.quarantined_bytes,
        "log_event_bytes": tally.log_event_bytes,
        "decoration_bytes": tally.decoration_bytes,
        "unaccounted_bytes": tally.unaccounted_bytes,
        "messages": tally.messages,
        "quarantined": tally.quarantined,
        "log_events": tally.log_events,
        "group_fields": tally.group_fields,
        "market_data_entries": tally.market_data_entries,
        "first_sending_time": tally.first_sending_time,
        "last_sending_time": tally.last_sending_time,
    }


def _status(tally: Tally, start: Position, length: int) -> str:
    if tally.messages:
        return "ingested"
    return "no_messages" if length or start.offset else "empty"


def _unreadable(detail: str) -> dict[str, Any]:
    return {"status": "unreadable", "detail": detail}


def _unchanged(predecessor: Predecessor) -> dict[str, Any]:
    """Nothing new: the content is all before ``start_offset``."""
    return {
        "status": "unchanged",
        "content_sha256": predecessor.content_sha256,
        "start_offset": predecessor.content_end,
        "resume_offset": predecessor.content_end,
    }


def _change(is_prefix: bool) -> str:
    return "the object has grown" if is_prefix else "the object does not begin with its earlier content"

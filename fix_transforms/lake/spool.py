"""Parsed rows on their way to a commit, as Parquet files in a private folder.

Invariant: memory stays bounded by a few parser chunks, whatever the size of a file or a batch; a file is in
the spool wholly or not at all, because its rows are taken back when reading it fails; and no folder outlives
its writer for long: ``SpoolWriter`` removes its own, ``sweep`` those of programs that died.

Files of one chunk share Parquet parts, so that a thousand small logs do not make thousands of little files.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import polars as pl

from fix_transforms.errors import StorageError
from fix_transforms.fix.frames import with_lineage
from fix_transforms.lake.delta import InvalidRowsError, arrow_schema, assert_schema
from fix_transforms.tables import (
    FIX_GROUP_FIELDS,
    FIX_MESSAGES,
    LOG_EVENTS,
    MARKET_DATA_ENTRIES,
    QUARANTINE,
    Table,
)

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from fix_transforms.fix import ParsedChunk

#: The tables that a log file's rows go to, in the order in which a batch commits to them.
ROW_TABLES = (QUARANTINE, LOG_EVENTS, FIX_GROUP_FIELDS, MARKET_DATA_ENTRIES, FIX_MESSAGES)

#: Rows of small files that are gathered before they are written as one row group.
GATHERED_ROWS = 20_000
#: And their size in memory.
GATHERED_BYTES = 64 * 1024 * 1024
#: Rows per record batch when the spool is read back.
READ_ROWS = 20_000

Frames = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file with rows of some log files."""

    path: Path
    file_ids: frozenset[str]


class SpoolWriter:
    """A folder that takes the rows of one batch and gives them back table by table.

    Use as a context manager: the folder is removed at its end.
    """

    def __init__(self, spool_dir: Path) -> None:
        with _spool_lock(spool_dir):
            self.folder = Path(tempfile.mkdtemp(prefix="batch-", dir=spool_dir))
            self._alive = (self.folder / "alive").open("w")
            fcntl.flock(self._alive, fcntl.LOCK_EX)
        self._parts: dict[str, list[Part]] = {table.name: [] for table in ROW_TABLES}
        self._rows: dict[tuple[str, str], int] = {}
        self._gathered: dict[str, list[tuple[str, pl.DataFrame]]] = {table.name: [] for table in ROW_TABLES}
        self._count = 0

    def __enter__(self) -> SpoolWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder and everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._alive.close()

    @contextmanager
    def file(self, file_id: str, batch_id: str, ingested_at: datetime) -> Iterator[FileSpool]:
        """Take one file's rows; an exception inside the block takes them back."""
        self._count += 1
        spool = FileSpool(self.folder / str(self._count), file_id, batch_id, ingested_at)
        try:
            yield spool
            spool.finish()
        except BaseException:
            spool.discard()
            raise
        self._keep(spool)

    def rows(self, table: Table, file_ids: Collection[str]) -> int:
        """How many rows of the table these files have."""
        return sum(self._rows.get((table.name, file_id), 0) for file_id in file_ids)

    def reader(self, table: Table, file_ids: Collection[str]) -> pa.RecordBatchReader:
        """The rows of these files, streamed."""
        import pyarrow as pa

        self._flush(table)
        wanted = frozenset(file_ids)
        parts = [part for part in self._parts[table.name] if part.file_ids & wanted]
        return pa.RecordBatchReader.from_batches(arrow_schema(table), _read(parts, wanted))

    def export(self, folder: Path) -> list[Path]:
        """Write everything as one Parquet file per table, ``<table>.parquet``, also where there are no rows.

        Raises:
            StorageError: The folder cannot be written.
        """
        written = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for table in ROW_TABLES:
                path = folder / f"{table.name}.parquet"
                with _parquet(path, table) as sink:
                    for batch in self.reader(table, {file_id for _, file_id in self._rows}):
                        sink.write_batch(batch)
                written.append(path)
        except OSError as error:
            raise StorageError("cannot be written", where=str(folder), got=error.strerror) from error
        return written

    def _keep(self, spool: FileSpool) -> None:
        for table in ROW_TABLES:
            self._rows[table.name, spool.file_id] = spool.rows[table.name]
            part = spool.parts.get(table.name)
            if part is not None:
                self._parts[table.name].append(Part(part, frozenset((spool.file_id,))))
            frame = spool.held.get(table.name)
            if frame is not None:
                self._gathered[table.name].append((spool.file_id, frame))
                self._flush_if_large(table)

    def _flush_if_large(self, table: Table) -> None:
        frames = [frame for _, frame in self._gathered[table.name]]
        if sum(frame.height for frame in frames) >= GATHERED_ROWS or (
            sum(int(frame.estimated_size()) for frame in frames) >= GATHERED_BYTES
        ):
            self._flush(table)

    def _flush(self, table: Table) -> None:
        gathered = self._gathered[table.name]
        if not gathered:
            return
        self._count += 1
        path = self.folder / f"{table.name}-{self._count}.parquet"
        with _parquet(path, table) as sink:
            sink.write_table(pl.concat([frame for _, frame in gathered]).to_arrow())
        self._parts[table.name].append(Part(path, frozenset(file_id for file_id, _ in gathered)))
        gathered.clear()


class FileSpool:
    """The rows of one log file: its first chunk is held in memory, with the second it moves to disk."""

    def __init__(self, folder: Path, file_id: str, batch_id: str, ingested_at: datetime) -> None:
        self.file_id = file_id
        self.held: Frames = {}
        self.parts: dict[str, Path] = {}
        self.rows: dict[str, int] = {table.name: 0 for table in ROW_TABLES}
        self._folder = folder
        self._batch_id = batch_id
        self._ingested_at = ingested_at
        self._sinks: dict[str, pq.ParquetWriter] = {}
        self._chunks = 0

    def add(self, chunk: ParsedChunk) -> None:
        """Take a chunk.

        Raises:
            SchemaMismatchError: A frame is not of the declared schema.
            InvalidRowsError: A row breaks a declared check, so the table would refuse the whole batch.
        """
        found = (
            (QUARANTINE, chunk.quarantine),
            (LOG_EVENTS, chunk.log_events),
            (FIX_GROUP_FIELDS, chunk.group_fields),
            (MARKET_DATA_ENTRIES, chunk.market_data),
            (FIX_MESSAGES, chunk.messages),
        )
        frames = {table.name: self._declared(frame, table) for table, frame in found if frame.height}
        if self._chunks:
            self._write(self.held)
            self._write(frames)
            self.held = {}
        else:
            self.held = frames
        self._chunks += 1
        for name, frame in frames.items():
            self.rows[name] += frame.height

    def finish(self) -> None:
        """Close the files."""
        for sink in self._sinks.values():
            sink.close()

    def discard(self) -> None:
        """Close the files and remove them."""
        self.finish()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _declared(self, frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        whole: pl.DataFrame = with_lineage(
            frame, table, file_id=self.file_id, batch_id=self._batch_id, ingested_at=self._ingested_at
        )
        assert_schema(whole, table)
        assert_checks(whole, table)
        return whole

    def _write(self, frames: Frames) -> None:
        self._folder.mkdir(exist_ok=True)
        for table in ROW_TABLES:
            frame = frames.get(table.name)
            if frame is None:
                continue
            if table.name not in self._sinks:
                self.parts[table.name] = self._folder / f"{table.name}.parquet"
                self._sinks[table.name] = _parquet(self.parts[table.name], table)
            self._sinks[table.name].write_table(frame.to_arrow())


def assert_checks(frame: pl.DataFrame, table: Table) -> None:
    """Assert the declared checks; as in the table itself, a null fails them.

    Raises:
        InvalidRowsError: A row breaks one.
    """
    for check in table.checks:
        kept = frame.select((pl.sql_expr(check.sql).fill_null(value=False)).all()).item()
        if not kept:
            raise InvalidRowsError("rows break a check", where=table.name, expected=check.name)


def sweep(spool_dir: Path) -> int:
    """Remove the folders whose writer is dead; returns how many there were."""
    removed = 0
    with _spool_lock(spool_dir):
        for folder in spool_dir.glob("batch-*"):
            with (folder / "alive").open("a") as alive:
                try:
                    fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


@contextmanager
def _spool_lock(spool_dir: Path) -> Iterator[IO[str]]:
    """Held while a folder is made or swept, so that no folder is swept between being made and being locked."""
    try:
        spool_dir.mkdir(parents=True, exist_ok=True)
        lock = (spool_dir / ".lock").open("w")
    except OSError as error:
        raise StorageError("cannot be written", where=str(spool_dir), got=error.strerror) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def _parquet(path: Path, table: Table) -> pq.ParquetWriter:
    import pyarrow.parquet as pq

    return pq.ParquetWriter(path, arrow_schema(table), compression="lz4")


def _read(parts: list[Part], wanted: frozenset[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for part in parts:
        with pq.ParquetFile(part.path) as source:
            for batch in source.iter_batches(batch_size=READ_ROWS):
                if part.file_ids <= wanted:
                    yield batch
                    continue
                chosen = batch.filter(pc.is_in(batch.column("file_id"), pa.array(sorted(wanted), pa.large_string())))
                if chosen.num_rows:
                    yield chosen

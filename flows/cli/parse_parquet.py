"""``fixlake parse --out``: one Parquet file per table, complete or not there.

Invariant: a file under its final name is whole; until the last row is written it has another name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fix_transforms.errors import StorageError
from fix_transforms.fix.frames import parsed_schema
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, LOG_EVENTS, MARKET_DATA_ENTRIES, QUARANTINE

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from fix_transforms.fix import ParsedChunk

_TABLES = (FIX_MESSAGES, FIX_GROUP_FIELDS, LOG_EVENTS, QUARANTINE, MARKET_DATA_ENTRIES)


class ParquetFolder:
    """Writes chunks to ``<table>.parquet``; the first column, ``file``, says which file a row is from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> ParquetFolder:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for table in _TABLES:
                empty = pl.DataFrame(schema={"file": pl.String, **parsed_schema(table)}).to_arrow()
                self._writers[table.name] = pq.ParquetWriter(
                    self._partial(table.name), empty.schema, compression="zstd"
                )
        except OSError as error:
            raise StorageError("cannot be written to", where=str(self._folder), got=error.strerror) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, writer in self._writers.items():
            writer.close()
            partial = self._partial(name)
            if kind is None:
                partial.replace(self._folder / f"{name}.parquet")
            else:
                partial.unlink(missing_ok=True)

    def write(self, path: str, chunk: ParsedChunk) -> None:
        """Append the rows of a chunk."""
        frames = (chunk.messages, chunk.group_fields, chunk.log_events, chunk.quarantine, chunk.market_data)
        for table, frame in zip(_TABLES, frames, strict=True):
            if frame.height:
                self._append(table.name, frame.select(pl.lit(path).alias("file"), pl.all()).to_arrow())

    def _append(self, name: str, rows: pa.Table) -> None:
        writer = self._writers[name]
        try:
            writer.write_table(rows.cast(writer.schema))
        except OSError as error:
            raise StorageError("cannot be written to", where=str(self._folder), got=error.strerror) from error

    def _partial(self, name: str) -> Path:
        return self._folder / f".{name}.parquet.partial"

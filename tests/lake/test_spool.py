from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from fix_transforms.errors import SchemaMismatchError, StorageError
from fix_transforms.fix import ParsedChunk, ParseOptions, parse
from fix_transforms.lake.delta import InvalidRowsError, arrow_schema
from fix_transforms.lake.spool import ROW_TABLES, SpoolWriter, sweep
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES

NOW = datetime(2024, 1, 2, tzinfo=UTC)
Chunks = Callable[..., Iterator[ParsedChunk]]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SpoolWriter]:
    with SpoolWriter(tmp_path / "spool") as writer:
        yield writer


@pytest.fixture
def chunks(fix_log: Callable[..., bytes]) -> Chunks:
    """Chunks of two messages each."""

    def of(count: int) -> Iterator[ParsedChunk]:
        for first in range(0, count, 2):
            options = ParseOptions(first_message_index=first)
            yield from parse([fix_log(2, first=first)], options)

    return of


def put(spool: SpoolWriter, file_id: str, found: Iterator[ParsedChunk]) -> None:
    with spool.file(file_id, "b" * 16, NOW) as rows:
        for chunk in found:
            rows.add(chunk)


def test_rows_of_chosen_files_come_back_whole(spool: SpoolWriter, chunks: Chunks) -> None:
    for file_id, count in (("small", 2), ("large", 10), ("other", 2)):
        put(spool, file_id, chunks(count))
    for wanted in (["small"], ["large"], ["small", "large"], ["small", "large", "other"], []):
        rows = pl.DataFrame(spool.reader(FIX_MESSAGES, wanted).read_all())
        expected = {"small": 2, "large": 10, "other": 2}
        assert dict(rows.group_by("file_id").len().iter_rows()) == {name: expected[name] for name in wanted}
        assert spool.rows(FIX_MESSAGES, wanted) == rows.height
        assert spool.reader(FIX_MESSAGES, wanted).schema == arrow_schema(FIX_MESSAGES)


def test_stream_can_be_read_again_for_another_attempt(spool: SpoolWriter, chunks: Chunks) -> None:
    put(spool, "f", chunks(6))
    first, second = (spool.reader(FIX_MESSAGES, ["f"]).read_all() for _ in range(2))
    assert first.num_rows == 6
    assert first.equals(second)


@pytest.mark.parametrize("after", [1, 3])
def test_rows_of_a_file_that_fails_are_taken_back(spool: SpoolWriter, chunks: Chunks, after: int) -> None:
    put(spool, "good", chunks(2))

    def failing() -> Iterator[ParsedChunk]:
        yield from islice(chunks(10), after)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put(spool, "bad", failing())
    assert spool.rows(FIX_MESSAGES, ["good", "bad"]) == 2
    assert spool.reader(FIX_MESSAGES, ["good", "bad"]).read_all().num_rows == 2


def test_row_that_the_table_would_refuse_is_refused_with_its_file(spool: SpoolWriter, chunks: Chunks) -> None:
    chunk = next(chunks(2))
    wrong = chunk.messages.with_columns(byte_length=pl.lit(0, dtype=pl.Int64))
    bad = ParsedChunk(wrong, chunk.group_fields, chunk.log_events, chunk.quarantine, chunk.market_data, chunk.tally)
    with pytest.raises(InvalidRowsError, match="byte_length_positive"):
        put(spool, "f", iter([bad]))


def test_null_in_a_required_column_is_refused_with_its_file(spool: SpoolWriter, chunks: Chunks) -> None:
    chunk = next(chunks(2))
    wrong = chunk.messages.with_columns(raw=pl.lit(None, dtype=pl.String))
    bad = ParsedChunk(wrong, chunk.group_fields, chunk.log_events, chunk.quarantine, chunk.market_data, chunk.tally)
    with pytest.raises(InvalidRowsError, match="raw"):
        put(spool, "f", iter([bad]))


def test_frame_of_another_schema_is_a_defect_and_not_a_bad_file(spool: SpoolWriter, chunks: Chunks) -> None:
    chunk = next(chunks(2))
    wrong = chunk.messages.with_columns(pl.col("byte_length").cast(pl.Int32))
    bad = ParsedChunk(wrong, chunk.group_fields, chunk.log_events, chunk.quarantine, chunk.market_data, chunk.tally)
    with pytest.raises(SchemaMismatchError) as caught:
        put(spool, "f", iter([bad]))
    assert not isinstance(caught.value, InvalidRowsError)


def test_export_is_one_file_per_table_of_the_declared_schema(
    spool: SpoolWriter, chunks: Chunks, tmp_path: Path
) -> None:
    put(spool, "large", chunks(6))
    put(spool, "small", chunks(2))
    paths = spool.export(tmp_path / "out")
    assert [path.name for path in paths] == [f"{table.name}.parquet" for table in ROW_TABLES]
    for table, path in zip(ROW_TABLES, paths, strict=True):
        assert pq.read_schema(path).remove_metadata() == arrow_schema(table)
    assert pl.read_parquet(tmp_path / "out" / "fix_messages.parquet").height == 8
    assert pl.read_parquet(tmp_path / "out" / "fix_group_fields.parquet").height == spool.rows(
        FIX_GROUP_FIELDS, ["large", "small"]
    )


def test_closed_spool_leaves_nothing(tmp_path: Path, chunks: Chunks) -> None:
    with SpoolWriter(tmp_path / "spool") as writer:
        put(writer, "f", chunks(6))
        assert writer.folder.exists()
    assert [path.name for path in (tmp_path / "spool").iterdir()] == [".lock"]


def test_sweep_takes_the_folders_of_the_dead_and_leaves_those_of_the_living(tmp_path: Path, spool: SpoolWriter) -> None:
    dead = tmp_path / "spool" / "batch-dead"
    dead.mkdir()
    (dead / "fix_messages.parquet").write_bytes(b"x")
    assert sweep(tmp_path / "spool") == 1
    assert not dead.exists()
    assert spool.folder.exists()


def test_spool_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        SpoolWriter(tmp_path / "file" / "spool")

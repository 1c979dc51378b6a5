from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from fix_transforms.errors import CommitConflictError, SchemaMismatchError, StorageError
from fix_transforms.lake import commit
from fix_transforms.lake.apply import apply
from fix_transforms.lake.commit import append_rows, commit_once, stream
from fix_transforms.lake.delta import Lake, arrow_schema
from fix_transforms.tables import BATCH_DECISIONS, QUARANTINE
from fix_transforms.tables.render.to_polars import polars_schema
from fix_transforms.workspace import Workspace


@pytest.fixture
def lake(workspace: Workspace) -> Lake:
    lake = Lake(workspace.lake)
    apply(lake)
    return lake


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "PAUSE_SECONDS", 0.0)


def decision(number: int = 1, reason: str = "because") -> pl.DataFrame:
    row = {
        "batch_id": "b" * 16, "decision_number": number, "decision": "passed",
        "decided_by": "suite", "reason": reason, "decided_at": datetime.now(UTC),
    }  # fmt: skip
    return pl.DataFrame([row], schema=polars_schema(BATCH_DECISIONS))


def test_same_transaction_is_appended_once(lake: Lake) -> None:
    append_rows(lake, BATCH_DECISIONS, decision(), "once")
    append_rows(lake, BATCH_DECISIONS, decision(), "once")
    append_rows(lake, BATCH_DECISIONS, decision(2), None)
    append_rows(lake, BATCH_DECISIONS, decision(3), None)
    assert lake.read(BATCH_DECISIONS, ["decision_number"])["decision_number"].sort().to_list() == [1, 2, 3]


def test_competitor_that_commits_between_check_and_write_wins(lake: Lake) -> None:
    tries = []

    def write(live: DeltaTable, _: Mapping[str, int]) -> None:
        tries.append(live.version())
        if len(tries) == 1:
            append_rows(lake, BATCH_DECISIONS, decision(reason="the other"), "once")
        lake.append(live, BATCH_DECISIONS, stream(decision(), BATCH_DECISIONS), {"once": 1}, {})

    commit_once(lake, BATCH_DECISIONS, "once", write, None)
    assert lake.read(BATCH_DECISIONS, ["reason"])["reason"].to_list() == ["the other"]
    assert len(tries) == 1


def test_check_then_write_to_the_uri_would_duplicate(lake: Lake) -> None:
    live = lake.open(BATCH_DECISIONS)
    assert live.transaction_version("once") is None
    append_rows(lake, BATCH_DECISIONS, decision(), "once")
    properties = CommitProperties(app_transactions=[Transaction("once", 1)])
    write_deltalake(lake.uri(BATCH_DECISIONS), decision(), mode="append", commit_properties=properties)
    assert lake.read(BATCH_DECISIONS).height == 2


def test_writer_that_loses_every_time_says_so(lake: Lake) -> None:
    def write(live: DeltaTable, done: Mapping[str, int]) -> None:
        append_rows(lake, BATCH_DECISIONS, decision(), f"other {len(done)}")
        lake.append(live, BATCH_DECISIONS, stream(decision(), BATCH_DECISIONS), {f"other {len(done)}": 1}, {})

    with pytest.raises(CommitConflictError, match="batch_decisions"):
        commit_once(lake, BATCH_DECISIONS, "never", write, None)


def test_error_that_stays_is_raised_as_it_is(lake: Lake) -> None:
    def write(_live: DeltaTable, _done: Mapping[str, int]) -> None:
        raise StorageError("append failed", where="batch_decisions")

    with pytest.raises(StorageError, match="append failed"):
        commit_once(lake, BATCH_DECISIONS, "never", write, None)


@pytest.mark.parametrize(
    "wrong",
    [
        decision().select(reversed(decision().columns)),
        decision().with_columns(pl.col("decision_number").cast(pl.Int32)),
        decision().drop("reason"),
        decision().with_columns(extra=1),
        decision().with_columns(reason=pl.lit(None, dtype=pl.String)),
        decision().with_columns(pl.col("decided_at").dt.cast_time_unit("ns")),
    ],
    ids=["order", "type", "missing", "extra", "null", "nanoseconds"],
)
def test_frame_of_another_schema_is_refused_before_anything_is_written(lake: Lake, wrong: pl.DataFrame) -> None:
    with pytest.raises(SchemaMismatchError, match="batch_decisions"):
        append_rows(lake, BATCH_DECISIONS, wrong, "once")
    assert lake.versions()["batch_decisions"] == 0


def test_stream_of_another_schema_is_refused_before_anything_is_written(lake: Lake) -> None:
    schema = arrow_schema(BATCH_DECISIONS).set(1, pa.field("decision_number", pa.int32()))
    rows = pa.RecordBatchReader.from_batches(schema, [])
    with pytest.raises(SchemaMismatchError, match="decision_number: int32"):
        lake.append(lake.open(BATCH_DECISIONS), BATCH_DECISIONS, rows, {"once": 1}, {})


def test_error_of_a_refused_row_does_not_quote_it(lake: Lake) -> None:
    row = {
        "file_id": "f", "byte_offset": 1, "byte_length": 0, "line_number": 1, "batch_id": "b", "ingested_at": datetime.now(UTC),
        "reason": "binary", "detail": "d", "excerpt": "554=secret",
    }  # fmt: skip
    frame = pl.DataFrame([row], schema=polars_schema(QUARANTINE))
    with pytest.raises(StorageError) as caught:
        lake.append(lake.open(QUARANTINE), QUARANTINE, stream(frame, QUARANTINE), {"once": 1}, {})
    assert "secret" not in str(caught.value)

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from fix_transforms.errors import FixLakehouseError
from fix_transforms.lake.batches import batch_states, decide, pending_batches
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.tables import BATCH_DECISIONS
from fix_transforms.workspace import Workspace

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]


@pytest.fixture
def batch(workspace: Workspace, land: Land, fix_log: FixLog) -> str:
    land(workspace, "a.log", fix_log(3) + b"8=FIX.4.4\x019=70\x0135=D\x01")
    land(workspace, "b.log", b"Session started\n")
    (batch_id,) = ingest(workspace, discover(workspace)).batch_ids
    return batch_id


@pytest.fixture
def lake(workspace: Workspace) -> Lake:
    return Lake(workspace.lake)


def test_empty_lake_has_no_batches(lake: Lake) -> None:
    assert (batch_states(lake), pending_batches(lake)) == ((), [])


def test_complete_batch_is_pending_until_somebody_decides(lake: Lake, batch: str) -> None:
    (state,) = batch_states(lake)
    assert (state.batch_id, state.files, state.messages, state.quarantined, state.log_events) == (batch, 2, 3, 1, 1)
    assert pending_batches(lake) == [batch]
    decide(lake, batch, "failed", "suite", "a rule")
    assert pending_batches(lake) == []


def test_latest_decision_counts_and_all_are_kept(lake: Lake, batch: str) -> None:
    decide(lake, batch, "failed", "suite", "a rule")
    decide(lake, batch, "released", "maria", "seen")
    (state,) = batch_states(lake)
    assert (state.decision, state.decided_by, state.reason) == ("released", "maria", "seen")
    assert state.decided_at is not None
    assert state.decided_at.tzinfo is not None
    kept = lake.read(BATCH_DECISIONS, ["decision_number", "decision"]).sort("decision_number")
    assert kept.rows() == [(1, "failed"), (2, "released")]


def test_decisions_made_at_once_are_numbered_without_gaps(lake: Lake, batch: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(decide, lake, batch, "held", f"user {n}", "now") for n in range(6)]:
            done.result()
    decisions = lake.read(BATCH_DECISIONS)
    assert decisions["decision_number"].sort().to_list() == [1, 2, 3, 4, 5, 6]
    assert decisions["decided_by"].n_unique() == 6


def test_decision_after_a_number_of_others_is_dropped_when_there_is_one_more(lake: Lake, batch: str) -> None:
    decide(lake, batch, "held", "maria", "looking into it")
    decide(lake, batch, "passed", "suite", "all rules", after=0)
    assert batch_states(lake)[0].decision == "held"
    decide(lake, batch, "passed", "suite", "all rules", after=1)
    assert batch_states(lake)[0].decision == "passed"


@pytest.mark.parametrize("unknown", ["0" * 16, "' OR '1'='1"])
def test_unknown_batch_cannot_be_decided(lake: Lake, batch: str, unknown: str) -> None:
    with pytest.raises(FixLakehouseError, match="no such complete batch"):
        decide(lake, unknown, "released", "maria", "seen")
    assert lake.read(BATCH_DECISIONS).filter(pl.col("batch_id") != batch).is_empty()


def test_unknown_decision_is_refused(lake: Lake, batch: str) -> None:
    with pytest.raises(FixLakehouseError, match="no such decision"):
        decide(lake, batch, "fine", "maria", "seen")


def test_batch_that_is_not_published_is_in_no_answer(
    workspace: Workspace, lake: Lake, land: Land, fix_log: FixLog, start_ingest: Callable[..., object]
) -> None:
    land(workspace, "a.log", fix_log(1))
    process = start_ingest(workspace, failpoint="before_fix_messages")
    process.communicate(timeout=60)  # type: ignore[attr-defined]
    assert batch_states(lake) == ()
    ingest(workspace, ())
    assert len(batch_states(lake)) == 1

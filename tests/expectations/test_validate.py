"""Validating whole batches: three outcomes, one decision, nothing shown that a counterparty wrote."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from deltalake import DeltaTable, Field, write_deltalake
from deltalake.schema import PrimitiveType

from expectations import record, validate_batch
from expectations.materialise import materialise
from expectations.results import BatchValidation, RuleResult
from expectations.rule import Rule
from expectations.validate import batch_rules
from fix_transforms.errors import QualityError
from fix_transforms.lake.batches import batch_states, decide, pending_batches
from fix_transforms.lake.delta import Lake
from fix_transforms.tables import (
    BATCH_DECISIONS,
    FIX_GROUP_FIELDS,
    FIX_MESSAGES,
    INGESTED_FILES,
    LOG_EVENTS,
    QUALITY_RESULTS,
    QUARANTINE,
    Table,
)
from fix_transforms.workspace import Workspace

#: Enough where the test is about what becomes of a validation, not about what it finds.
FEW = tuple(rule for rule in batch_rules() if rule.name == "checksum_trusted")

SCRIPT = "<script>alert(1)</script>"


def outcomes(validation: BatchValidation) -> dict[str, str]:
    """Every rule that did not pass."""
    return {f"{r.table_name}.{r.rule}": r.outcome for r in validation.results if r.outcome != "passed"}


def decided(workspace: Workspace) -> list[tuple[str, str]]:
    rows = Lake(workspace.lake).read(BATCH_DECISIONS).sort("decision_number")
    return list(zip(rows["decision"], rows["decided_by"], strict=True))


def results_in_lake(workspace: Workspace) -> pl.DataFrame:
    return Lake(workspace.lake).read(QUALITY_RESULTS)


def test_good_batch_passes_every_rule(workspace: Workspace, build: SimpleNamespace) -> None:
    rows = build.Rows([build.message(0), build.report(1)], [build.group_field()], [build.event()], [build.refused()])
    rows.entries = [build.entry()]
    build.put(workspace, rows)
    assert pending_batches(Lake(workspace.lake)) == [build.batch_id]
    validation = validate_batch(workspace, build.batch_id)
    assert outcomes(validation) == {}
    assert validation.decision == "passed"
    assert decided(workspace) == [("passed", "suite")]
    assert pending_batches(Lake(workspace.lake)) == []
    recorded = results_in_lake(workspace)
    assert recorded.height == len(validation.results) > 80
    assert set(recorded["outcome"]) == {"passed"}


def test_batch_without_messages_passes(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows(messages=[], file={"status": "empty"}))
    validation = validate_batch(workspace, build.batch_id)
    assert outcomes(validation) == {}
    assert validation.decision == "passed"


def test_warnings_are_shown_and_do_not_hold_the_batch(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows([build.message(i, checksum_status="bad") for i in range(10)]))
    validation = validate_batch(workspace, build.batch_id)
    assert outcomes(validation) == {"fix_messages.checksum_trusted": "failed"}
    assert validation.decision == "passed"
    (result,) = [r for r in validation.results if r.rule == "checksum_trusted"]
    assert (result.rows_evaluated, result.rows_failed) == (10, 10)


def test_tolerance_is_a_share_of_the_rows_the_rule_speaks_about(workspace: Workspace, build: SimpleNamespace) -> None:
    beside_the_point = [build.message(i, log_time=None) for i in range(200)]
    near = [build.message(i) for i in range(200, 299)]
    far = build.message(299, log_time=build.noon + dt.timedelta(days=2))
    farther = build.message(300, log_time=build.noon + dt.timedelta(days=3))
    build.put(workspace, build.Rows([*beside_the_point, *near, far]))
    build.put(
        workspace,
        build.Rows([row | {"batch_id": "b" * 16, "file_id": "b" * 24} for row in (*beside_the_point, *near, far, farther)],
                   file={"batch_id": "b" * 16, "file_id": "b" * 24}),
        "b" * 16,
    )  # fmt: skip
    assert outcomes(validate_batch(workspace, build.batch_id)) == {}
    assert outcomes(validate_batch(workspace, "b" * 16)) == {"fix_messages.sending_time_near_log_time": "failed"}


def test_unmasked_password_holds_the_batch(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows([build.message(0, raw="8=FIX.4.4\x0135=A\x01554=hunter2\x0110=000\x01")]))
    validation = validate_batch(workspace, build.batch_id)
    assert outcomes(validation) == {"fix_messages.secrets_masked": "failed"}
    assert validation.decision == "failed"
    (state,) = batch_states(Lake(workspace.lake))
    assert state.decision == "failed"
    assert state.reason is not None
    assert "fix_messages.secrets_masked failed" in state.reason


def test_other_batches_are_not_judged(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    other = {"batch_id": "a" * 16, "file_id": "a" * 24}
    build.put(workspace, build.Rows([build.message(0, **other, raw="554=x")], file=other | {"messages": 9}), "a" * 16)
    assert outcomes(validate_batch(workspace, build.batch_id)) == {}
    assert set(results_in_lake(workspace)["batch_id"]) == {build.batch_id}


def test_duplicated_rows_fail(workspace: Workspace, build: SimpleNamespace) -> None:
    row = build.message(0)
    build.put(workspace, build.Rows([row, row], file={"messages": 1}))
    found = outcomes(validate_batch(workspace, build.batch_id))
    assert found["fix_messages.primary_key_unique"] == "failed"
    assert found["ingested_files.messages_counted"] == "failed"


def test_value_that_is_not_allowed_fails(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows([build.message(0, framing="regex")]))
    validation = validate_batch(workspace, build.batch_id, FEW)
    assert outcomes(validation)["fix_messages.framing_allowed"] == "failed"
    assert validation.decision == "failed"


def test_undeclared_column_fails(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    DeltaTable(workspace.lake.child("log_events")).alter.add_columns(Field("surprise", PrimitiveType("string")))
    validation = validate_batch(workspace, build.batch_id, FEW)
    assert outcomes(validation) == {
        "log_events.columns_as_declared": "failed",
        "log_events.types_as_declared": "failed",
    }
    assert validation.decision == "failed"


def test_changed_type_fails(workspace: Workspace, build: SimpleNamespace) -> None:
    rows = build.Rows(events=[build.event()])
    narrow = build.frame(LOG_EVENTS, rows.events).with_columns(pl.col("byte_length").cast(pl.Int32))
    build.put(workspace, build.Rows(file={"log_events": 1, "log_event_bytes": 20, "decoration_bytes": 999_880}))
    replace_table(workspace, narrow)
    assert outcomes(validate_batch(workspace, build.batch_id, FEW)) == {"log_events.types_as_declared": "failed"}


def replace_table(workspace: Workspace, frame: pl.DataFrame) -> None:
    place = Path(workspace.lake.child("log_events"))
    shutil.rmtree(place)
    write_deltalake(str(place), frame.to_arrow())


def test_missing_column_fails_though_other_rules_can_not_be_judged(
    workspace: Workspace, build: SimpleNamespace
) -> None:
    rows = build.Rows(events=[build.event()])
    build.put(workspace, build.Rows(file={"log_events": 1, "log_event_bytes": 20, "decoration_bytes": 999_880}))
    replace_table(workspace, build.frame(LOG_EVENTS, rows.events).drop("text"))
    validation = validate_batch(workspace, build.batch_id)
    assert outcomes(validation) == {
        "log_events.columns_as_declared": "failed",
        "log_events.types_as_declared": "failed",
        "log_events.required_columns_present": "error",
        "log_events.secrets_masked": "error",
        "log_events.text_bounded": "error",
    }
    assert validation.decision == "failed"


@pytest.mark.parametrize(
    "holds",
    ["no_such_column > 0", "CAST(symbol AS INTEGER) = 1", "error('what is in the row: ' || symbol)"],
    ids=["unbound", "cast", "raised"],
)
def test_rule_that_raises_is_an_error_and_not_bad_data(
    workspace: Workspace, build: SimpleNamespace, holds: str
) -> None:
    build.put(workspace, build.Rows([build.report(0, symbol=SCRIPT)]))
    broken = Rule("fix_messages", "broken", "critical", "Cannot be judged.", holds=holds)
    validation = validate_batch(workspace, build.batch_id, (*FEW, broken))
    assert outcomes(validation) == {"fix_messages.broken": "error"}
    assert validation.decision == "error"
    assert decided(workspace) == [("error", "suite")]
    assert SCRIPT not in results_in_lake(workspace).write_csv()


def test_warning_that_raises_does_not_hold_the_batch(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    broken = Rule("fix_messages", "broken", "warning", "Cannot be judged.", holds="no_such_column > 0")
    validation = validate_batch(workspace, build.batch_id, (*FEW, broken))
    assert outcomes(validation) == {"fix_messages.broken": "error"}
    assert validation.decision == "passed"


def test_broken_rule_leaves_the_others_as_they_are(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows([build.message(0, checksum_status="bad")]))
    broken = Rule("fix_messages", "broken", "warning", "Cannot be judged.", holds="no_such_column > 0")
    validation = validate_batch(workspace, build.batch_id, (*FEW, broken))
    assert outcomes(validation) == {"fix_messages.broken": "error", "fix_messages.checksum_trusted": "failed"}


@pytest.mark.parametrize("batch_id", ["c" * 16, "x' OR 1=1 --", "", "../../etc", "0123456789ABCDEF"])
def test_unknown_batch_is_refused(workspace: Workspace, build: SimpleNamespace, batch_id: str) -> None:
    build.put(workspace, build.Rows())
    with pytest.raises(QualityError, match="batch"):
        validate_batch(workspace, batch_id)
    assert results_in_lake(workspace).is_empty()
    assert decided(workspace) == []


# ---- one decision ----


def test_crash_between_results_and_decision_is_finished_from_the_results(
    workspace: Workspace, build: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.put(workspace, build.Rows([build.message(0, framing="regex")]))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(record, "decide", die)
        with pytest.raises(KeyboardInterrupt):
            validate_batch(workspace, build.batch_id, FEW)
    before = results_in_lake(workspace)
    assert decided(workspace) == []
    validation = validate_batch(workspace, build.batch_id, FEW)
    assert decided(workspace) == [("failed", "suite")]
    assert validation.decision == "failed"
    assert results_in_lake(workspace).sort("table_name", "rule").equals(before.sort("table_name", "rule"))


def test_results_recorded_twice_are_there_once(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    result = RuleResult("fix_messages", "r", "critical", "passed", 1, 0, "x")
    record.record(workspace, build.batch_id, "1" * 16, (result,))
    record.record(workspace, build.batch_id, "1" * 16, (result,))
    assert record.recorded(workspace, build.batch_id, "1" * 16) == (result,)


def test_two_validations_at_once_decide_once(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    result = RuleResult("fix_messages", "r", "critical", "passed", 1, 0, "x")
    validation = BatchValidation(build.batch_id, "1" * 16, (result,), "passed")
    record.decide(workspace, validation, ())
    record.decide(workspace, validation, ())
    assert decided(workspace) == [("passed", "suite")]


def test_validating_again_is_a_new_validation(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    first = validate_batch(workspace, build.batch_id, FEW)
    second = validate_batch(workspace, build.batch_id, FEW)
    assert first.validation_id != second.validation_id
    assert decided(workspace) == [("passed", "suite"), ("passed", "suite")]


def test_suites_do_not_overrule_a_person(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows([build.message(0, framing="regex")]))
    decide(Lake(workspace.lake), build.batch_id, "released", "ann", "known")
    validation = validate_batch(workspace, build.batch_id, FEW)
    assert validation.decision == "failed"
    assert decided(workspace) == [("released", "ann")]


# ---- nothing a counterparty wrote is shown ----


@pytest.fixture
def hostile(workspace: Workspace, build: SimpleNamespace) -> Workspace:
    """A batch in which every text of every row is a script, and most rules are broken."""

    def poison(table: Table, row: dict[str, object]) -> dict[str, object]:
        closed = {"file_id", "batch_id", "msg_type", "begin_string"}
        texts = {
            c.name: SCRIPT for c in table.columns if c.dtype == pl.String and not c.allowed and c.name not in closed
        }
        return (
            texts
            | {"file_id": row["file_id"], "batch_id": row["batch_id"]}
            | {k: v for k, v in row.items() if k not in texts}
        )

    rows = build.Rows(
        messages=[
            poison(FIX_MESSAGES, build.report(i, cum_qty=1000 + i, checksum_status="bad", coercion_errors=[44]))
            for i in range(30)
        ],
        groups=[poison(FIX_GROUP_FIELDS, build.group_field(is_known=False))],
        events=[poison(LOG_EVENTS, build.event())],
        refused=[poison(QUARANTINE, build.refused(byte_length=50_000, excerpt=SCRIPT * 1000))],
    )
    rows.files = [poison(INGESTED_FILES, row) for row in rows.ingested()]
    build.put(workspace, rows)
    return workspace


def test_hostile_text_is_in_no_page_and_no_result(hostile: Workspace, build: SimpleNamespace) -> None:
    broken = Rule("fix_messages", "broken", "warning", "Quotes the row.", holds="error('row: ' || symbol || text)")
    validation = validate_batch(hostile, build.batch_id, (*batch_rules(), broken))
    failed = {name for name, outcome in outcomes(validation).items() if outcome == "failed"}
    assert {"fix_messages.known_side", "fix_messages.cum_qty_within_order_qty", "fix_group_fields.tags_known"} <= failed
    pages = [path for path in hostile.settings.docs_dir.rglob("*") if path.is_file()]
    assert len(pages) > 10
    for path in pages:
        content = path.read_text(encoding="utf-8").lower()
        assert "alert(1)" not in content, path
        assert "<script" not in content, path
    assert "alert(1)" not in results_in_lake(hostile).write_csv()
    assert "alert(1)" not in Lake(hostile.lake).read(BATCH_DECISIONS).write_csv()


def test_private_file_holds_no_text_of_a_counterparty(
    hostile: Workspace, build: SimpleNamespace, tmp_path: Path
) -> None:
    database = tmp_path / "judged.duckdb"
    materialise(hostile.lake, build.batch_id, batch_rules(), database)
    assert b"alert(1)" not in database.read_bytes()


def test_nothing_is_left_behind(
    workspace: Workspace, build: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    build.put(workspace, build.Rows())
    validate_batch(workspace, build.batch_id, FEW)
    assert list((workspace.settings.home / "quality").iterdir()) == []
    assert list(scratch.iterdir()) == []
    assert [path for path in workspace.settings.docs_dir.rglob("*") if ".draft" in path.name] == []


def test_a_validation_prints_nothing(
    workspace: Workspace, build: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    build.put(workspace, build.Rows())
    validate_batch(workspace, build.batch_id, FEW)
    assert capfd.readouterr() == ("", "")

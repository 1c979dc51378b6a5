"""`fixlake batches`: what people see of batches, and overruling the suites."""

from __future__ import annotations

import getpass
import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from expectations import record
from expectations.results import BatchValidation, RuleResult, judge
from fix_transforms.errors import QualityError
from fix_transforms.lake.batches import batch_states
from fix_transforms.lake.delta import Lake
from fix_transforms.workspace import Workspace
from flows.cli.batches import app

RESULTS = (
    RuleResult("fix_messages", "secrets_masked", "critical", "failed", 10, 3, "Passwords are asterisks."),
    RuleResult("fix_messages", "known_side", "warning", "error", 0, 0, "Could not be judged: BinderException."),
    RuleResult("quarantine", "excerpt_bounded", "warning", "passed", 5, 0, "Cut."),
)


@pytest.fixture
def judged(workspace: Workspace, build: SimpleNamespace) -> Workspace:
    build.put(workspace, build.Rows())
    record.record(workspace, build.batch_id, "1" * 16, RESULTS)
    record.decide(workspace, BatchValidation(build.batch_id, "1" * 16, RESULTS, judge(RESULTS)), ())
    return workspace


def call(workspace: Workspace, *arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--home", str(workspace.settings.home)], env={"COLUMNS": "300"})
    if done.exception is not None:
        raise done.exception
    return done.output


def decision(workspace: Workspace) -> tuple[str | None, str | None, str | None]:
    (state,) = batch_states(Lake(workspace.lake))
    return state.decision, state.decided_by, state.reason


def test_list_shows_the_decision(judged: Workspace, build: SimpleNamespace) -> None:
    output = call(judged, "list")
    assert build.batch_id in output
    assert "failed" in output
    assert "fix_messages.secrets_masked failed" in output
    (found,) = json.loads(call(judged, "list", "--json"))
    assert (found["batch_id"], found["decision"], found["messages"]) == (build.batch_id, "failed", 1)


def test_list_of_nothing_says_so(workspace: Workspace) -> None:
    assert call(workspace, "list") == "No batches yet.\n"
    assert json.loads(call(workspace, "list", "--json")) == []


def test_show_tells_what_broke_and_all_on_request(judged: Workspace, build: SimpleNamespace) -> None:
    output = call(judged, "show", build.batch_id)
    assert "secrets_masked" in output
    assert "BinderException" in output
    assert "excerpt_bounded" not in output
    assert "1 of 3 rules passed." in output
    assert "excerpt_bounded" in call(judged, "show", build.batch_id, "--all")
    found = json.loads(call(judged, "show", build.batch_id, "--json"))
    assert {rule["rule"]: rule["outcome"] for rule in found["rules"]} == {r.rule: r.outcome for r in RESULTS}


def test_show_of_a_pending_batch_says_so(workspace: Workspace, build: SimpleNamespace) -> None:
    build.put(workspace, build.Rows())
    output = call(workspace, "show", build.batch_id)
    assert "pending" in output
    assert "Not validated yet." in output


def test_release_and_hold_are_recorded_with_user_and_reason(judged: Workspace, build: SimpleNamespace) -> None:
    assert (
        call(judged, "release", build.batch_id, "--reason", "known\x1b[2J bug")
        == f"Batch {build.batch_id} is released; it was failed.\n"
    )
    assert decision(judged) == ("released", getpass.getuser(), "known [2J bug")
    call(judged, "hold", build.batch_id)
    assert decision(judged) == ("held", getpass.getuser(), "held by hand")


def test_deciding_what_is_decided_changes_nothing(judged: Workspace, build: SimpleNamespace) -> None:
    call(judged, "hold", build.batch_id, "--reason", "first")
    assert "nothing to do" in call(judged, "hold", build.batch_id, "--reason", "second")
    assert decision(judged)[2] == "first"


@pytest.mark.parametrize("verb", ["show", "release", "hold"])
@pytest.mark.parametrize("batch_id", ["f" * 16, "nonsense", "'; --"])
def test_unknown_batch_is_a_clear_error(judged: Workspace, verb: str, batch_id: str) -> None:
    with pytest.raises(QualityError, match="no such batch"):
        call(judged, verb, batch_id)
    assert decision(judged)[0] == "failed"

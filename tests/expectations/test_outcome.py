"""What Great Expectations returns is read as one of three outcomes."""

from __future__ import annotations

from typing import Any

import pytest

from expectations.outcome import error_class, presentable, read
from expectations.results import BatchValidation, RuleResult, judge, reason
from expectations.rule import Rule

RULE = Rule("fix_messages", "r", "critical", "It holds.", holds="true")
NOTHING = {"raised_exception": False, "exception_traceback": None, "exception_message": None}
RAISED = {
    "raised_exception": True,
    "exception_traceback": 'Traceback:\n  File "x"\n_duckdb.ConversionException: Conversion Error: s3cret\n',
    "exception_message": "Conversion Error: s3cret",
}
COUNTS = {"element_count": 10, "missing_count": 4, "unexpected_count": 2}


def said(success: bool, exception_info: Any = NOTHING, facts: Any = COUNTS) -> dict[str, Any]:
    return {"success": success, "exception_info": exception_info, "result": facts}


def test_evaluated_rule_passes_or_fails_with_its_counts() -> None:
    assert read(RULE, said(True)) == RuleResult("fix_messages", "r", "critical", "passed", 6, 2, "It holds.")
    assert read(RULE, said(False)).outcome == "failed"


@pytest.mark.parametrize(
    "result",
    [
        None,
        said(False, RAISED, {}),
        said(False, RAISED),
        said(False, {"metric one": NOTHING, "metric two": RAISED}),
        said(False, {"metric": {"exception_info": RAISED}}),
        said(False, NOTHING, {}),
        said(False, NOTHING, None),
        said(True, NOTHING, {}),
        said(True, RAISED),
    ],
    ids=["none", "flat", "counted", "nested", "deeper", "empty", "null", "empty success", "raised success"],
)
def test_what_was_not_evaluated_is_an_error(result: dict[str, Any] | None) -> None:
    read_back = read(RULE, result)
    assert read_back.outcome == "error"
    assert "s3cret" not in read_back.detail


def test_error_is_told_by_its_class_alone() -> None:
    assert error_class({"metric": RAISED}) == "ConversionException"
    assert error_class({"raised_exception": True, "exception_message": "s3cret"}) == "Exception"
    assert error_class(NOTHING) is None
    assert error_class(None) is None


def test_presentable_result_has_no_message_and_no_sample() -> None:
    facts = COUNTS | {"partial_unexpected_list": ["s3cret"], "details": {"unexpected_rows": [{"text": "s3cret"}]}}
    shown = presentable({"success": False, "results": [said(False, {"m": RAISED}, facts), said(False, NOTHING, facts)]})
    assert "s3cret" not in repr(shown)
    assert shown["results"][1]["result"] == COUNTS


def result(severity: Any, outcome: Any) -> RuleResult:
    return RuleResult("t", f"{severity}_{outcome}", severity, outcome, 1, 0, "x")


@pytest.mark.parametrize(
    ("outcomes", "decision"),
    [
        ([], "passed"),
        ([("critical", "passed"), ("warning", "failed"), ("warning", "error")], "passed"),
        ([("critical", "error"), ("warning", "failed")], "error"),
        ([("critical", "error"), ("critical", "failed")], "failed"),
        ([("critical", "failed")], "failed"),
    ],
)
def test_decision_follows_from_the_critical_rules(outcomes: list[tuple[str, str]], decision: str) -> None:
    assert judge(result(severity, outcome) for severity, outcome in outcomes) == decision


def test_reason_names_critical_rules_and_counts_warnings() -> None:
    found = tuple(result(*one) for one in [("critical", "failed"), ("warning", "failed"), ("critical", "passed")])
    assert reason(found) == "t.critical_failed failed; 3 rules, 1 warning"
    many = tuple(result("critical", "failed") for _ in range(7))
    assert reason(many).endswith("and 2 more; 7 rules, 0 warnings")


def test_counts_are_by_outcome_and_severity() -> None:
    found = BatchValidation("b", "v", (result("critical", "failed"), result("warning", "failed")), "failed")
    assert found.count("failed") == 2
    assert found.count("failed", "warning") == 1
    assert found.count("error") == 0

"""What Great Expectations returns → ``RuleResult``, and → the same without anything that must not be shown.

Invariant: ``success=False`` is read as failed only when the rule was evaluated; an exception anywhere in the
result is an error. Messages and tracebacks are dropped, for they quote values and statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from expectations.derive import Structural
from expectations.results import RuleResult
from expectations.rule import Rule

#: The last line of a traceback names the exception's class first.
_CLASS = re.compile(r"^(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*(?:Error|Exception|Warning|Interrupt))\b", re.MULTILINE)


def read(rule: Rule | Structural, result: Mapping[str, Any] | None) -> RuleResult:
    """Read one expectation's result, given as Great Expectations' JSON.

    Args:
        rule: The rule that the expectation stood for.
        result: Its result; none when Great Expectations returned none.
    """
    error = "no result" if result is None else error_class(result.get("exception_info"))
    facts = {} if result is None else result.get("result") or {}
    counts = None if error else _counts(rule, facts)
    if result is None or counts is None:
        detail = f"Could not be judged: {error or 'no counts'}."
        return RuleResult(rule.table, rule.name, rule.severity, "error", 0, 0, detail)
    outcome = "passed" if result.get("success") is True else "failed"
    evaluated, failed = counts
    return RuleResult(rule.table, rule.name, rule.severity, outcome, evaluated, failed, rule.expected)  # type: ignore[arg-type]


def error_class(exception_info: object) -> str | None:
    """The class of the exception in an ``exception_info``; none if there was none.

    Great Expectations nests the information per metric, or not, depending on where the exception was raised.
    """
    for info in _raised(exception_info):
        found: list[str] = _CLASS.findall(str(info.get("exception_traceback") or "")) or _CLASS.findall(
            str(info.get("exception_message") or "")
        )
        return found[-1] if found else "Exception"
    return None


def _raised(info: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(info, Mapping):
        return
    if info.get("raised_exception"):
        yield info
    for nested in info.values():
        yield from _raised(nested)


def _counts(rule: Rule | Structural, facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """Rows evaluated and rows failed; none when the result holds no evidence of an evaluation."""
    if isinstance(rule, Structural) and rule.kind in ("columns", "types"):
        observed = facts.get("observed_value")
        if observed is None:
            return None
        failed = (
            int(observed)
            if rule.kind == "types"
            else len(set(rule.columns) ^ set(observed)) or int(tuple(observed) != rule.columns)
        )
        return len(rule.columns), failed
    if "element_count" not in facts or "unexpected_count" not in facts:
        return None
    evaluated = int(facts["element_count"]) - int(facts.get("missing_count") or 0)
    # A sum over no rows is null.
    return evaluated, int(facts["unexpected_count"] or 0) if evaluated else 0


def presentable(result: dict[str, Any]) -> dict[str, Any]:
    """The same suite result without exception messages, tracebacks and sampled values."""
    return result | {"results": [_presentable(one) for one in result["results"]]}


def _presentable(one: dict[str, Any]) -> dict[str, Any]:
    error = error_class(one.get("exception_info"))
    info = {"raised_exception": error is not None, "exception_message": error, "exception_traceback": error}
    facts = {name: value for name, value in (one.get("result") or {}).items() if name in _SHOWN}
    return one | {"exception_info": info, "result": facts}


#: Counts and shares; ``observed_value`` is a number, or the names of columns.
_SHOWN = frozenset(
    {
        "element_count",
        "unexpected_count",
        "unexpected_percent",
        "missing_count",
        "missing_percent",
        "unexpected_percent_total",
        "unexpected_percent_nonmissing",
        "observed_value",
    }
)

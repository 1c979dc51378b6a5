"""The suites, run: one on each table's structure, one on its verdicts, one on the types of all columns.

Invariant: Great Expectations sees the private file only, through a read-only connection that can reach nothing
else, and reports counts, never values. Runs in one process take turns, since its context is global.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from expectations.derive import Structural, structural
from expectations.materialise import BATCH_TABLES, COLUMN_TYPES, verdicts_of
from expectations.outcome import read
from expectations.results import RuleResult
from expectations.rule import Rule
from fix_transforms.errors import QualityError

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

#: Counts without samples: unexpected values would be written into HTML unescaped.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}

_TURN = Lock()


@dataclass(frozen=True, slots=True)
class Suite:
    """Rules that are judged over one table of the private file."""

    name: str
    asset: str
    rules: tuple[Rule | Structural, ...]


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What one suite said: the rules' results, and Great Expectations' own for the documentation."""

    suite: Suite
    results: tuple[RuleResult, ...]
    result: dict[str, Any]


def suites(rules: Sequence[Rule]) -> tuple[Suite, ...]:
    """Arrange the derived expectations and the given rules into suites."""
    derived = [rule for table in BATCH_TABLES for rule in structural(table)]
    types = tuple(rule for rule in derived if rule.kind == "types")
    found = [Suite("column_types", COLUMN_TYPES, types)]
    for table in BATCH_TABLES:
        structure = tuple(rule for rule in derived if rule.table == table.name and rule.kind != "types")
        found.append(Suite(f"{table.name}_structure", table.name, structure))
        own = tuple(rule for rule in rules if rule.table == table.name)
        if own:
            found.append(Suite(f"{table.name}_rules", verdicts_of(table.name), own))
    return tuple(found)


def run(database: Path, rules: Sequence[Rule]) -> tuple[SuiteRun, ...]:
    """Run every suite over the private file.

    Raises:
        QualityError: Great Expectations could not be set up; an exception inside a rule is that rule's outcome.
    """
    from great_expectations.exceptions.exceptions import GreatExpectationsError

    with _TURN:
        try:
            source = _source(database)
            try:
                return tuple(_run(source, suite) for suite in suites(rules))
            finally:
                _dispose(source)
        except GreatExpectationsError as error:
            raise QualityError(
                "Great Expectations could not run the suites", where=str(database), got=type(error).__name__
            ) from error


def _source(database: Path) -> SQLDatasource:
    import great_expectations
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    from expectations import dialect

    dialect.register()
    config = DataContextConfig(
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        # Its own documentation site would leave a temporary folder behind with every context.
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
    )
    context = great_expectations.get_context(mode="ephemeral", project_config=config)
    # Its stub has the datasource's fields without `kwargs`.
    return context.data_sources.add_sql(  # type: ignore[call-arg]
        "batch",
        connection_string=dialect.url(database),
        create_temp_table=False,
        kwargs=dialect.engine_arguments(),
    )


def _dispose(source: SQLDatasource) -> None:
    source.get_engine().dispose()
    source.get_execution_engine().close()


def _run(source: SQLDatasource, suite: Suite) -> SuiteRun:
    from great_expectations import ExpectationSuite

    asset = source.add_table_asset(suite.name, table_name=suite.asset)
    batch = asset.add_batch_definition_whole_table("batch").get_batch()
    expectations = [_expectation(rule) for rule in suite.rules]
    result = batch.validate(ExpectationSuite(suite.name, expectations=expectations), result_format=RESULT_FORMAT)
    said = _by_rule(result)
    results = tuple(read(rule, said.get(f"{rule.table}.{rule.name}")) for rule in suite.rules)
    return SuiteRun(suite, results, result.to_json_dict())  # type: ignore[no-untyped-call]


def _by_rule(result: ExpectationSuiteValidationResult) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in result.results:
        said: dict[str, Any] = one.to_json_dict()
        found[said["expectation_config"]["meta"]["rule"]] = said
    return found


def _expectation(rule: Rule | Structural) -> Any:
    import great_expectations.expectations

    # Its typing exports none of them.
    gxe: Any = great_expectations.expectations
    told: dict[str, Any] = {
        "description": rule.expected,
        "severity": rule.severity,
        "meta": {"rule": f"{rule.table}.{rule.name}"},
    }
    if isinstance(rule, Rule):
        return gxe.ExpectColumnValuesToBeInSet(column=rule.name, value_set=[True], mostly=rule.mostly, **told)
    match rule.kind:
        case "columns":
            return gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(rule.columns), **told)
        case "types":
            return gxe.UnexpectedRowsExpectation(unexpected_rows_query=_types_query(rule.table), **told)
        case "in_set":
            return gxe.ExpectColumnValuesToBeInSet(column=rule.columns[0], value_set=list(rule.values), **told)
        case "unique" if len(rule.columns) == 1:
            return gxe.ExpectColumnValuesToBeUnique(column=rule.columns[0], **told)
        case "unique":
            return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns), **told)


def _types_query(table: str) -> str:
    return (
        f"SELECT column_name FROM {{batch}} WHERE table_name = '{table}' AND declared_type IS DISTINCT FROM live_type"
    )

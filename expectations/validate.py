"""``validate_batch``: judge one batch, record what was found, decide whether the marts may show it.

Invariant: results are recorded before the decision, under a validation id that a repeated run arrives at again.
A run that died in between is finished from what it recorded, so a batch gets one decision per validation,
and never one that contradicts the recorded results. What a person decided, the suites do not overrule.

A lake that cannot be read, or Great Expectations that cannot be started, raises: nothing is recorded and the
batch stays pending. An exception inside a rule is that rule's outcome, ``error``.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from expectations.results import BatchValidation, judge

if TYPE_CHECKING:
    from expectations.rule import Rule
    from expectations.suites import SuiteRun
    from fix_transforms.workspace import Workspace


def preload() -> None:
    """Import what a validation needs; takes seconds the first time and is meant for a background thread."""
    import great_expectations
    import great_expectations.expectations
    import great_expectations.render.renderer
    import great_expectations.render.view  # noqa: F401

    import expectations.dialect  # noqa: F401


def batch_rules() -> tuple[Rule, ...]:
    """Every rule that is judged row by row: what the declarations promise, then the hand-written rules."""
    from expectations.derive import declared_rules
    from expectations.materialise import BATCH_TABLES
    from expectations.rules import WRITTEN

    return tuple(rule for table in BATCH_TABLES for rule in (*declared_rules(table), *WRITTEN[table.name]))


def validate_batch(workspace: Workspace, batch_id: str, rules: Sequence[Rule] | None = None) -> BatchValidation:
    """Run the suites over a batch, record the results and the decision, and publish the batch's page.

    Args:
        workspace: Where the lake is and where the documentation goes.
        batch_id: 16 hex digits.
        rules: Other rules than the declared ones.

    Raises:
        QualityError: No such batch, or Great Expectations could not be started.
        StorageError: The lake could not be read or written.
    """
    from expectations import data_docs, record
    from expectations.materialise import checked_batch_id

    judged = tuple(rules) if rules is not None else batch_rules()
    history = record.decisions(workspace, checked_batch_id(batch_id))
    validation_id = _validation_id(batch_id, judged, len(history))
    runs: tuple[SuiteRun, ...] = ()
    if not record.recorded(workspace, batch_id, validation_id):
        runs = _run(workspace, batch_id, judged)
        record.record(workspace, batch_id, validation_id, tuple(result for run in runs for result in run.results))
    # Read back: another process may have recorded the same validation first, and its results are the ones that count.
    results = record.recorded(workspace, batch_id, validation_id)
    validation = BatchValidation(batch_id, validation_id, results, judge(results))
    data_docs.publish(workspace.settings.docs_dir, validation, runs)
    record.decide(workspace, validation, history)
    return validation


def _run(workspace: Workspace, batch_id: str, rules: Sequence[Rule]) -> tuple[SuiteRun, ...]:
    from expectations.materialise import materialise
    from expectations.suites import run

    scratch = workspace.settings.home / "quality"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{batch_id}-", dir=scratch) as folder:
        database = Path(folder) / "batch.duckdb"
        materialise(workspace.lake, batch_id, rules, database)
        return run(database, rules)


def _validation_id(batch_id: str, rules: Sequence[Rule], decided: int) -> str:
    """The same for a run that is repeated; another once the rules changed or a decision was made."""
    return sha256(repr((batch_id, rules, decided)).encode()).hexdigest()[:16]

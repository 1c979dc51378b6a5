"""dbt in this very process, with a Prefect task run and an asset for each model and seed.

Invariant: only one of these runs at a time, under the lock of ``marts.build``: dbt's adapter and prefect-dbt's
tracker are singletons of the process, and corrupt each other's results when two run. (No module in here is called
``dbt_…``: Prefect puts this folder on ``sys.path``, and dbt imports every such module as a plugin.)
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fix_transforms.errors import TransformError

if TYPE_CHECKING:
    from prefect_dbt import PrefectDbtRunner

#: How long the last task runs may take to report their end once dbt is done.
REPORT_SECONDS = 60.0


def run_dbt(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Run dbt; a ``fix_transforms.marts.build.DbtRunner``.

    Args:
        arguments: The command line after ``dbt``.
        environment: The whole environment for dbt; the process gets its own back afterwards.

    Returns:
        Whether dbt succeeded.

    Raises:
        TransformError: dbt could not be run at all.
    """
    with _environment(environment):
        before = set(threading.enumerate())
        try:
            result = _runner(environment).invoke(list(arguments))
        except ValueError as error:
            # prefect-dbt's message quotes dbt's, which may quote rows; the log in the build folder has it.
            raise TransformError(
                "dbt could not be run", where=environment["DBT_PROJECT_DIR"],
                got=type(error.__cause__ or error).__name__, expected=f"see {environment['DBT_LOG_PATH']}",
            ) from error  # fmt: skip
        finally:
            _let_go_of_the_file()
            _wait_for_reports(before)
    return bool(result.success)


def _runner(environment: Mapping[str, str]) -> PrefectDbtRunner:
    from dbt_common.events.base_types import EventLevel
    from prefect_dbt import PrefectDbtRunner, PrefectDbtSettings
    from prefect_dbt.core.runner import MATERIALIZATION_NODE_TYPES

    class ModelRunner(PrefectDbtRunner):  # type: ignore[misc]
        """Makes task runs of what becomes a table only.

        There are several tests for each model, and a task run costs more than most of them: as task runs they made
        a build three times as long. A test that fails is named in the error of the build, and in the log.
        """

        def _call_task(self, task_state: Any, manifest_node: Any, context: dict[str, Any], enable_assets: bool) -> None:
            if manifest_node.resource_type in MATERIALIZATION_NODE_TYPES:
                super()._call_task(task_state, manifest_node, context, enable_assets)

    settings = PrefectDbtSettings(
        project_dir=Path(environment["DBT_PROJECT_DIR"]),
        profiles_dir=Path(environment["DBT_PROFILES_DIR"]),
        target_path=Path(environment["DBT_TARGET_PATH"]),
        log_level=EventLevel.WARN,
    )
    return ModelRunner(settings=settings, raise_on_failure=False)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _become(wanted)
    try:
        yield
    finally:
        _become(before)


def _become(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)


def _let_go_of_the_file() -> None:
    """Close DuckDB, which dbt's adapter keeps open for the process' life, so that the build can be kept."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    database = DuckDBConnectionManager._ENV
    if database is not None:
        database.close()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _wait_for_reports(before: set[threading.Thread]) -> None:
    """Wait for the threads in which prefect-dbt runs its tasks: it starts them as daemons and never joins them."""
    deadline = time.monotonic() + REPORT_SECONDS
    for thread in set(threading.enumerate()) - before:
        if "run_task" in thread.name:
            thread.join(max(0.0, deadline - time.monotonic()))

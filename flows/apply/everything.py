"""``apply``: everything that the Prefect server has to know of this lakehouse, in the order in which it depends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.apply.automations import apply_automations
from flows.apply.dead_runs import end_dead_runs
from flows.apply.declared import Declared, read_declared
from flows.apply.deployments import apply_deployments
from flows.apply.pools_and_values import apply_limits, apply_variables, apply_work_pools
from flows.apply.server import Applied, the_server
from flows.apply.stores import apply_blocks

if TYPE_CHECKING:
    from fix_transforms.settings import Settings


def apply(settings: Settings, declared: Declared | None = None, *, no_worker_runs: bool = False) -> list[Applied]:
    """Make the server hold what settings and files say, no more and no less of ours.

    Args:
        settings: Where landing and lake are, and with which keys.
        declared: What the files say; those of this project unless given.
        no_worker_runs: Whether every unfinished run is known to be dead.

    Raises:
        SettingsError: A file is wrong, or nobody said where the server is.
        ServiceError: The server could not be reached, or refused.
    """
    wanted = declared or read_declared()
    with the_server() as server:
        return [
            *end_dead_runs(server, no_worker_runs=no_worker_runs),
            *apply_blocks(server, settings),
            *apply_work_pools(server, wanted.work_pools),
            *apply_limits(server, wanted.limits),
            *apply_variables(server, wanted.variables),
            *apply_deployments(server, wanted.deployments),
            *apply_automations(server, wanted.automations, wanted.alerts),
        ]

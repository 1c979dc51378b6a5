"""Work pools, global concurrency limits and variables: what is on the server becomes what the files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flows.apply.declared import Limit, WorkPool
from flows.apply.making import Kind, make
from flows.apply.server import MARK, PREFIX, Applied, Server

#: The end of our work pools' descriptions: they have no tags.
POOL_MARK: Final = "Declared in deployments/prefect/work_pools."

WORK_POOL: Final = Kind(
    "work pool", "/work_pools",
    one=lambda found: f"/work_pools/{found['name']}",
    is_ours=lambda found: (found["description"] or "").endswith(POOL_MARK),
    fixed=frozenset({"type"}),
)  # fmt: skip
LIMIT: Final = Kind(
    "concurrency limit", "/v2/concurrency_limits",
    one=lambda found: f"/v2/concurrency_limits/{found['name']}",
    is_ours=lambda found: found["name"].startswith(PREFIX),
)  # fmt: skip
VARIABLE: Final = Kind(
    "variable", "/variables",
    one=lambda found: f"/variables/name/{found['name']}",
    is_ours=lambda found: MARK in found["tags"],
)  # fmt: skip


def apply_work_pools(server: Server, pools: Sequence[WorkPool]) -> list[Applied]:
    """Create, change or remove work pools. One that an operator paused stays so.

    Raises:
        SettingsError: One on the server is of another type, which cannot be changed.
    """
    wanted = {
        pool.name: {
            "type": pool.type,
            "description": f"{pool.description} {POOL_MARK}",
            "concurrency_limit": pool.concurrency_limit,
            "base_job_template": pool.base_job_template,
        }
        for pool in pools
    }
    return make(server, WORK_POOL, wanted)


def apply_limits(server: Server, limits: Mapping[str, Limit]) -> list[Applied]:
    """Create, change or remove global concurrency limits; slots that are held stay held."""
    wanted = {
        name: {"limit": limit.slots, "slot_decay_per_second": limit.slot_decay_per_second, "active": True}
        for name, limit in limits.items()
    }
    return make(server, LIMIT, wanted)


def apply_variables(server: Server, variables: Mapping[str, Any]) -> list[Applied]:
    """Create, change or remove variables."""
    return make(server, VARIABLE, {name: {"value": value, "tags": [MARK]} for name, value in variables.items()})

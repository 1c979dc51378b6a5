"""``python -m deployments.stores``: make MinIO and PostgreSQL what the other services expect. Run it as often as you like.

Invariant: exit code 0 means that everything in the plan is in place. One line per thing, on standard output; no
line and no error holds a secret.
"""

from __future__ import annotations

import os
import sys
from itertools import chain

from deployments.stores import databases, object_store
from deployments.stores.plan import database_plan, object_store_plan
from fix_transforms.errors import FixLakehouseError


def main() -> int:
    """Do it; returns the exit code."""
    try:
        # Both plans before the first change: a missing secret stops everything.
        store, server = object_store_plan(os.environ), database_plan(os.environ)
        for step in chain(object_store.bring_up(store), databases.bring_up(server)):
            print(step, flush=True)
    except FixLakehouseError as error:
        print(f"stores: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Events on a Prefect server, by its REST API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

logger = logging.getLogger(__name__)

EVENT = "fixlake.object.landed"
#: The bucket of a word about what may have come while the receiver was away, and of a word about several.
ANY_BUCKET = "any"
#: Seconds that an answer may take.
PATIENCE = 10.0


class PrefectEvents:
    """A Prefect server that is told of landed objects.

    Args:
        url: The server's address, without ``/api``.
        auth_string: ``user:password``.
    """

    def __init__(self, url: str, auth_string: str) -> None:
        user, _, password = auth_string.partition(":")
        self._client = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api", auth=httpx.BasicAuth(user, password), timeout=PATIENCE
        )

    async def tell(self, objects: Mapping[str, int]) -> bool:
        """Emit one event; returns whether the server took it."""
        try:
            answer = await self._client.post("/events", json=[landed_event(objects)])
        except httpx.HTTPError as error:
            logger.debug("not told: %s", type(error).__name__)
            return False
        if not answer.is_success:
            logger.warning("Prefect refused an event: status %d", answer.status_code)
        return answer.is_success

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


def landed_event(objects: Mapping[str, int]) -> dict[str, Any]:
    """One event about bucket → how many objects landed.

    Always one: each becomes a flow run that polls the whole landing, so that a notification which names thousands of
    buckets must cost no more than any other.
    """
    landed = {bucket: count for bucket, count in objects.items() if count}
    bucket = next(iter(landed)) if len(landed) == 1 else ANY_BUCKET
    return {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": EVENT,
        "resource": {"prefect.resource.id": f"fixlake.landing.{bucket}"},
        "payload": {"bucket": bucket, "objects": sum(landed.values())},
    }

"""Tells Prefect of landed objects, at most once a second, and never forgets the last ones.

Invariant: whatever was taken is told: at once if the last word is old enough, else at the end of the pause; if it
cannot be told it is kept and tried again. While that is so, nothing new is taken, so that the sender's own durable
queue keeps it. What this process takes with it when it dies is made up for by ``at_start``: one word about what may
have come meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

logger = logging.getLogger(__name__)

#: Seconds between two words.
PAUSE = 1.0

#: Tells how many objects landed in which bucket; returns whether that was heard.
Tell = Callable[[Mapping[str, int]], Awaitable[bool]]


class Announcer:
    """What landed and is not told yet.

    Args:
        tell: How to tell.
        pause: Seconds between two words.
    """

    def __init__(self, tell: Tell, pause: float = PAUSE) -> None:
        self._tell = tell
        self._pause = pause
        self._untold: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._heard = True

    @property
    def is_heard(self) -> bool:
        """Whether the last word was heard."""
        return self._heard

    def landed(self, objects: Mapping[str, int]) -> None:
        """Take note of objects: bucket → how many. None of a bucket is a word about what may have come."""
        for bucket, count in objects.items():
            self._untold[bucket] += count
        self._news.set()

    async def run(self, at_start: Mapping[str, int]) -> None:
        """Tell until cancelled."""
        self.landed(at_start)
        while True:
            await self._news.wait()
            self._news.clear()
            await self._tell_once()
            await asyncio.sleep(self._pause)

    async def _tell_once(self) -> None:
        objects, self._untold = self._untold, Counter()
        heard = await self._tell(objects)
        if heard != self._heard:
            logger.warning("Prefect answers again" if heard else "Prefect does not answer; trying again")
        self._heard = heard
        if heard:
            logger.info("told Prefect of %d objects", objects.total())
        else:
            self.landed(objects)

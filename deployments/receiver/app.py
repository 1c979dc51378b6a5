"""The web service: ``POST /minio`` takes notifications, ``GET /health`` says that it lives.

Invariant: a request without the token learns nothing, costs no more than its header, and is compared in constant
time; a body is read up to a limit and no further.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployments.receiver.announcer import Announcer
from deployments.receiver.prefect_events import ANY_BUCKET, PrefectEvents

MAX_BODY = 1024 * 1024
#: What S3 allows as a bucket's name: nothing else gets into an event.
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
CREATED = "s3:ObjectCreated:"


class TooLargeError(Exception):
    """Error raised when a body is longer than it may be."""


def build(events: PrefectEvents, token: str) -> Starlette:
    """The application.

    Args:
        events: Who is told.
        token: What MinIO sends as a bearer token.
    """
    announcer = Announcer(events.tell)
    expected = f"Bearer {token}".encode()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(announcer.run({ANY_BUCKET: 0}))
        try:
            yield
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
            await events.close()

    async def minio(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            return Response(status_code=401)
        try:
            body = await _read(request)
        except TooLargeError:
            return Response(status_code=413)
        except ClientDisconnect:
            # Nobody hears this; a traceback for each would fill the log.
            return Response(status_code=400)
        if not announcer.is_heard:
            return Response(status_code=503, headers={"Retry-After": "1"})
        try:
            objects = created_objects(json.loads(body))
        except (ValueError, RecursionError):
            # Brackets within brackets, without end, are no ValueError.
            return Response(status_code=400)
        if objects:
            announcer.landed(objects)
        return Response(status_code=204)

    async def health(_: Request) -> Response:
        return JSONResponse({"prefect_answers": announcer.is_heard})

    routes = [Route("/minio", minio, methods=["POST"]), Route("/health", health, methods=["GET"])]
    return Starlette(routes=routes, lifespan=lifespan)


def created_objects(notification: Any) -> Mapping[str, int]:
    """Bucket → how many objects were created in it.

    Raises:
        ValueError: This is no S3 notification.
    """
    records = notification.get("Records") if isinstance(notification, dict) else None
    if not isinstance(records, list):
        raise ValueError("no list of records")
    found: Counter[str] = Counter()
    for record in records:
        try:
            kind, bucket = record["eventName"], record["s3"]["bucket"]["name"]
        except (TypeError, KeyError):
            raise ValueError("not a record of an S3 event") from None
        if not isinstance(kind, str) or not isinstance(bucket, str) or not BUCKET.fullmatch(bucket):
            raise ValueError("not a record of an S3 event")
        if kind.startswith(CREATED):
            found[bucket] += 1
    return found


async def _read(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        raise TooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLargeError
    return bytes(body)

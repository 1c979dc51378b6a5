from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Mapping

import httpx
import pytest
import uvicorn

from deployments.receiver.announcer import Announcer
from deployments.receiver.app import build, created_objects
from deployments.receiver.prefect_events import PrefectEvents, landed_event


def record(bucket: str = "textfixlogs", kind: str = "s3:ObjectCreated:Put") -> dict[str, object]:
    return {"eventName": kind, "s3": {"bucket": {"name": bucket}, "object": {"key": "a%2Fsecret.log"}}}


def test_created_objects_are_counted_by_bucket() -> None:
    records = [record(), record(), record("other"), record(kind="s3:ObjectRemoved:Delete")]
    assert created_objects({"Records": records}) == {"textfixlogs": 2, "other": 1}


@pytest.mark.parametrize(
    "notification",
    [None, [], {}, {"Records": None}, {"Records": ["x"]}, {"Records": [{}]}, {"Records": [record("../x")]},
     {"Records": [record("UPPER\n")]}, {"Records": [{"eventName": 1, "s3": {"bucket": {"name": "abc"}}}]}],
)  # fmt: skip
def test_what_is_no_notification_is_refused(notification: object) -> None:
    with pytest.raises(ValueError, match="record"):
        created_objects(notification)


class Listener:
    """Hears what is told, or does not."""

    def __init__(self) -> None:
        self.told: list[dict[str, int]] = []
        self.hears = True
        self.asked = asyncio.Event()

    async def tell(self, objects: Mapping[str, int]) -> bool:
        self.asked.set()
        if self.hears:
            self.told.append(dict(objects))
        return self.hears

    async def next(self) -> None:
        self.asked.clear()
        await asyncio.wait_for(self.asked.wait(), 60)


def test_one_word_at_start_and_then_at_most_one_in_a_pause_with_the_last_included() -> None:
    async def scenario() -> list[dict[str, int]]:
        listener = Listener()
        announcer = Announcer(listener.tell, pause=0.2)
        running = asyncio.create_task(announcer.run({"any": 0}))
        await listener.next()
        for _ in range(50):
            announcer.landed({"logs": 1})
            await asyncio.sleep(0)
        await listener.next()
        running.cancel()
        return listener.told

    assert asyncio.run(scenario()) == [{"any": 0}, {"logs": 50}]


def test_what_was_not_heard_is_kept_and_told_again() -> None:
    async def scenario() -> tuple[bool, list[dict[str, int]]]:
        listener = Listener()
        listener.hears = False
        announcer = Announcer(listener.tell, pause=0.05)
        running = asyncio.create_task(announcer.run({"logs": 2}))
        await listener.next()
        await listener.next()
        heard = announcer.is_heard
        listener.hears = True
        announcer.landed({"logs": 3})
        await listener.next()
        running.cancel()
        return heard, listener.told

    assert asyncio.run(scenario()) == (False, [{"logs": 5}])


@pytest.mark.parametrize(
    ("objects", "bucket", "count"),
    [
        ({"textfixlogs": 3}, "textfixlogs", 3),
        ({"any": 0}, "any", 0),
        ({"any": 0, "textfixlogs": 2}, "textfixlogs", 2),
        ({f"bucket-{number}": 1 for number in range(9_000)}, "any", 9_000),
    ],
)
def test_a_word_is_one_event_however_many_buckets_it_names(objects: dict[str, int], bucket: str, count: int) -> None:
    event = landed_event(objects)
    assert event["resource"] == {"prefect.resource.id": f"fixlake.landing.{bucket}"}
    assert event["payload"] == {"bucket": bucket, "objects": count}


TOKEN = "token-of-the-test"


class Deaf(PrefectEvents):
    """A Prefect server that takes every event and forgets it."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "nobody:nothing")

    async def tell(self, _: Mapping[str, int]) -> bool:
        return True


@pytest.fixture
def receiver() -> Iterator[str]:
    """The address of a receiver that runs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(build(Deaf(), TOKEN), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            host, port = listening.getsockname()
            yield f"{host}:{port}"
        finally:
            server.should_exit = True
            thread.join(60)


def post(receiver: str, body: bytes) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.post(f"http://{receiver}/minio", content=body, headers=headers, timeout=60).status_code


def test_brackets_without_end_are_no_notification(receiver: str) -> None:
    assert post(receiver, b"[" * 500_000) == 400


def test_a_sender_that_goes_away_leaves_no_traceback(receiver: str, caplog: pytest.LogCaptureFixture) -> None:
    host, _, port = receiver.partition(":")
    head = f"POST /minio HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 99\r\n\r\n{{"
    with socket.create_connection((host, int(port)), 60) as leaving:
        leaving.sendall(head.encode())
    # Served after the one that left.
    assert post(receiver, json.dumps({"Records": []}).encode()) == 204
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []

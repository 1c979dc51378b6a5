"""Wait for the servers: whether they answer, and for how long to ask.

Invariant: a server that does not answer in time is an error that names it; nothing waits for ever.
"""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from fix_transforms.errors import ServiceError

#: Longest wait for a server to answer, in seconds: the first start of a database on a slow disk is in there.
DEADLINE_SECONDS = 180.0
#: Pause between two questions.
PAUSE_SECONDS = 0.2
#: Longest wait for one answer.
ANSWER_SECONDS = 2.0


def wait_for(where: str, answers: Callable[[], bool], deadline_seconds: float = DEADLINE_SECONDS) -> None:
    """Return once the server answers.

    Raises:
        ServiceError: It did not in time.
    """
    deadline = time.monotonic() + deadline_seconds
    while not answers():
        if time.monotonic() > deadline:
            raise ServiceError("does not answer", where=where, expected=f"an answer in {deadline_seconds:.0f} s")
        time.sleep(PAUSE_SECONDS)


def minio_answers(url: str) -> bool:
    """Whether a MinIO server is ready for requests."""
    try:
        with urllib.request.urlopen(f"{url}/minio/health/ready", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def postgres_answers(host: str, port: int) -> bool:
    """Whether a PostgreSQL server accepts connections: one that is starting up says so instead."""
    startup = (196608).to_bytes(4, "big") + b"user\0x\0database\0x\0\0"
    try:
        with socket.create_connection((host, port), timeout=ANSWER_SECONDS) as connection:
            connection.sendall((len(startup) + 4).to_bytes(4, "big") + startup)
            answer = connection.recv(64)
    except OSError:
        return False
    # R: asks for a password. E with 57P03 means "starting up".
    return answer[:1] == b"R" or (answer[:1] == b"E" and b"57P03" not in answer)

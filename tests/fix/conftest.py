from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import polars as pl
import pytest

from fix_transforms.fix import ParsedChunk, ParseOptions, Tally, parse

Pairs = Sequence[tuple[int, str | bytes]]


class Parsed:
    def __init__(self, chunks: Sequence[ParsedChunk]) -> None:
        self.messages = pl.concat([chunk.messages for chunk in chunks])
        self.group_fields = pl.concat([chunk.group_fields for chunk in chunks])
        self.log_events = pl.concat([chunk.log_events for chunk in chunks])
        self.quarantine = pl.concat([chunk.quarantine for chunk in chunks])
        self.tally = sum((chunk.tally for chunk in chunks), Tally())

    def rows(self) -> dict[str, list[dict[str, object]]]:
        frames = ("messages", "group_fields", "log_events", "quarantine")
        return {name: getattr(self, name).to_dicts() for name in frames}

    def everything(self) -> str:
        return repr(self.rows())


def _wire(pairs: Pairs, begin: str = "FIX.4.4", length: int | None = None, checksum: str | None = None) -> bytes:
    encoded = [(tag, value.encode() if isinstance(value, str) else value) for tag, value in pairs]
    body = b"".join(b"%d=%s\x01" % pair for pair in encoded)
    start = f"8={begin}\x019={len(body) if length is None else length}\x01".encode() + body
    total = f"{sum(start) % 256:03d}" if checksum is None else checksum
    return start + f"10={total}\x01".encode()


@pytest.fixture(scope="session")
def wire() -> Callable[..., bytes]:
    return _wire


@pytest.fixture(scope="session")
def heartbeat() -> bytes:
    return _wire([(35, "0"), (49, "BUYER"), (56, "VENUE"), (34, "7"), (52, "20240102-09:30:00.123")])


@pytest.fixture(scope="session")
def read() -> Callable[..., Parsed]:
    def run(content: bytes | Iterable[bytes], **options: object) -> Parsed:
        chunks = [content] if isinstance(content, bytes) else content
        return Parsed(list(parse(chunks, ParseOptions(**options))))  # type: ignore[arg-type]

    return run

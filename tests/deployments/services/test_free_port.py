from __future__ import annotations

import socket
from pathlib import Path

import pytest

from deployments.services import process
from deployments.services.process import FIRST_PORT, free_port


def test_free_port_is_none_that_an_outgoing_connection_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "ip_local_port_range"
    table.write_text("21000\t60999\n")
    monkeypatch.setattr(process, "OUTGOING_PORTS", table)
    ports = {free_port() for _ in range(50)}
    assert len(ports) > 1
    assert all(FIRST_PORT <= port < 21_000 for port in ports)


@pytest.mark.parametrize("told", ["1024 65535", None])
def test_free_port_is_found_where_nothing_is_known_to_be_kept_free(
    told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "ip_local_port_range"
    if told is not None:
        table.write_text(told)
    monkeypatch.setattr(process, "OUTGOING_PORTS", table)
    with socket.create_server(("127.0.0.1", free_port())):
        pass


def test_free_port_is_not_one_that_somebody_listens_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        held = listener.getsockname()[1]
        monkeypatch.setattr(process.random, "sample", lambda _ports, _k: [held])
        assert free_port() != held

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import yaml
from prefect.settings import Settings

from fix_transforms.settings import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "deployments" / "services" / "prefect-server.sh"
ZOMBIES = PROJECT_ROOT / "deployments" / "prefect" / "automations" / "crash-zombies.yaml"


def test_silence_of_a_run_is_remembered_while_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(
        r"^export (PREFECT_\w+)=([^$\s]+)$", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE
    ):
        monkeypatch.setenv(name, value)
    remembered = Settings().server.events.expired_bucket_buffer
    within = timedelta(seconds=yaml.safe_load(ZOMBIES.read_text(encoding="utf-8"))["trigger"]["within"])
    # The server looks once in that time, and a restart of the whole stack takes some minutes.
    assert remembered >= within + timedelta(minutes=10)

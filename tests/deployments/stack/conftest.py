from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.stack.layout import Layout
from deployments.stack.settings import StackSettings, load_stack_settings
from fix_transforms.settings import load_settings
from tests.deployments.stack import running


@pytest.fixture(autouse=True)
def no_settings_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(StackSettings.model_config, "env_file", None)


@pytest.fixture
def free_ports() -> dict[str, int]:
    return running.free_ports()


@pytest.fixture
def make_layout(tmp_path: Path, free_ports: dict[str, int]) -> Callable[..., Layout]:
    """A stack in the test's own folder."""

    def make(**overrides: object) -> Layout:
        home = overrides.pop("home", tmp_path / "home")
        lakehouse = {name: overrides.pop(name) for name in ("timezone", "mask_key", "threads") if name in overrides}
        settings = load_stack_settings(**{"home": home, **free_ports, **overrides})
        return Layout.of(settings, load_settings(home=home, **lakehouse))

    return make


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that every account may reach, as PostgreSQL's must when we are root."""
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    return tmp_path

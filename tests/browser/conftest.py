from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from expectations import preload
from fix_transforms.lake.apply import apply
from fix_transforms.lake.delta import Lake
from fix_transforms.settings import load_settings
from fix_transforms.simulate import simulate, write
from fix_transforms.workspace import Workspace
from flows import steps

MESSAGES, SEED = 6_000, 5


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of snapshots of a lakehouse that took simulated logs through every step."""
    workspace = Workspace.from_settings(load_settings(home=tmp_path_factory.mktemp("browser") / "lakehouse"))
    with warnings.catch_warnings():
        # While they are imported, Great Expectations and what it uses warn about themselves.
        warnings.simplefilter("ignore")
        preload()
    write(simulate(MESSAGES, SEED), workspace.landing.path)
    apply(Lake(workspace.lake))
    steps.ingest(workspace, steps.poll(workspace).objects)
    steps.validate(workspace)
    steps.transform(workspace)
    steps.publish(workspace)
    return workspace.settings.published_dir

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fix_transforms.errors import SettingsError
from flows.apply.declared import DEPLOYMENTS, FOLDER, read_declared
from flows.conduct import UPKEEP_LIMIT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what is declared, to be broken."""
    return Path(shutil.copytree(FOLDER, tmp_path / "prefect"))


def test_what_we_ship_is_right_and_complete() -> None:
    declared = read_declared()
    assert [pool.name for pool in declared.work_pools] == ["fixlake"]
    assert UPKEEP_LIMIT in declared.limits
    assert {alert.name for alert in declared.alerts} == {"failed batch", "quarantine burst", "data overdue"}
    assert {one.name for one in declared.automations} == {"poll on upload", "crash zombies", "crash stillborn"}
    assert "pipeline/poll" in {one.full_name for one in declared.deployments}


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("limits.yaml", "slots: 1", "slots: none", r"limits.yaml: limits.fixlake-upkeep.slots: .*got 'none'; expected"),
        ("limits.yaml", "fixlake-upkeep", "upkeep", r"limits.yaml: limits: .*expected names that start with fixlake-"),
        ("limits.yaml", "limits:", "limit:", r"limits.yaml: limits: cannot be used; .*expected Field required"),
        ("limits.yaml", "  fixlake", "\t[fixlake", r"limits.yaml, line \d+: is not yaml; got"),
        ("variables.yaml", "share: 0.01", "share: 2", r"variables.fixlake_quarantine_burst.share: .*got 2; expected"),
        ("variables.yaml", "fixlake_data_due", "fixlake_data_owed", r"variables.fixlake_data_due: missing"),
        ("alerts/failed-batch.yaml", "quiet_minutes: 1440", "quiet: 3", r"failed-batch.yaml: quiet.*expected"),
        ("alerts/failed-batch.yaml", "name: failed batch", "name: data overdue", r"name: the name is taken; got 'data"),
        ("automations/poll-on-upload.yaml", "pipeline/poll", "pipeline/pool",
         r"'poll on upload': actions.0.deployment: no such deployment; got 'pipeline/pool'; expected one of .*poll"),
    ],
)  # fmt: skip
def test_error_names_file_key_got_and_expected(folder: Path, file: str, old: str, new: str, told: str) -> None:
    content = (folder / file).read_text(encoding="utf-8")
    assert old in content
    (folder / file).write_text(content.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        read_declared(folder)


def test_missing_file_is_named(folder: Path) -> None:
    (folder / "limits.yaml").unlink()
    with pytest.raises(SettingsError, match=r"limits\.yaml: cannot be read"):
        read_declared(folder)


def test_deployment_without_our_mark_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "prefect.yaml"
    project.write_text(DEPLOYMENTS.read_text(encoding="utf-8").replace("[fixlake, data]", "[data]"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"prefect\.yaml: deployments\.0\.tags: .*expected the tag fixlake"):
        read_declared(FOLDER, project)

import base64
import os
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deployments" / "secrets" / "generate.sh"
GROUP = 10001

#: Each line is one secret and every file that holds it.
SHARED = (
    ("minio/root_password", "stores/minio_root_password"),
    ("minio/webhook_token", "receiver/webhook_token"),
    ("postgres/superuser_password", "stores/postgres_superuser_password"),
    ("stores/uploader_secret_key", "demo/uploader_secret_key", "people/uploader_secret_key"),
    ("stores/ingester_secret_key", "setup/ingester_secret_key"),
    ("stores/maintainer_secret_key", "setup/maintainer_secret_key"),
    ("stores/reader_secret_key", "people/reader_secret_key"),
    ("stores/prefect_database_password", "prefect/database_password"),
    ("stores/ledger_database_password", "worker/ledger_database_password"),
    ("stores/ledger_reader_password",),
    ("stores/superset_database_password", "superset/database_password"),
    ("prefect/auth_string", "setup/auth_string", "worker/auth_string", "receiver/auth_string", "people/prefect_auth_string"),
    ("prefect/encryption_key",),
    ("superset/secret_key",),
    ("superset/admin_password", "people/superset_admin_password"),
)  # fmt: skip

Generate = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture
def generate(folder: Path) -> Generate:
    return lambda: subprocess.run([SCRIPT, folder], check=False, capture_output=True, text=True)


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_each_service_finds_its_secrets_and_no_others(folder: Path, generate: Generate) -> None:
    assert generate().returncode == 0
    assert contents(folder).keys() == {name for names in SHARED for name in names}


def test_one_secret_is_the_same_wherever_it_is_shared_and_differs_from_all_others(
    folder: Path, generate: Generate
) -> None:
    generate()
    found = contents(folder)
    values = [{found[name] for name in names} for names in SHARED]
    assert all(len(same) == 1 for same in values)
    assert len(set.union(*values)) == len(SHARED)


def test_values_are_random_and_of_the_form_that_their_reader_wants(folder: Path, generate: Generate) -> None:
    generate()
    found = contents(folder)
    assert len(base64.urlsafe_b64decode(found.pop("prefect/encryption_key"))) == 32
    for name, value in found.items():
        prefix = "admin:" if name.endswith("auth_string") else ""
        assert re.fullmatch(f"{prefix}[0-9a-f]{{64}}", value), name


def test_a_second_run_changes_nothing(folder: Path, generate: Generate) -> None:
    generate()
    first = contents(folder)
    again = generate()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert contents(folder) == first


def test_a_value_put_there_by_a_person_reaches_everyone_who_shares_it(folder: Path, generate: Generate) -> None:
    (folder / "people").mkdir(parents=True)
    (folder / "people" / "superset_admin_password").write_text("chosen by hand")
    generate()
    assert contents(folder)["superset/admin_password"] == "chosen by hand"


def test_values_that_should_be_one_and_differ_are_refused_without_being_shown(folder: Path, generate: Generate) -> None:
    generate()
    key = folder / "demo" / "uploader_secret_key"
    key.unlink()
    key.write_text("another")
    refused = generate()
    assert refused.returncode == 1
    assert "demo/uploader_secret_key" in refused.stderr
    assert not any(value in refused.stderr for value in contents(folder).values())


def test_only_the_owner_and_the_group_of_the_containers_can_read(folder: Path, generate: Generate) -> None:
    generate()
    added = folder / "worker" / "mask_key"
    added.write_text("put there by the operator")
    added.chmod(0o644)
    generate()
    for path in folder.glob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o750, path
    for path in folder.glob("*/*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o440, path
        if os.geteuid() == 0:
            assert path.stat().st_gid == GROUP, path


def test_files_belong_to_whom_the_folder_belongs(folder: Path, generate: Generate) -> None:
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 1234, 1234)
    generate()
    assert {path.stat().st_uid for path in folder.rglob("*")} == {folder.stat().st_uid}

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from deployments.stack.layout import Layout
from deployments.stack.secret_files import make_secrets
from deployments.stack.services import SERVICES
from deployments.stack.start import make_folders
from deployments.stack.supervisor_config import render
from fix_transforms.errors import SettingsError
from fix_transforms.settings import load_settings


def read_back(layout: Layout) -> Any:
    """The configuration as supervisord itself understands it."""
    make_folders(layout)
    layout.config.write_text(render(layout), encoding="utf-8")
    options = ServerOptions()
    options.realize(["-c", str(layout.config)])
    return options


@pytest.mark.parametrize("name", ["home", "ho me", "half of;it#all", "it's, \\t=x", "größe"])
def test_supervisord_reads_back_what_was_declared(
    name: str, tmp_path: Path, make_layout: Callable[..., Layout]
) -> None:
    layout = make_layout(home=tmp_path / name)
    programs = {group.name: group.process_configs[0] for group in read_back(layout).process_group_configs}
    assert programs.keys() == {service.name for service in SERVICES}
    for service in SERVICES:
        assert programs[service.name].environment == layout.environment(service)
        assert programs[service.name].stdout_logfile == str(layout.log(service.name))


def test_nothing_starts_by_itself_and_nothing_outlives_its_service(make_layout: Callable[..., Layout]) -> None:
    for group in read_back(make_layout()).process_group_configs:
        (program,) = group.process_configs
        assert (program.autostart, program.stopasgroup, program.killasgroup) == (False, True, True)
        assert program.stdout_logfile_maxbytes > 0
        assert program.stdout_logfile_backups > 0


def test_supervisor_listens_on_a_socket_of_its_owner_alone(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout()
    (server,) = read_back(layout).server_configs
    assert (server["family"], server["file"], server["chmod"]) == (socket.AF_UNIX, str(layout.socket), 0o600)


def test_no_secret_is_in_the_configuration(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout(mask_key="key-for-pseudonyms")
    make_folders(layout)
    make_secrets(layout, load_settings(home=layout.settings.home, mask_key="key-for-pseudonyms"))
    secrets = [file.read_text(encoding="utf-8") for file in layout.secrets.rglob("*") if file.is_file()]
    assert len(secrets) > 20
    assert "key-for-pseudonyms" in secrets
    text = render(layout)
    assert [secret for secret in secrets if secret in text] == []


def test_secrets_are_the_owners_alone_and_stay(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout()
    make_folders(layout)
    lakehouse = load_settings(home=layout.settings.home)
    make_secrets(layout, lakehouse)
    before = {file: file.read_bytes() for file in layout.secrets.rglob("*") if file.is_file()}
    make_secrets(layout, lakehouse)
    assert {file: file.read_bytes() for file in layout.secrets.rglob("*") if file.is_file()} == before
    assert layout.secrets.stat().st_mode & 0o077 == 0


def test_percent_sign_reaches_a_service_as_it_is(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout(minio_bin="/opt/100%/minio")
    minio = next(group for group in read_back(layout).process_group_configs if group.name == "minio")
    assert minio.process_configs[0].environment["MINIO_BIN"] == "/opt/100%/minio"


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a ;b", "a #b", "50%"])
def test_home_that_the_file_cannot_express_is_refused(
    name: str, tmp_path: Path, make_layout: Callable[..., Layout]
) -> None:
    layout = make_layout(home=tmp_path / name)
    with pytest.raises(SettingsError, match=r"cannot be (used for a stack|handed to a service)"):
        render(layout)


def test_what_it_was_brought_up_with_is_remembered(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout(demo=True)
    make_folders(layout)
    layout.record.write_text(layout.recordable(), encoding="utf-8")
    again = Layout.recorded(make_layout(minio_port=1, superset_port=2).settings)
    assert again.settings == layout.settings
    assert not re.search("secret|password", layout.record.read_text(encoding="utf-8"))

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deployments.stack.health import Answers
from deployments.stack.layout import SCRIPTS, Layout
from deployments.stack.services import SERVICES, Service, start_order, with_needs
from deployments.stack.start import up
from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT, load_settings

#: Sourced by the others.
SOURCED = {"read_secret", "superset_environment"}
#: Asked by containers.
HEALTH = {"healthy", "worker-healthy"}
#: Of the shell, and of whoever brings the stack up.
NOT_OURS = {"PATH", "PYTHONPATH"}


def test_each_service_starts_after_what_it_needs() -> None:
    ordered = [service.name for service in start_order()]
    assert sorted(ordered) == sorted(service.name for service in SERVICES)
    for service in SERVICES:
        assert all(ordered.index(needed) < ordered.index(service.name) for needed in service.needs), service.name


def test_containers_are_the_same_services_that_need_the_same() -> None:
    declared = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    # As processes, secrets are made before anything is started.
    containers = {name: set(one.get("depends_on", ())) - {"secrets"} for name, one in declared.items()}
    del containers["secrets"]
    assert {service.name: set(service.needs) for service in SERVICES} == containers


def test_bootstrap_stands_between_the_stores_and_what_uses_them() -> None:
    def all_needs(name: str) -> set[str]:
        (service,) = (one for one in SERVICES if one.name == name)
        return set(service.needs).union(*(all_needs(needed) for needed in service.needs))

    assert all_needs("worker") >= {"minio", "postgres", "stores", "prefect-server", "prefect-setup"}
    assert all_needs("superset") >= {"postgres", "stores", "superset-setup"}
    assert all_needs("demo") >= {"worker", "receiver", "minio"}


def test_services_that_need_each_other_are_refused() -> None:
    first, second = Service("a", needs=("b",)), Service("b", needs=("a",))
    with pytest.raises(ValueError, match="no order for a, b"):
        start_order([first, second])


def test_service_that_needs_an_undeclared_one_is_refused() -> None:
    with pytest.raises(ValueError, match="no order for a"):
        start_order([Service("a", needs=("nobody",))])


def test_some_services_start_with_what_they_need_and_no_more() -> None:
    assert [service.name for service in with_needs(["stores"])] == ["minio", "postgres", "stores"]
    assert with_needs([]) == start_order()
    with pytest.raises(ServiceError, match=r"no such service; got nonsense; expected minio"):
        with_needs(["nonsense", "minio"])


def test_unknown_service_is_refused_before_anything_is_made(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout()
    with pytest.raises(ServiceError, match="no such service"):
        up(layout, load_settings(home=layout.settings.home), print, ["nonsense"])
    assert not layout.settings.home.exists()


def test_every_start_script_is_a_service_and_every_service_has_one() -> None:
    scripts = {path.stem for path in SCRIPTS.glob("*.sh")} - SOURCED - HEALTH
    assert scripts == {service.name for service in SERVICES}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_script_gets_every_variable_that_it_reads(service: Service, make_layout: Callable[..., Layout]) -> None:
    text = with_sourced(SCRIPTS / f"{service.name}.sh")
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)\b", text))
    optional = set(re.findall(r"\$\{([A-Z][A-Z_]+):-", text))
    made = set(re.findall(r"(?:^|\s)([A-Z][A-Z_]+)=", text))
    assert read - optional - made - NOT_OURS <= make_layout().environment(service).keys()


def with_sourced(script: Path) -> str:
    text = script.read_text(encoding="utf-8")
    for name in SOURCED:
        if f"/{name}.sh" in text:
            text += with_sourced(SCRIPTS / f"{name}.sh")
    return text


def test_receiver_is_on_loopback_whatever_is_published(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout(publish_address="0.0.0.0")
    bound = {service.name: layout.environment(service)["FIXLAKE_BIND"] for service in SERVICES}
    assert bound.pop("receiver") == "127.0.0.1"
    assert set(bound.values()) == {"0.0.0.0"}
    assert layout.values["minio_url"].startswith("http://127.0.0.1:")


def test_everything_is_on_loopback_by_default(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout()
    assert {layout.environment(service)["FIXLAKE_BIND"] for service in SERVICES} == {"127.0.0.1"}


def test_worker_gets_the_operators_settings_but_no_secret_and_no_place(make_layout: Callable[..., Layout]) -> None:
    layout = make_layout(timezone="Europe/London", threads=2, mask_key="never-seen")
    (worker,) = (service for service in SERVICES if service.name == "worker")
    environment = layout.environment(worker)
    assert environment["FIXLAKE_TIMEZONE"] == "Europe/London"
    assert environment["FIXLAKE_THREADS"] == "2"
    assert environment["FIXLAKE_HOME"] == str(layout.settings.home)
    assert "never-seen" not in str(environment)
    assert not environment.keys() & {"FIXLAKE_LANDING_URI", "FIXLAKE_LAKE_URI", "FIXLAKE_S3_ENDPOINT"}


def test_health_of_a_service_that_is_not_there_is_bad_and_no_error() -> None:
    assert not Answers("http://127.0.0.1:1/health").is_well({}, 0)

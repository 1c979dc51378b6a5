"""What docker-compose.yml declares, read as the file it is: no engine is needed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

ONCE = {"secrets", "stores", "prefect-setup", "superset-setup", "demo"}
RUNNING = {"minio", "postgres", "prefect-server", "worker", "receiver", "superset", "site"}
DEFAULT_PORTS = {
    "minio": {"9000", "9001"},
    "postgres": {"5432"},
    "prefect-server": {"4200"},
    "superset": {"8088"},
    "site": {"8090"},
}
#: Which folder of secrets a service sees. The site needs none; `secrets` makes them.
SECRETS = {
    "minio": "minio",
    "postgres": "postgres",
    "stores": "stores",
    "prefect-server": "prefect",
    "prefect-setup": "setup",
    "worker": "worker",
    "receiver": "receiver",
    "superset-setup": "superset",
    "superset": "superset",
    "demo": "demo",
}
SECRETS_FOLDER = "${FIXLAKE_SECRETS_DIR:-./secrets}"


def volumes(name: str) -> list[str]:
    return [str(volume) for volume in SERVICES[name].get("volumes", ())]


def networks(name: str) -> set[str]:
    return set(SERVICES[name].get("networks", ()))


def needs(name: str) -> dict[str, str]:
    return {other: how["condition"] for other, how in SERVICES[name].get("depends_on", {}).items()}


def test_every_service_is_known_here() -> None:
    assert SERVICES.keys() == ONCE | RUNNING


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"]
    assert not {"privileged", "pid", "ipc", "devices", "ulimits"} & service.keys()
    assert not any("docker.sock" in volume for volume in volumes(name))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"secrets"}))
def test_no_service_is_root(name: str) -> None:
    assert SERVICES[name]["user"] == "10001:10001"
    assert "cap_add" not in SERVICES[name]


def test_what_makes_the_secrets_is_root_but_sees_no_network() -> None:
    assert SERVICES["secrets"]["user"] == "0:0"
    assert SERVICES["secrets"]["network_mode"] == "none"


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_running_service_is_restarted_and_asked_for_its_health(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(ONCE))
def test_a_bootstrap_runs_once(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"
    assert "healthcheck" not in SERVICES[name]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_health_of_what_runs_and_for_the_end_of_what_does_not(name: str) -> None:
    for other, condition in needs(name).items():
        assert condition == ("service_completed_successfully" if other in ONCE else "service_healthy"), other


def test_services_start_in_the_order_that_they_need() -> None:
    assert {name: set(needs(name)) for name in SERVICES} == {
        "secrets": set(),
        "minio": {"secrets"},
        "postgres": {"secrets"},
        "site": {"secrets"},
        "stores": {"minio", "postgres"},
        "prefect-server": {"stores"},
        "superset-setup": {"stores"},
        "prefect-setup": {"prefect-server"},
        "worker": {"prefect-setup"},
        "receiver": {"prefect-setup"},
        "superset": {"superset-setup"},
        "demo": {"worker", "receiver"},
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_those_people_expect_on_loopback_and_can_be_set(name: str) -> None:
    published = [
        re.fullmatch(r"\$\{(\w+):-(.+)\}:\$\{(\w+):-(\d+)\}:(\d+)", port) for port in SERVICES[name].get("ports", ())
    ]
    assert all(published)
    assert {match[5] for match in published if match} == DEFAULT_PORTS.get(name, set())
    for match in filter(None, published):
        assert (match[1], match[2]) == ("FIXLAKE_PUBLISH_ADDRESS", "127.0.0.1")
        assert match[3].startswith("FIXLAKE_")
        assert match[4] == match[5]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"secrets"}))
def test_a_service_sees_its_own_secrets_only_and_cannot_change_them(name: str) -> None:
    mounted = [volume for volume in volumes(name) if volume.startswith(SECRETS_FOLDER)]
    folder = SECRETS.get(name)
    assert mounted == ([f"{SECRETS_FOLDER}/{folder}:/run/secrets/fixlake:ro"] if folder else [])


def test_no_secret_is_in_the_environment() -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment") or {}:
            assert not re.search("PASSWORD|SECRET_|TOKEN|AUTH|DSN|PRIVATE|CREDENTIAL", variable), (name, variable)


@pytest.mark.parametrize("name", ["superset", "superset-setup", "site"])
def test_what_people_look_at_cannot_change_the_data(name: str) -> None:
    data = [volume for volume in volumes(name) if volume.partition(":")[0] in {"lakehouse", "published", "docs"}]
    assert data
    assert all(volume.endswith(":ro") for volume in data)


@pytest.mark.parametrize("name", ["superset", "superset-setup", "site"])
def test_what_people_look_at_reaches_neither_the_stores_nor_prefect(name: str) -> None:
    assert not networks(name) & (networks("minio") | networks("prefect-server") | networks("worker"))


def test_only_who_works_with_the_stores_reaches_them() -> None:
    reach = {name for name in SERVICES if "store" in networks(name)}
    assert reach == {"minio", "stores", "worker", "demo"}


def test_only_the_sender_of_alerts_reaches_the_world() -> None:
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    closed = {
        name
        for name, network in COMPOSE["networks"].items()
        if network.get("driver_opts", {}).get(masquerade) == "false"
    }
    assert COMPOSE["networks"].keys() - closed == {"outside"}
    assert {name for name in SERVICES if "outside" in networks(name)} == {"prefect-server"}


def test_every_volume_and_network_is_declared_and_used() -> None:
    named = {volume.partition(":")[0] for name in SERVICES for volume in volumes(name)}
    assert {name for name in named if not name.startswith("$")} == COMPOSE["volumes"].keys()
    assert set.union(*(networks(name) for name in SERVICES)) == COMPOSE["networks"].keys()


def test_each_image_is_built_once_from_the_one_base() -> None:
    builds = {service["image"]: service["build"] for service in SERVICES.values() if "build" in service}
    assert len(builds) == sum("build" in service for service in SERVICES.values()) == 4
    assert {service["image"] for service in SERVICES.values()} == builds.keys()
    for build in builds.values():
        text = (ROOT / build["dockerfile"]).read_text(encoding="utf-8")
        assert text.count("ARG BASE_IMAGE=debian:bookworm-slim") == 1
        stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        assert set(stages) == {"${BASE_IMAGE}"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "deployments" / "images").glob("*.Dockerfile")), ids=lambda path: path.stem
)
def test_an_image_runs_as_nobody_special_and_trusts_only_what_is_locked(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "\nUSER 10001:10001\n" in text
    assert not re.search(r"^(ADD|COPY \.|HEALTHCHECK)|--mount|--link|<<|chmod 777", text, re.MULTILINE)
    assert all(
        "--require-hashes" in line or "--no-deps" in line
        for line in re.findall(r"pip install(?:[^\n]*\\\n)*[^\n]*", text)
    )
    assert all("--no-install-recommends" in line for line in text.splitlines() if "apt-get install" in line)


def test_only_what_an_image_holds_is_sent_to_the_engine() -> None:
    lines = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert not allowed & {"secrets", ".env", ".git", "lakehouse"}
    assert all((ROOT / name).exists() for name in allowed)


@pytest.mark.parametrize("path", sorted((ROOT / "deployments").rglob("*.sh")), ids=lambda path: path.stem)
def test_a_script_is_sound_shell(path: Path) -> None:
    checked = subprocess.run(["bash", "-n", path], check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"secrets"}))
def test_a_service_has_a_start_script_that_ends_in_the_service_itself(name: str) -> None:
    script = ROOT / "deployments" / "services" / f"{name}.sh"
    text = script.read_text(encoding="utf-8")
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in text
    # Signals reach the service and not a shell around it.
    assert re.findall(r"^\S.*", text, re.MULTILINE)[-1].startswith("exec ")

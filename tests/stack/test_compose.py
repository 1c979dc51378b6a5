"""The compose stack on a real engine, from the outside: as an operator, an uploader and a reader see it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.access import Access
from tests.browser.checks import assert_stack
from tests.deployments.test_compose_file import ONCE, RUNNING
from tests.stack.compose_stack import ComposeStack, wait_until
from tests.superset.client import Person

# A first build compiles MinIO and installs Superset.
pytestmark = [pytest.mark.stack, pytest.mark.timeout(2400)]

Logs = list[tuple[str, bytes, int]]
USER = "10001"


@pytest.fixture
def admin(stack: ComposeStack) -> Iterator[Person]:
    person = Person(f"http://127.0.0.1:{stack.ports['superset']}")
    assert person.log_in("admin", stack.secret("people/superset_admin_password"))
    yield person
    person.close()


def test_every_service_is_healthy_and_every_bootstrap_has_ended_well(stack: ComposeStack) -> None:
    assert stack.inspect().keys() == RUNNING | ONCE
    assert stack.unwell() == {}


def test_ports_are_published_on_loopback_only(stack: ComposeStack) -> None:
    published = [
        (name, binding["HostIp"], int(binding["HostPort"]))
        for name, one in stack.inspect().items()
        for bindings in one["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    ]
    assert {address for _, address, _ in published} == {"127.0.0.1"}
    assert sorted(port for _, _, port in published) == sorted(stack.ports.values())


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_no_process_of_a_service_is_root(stack: ComposeStack, name: str) -> None:
    processes = stack.docker("top", stack.container(name), "-eo", "pid,uid").splitlines()[1:]
    assert processes
    assert {line.split()[1] for line in processes} == {USER}


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_service_cannot_change_its_own_files(stack: ComposeStack, name: str) -> None:
    done = stack.compose(
        "exec", "-T", name, "bash", "-c", "echo x >>/opt/fixlake/deployments/services/minio.sh", check=False
    )
    assert done.returncode != 0


def test_no_secret_is_in_what_the_engine_knows_or_a_service_says(stack: ComposeStack) -> None:
    values = {path.read_text() for path in stack.secrets.rglob("*") if path.is_file()}
    values |= {value.removeprefix("admin:") for value in values}
    containers = stack.inspect()
    said = {f"inspect {name}": str(one) for name, one in containers.items()}
    said |= {f"log of {name}": stack.docker("logs", one["Id"]) for name, one in containers.items()}
    said |= {
        f"command lines of {name}": stack.docker("top", stack.container(name), "-eo", "pid,args") for name in RUNNING
    }
    images = {one["Config"]["Image"] for one in containers.values()}
    said |= {f"history of {image}": stack.docker("history", "--no-trunc", image) for image in images}
    said |= {f"inspect {image}": stack.docker("image", "inspect", image) for image in images}
    assert len(values) > len(containers)
    assert [where for where, text in said.items() if any(value in text for value in values)] == []


def test_root_keys_reach_only_the_stores_and_their_bootstrap(stack: ComposeStack) -> None:
    roots = {str(stack.secrets / folder) for folder in ("minio", "postgres", "stores")}
    mounts = {name: {mount["Source"] for mount in one["Mounts"]} for name, one in stack.inspect().items()}
    assert {name for name, sources in mounts.items() if sources & roots} == {"minio", "postgres", "stores"}
    # What makes them sees them all, has ended, and sees no network.
    assert {name for name, sources in mounts.items() if str(stack.secrets) in sources} == {"secrets"}


@pytest.mark.parametrize("name", ["superset", "site"])
@pytest.mark.parametrize("target", ["minio/9000", "prefect-server/4200", "receiver/8300"])
def test_what_people_look_at_reaches_no_store_and_no_prefect(stack: ComposeStack, name: str, target: str) -> None:
    done = stack.compose("exec", "-T", name, "timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{target}", check=False)
    assert done.returncode != 0


def test_the_demo_is_integrated(stack: ComposeStack) -> None:
    wait_until(lambda: sum(stack.integrated().values()) >= 20_000, "the demo's messages in the marts")


def test_the_demo_is_judged_and_has_findings(stack: ComposeStack) -> None:
    (found,) = stack.query("select sum(findings)::bigint as findings from agg_validation_codes")
    assert found["findings"] > 0


def test_uploaded_logs_show_on_the_dashboards(stack: ComposeStack, logs: Logs, admin: Person) -> None:
    client = stack.uploader()
    for key, content, _ in logs:
        client.put_object(Bucket="textfixlogs", Key=key, Body=content)
    expected = {key: messages for key, _, messages in logs}

    wait_until(lambda: expected.items() <= stack.integrated().items(), "the uploaded messages in the marts")

    files = admin.names("dataset")["file_integration"]
    answer = admin.chart_data(files, columns=["object_key", "messages"], row_limit=5000)
    assert answer.status_code == 200, answer.text[:500]
    shown = {row["object_key"]: row["messages"] for row in answer.json()["result"][0]["data"]}
    assert expected.items() <= shown.items()


def test_a_person_sees_all_of_it_in_a_browser(stack: ComposeStack, tmp_path: Path) -> None:
    access = Access(
        screenshots=tmp_path / "screenshots",
        superset_url=f"http://127.0.0.1:{stack.ports['superset']}",
        superset_password=stack.secret("people/superset_admin_password"),
        prefect_url=f"http://127.0.0.1:{stack.ports['prefect']}",
        prefect_auth=stack.secret("people/prefect_auth_string"),
        site_url=f"http://127.0.0.1:{stack.ports['site']}",
    )
    stack.docker("cp", f"{stack.container('worker')}:/var/lib/fixlake/published", str(tmp_path))
    assert_stack(access, tmp_path / "published")


def test_nothing_is_lost_when_each_service_is_killed_and_restarted_under_load(stack: ComposeStack, logs: Logs) -> None:
    client, expected, stop = stack.uploader(), dict[str, int](), threading.Event()

    def upload_all_the_time() -> None:
        for number in range(10_000):
            key, content, messages = logs[number % len(logs)]
            name = f"load/{number:05d}/{key}"
            client.put_object(Bucket="textfixlogs", Key=name, Body=content)
            expected[name] = messages
            if stop.wait(2):
                return

    load = threading.Thread(target=upload_all_the_time)
    load.start()
    try:
        for name in sorted(RUNNING):
            container = stack.container(name)
            stack.docker("kill", container)
            stack.docker("start", container)
            wait_until(lambda: not stack.unwell(), f"all services well after {name} was killed")
    finally:
        stop.set()
        load.join(timeout=300)
    assert not load.is_alive()
    assert len(expected) > len(RUNNING)

    wait_until(lambda: expected.items() <= stack.integrated().items(), "every uploaded message in the marts", 600)
    loaded = {key: messages for key, messages in stack.integrated().items() if key.startswith("load/")}
    assert loaded == expected


def test_the_engine_restarts_a_service_that_ends(stack: ComposeStack) -> None:
    container = stack.container("site")
    stack.compose("exec", "-T", "site", "bash", "-c", "kill 1", check=False)
    wait_until(lambda: stack.inspect()["site"]["RestartCount"] >= 1 and not stack.unwell(), "the site runs again")
    assert stack.container("site") == container


def test_down_and_up_keep_the_data_and_change_no_secret(stack: ComposeStack) -> None:
    before, secret = stack.integrated(), stack.secret("people/superset_admin_password")
    stack.compose("down")
    stack.up()
    assert before.items() <= stack.integrated().items()
    assert stack.secret("people/superset_admin_password") == secret

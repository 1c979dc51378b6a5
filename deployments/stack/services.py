"""The services of the stack, each declared once: start script, variables, what it needs, how it is asked.

Invariant: a start script gets here what docker-compose.yml gives it, with addresses and folders of this machine.
Variables are templates that ``layout.Layout.values`` fills; none is a secret: a script reads those from its folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from deployments.stack.health import AcceptsConnections, Answers, Health, IsOnline
from fix_transforms.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Service:
    """A start script of ``deployments/services`` and how it is run.

    Attributes:
        name: Its name, in compose too; the script is called like it.
        environment: Variables of the script, beyond those that all have.
        secrets: Its folder of secrets.
        needs: Services that must be healthy, or done, before it starts.
        health: How it is asked whether it is well; nothing for one that runs to its end.
        address: Where a person finds it.
        bind: What it listens on.
        settings: Whether it works by the lakehouse's own settings.
        stop_signal: What asks it to end.
        stop_seconds: How long it may take to.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: str | None = None
    needs: tuple[str, ...] = ()
    health: Health | None = None
    address: str | None = None
    bind: str = "{publish_address}"
    settings: bool = False
    stop_signal: str = "TERM"
    stop_seconds: int = 30

    @property
    def is_once(self) -> bool:
        """Whether it runs to its end, each time the stack is brought up."""
        return self.health is None


MINIO = Service(
    name="minio",
    environment={
        "MINIO_BIN": "{minio_bin}",
        "FIXLAKE_DATA": "{stack}/minio",
        "FIXLAKE_MINIO_PORT": "{minio_port}",
        "FIXLAKE_MINIO_CONSOLE_PORT": "{minio_console_port}",
        "FIXLAKE_RECEIVER_URL": "{receiver_url}",
    },
    secrets="minio",
    health=Answers("{minio_url}/minio/health/ready"),
    address="{minio_url} (console http://{host}:{minio_console_port})",
)

POSTGRES = Service(
    name="postgres",
    environment={
        "POSTGRES_BIN": "{postgres_bin}",
        "FIXLAKE_DATA": "{stack}/postgres",
        "FIXLAKE_POSTGRES_PORT": "{postgres_port}",
    },
    secrets="postgres",
    health=AcceptsConnections("{host}", "{postgres_port}"),
    address="{host}:{postgres_port}",
    # Does not wait for clients to leave.
    stop_signal="INT",
)

STORES = Service(
    name="stores",
    environment={
        "FIXLAKE_MINIO_URL": "{minio_url}",
        "FIXLAKE_POSTGRES_HOST": "{host}",
        "FIXLAKE_POSTGRES_PORT": "{postgres_port}",
    },
    secrets="stores",
    needs=("minio", "postgres"),
)

PREFECT_SERVER = Service(
    name="prefect-server",
    environment={
        "FIXLAKE_POSTGRES_HOST": "{host}",
        "FIXLAKE_POSTGRES_PORT": "{postgres_port}",
        "FIXLAKE_PREFECT_PORT": "{prefect_port}",
        "FIXLAKE_PREFECT_UI_URL": "http://{browser_host}:{prefect_port}",
        "PREFECT_HOME": "{stack}/prefect-server",
    },
    secrets="prefect",
    needs=("stores",),
    health=Answers("{prefect_url}/api/health"),
    address="{prefect_url}",
)

PREFECT_SETUP = Service(
    name="prefect-setup",
    environment={
        "FIXLAKE_PREFECT_URL": "{prefect_url}",
        "FIXLAKE_MINIO_URL": "{minio_url}",
        "PREFECT_HOME": "{stack}/prefect-setup",
    },
    secrets="setup",
    needs=("prefect-server",),
    settings=True,
)

WORKER = Service(
    name="worker",
    environment={
        "FIXLAKE_PREFECT_URL": "{prefect_url}",
        "FIXLAKE_PREFECT_UI_URL": "http://{browser_host}:{prefect_port}",
        "FIXLAKE_POSTGRES_HOST": "{host}",
        "FIXLAKE_POSTGRES_PORT": "{postgres_port}",
        "FIXLAKE_DEMO": "{demo}",
        "PREFECT_HOME": "{stack}/worker",
    },
    secrets="worker",
    needs=("prefect-setup",),
    health=IsOnline("{prefect_url}/api", pool="fixlake", auth="{secrets}/worker/auth_string"),
    settings=True,
)

RECEIVER = Service(
    name="receiver",
    environment={"FIXLAKE_PREFECT_URL": "{prefect_url}", "FIXLAKE_RECEIVER_PORT": "{receiver_port}"},
    secrets="receiver",
    needs=("prefect-setup",),
    health=Answers("{receiver_url}/health"),
    # Only MinIO speaks to it, whatever is published.
    bind="127.0.0.1",
    address="{receiver_url}",
)

#: Of both that are Superset: its setup and its server.
_SUPERSET = {
    "SUPERSET_VENV": "{superset_venv}",
    "FIXLAKE_POSTGRES_HOST": "{host}",
    "FIXLAKE_POSTGRES_PORT": "{postgres_port}",
    "FIXLAKE_PUBLISHED": "{home}/published",
    "FIXLAKE_SUPERSET_PORT": "{superset_port}",
    "SUPERSET_HOME": "{stack}/superset",
    "FIXLAKE_SITE_URL": "http://{browser_host}:{site_port}",
    "SUPERSET_TLS": "{superset_tls}",
    "SUPERSET_BEHIND_PROXY": "{superset_behind_proxy}",
}

SUPERSET_SETUP = Service(name="superset-setup", environment=_SUPERSET, secrets="superset", needs=("stores",))

SUPERSET = Service(
    name="superset",
    environment=_SUPERSET,
    secrets="superset",
    needs=("superset-setup",),
    health=Answers("{superset_url}/health"),
    address="{superset_url}",
)

SITE = Service(
    name="site",
    environment={"FIXLAKE_DOCS": "{home}/docs", "FIXLAKE_SITE_PORT": "{site_port}"},
    health=Answers("{site_url}/health"),
    address="{site_url}",
)

DEMO = Service(
    name="demo",
    environment={"FIXLAKE_DEMO": "{demo}", "FIXLAKE_MINIO_URL": "{minio_url}"},
    secrets="demo",
    needs=("worker", "receiver"),
)

SERVICES = (
    MINIO, POSTGRES, SITE, STORES, PREFECT_SERVER, SUPERSET_SETUP, PREFECT_SETUP, WORKER, RECEIVER, SUPERSET, DEMO,
)  # fmt: skip


def start_order(services: Iterable[Service] = SERVICES) -> tuple[Service, ...]:
    """Order services so that each comes after what it needs; otherwise as declared.

    Raises:
        ValueError: One needs itself, by way of others, or something that is not declared.
    """
    waiting, ordered = list(services), dict[str, Service]()
    while waiting:
        following = next((one for one in waiting if ordered.keys() >= set(one.needs)), None)
        if following is None:
            raise ValueError(f"no order for {', '.join(one.name for one in waiting)}")
        waiting.remove(following)
        ordered[following.name] = following
    return tuple(ordered.values())


def with_needs(names: Collection[str]) -> tuple[Service, ...]:
    """Services and all that they need, in the order of their start; every service if none is named.

    Raises:
        ServiceError: There is no such service.
    """
    refuse_unknown(names, [service.name for service in SERVICES])
    wanted = set(names)
    for service in reversed(start_order()):
        if service.name in wanted:
            wanted.update(service.needs)
    return tuple(service for service in start_order() if service.name in wanted or not names)


def refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    """Make sure that there are such services.

    Raises:
        ServiceError: There are not.
    """
    known = list(known)
    if unknown := [name for name in names if name not in known]:
        raise ServiceError("no such service", where="stack", got=", ".join(unknown), expected=", ".join(known))

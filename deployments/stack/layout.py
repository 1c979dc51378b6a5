"""Where everything of a stack lies, and the values that the declared services are filled with.

Invariant: all of it is under ``HOME/stack``, but for what the lakehouse itself keeps in its home.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import SecretStr

from deployments.stack.services import Service
from deployments.stack.settings import StackSettings, load_stack_settings
from deployments.stack.tools import find_tools
from fix_transforms.settings import PROJECT_ROOT, Settings

SCRIPTS = PROJECT_ROOT / "deployments" / "services"
#: The variable that every process of a stack carries, whoever its parent is: the folder of its stack.
MARK = "FIXLAKE_STACK"
#: And the one that says of which service it is.
MARK_SERVICE = "FIXLAKE_STACK_SERVICE"
#: Addresses that mean every address; what listens there is reached on loopback.
ANY_ADDRESS = ("0.0.0.0", "127.0.0.1")


@dataclass(frozen=True)
class Layout:
    """A stack's places.

    Attributes:
        settings: What the operator decided.
        tuning: Settings of the lakehouse that were given, as variables; no secret.
    """

    settings: StackSettings
    tuning: Mapping[str, str]

    @classmethod
    def of(cls, settings: StackSettings, lakehouse: Settings) -> Layout:
        """The places of a stack that is to be brought up."""
        return cls(settings, tuning_of(lakehouse))

    @classmethod
    def recorded(cls, settings: StackSettings) -> Layout:
        """The places of the stack in this home as it was brought up last, whatever the environment says now."""
        layout = cls(settings, {})
        try:
            known = json.loads(layout.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return layout
        return cls(load_stack_settings(**{**known, "home": settings.home}), {})

    def recordable(self) -> str:
        """What ``recorded`` reads."""
        return self.settings.model_dump_json(exclude_none=True, exclude={"cache_home"})

    # ---- places ----

    @property
    def folder(self) -> Path:
        """Everything of the stack."""
        return self.settings.home / "stack"

    @property
    def secrets(self) -> Path:
        """A folder of secrets for each consumer."""
        return self.folder / "secrets"

    @property
    def logs(self) -> Path:
        """A file for each service."""
        return self.folder / "logs"

    @property
    def socket(self) -> Path:
        """Where supervisord is spoken to."""
        return self.folder / "supervisor.sock"

    @property
    def config(self) -> Path:
        """What supervisord reads."""
        return self.folder / "supervisord.conf"

    @property
    def record(self) -> Path:
        """The settings that the stack was brought up with."""
        return self.folder / "settings.json"

    @property
    def lock(self) -> Path:
        """Held by whoever brings the stack up or down."""
        return self.folder / "stack.lock"

    def log(self, service: str) -> Path:
        """The log of a service."""
        return self.logs / f"{service}.log"

    # ---- values ----

    @property
    def host(self) -> str:
        """Where the services reach one another."""
        address = self.settings.publish_address
        return "127.0.0.1" if address in ANY_ADDRESS else address

    @cached_property
    def values(self) -> Mapping[str, str]:
        """What the templates of the declared services are filled with."""
        ports = {name: str(port) for name, port in self.settings.ports.items()}
        urls = {name.removesuffix("_port") + "_url": f"http://{self.host}:{port}" for name, port in ports.items()}
        tools = find_tools(self.settings)
        return {
            **ports,
            **urls,
            "publish_address": self.settings.publish_address,
            # Never published.
            "receiver_url": f"http://127.0.0.1:{self.settings.receiver_port}",
            "host": self.host,
            "browser_host": self.settings.browser_host or self.host,
            "superset_tls": self.settings.superset_tls,
            "superset_behind_proxy": self.settings.superset_behind_proxy,
            "home": str(self.settings.home),
            "stack": str(self.folder),
            "secrets": str(self.secrets),
            "demo": "1" if self.settings.demo else "0",
            "minio_bin": str(tools.minio),
            "postgres_bin": str(tools.postgres or ""),
            "superset_venv": str(tools.superset),
        }

    def environment(self, service: Service) -> dict[str, str]:
        """The variables that a service's script gets."""
        return {
            "TZ": "UTC",
            MARK: str(self.folder),
            MARK_SERVICE: service.name,
            "FIXLAKE_HOME": str(self.settings.home),
            "FIXLAKE_BIND": service.bind.format_map(self.values),
            "FIXLAKE_PROJECT": str(PROJECT_ROOT),
            "FIXLAKE_PYTHON": sys.executable,
            **({"FIXLAKE_SECRETS": str(self.secrets / service.secrets)} if service.secrets else {}),
            **(self.tuning if service.settings else {}),
            **{name: template.format_map(self.values) for name, template in service.environment.items()},
        }


def tuning_of(lakehouse: Settings) -> dict[str, str]:
    """The lakehouse's settings that an operator gave, as variables of the worker.

    Where things are is the stack's to say, and secrets go by files.
    """
    ours = {"home", "landing_uri", "lake_uri", "s3_endpoint", "s3_region", "s3_access_key_id", "failpoint"}
    given = {name: getattr(lakehouse, name) for name in sorted(lakehouse.model_fields_set - ours)}
    return {
        f"FIXLAKE_{name.upper()}": str(value)
        for name, value in given.items()
        if value is not None and not isinstance(value, SecretStr) and not name.endswith("_access_key_id")
    }

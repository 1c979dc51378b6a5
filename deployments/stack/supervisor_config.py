"""supervisord's configuration, written from the declared services.

Invariant: it listens on a Unix socket of the owner alone and on no port; it holds no secret; nothing starts by
itself, for order is ours; and nothing that a service started outlives the service.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping

from deployments.stack.layout import SCRIPTS, Layout
from deployments.stack.services import SERVICES, Service
from fix_transforms.errors import SettingsError

#: Restarts after a start that failed; supervisord waits a second longer before each: some twenty minutes in all.
START_RETRIES = 50
#: A service that ends sooner than this after its start has not started.
START_SECONDS = 5
LOG_BYTES = "10MB"
LOG_BACKUPS = 5
#: What a line cannot hold: its end, a comment, and the percent sign, which supervisord expands in some values twice.
UNWRITABLE = re.compile(r"[%\n\r]|\s[;#]")
#: What a quoted value cannot hold.
UNQUOTABLE = re.compile(r'["\n\r]|\s[;#]|^\'|\'$')


def render(layout: Layout, services: Iterable[Service] = SERVICES) -> str:
    """Write the configuration.

    Raises:
        SettingsError: A value holds what the file cannot express.
    """
    daemon = {
        "logfile": layout.log("supervisor"),
        "logfile_maxbytes": LOG_BYTES,
        "logfile_backups": LOG_BACKUPS,
        "pidfile": layout.folder / "supervisord.pid",
        "directory": layout.folder,
        "umask": "077",
        # Said aloud, or it warns; ordinary users may not say it.
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    sections: dict[str, Mapping[str, object]] = {
        "unix_http_server": {"file": layout.socket, "chmod": "0600"},
        "supervisord": daemon,
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        **{f"program:{service.name}": _program(layout, service) for service in services},
    }
    return "\n".join(
        line
        for name, section in sections.items()
        for line in (f"[{name}]", *(f"{key}={_plain(key, value)}" for key, value in section.items()), "")
    )


def _program(layout: Layout, service: Service) -> dict[str, object]:
    return {
        "command": f"bash {shlex.quote(str(SCRIPTS / f'{service.name}.sh'))}",
        "environment": _environment(layout.environment(service)),
        "directory": layout.folder,
        "autostart": "false",
        "autorestart": "false" if service.is_once else "true",
        "startsecs": 0 if service.is_once else START_SECONDS,
        "startretries": 0 if service.is_once else START_RETRIES,
        "stopsignal": service.stop_signal,
        "stopwaitsecs": service.stop_seconds,
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": layout.log(service.name),
        "stdout_logfile_maxbytes": LOG_BYTES,
        "stdout_logfile_backups": LOG_BACKUPS,
    }


def _environment(variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        if UNQUOTABLE.search(value):
            raise SettingsError(
                "cannot be handed to a service", where=name, expected="no quote or newline, and no ' ;' or ' #'"
            )
    return ",".join(f'{name}="{value}"' for name, value in variables.items()).replace("%", "%%")


def _plain(key: str, value: object) -> str:
    text = str(value)
    # The value of environment is escaped and judged variable by variable.
    if key != "environment" and UNWRITABLE.search(text):
        raise SettingsError(
            "cannot be used for a stack",
            where=key,
            got=repr(text),
            expected="no percent sign or newline, and no ' ;' or ' #'",
        )
    return text

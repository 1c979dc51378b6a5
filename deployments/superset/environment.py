"""Superset's own environment in the cache folder of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

from deployments.stack.settings import load_stack_settings
from deployments.stack.tools import INSTALL_SUPERSET, find_tools
from fix_transforms.errors import ServiceError

FOLDER = INSTALL_SUPERSET.parent


def superset_environment() -> Path:
    """The environment's folder; installed the first time, which takes half a minute.

    Raises:
        ServiceError: It cannot be installed.
    """
    folder = find_tools(load_stack_settings()).superset
    if not (folder / ".installed").exists():
        done = subprocess.run([INSTALL_SUPERSET, folder], check=False, capture_output=True, text=True)
        if done.returncode:
            raise ServiceError("cannot be installed", where="Superset", got=done.stderr.strip()[-2000:])
    return folder

"""The programs that the stack runs and does not bring along: MinIO, PostgreSQL, Superset.

Invariant: nothing is built or installed here; what is missing is named together with the command that gets it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from deployments.services.postgres_server import postgres_binaries
from deployments.stack.settings import StackSettings
from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT

BUILD_MINIO = PROJECT_ROOT / "deployments" / "minio" / "build.sh"
INSTALL_SUPERSET = PROJECT_ROOT / "deployments" / "superset" / "install.sh"
INSTALL_POSTGRES = "apt-get install postgresql"


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the programs are, or would be.

    Attributes:
        minio: MinIO's binary.
        superset: Superset's virtual environment.
        postgres: The folder with ``initdb`` and ``postgres``, if there is one.
    """

    minio: Path
    superset: Path
    postgres: Path | None

    def missing(self) -> dict[str, str]:
        """What is not there, and the command that gets it."""
        found = {
            "MinIO": (self.minio.is_file(), f"{BUILD_MINIO} {self.minio}"),
            "PostgreSQL": (self.postgres is not None and (self.postgres / "initdb").exists(), INSTALL_POSTGRES),
            # The mark is the last thing that the installer writes.
            "Superset": ((self.superset / ".installed").exists(), f"{INSTALL_SUPERSET} {self.superset}"),
        }
        return {name: command for name, (is_there, command) in found.items() if not is_there}


def find_tools(settings: StackSettings) -> Tools:
    """Look for the programs: where settings say, else in this machine's cache, under the version that we want."""
    return Tools(
        minio=settings.minio_bin or settings.tools / "minio" / _version(BUILD_MINIO) / "minio",
        superset=settings.superset_venv or settings.tools / "superset" / _version(INSTALL_SUPERSET),
        postgres=settings.postgres_bin or _installed_postgres(),
    )


def _version(script: Path) -> str:
    """What an installer calls the version that it would install."""
    return subprocess.run((script, "--version"), check=True, capture_output=True, text=True).stdout.strip()


def _installed_postgres() -> Path | None:
    try:
        return postgres_binaries()
    except ServiceError:
        return None

"""What dbt is given: environment, arguments, and the DuckDB extensions from their wheels.

Invariant: this is the only place that turns a workspace into dbt's environment, so a build, its documentation
and a build under Prefect see the same lake, and nothing is downloaded. The one secret travels in a variable
whose prefix makes dbt scrub it from its logs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fix_transforms.errors import TransformError
from fix_transforms.lake.duck import EXTENSIONS, extension_path
from fix_transforms.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from fix_transforms.lake.locations import Location, S3Access
    from fix_transforms.settings import Settings
    from fix_transforms.workspace import Workspace

PROJECT_DIR = PROJECT_ROOT / "dbt"

#: DuckDB stores the catalog's name, which is the file's stem, in every view: the stem never changes.
DATABASE_NAME = "lakehouse.duckdb"

#: Our own secrets, which dbt has no use for: a child process does not inherit them.
WITHHELD = ("FIXLAKE_S3_SECRET_ACCESS_KEY", "FIXLAKE_LEDGER_DSN", "FIXLAKE_MASK_KEY")


def database_path(settings: Settings) -> Path:
    """The private file: always the result of the last build that succeeded."""
    return settings.build_dir / DATABASE_NAME


def working_path(settings: Settings) -> Path:
    """The copy a build works on; it replaces the private file when the build has succeeded."""
    return settings.build_dir / "working" / DATABASE_NAME


def dbt_environment(workspace: Workspace) -> dict[str, str]:
    """The variables that ``dbt/profiles.yml`` and ``dbt_project.yml`` read, and dbt's own paths.

    Lays out the DuckDB extensions for dbt as a side effect.

    Raises:
        StorageError: An extension's wheel is not installed.
        TransformError: The build folder cannot be written.
    """
    settings = workspace.settings
    environment = {
        "DBT_PROJECT_DIR": str(PROJECT_DIR),
        "DBT_PROFILES_DIR": str(PROJECT_DIR),
        "DBT_TARGET_PATH": str(settings.build_dir / "target"),
        "DBT_LOG_PATH": str(settings.build_dir / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "FIXLAKE_DBT_TARGET": "local",
        "FIXLAKE_DBT_DATABASE": str(working_path(settings)),
        "FIXLAKE_DBT_EXTENSIONS": str(lay_out_extensions(settings.build_dir / "extensions")),
        "FIXLAKE_DBT_LAKE": _as_template(workspace.lake),
        "FIXLAKE_DBT_THREADS": str(min(4, os.cpu_count() or 1)),
    }
    if workspace.lake.s3 is not None:
        environment |= _s3_environment(workspace.lake.s3)
    return environment


def process_environment(workspace: Workspace, inherited: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a dbt process: ours over what is inherited, less our own secrets."""
    passed_on = {name: value for name, value in inherited.items() if name not in WITHHELD}
    return {**passed_on, **dbt_environment(workspace)}


def dbt_arguments(workspace: Workspace, command: str, *, full_refresh: bool = False) -> list[str]:
    """The command line after ``dbt``, the same for every runner.

    Args:
        workspace: Where to work.
        command: ``build``, ``test``, ``docs`` or ``parse``.
        full_refresh: Rebuild the incremental models from nothing.
    """
    settings = workspace.settings
    words = ["docs", "generate", "--static"] if command == "docs" else [command]
    arguments = [
        *words,
        "--project-dir", str(PROJECT_DIR),
        "--profiles-dir", str(PROJECT_DIR),
        "--target-path", str(settings.build_dir / "target"),
    ]  # fmt: skip
    if command == "build":
        # Unit tests judge the project, not the data; tests of sources would read the whole lake every time.
        arguments += ["--exclude-resource-type", "unit_test", "--exclude", "source:lake"]
        # Seeds are part of the project: a build that continues an earlier one has them, or it would start from nothing.
        arguments += ["--full-refresh"] if full_refresh else ["--exclude-resource-type", "seed"]
    return arguments


def lay_out_extensions(folder: Path) -> Path:
    """Link the extensions' binaries to where DuckDB's ``extension_directory`` looks for them.

    Raises:
        StorageError: An extension's wheel is not installed.
        TransformError: The folder cannot be written.
    """
    import duckdb

    with duckdb.connect() as connection:
        row = connection.execute("SELECT platform FROM pragma_platform()").fetchone()
    inside = folder / f"v{duckdb.__version__}" / str(row[0] if row else "")
    for name in EXTENSIONS:
        _link(extension_path(name), inside / f"{name}.duckdb_extension")
    return folder


def _link(source: Path, link: Path) -> None:
    try:
        if link.is_file() and link.stat().st_size == source.stat().st_size:
            return
        link.parent.mkdir(parents=True, exist_ok=True)
        partial = link.with_name(f".{link.name}.{os.getpid()}")
        shutil.copyfile(source, partial)
        partial.replace(link)
    except OSError as error:
        raise TransformError(
            "a DuckDB extension cannot be laid out", where=str(link), got=error.strerror, expected="a writable folder"
        ) from error


def _as_template(lake: Location) -> str:
    """The lake's URI for the inside of an SQL string inside a format string."""
    return lake.uri.replace("'", "''").replace("{", "{{").replace("}", "}}")


def _s3_environment(access: S3Access) -> dict[str, str]:
    environment = {"FIXLAKE_DBT_TARGET": "s3_credential_chain", "FIXLAKE_DBT_S3_REGION": access.region}
    endpoint = access.endpoint.partition("://")[2].rstrip("/") if access.endpoint else ""
    environment |= {
        "FIXLAKE_DBT_S3_ENDPOINT": endpoint or f"s3.{access.region}.amazonaws.com",
        "FIXLAKE_DBT_S3_URL_STYLE": "path" if endpoint else "vhost",
        "FIXLAKE_DBT_S3_USE_SSL": "false" if access.plain_http else "true",
    }
    if access.access_key_id and access.secret_access_key:
        environment |= {
            "FIXLAKE_DBT_TARGET": "s3",
            "FIXLAKE_DBT_S3_KEY_ID": access.access_key_id,
            "DBT_ENV_SECRET_FIXLAKE_S3": access.secret_access_key,
        }
    return environment

"""What an operator may decide about the stack: where it lives, its ports, where its tools are.

Invariant: the variables are those that docker-compose.yml reads, with the same defaults. Nothing in here is a secret.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fix_transforms.errors import SettingsError


class StackSettings(BaseSettings):
    """Everything about the stack that an operator may decide."""

    model_config = SettingsConfigDict(
        env_prefix="FIXLAKE_",
        env_file=".env",
        env_file_encoding="utf-8",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    home: Path = Field(Path("lakehouse"), description="Folder for everything kept locally.")
    publish_address: str = Field("127.0.0.1", description="IPv4 address that people reach the services at.")
    browser_host: str | None = Field(None, description="Name or address that browsers reach this machine by.")
    minio_port: int = Field(9000, ge=1, le=65535, description="Port of MinIO's S3 interface.")
    minio_console_port: int = Field(9001, ge=1, le=65535, description="Port of MinIO's console.")
    postgres_port: int = Field(5432, ge=1, le=65535, description="Port of PostgreSQL.")
    prefect_port: int = Field(4200, ge=1, le=65535, description="Port of Prefect's API and UI.")
    receiver_port: int = Field(8300, ge=1, le=65535, description="Port of the receiver, on loopback only.")
    superset_port: int = Field(8088, ge=1, le=65535, description="Port of Superset.")
    site_port: int = Field(8090, ge=1, le=65535, description="Port of the site with Data Docs and dbt docs.")
    superset_tls: str = Field("", validation_alias="SUPERSET_TLS", description="1 if browsers reach it by https.")
    superset_behind_proxy: str = Field("", validation_alias="SUPERSET_BEHIND_PROXY", description="1 if by a proxy.")
    demo: bool = Field(False, description="Whether to land simulated logs once everything runs.")

    cache: Path | None = Field(None, description="Folder of tools built once per machine.")
    cache_home: Path = Field(Path("~/.cache"), validation_alias="XDG_CACHE_HOME", description="Parent of the cache.")
    minio_bin: Path | None = Field(None, description="MinIO's binary, if it is not in the cache.")
    postgres_bin: Path | None = Field(None, description="Folder of initdb and postgres, if they are not found.")
    superset_venv: Path | None = Field(None, description="Superset's environment, if it is not in the cache.")

    @field_validator("home", "cache_home")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        return folder.expanduser().resolve()

    @field_validator("cache", "minio_bin", "postgres_bin", "superset_venv")
    @classmethod
    def _absolute_if_given(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().resolve()

    @property
    def ports(self) -> dict[str, int]:
        """Every port that is listened on, by the name of its setting."""
        return {name: getattr(self, name) for name in type(self).model_fields if name.endswith("_port")}

    @property
    def tools(self) -> Path:
        """Folder of tools built once per machine; the tests use the same."""
        return self.cache or self.cache_home / "fix-lakehouse"


def load_stack_settings(**overrides: object) -> StackSettings:
    """Read the settings from the environment and ``.env``; keyword arguments win over it.

    Raises:
        SettingsError: A variable has a value that cannot be used.
    """
    try:
        return StackSettings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"])
        raise SettingsError(f"cannot be used: {first['msg']}", where=f"FIXLAKE_{name.upper()}") from None

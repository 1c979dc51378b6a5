"""All configuration, read once from ``FIXLAKE_…`` variables and ``.env``, then passed as an argument.

Invariant: no other module reads ``os.environ`` for configuration, and a ``Settings`` never changes.
Secrets are ``SecretStr``: their value appears only where a client is built, never in a repr, log or error.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fix_transforms.errors import SettingsError
from fix_transforms.lake.locations import Location, S3Access

if TYPE_CHECKING:
    from fix_transforms.sources import Source

#: Where the dbt project and ``prefect.yaml`` lie: the source tree this package runs from.
PROJECT_ROOT = Path(__file__).resolve().parent.parent

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE

Decoder = Literal["auto", "scanner", "simplefix"]
OnChange = Literal["append", "replace", "reject"]


class Settings(BaseSettings):
    """Everything an operator may decide. ``.env.example`` documents each variable."""

    model_config = SettingsConfigDict(
        env_prefix="FIXLAKE_", env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    home: Path = Field(Path("lakehouse"), description="Folder for everything kept locally.")
    landing_uri: str | None = Field(None, description="Folder or s3://bucket/prefix that logs are dropped into.")
    lake_uri: str | None = Field(None, description="Folder or s3://bucket/prefix that holds the Delta tables.")

    s3_endpoint: str | None = Field(None, description="S3 endpoint, e.g. http://127.0.0.1:9000; none means AWS.")
    s3_region: str = Field("us-east-1", description="S3 region.")
    s3_access_key_id: str | None = Field(None, description="Access key of the ingester, never the root key.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Its secret.")
    maintainer_access_key_id: str | None = Field(None, description="Access key that may delete in the lake.")
    maintainer_secret_access_key: SecretStr | None = Field(None, description="Its secret.")
    alert_webhook_url: SecretStr | None = Field(None, description="Address that alerts are posted to.")

    ledger_dsn: SecretStr | None = Field(None, description="PostgreSQL DSN of the file ledger; none means no ledger.")
    lease_seconds: int = Field(900, ge=1, description="How long a claimed file stays claimed without an answer.")

    decoder: Decoder = Field("auto", description="Which decoder reads messages.")
    threads: int = Field(1, ge=1, le=64, description="Threads that read a log with the compiled decoder.")
    timezone: str = Field("UTC", description="IANA zone of the clock that log lines are prefixed with.")
    sources: Path | None = Field(None, description="TOML file that declares sources: zones, profiles, dictionaries.")
    mask_key: SecretStr | None = Field(None, description="Key that turns accounts and party ids into pseudonyms.")
    validate_messages: bool = Field(
        False, description="Whether to judge every message by the rules of its FIX version."
    )
    on_change: OnChange = Field("append", description="What to do when an ingested object changes under its key.")

    max_batch_files: int = Field(1000, ge=1, description="Files per batch.")
    max_batch_bytes: int = Field(512 * MEBIBYTE, ge=1, description="Bytes per batch, counted as stored.")
    max_message_bytes: int = Field(16 * MEBIBYTE, ge=1024, description="Longest message; longer is quarantined.")
    max_fields_per_message: int = Field(100_000, ge=1, description="Most fields of a message; more is quarantined.")
    max_uncompressed_bytes: int = Field(
        64 * GIBIBYTE, ge=1, description="Most bytes that a compressed object unpacks to."
    )
    max_compression_ratio: float = Field(250, ge=1, description="Most bytes out per byte in, from 64 MiB of output on.")
    max_archive_members: int = Field(10_000, ge=1, description="Most members of a zip archive.")

    failpoint: str | None = Field(
        None, description="For tests of crash safety only: where to stop, as name[:kill|raise|delay]."
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("sources", mode="before")
    @classmethod
    def _absolute_file(cls, sources: str | Path | None) -> Path | None:
        return Path(sources).expanduser().resolve() if sources else None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"got {name!r}, expected an IANA time zone such as Europe/London") from error
        return name

    @field_validator("alert_webhook_url")
    @classmethod
    def _web_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        if not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("expected an http:// or https:// address")
        return url

    @model_validator(mode="after")
    def _key_needs_its_secret(self) -> Settings:
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            raise ValueError("s3_access_key_id and s3_secret_access_key: set both or neither")
        if (self.maintainer_access_key_id is None) != (self.maintainer_secret_access_key is None):
            raise ValueError("maintainer_access_key_id and maintainer_secret_access_key: set both or neither")
        return self

    # ---- what is declared ----

    def source_of(self, key: str, profile: str | None = None) -> Source | None:
        """What the sources file declares for an object; nothing without such a file.

        Args:
            key: Key of the object, or path of a file.
            profile: Name of a profile that takes the place of the source's.

        Raises:
            SettingsError: The file cannot be read or used, or there is no such profile.
        """
        if self.sources is None:
            if profile is not None:
                raise SettingsError("no such profile", got=repr(profile), expected="a sources file that declares it")
            return None
        from fix_transforms.sources import load_sources

        return load_sources(self.sources).of(key, profile)

    # ---- where things are ----

    @property
    def landing(self) -> Location:
        """The place that logs are dropped into; by default a folder named after the bucket."""
        return self._location(self.landing_uri or str(self.home / "textfixlogs"))

    @property
    def lake(self) -> Location:
        """The place that holds the Delta tables; by default a folder named after the bucket."""
        return self._location(self.lake_uri or str(self.home / "parquetfixlogs"))

    @property
    def lake_to_maintain(self) -> Location:
        """The same place, with the key that may delete in it; the lake itself if there is no such key."""
        key, secret = self.maintainer_access_key_id, self.maintainer_secret_access_key
        lake = self.lake
        if lake.s3 is None or key is None or secret is None:
            return lake
        return replace(lake, s3=replace(lake.s3, access_key_id=key, secret_access_key=secret.get_secret_value()))

    @property
    def build_dir(self) -> Path:
        """Private DuckDB file, target and logs of dbt; nobody else opens what is in here."""
        return self.home / "build"

    @property
    def published_dir(self) -> Path:
        """Versioned read-only snapshots and the ``current`` link that readers resolve."""
        return self.home / "published"

    @property
    def docs_dir(self) -> Path:
        """The static site: reports, Data Docs and dbt docs."""
        return self.home / "docs"

    @property
    def spool_dir(self) -> Path:
        """Parsed rows on their way to a commit; safe to delete when nothing runs."""
        return self.home / "spool"

    def _location(self, uri: str) -> Location:
        secret = self.s3_secret_access_key
        access = S3Access(
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            access_key_id=self.s3_access_key_id,
            secret_access_key=secret.get_secret_value() if secret else None,
        )
        return Location.parse(uri, access)


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; keyword arguments win over it.

    Raises:
        SettingsError: A variable has a value that cannot be used. The value itself is not repeated,
            for it may be a secret.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]) or "settings"
        raise SettingsError(f"cannot be used: {first['msg']}", where=f"FIXLAKE_{name.upper()}") from None

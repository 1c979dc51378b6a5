"""Where a landing or a lake is: a local folder or an S3 prefix, with the access it needs.

Invariant: this module imports no storage library and does no I/O; each client (obstore, delta-rs, DuckDB)
gets its own spelling of the same location from here, and the secret is in no repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fix_transforms.errors import SettingsError


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach an S3 service; with no key the SDK's own chain (role, profile) decides."""

    endpoint: str | None = None
    region: str = "us-east-1"
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)

    @property
    def plain_http(self) -> bool:
        """Whether the endpoint is spoken to without TLS."""
        return self.endpoint is not None and self.endpoint.startswith("http://")


@dataclass(frozen=True, slots=True)
class Location:
    """A folder or an ``s3://bucket/prefix``, never with a slash at its end."""

    uri: str
    bucket: str
    prefix: str = ""
    s3: S3Access | None = None

    @classmethod
    def parse(cls, uri: str, access: S3Access) -> Location:
        """Read a folder path, a ``file://`` URI or an ``s3://`` URI.

        Raises:
            SettingsError: The scheme is another one, or the bucket is missing.
        """
        scheme = uri.partition("://")[0] if "://" in uri else "file"
        if scheme == "file":
            folder = Path(uri.removeprefix("file://")).expanduser().resolve()
            return cls(uri=str(folder), bucket=folder.name)
        if scheme != "s3":
            raise SettingsError("unknown storage scheme", where=uri, got=scheme, expected="a folder, file:// or s3://")
        parts = urlsplit(uri)
        if not parts.netloc:
            raise SettingsError("no bucket in the URI", where=uri, expected="s3://bucket or s3://bucket/prefix")
        prefix = parts.path.strip("/")
        clean = f"s3://{parts.netloc}/{prefix}" if prefix else f"s3://{parts.netloc}"
        return cls(uri=clean, bucket=parts.netloc, prefix=prefix, s3=access)

    @property
    def is_local(self) -> bool:
        """Whether this is a folder of this machine."""
        return self.s3 is None

    @property
    def path(self) -> Path:
        """The local folder.

        Raises:
            SettingsError: The location is not a folder.
        """
        if self.s3 is not None:
            raise SettingsError("not a local folder", where=self.uri)
        return Path(self.uri)

    def child(self, name: str) -> str:
        """The URI of something directly inside."""
        return f"{self.uri}/{name}"

    def storage_options(self) -> dict[str, str]:
        """delta-rs' spelling: the ``storage_options`` of ``DeltaTable``. Empty for a folder."""
        if self.s3 is None:
            return {}
        options = {"AWS_REGION": self.s3.region, "AWS_CONDITIONAL_PUT": "etag"}
        if self.s3.endpoint:
            options["AWS_ENDPOINT_URL"] = self.s3.endpoint
        if self.s3.plain_http:
            options["AWS_ALLOW_HTTP"] = "true"
        if self.s3.access_key_id and self.s3.secret_access_key:
            options["AWS_ACCESS_KEY_ID"] = self.s3.access_key_id
            options["AWS_SECRET_ACCESS_KEY"] = self.s3.secret_access_key
        return options

"""Prefect blocks: where logs land and where tables lie, loaded by name in the flows.

Invariant: a flow gets its stores from here and never as parameters, which Prefect keeps and shows in clear.
``flows.apply.stores`` puts the blocks on the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fix_transforms.errors import SettingsError
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.settings import load_settings
from fix_transforms.workspace import Workspace

if TYPE_CHECKING:
    from prefect.filesystems import LocalFileSystem
    from prefect_aws.s3 import S3Bucket
    from pydantic import SecretStr

LANDING_BLOCK = "fixlake-landing"
LAKE_BLOCK = "fixlake-lake"
CREDENTIALS_BLOCK = "fixlake-store"
#: The lake with the maintainer's key, which alone may delete; not there if the lake is a folder.
MAINTENANCE_BLOCK = "fixlake-maintenance"
MAINTAINER_BLOCK = "fixlake-maintainer"
ALERT_BLOCK = "fixlake-alerts"


def load_workspace() -> Workspace:
    """The workspace of a flow run: stores from the blocks, everything else from the worker's settings.

    Raises:
        SettingsError: No block of that name is on the server.
    """
    settings = load_settings()
    return Workspace(settings=settings, landing=_load_store(LANDING_BLOCK), lake=_load_store(LAKE_BLOCK))


def load_maintained_workspace() -> Workspace:
    """The same, with the key that may delete in the lake, if there is one.

    Raises:
        SettingsError: No block of that name is on the server.
    """
    settings, landing = load_settings(), _load_store(LANDING_BLOCK)
    lake = _find_bucket(MAINTENANCE_BLOCK) or _load_store(LAKE_BLOCK)
    return Workspace(settings=settings, landing=landing, lake=lake)


def _load_store(name: str) -> Location:
    from prefect.filesystems import LocalFileSystem

    try:
        # The folder first: its class is there already, while the bucket's costs an import.
        folder: Any = LocalFileSystem.load(name)
    except ValueError:
        found = _find_bucket(name)
        if found is None:
            raise SettingsError(
                "no such block on the Prefect server", where=name, expected="`fixlake prefect apply` to have run"
            ) from None
        return found
    return _location_of_folder(folder)


def _find_bucket(name: str) -> Location | None:
    from prefect_aws.s3 import S3Bucket

    try:
        bucket: Any = S3Bucket.load(name)
    except ValueError:
        return None
    return _location_of_bucket(bucket)


def _location_of_folder(block: LocalFileSystem) -> Location:
    return Location.parse(block.basepath or "", S3Access())


def _location_of_bucket(block: S3Bucket) -> Location:
    from prefect_aws.credentials import MinIOCredentials

    credentials = block.credentials
    key: str | None
    secret: SecretStr | None
    if isinstance(credentials, MinIOCredentials):
        key, secret = credentials.minio_root_user, credentials.minio_root_password
    else:
        key, secret = credentials.aws_access_key_id, credentials.aws_secret_access_key
    access = S3Access(
        endpoint=credentials.aws_client_parameters.endpoint_url,
        region=credentials.region_name or "us-east-1",
        access_key_id=key,
        secret_access_key=secret.get_secret_value() if secret else None,
    )
    return Location.parse(f"s3://{block.bucket_name}/{block.bucket_folder}", access)

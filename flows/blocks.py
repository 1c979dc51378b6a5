"""Prefect blocks: where logs land and where tables lie, stored on the server and loaded by name in the flows.

Invariant: a flow gets its stores from here and never as parameters, which Prefect keeps and shows in clear.
Registering is idempotent, and leaves exactly one block per store: switching a store from a folder to a bucket
removes the folder's block.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from fix_transforms.errors import ServiceError, SettingsError
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.settings import PROJECT_ROOT, Settings, load_settings
from fix_transforms.workspace import Workspace

if TYPE_CHECKING:
    from prefect.filesystems import LocalFileSystem
    from prefect_aws.s3 import S3Bucket

LANDING_BLOCK = "fixlake-landing"
LAKE_BLOCK = "fixlake-lake"
CREDENTIALS_BLOCK = "fixlake-store"
WORK_POOL = "fixlake"
WORK_POOL_TEMPLATE = PROJECT_ROOT / "deployments" / "work_pools" / "fixlake.json"


@dataclass(frozen=True, slots=True)
class Registered:
    """Something that is now on the Prefect server."""

    kind: str
    name: str
    where: str


# ---- registering ----


def register(settings: Settings) -> list[Registered]:
    """Put the stores of these settings, and the work pool, on the Prefect server.

    Raises:
        SettingsError: Nobody said where the server is.
        ServiceError: The server could not be reached, or refused.
    """
    import httpx
    from prefect.exceptions import PrefectException
    from prefect.settings import get_current_settings

    server = get_current_settings().api.url
    if server is None:
        raise SettingsError(
            "not set", where="PREFECT_API_URL", expected="the server's address, which `fixlake serve` prints"
        )
    try:
        return [
            _register_store(LANDING_BLOCK, settings.landing),
            _register_store(LAKE_BLOCK, settings.lake),
            _register_work_pool(),
        ]
    except (PrefectException, httpx.HTTPError, RuntimeError) as error:
        # The class only: a server's answer may quote the document it refused, and that holds the secret.
        raise ServiceError(
            "blocks could not be registered", where=server, got=type(error).__name__, expected="a Prefect server"
        ) from None


def _register_store(name: str, location: Location) -> Registered:
    from prefect.filesystems import LocalFileSystem

    if location.s3 is None:
        LocalFileSystem(basepath=location.uri).save(name, overwrite=True)
        _forget("s3-bucket", name)
        return Registered("local-file-system", name, location.uri)
    _s3_block(location, location.s3).save(name, overwrite=True)
    _forget("local-file-system", name)
    return Registered("s3-bucket", name, location.uri)


def _s3_block(location: Location, access: S3Access) -> S3Bucket:
    from prefect_aws.client_parameters import AwsClientParameters
    from prefect_aws.credentials import AwsCredentials, MinIOCredentials
    from prefect_aws.s3 import S3Bucket

    client = AwsClientParameters(endpoint_url=access.endpoint)
    credentials: MinIOCredentials | AwsCredentials
    if access.access_key_id and access.secret_access_key:
        # The field names say root; what goes in is the ingester's own key.
        credentials = MinIOCredentials(
            minio_root_user=access.access_key_id,
            minio_root_password=SecretStr(access.secret_access_key),
            region_name=access.region,
            aws_client_parameters=client,
        )
    else:
        credentials = AwsCredentials(region_name=access.region, aws_client_parameters=client)
    credentials.save(CREDENTIALS_BLOCK, overwrite=True)
    return S3Bucket(bucket_name=location.bucket, bucket_folder=location.prefix, credentials=credentials)


def _forget(block_type: str, name: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            document = client.read_block_document_by_name(name, block_type, include_secrets=False)
        except ObjectNotFound:
            return
        client.delete_block_document(document.id)


def _register_work_pool() -> Registered:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    template = json.loads(WORK_POOL_TEMPLATE.read_text(encoding="utf-8"))
    pool = WorkPoolCreate(
        name=WORK_POOL,
        type="process",
        description="Runs flows on the worker's own machine.",
        base_job_template=template,
    )
    with get_client(sync_client=True) as client:
        client.create_work_pool(pool, overwrite=True)
    return Registered("work-pool", WORK_POOL, "process")


# ---- loading ----


def load_workspace() -> Workspace:
    """The workspace of a flow run: stores from the blocks, everything else from the worker's settings.

    Raises:
        SettingsError: No block of that name is on the server.
    """
    settings = load_settings()
    return Workspace(settings=settings, landing=_load_store(LANDING_BLOCK), lake=_load_store(LAKE_BLOCK))


def _load_store(name: str) -> Location:
    from prefect.filesystems import LocalFileSystem

    try:
        # The folder first: its class is there already, while the bucket's costs an import.
        folder: Any = LocalFileSystem.load(name)
    except ValueError:
        return _load_bucket(name)
    return _location_of_folder(folder)


def _load_bucket(name: str) -> Location:
    from prefect_aws.s3 import S3Bucket

    try:
        bucket: Any = S3Bucket.load(name)
    except ValueError:
        raise SettingsError(
            "no such block on the Prefect server", where=name, expected="`fixlake blocks register` to have run"
        ) from None
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

"""Blocks: landing and lake, the lake as the maintainer sees it, their keys, and the address of alerts.

Invariant: a block is written only if it differs; a store that moved from a folder to a bucket leaves no block of
the other type behind, and keys that are not used any more do not stay on the server.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from flows.apply.server import PREFIX, Action, Applied, Server
from flows.blocks import (
    ALERT_BLOCK,
    CREDENTIALS_BLOCK,
    LAKE_BLOCK,
    LANDING_BLOCK,
    MAINTAINER_BLOCK,
    MAINTENANCE_BLOCK,
)

if TYPE_CHECKING:
    from prefect.blocks.core import Block

    from fix_transforms.lake.locations import Location, S3Access
    from fix_transforms.settings import Settings


def apply_blocks(server: Server, settings: Settings) -> list[Applied]:
    """Put the blocks of these settings on the server, and remove those of ours that are not among them."""
    wanted = _blocks(settings)
    applied = [_save(name, block, where) for name, (block, where) in wanted.items()]
    keep = {(type(block).get_block_type_slug(), name) for name, (block, _) in wanted.items()}
    return applied + _forget_others(server, keep)


def _blocks(settings: Settings) -> dict[str, tuple[Block, str]]:
    """Name → block and what to say about it; what others refer to comes first."""
    blocks: dict[str, tuple[Block, str]] = {}
    _add_store(blocks, LANDING_BLOCK, CREDENTIALS_BLOCK, settings.landing)
    _add_store(blocks, LAKE_BLOCK, CREDENTIALS_BLOCK, settings.lake)
    maintained = settings.lake_to_maintain
    if maintained != settings.lake:
        _add_store(blocks, MAINTENANCE_BLOCK, MAINTAINER_BLOCK, maintained)
    if settings.alert_webhook_url is not None:
        blocks[ALERT_BLOCK] = (_webhook(settings.alert_webhook_url), "address not shown")
    return blocks


def _add_store(blocks: dict[str, tuple[Block, str]], name: str, credentials_name: str, location: Location) -> None:
    from prefect.filesystems import LocalFileSystem

    if location.s3 is None:
        blocks[name] = (LocalFileSystem(basepath=location.uri), location.uri)
        return
    if credentials_name not in blocks:
        blocks[credentials_name] = (_credentials(location.s3), location.s3.access_key_id or "the machine's own role")
    from prefect_aws.s3 import S3Bucket

    credentials: Any = blocks[credentials_name][0]
    bucket = S3Bucket(bucket_name=location.bucket, bucket_folder=location.prefix, credentials=credentials)
    blocks[name] = (bucket, location.uri)


def _credentials(access: S3Access) -> Block:
    from prefect_aws.client_parameters import AwsClientParameters
    from prefect_aws.credentials import AwsCredentials, MinIOCredentials

    client = AwsClientParameters(endpoint_url=access.endpoint)
    if access.access_key_id and access.secret_access_key:
        # The field names say root; what goes in is the user's own key.
        return MinIOCredentials(
            minio_root_user=access.access_key_id,
            minio_root_password=SecretStr(access.secret_access_key),
            region_name=access.region,
            aws_client_parameters=client,
        )
    return AwsCredentials(region_name=access.region, aws_client_parameters=client)


def _webhook(url: SecretStr) -> Block:
    from prefect.blocks.webhook import Webhook

    headers: Any = {"Content-Type": "application/json"}
    return Webhook(method="POST", url=url, headers=headers)


def _save(name: str, block: Block, where: str) -> Applied:
    kind = f"{type(block).get_block_type_slug()} block"
    try:
        before: Any = type(block).load(name)
    except ValueError:
        before = None
    if before is not None and _content(before) == _content(block):
        # So that a block which refers to this one refers to the one on the server.
        block._block_document_id = before._block_document_id
        block._block_document_name = name
        return Applied(kind, name, "unchanged", where)
    block.save(name, overwrite=True)
    action: Action = "created" if before is None else "changed"
    return Applied(kind, name, action, where)


def _content(block: Block) -> Any:
    """Everything in a block, secrets too, but not where it is stored. Compared, never shown."""
    return _without_private(json.loads(block.model_dump_json(context={"include_secrets": True})))


def _without_private(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_private(inner) for key, inner in value.items() if not key.startswith("_")}
    return value


def _forget_others(server: Server, keep: set[tuple[str, str]]) -> list[Applied]:
    documents = server.all("/block_documents/filter", {"include_secrets": False})
    removed = []
    for document in documents:
        name, kind = document["name"] or "", document["block_type"]["slug"]
        if name.startswith(PREFIX) and not document["is_anonymous"] and (kind, name) not in keep:
            server.delete(f"/block_documents/{document['id']}")
            removed.append(Applied(f"{kind} block", name, "removed"))
    return removed

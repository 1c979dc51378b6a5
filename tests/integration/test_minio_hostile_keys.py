import io
from collections.abc import Callable
from typing import Any

import pytest
from minio.error import S3Error

from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.tables import INGESTED_FILES
from fix_transforms.workspace import Workspace

pytestmark = pytest.mark.integration

KEYS = ("x'; drop table fix_messages; --.log", "../../x'; drop table", 'a"b<script>.log', "späte Datei %2e%2e.log")


def test_hostile_keys_are_ingested_as_the_names_they_are(
    s3_workspace: Workspace, minio: Any, fix_log: Callable[..., bytes]
) -> None:
    client = minio.server.client(minio.uploader)
    stored = set()
    for number, key in enumerate(KEYS):
        content = fix_log(2, first=10 * number)
        try:
            client.put_object(minio.landing, key, io.BytesIO(content), len(content))
        except (S3Error, ValueError):
            assert ".." in key  # the store itself refuses to leave the bucket
        else:
            stored.add(key)
    assert len(stored) >= len(KEYS) - 1
    report = ingest(s3_workspace, discover(s3_workspace))
    assert report.messages == 2 * len(stored)
    keys = Lake(s3_workspace.lake).read(INGESTED_FILES, ["object_key"])["object_key"]
    assert set(keys) == stored
    assert discover(s3_workspace) == ()

"""Listing a landing that holds a key which obstore cannot spell (control characters, ``..``, ``//``).

Invariant: an object that obstore can spell comes out of here exactly as obstore lists it, so that its
``file_id`` is the same whichever way it was found. Those that obstore cannot spell cannot be read either;
they are listed so that they are settled as unreadable instead of stopping everything else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fix_transforms.errors import StorageError

if TYPE_CHECKING:
    from minio import Minio
    from obstore import ObjectMeta

    from fix_transforms.lake.locations import Location, S3Access


def list_any_key(location: Location) -> Iterator[ObjectMeta]:
    """Every object of the location, by other means than obstore.

    Raises:
        StorageError: The location cannot be listed.
    """
    return _list_folder(location.path) if location.s3 is None else _list_s3(location, location.s3)


def _list_folder(root: Path) -> Iterator[ObjectMeta]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            try:
                status = path.stat()
            except OSError:
                continue  # a broken link, or gone since: obstore leaves those out too
            if not path.is_file():
                continue
            micros = status.st_mtime_ns // 1000
            yield {
                "path": path.relative_to(root).as_posix(),
                "last_modified": datetime.fromtimestamp(micros // 1_000_000, UTC).replace(
                    microsecond=micros % 1_000_000
                ),
                "size": status.st_size,
                "e_tag": f'"{status.st_ino:x}-{micros:x}-{status.st_size:x}"',
                "version": None,
            }


def _list_s3(location: Location, access: S3Access) -> Iterator[ObjectMeta]:
    from minio.error import MinioException
    from urllib3.exceptions import HTTPError

    prefix = f"{location.prefix}/" if location.prefix else ""
    try:
        for found in _client(access).list_objects(location.bucket, prefix=prefix, recursive=True):
            if found.object_name is None or found.last_modified is None:
                continue
            yield {
                "path": found.object_name.removeprefix(prefix),
                "last_modified": found.last_modified,
                "size": found.size or 0,
                "e_tag": f'"{found.etag}"' if found.etag else None,
                "version": None,
            }
    except (MinioException, HTTPError, ValueError) as error:
        raise StorageError("cannot be listed", where=location.uri, got=type(error).__name__) from error


def _client(access: S3Access) -> Minio:
    from minio import Minio
    from minio.credentials.providers import AWSConfigProvider, ChainedProvider, EnvAWSProvider, IamAwsProvider

    scheme, _, host = (access.endpoint or "https://s3.amazonaws.com").partition("://")
    options: dict[str, Any] = {"secure": scheme == "https", "region": access.region}
    if access.access_key_id and access.secret_access_key:
        options |= {"access_key": access.access_key_id, "secret_key": access.secret_access_key}
    else:
        options["credentials"] = ChainedProvider([EnvAWSProvider(), AWSConfigProvider(), IamAwsProvider()])
    return Minio(host.rstrip("/"), **options)

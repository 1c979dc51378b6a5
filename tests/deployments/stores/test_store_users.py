"""Each user of MinIO: what it may do, and that everything else is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from minio import Minio
from minio.commonconfig import CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.error import MinioAdminException, S3Error
from minio.minioadmin import MinioAdmin
from minio.versioningconfig import SUSPENDED, VersioningConfig

from deployments.stores.object_store import admin_client
from deployments.stores.plan import LAKE, LANDING, STORE_ROLES

pytestmark = pytest.mark.integration

Stores = Any

#: What may be tried in a bucket; the second argument is the bucket, the third an object in it.
IN_A_BUCKET: dict[str, Callable[[Minio, str, str], object]] = {
    "put": lambda s3, bucket, _key: s3.put_object(bucket, "deep/er/new.log", io.BytesIO(b"x"), 1),
    "put in parts": lambda s3, bucket, _key: s3.put_object(bucket, "long.log", io.BytesIO(bytes(6 << 20)), 6 << 20, part_size=5 << 20),
    "get": lambda s3, bucket, key: s3.get_object(bucket, key).read(),
    "look at": lambda s3, bucket, key: s3.stat_object(bucket, key),
    "get a version": lambda s3, bucket, key: s3.get_object(bucket, key, version_id=version_of(s3, bucket, key)).read(),
    "copy": lambda s3, bucket, key: s3.copy_object(bucket, "copy.log", CopySource(bucket, key)),
    "list": lambda s3, bucket, _key: list(s3.list_objects(bucket, recursive=True)),
    "list versions": lambda s3, bucket, _key: list(s3.list_objects(bucket, include_version=True)),
    "delete": lambda s3, bucket, key: s3.remove_object(bucket, key),
    "delete many": lambda s3, bucket, key: delete_many(s3, bucket, key),
    "delete a version": lambda s3, bucket, key: s3.remove_object(bucket, key, version_id=version_of(s3, bucket, key)),
    "delete a probe": lambda s3, bucket, _key: s3.remove_object(bucket, "_probe/x"),
    "tag": lambda s3, bucket, key: s3.set_object_tags(bucket, key, tags()),
    "locate": lambda s3, bucket, _key: s3._execute("GET", bucket, query_params={"location": ""}),
    "stop versions": lambda s3, bucket, _key: s3.set_bucket_versioning(bucket, VersioningConfig(SUSPENDED)),
    "see versioning": lambda s3, bucket, _key: s3.get_bucket_versioning(bucket),
    "stop events": lambda s3, bucket, _key: s3.delete_bucket_notification(bucket),
    "stop expiry": lambda s3, bucket, _key: s3.delete_bucket_lifecycle(bucket),
    "open to all": lambda s3, bucket, _key: s3.set_bucket_policy(bucket, "{}"),
    "see policy": lambda s3, bucket, _key: s3.get_bucket_policy(bucket),
    "remove": lambda s3, bucket, _key: s3.remove_bucket(bucket),
}  # fmt: skip

#: The server's administration.
AS_ADMIN: dict[str, Callable[[MinioAdmin], object]] = {
    "server info": lambda admin: admin.info(),
    "list users": lambda admin: admin.user_list(),
    "add a user": lambda admin: admin.user_add("intruder", "intruder-secret"),
    "list policies": lambda admin: admin.policy_list(),
    "add a policy": lambda admin: admin.policy_add("intruder", policy={"Version": "2012-10-17", "Statement": []}),
    "widen a user": lambda admin: admin.attach_policy(["readwrite"], user="fixlake-reader"),
    "make a key": lambda admin: admin.add_service_account(access_key="intruder-key", secret_key="intruder-secret"),
    "stop the server": lambda admin: admin.service_stop(),
}

#: MinIO has no right of its own to see versions: who may list and read a bucket sees also what it held before.
SEE = {"get", "look at", "get a version", "list", "list versions", "locate"}
PUT = {"put", "put in parts"}

ALLOWED: dict[str, dict[str, set[str]]] = {
    "uploader": {LANDING: PUT | {"locate"}, LAKE: set()},
    "ingester": {LANDING: SEE, LAKE: SEE | PUT | {"copy", "delete a probe"}},
    "maintainer": {LANDING: set(), LAKE: SEE | PUT | {"copy", "delete", "delete many", "delete a probe"}},
    "reader": {LANDING: set(), LAKE: SEE},
}

#: A bucket of somebody else on the same server.
OTHER = "somebody-elses"

VERSIONS: dict[tuple[str, str], str] = {}


def version_of(_client: Minio, bucket: str, key: str) -> str:
    return VERSIONS[bucket, key]


def delete_many(s3: Minio, bucket: str, key: str) -> None:
    for error in s3.remove_objects(bucket, [DeleteObject(key)]):
        raise PermissionError(error.code)


def tags() -> Tags:
    made = Tags.new_object_tags()
    made["seen"] = "yes"
    return made


@pytest.fixture(scope="module")
def furnished(stores: Stores) -> Stores:
    """An object in every bucket, one of somebody else's too."""
    root = stores.minio.client()
    root.make_bucket(OTHER)
    return stores


@pytest.fixture
def attempt(furnished: Stores) -> Callable[[str, str, str], str | None]:
    """Try something as somebody; the answer is what it was refused with."""

    def attempt(role: str, bucket: str, action: str) -> str | None:
        key = "kept.log"
        stored = furnished.minio.client().put_object(bucket, key, io.BytesIO(b"8=FIX"), 5)
        VERSIONS[bucket, key] = stored.version_id or "null"
        try:
            IN_A_BUCKET[action](furnished.s3(role), bucket, key)
        except S3Error as error:
            return str(error.code)
        except PermissionError as error:
            return str(error)
        return None

    return attempt


@pytest.mark.parametrize("bucket", [LANDING, LAKE, OTHER])
@pytest.mark.parametrize("role", STORE_ROLES)
def test_user_may_do_in_a_bucket_what_its_role_needs_and_nothing_else(
    role: str, bucket: str, attempt: Callable[[str, str, str], str | None]
) -> None:
    found = {action: attempt(role, bucket, action) for action in IN_A_BUCKET}
    allowed = ALLOWED[role].get(bucket, set())
    assert {action for action, refusal in found.items() if refusal is None} == allowed
    assert {refusal for action, refusal in found.items() if action not in allowed} == {"AccessDenied"}


@pytest.mark.parametrize("role", STORE_ROLES)
def test_user_may_administer_nothing_nor_make_buckets_or_keys(role: str, furnished: Stores) -> None:
    admin = admin_client(furnished.minio.endpoint, furnished.user(role))
    for name, action in AS_ADMIN.items():
        with pytest.raises(MinioAdminException, match="AccessDenied"):
            pytest.fail(f"{role} may {name}: {action(admin)}")
    with pytest.raises(S3Error, match="AccessDenied"):
        furnished.s3(role).make_bucket(f"new-of-{role}")


def test_nobody_gets_in_without_a_key(furnished: Stores) -> None:
    anonymous = Minio(furnished.minio.endpoint.removeprefix("http://"), secure=False, region="us-east-1")
    for bucket in (LANDING, LAKE):
        for action in ("put", "get", "list"):
            with pytest.raises(S3Error, match="AccessDenied"):
                IN_A_BUCKET[action](anonymous, bucket, "kept.log")


def test_what_an_uploader_overwrites_is_kept(furnished: Stores) -> None:
    for content in (b"first", b"second"):
        furnished.s3("uploader").put_object(LANDING, "twice.log", io.BytesIO(content), len(content))
    root = furnished.minio.client()
    versions = [found.version_id for found in root.list_objects(LANDING, prefix="twice.log", include_version=True)]
    assert {root.get_object(LANDING, "twice.log", version_id=version).read() for version in versions} == {
        b"first",
        b"second",
    }


def test_what_a_maintainer_deletes_is_kept_for_a_while(furnished: Stores) -> None:
    root = furnished.minio.client()
    stored = root.put_object(LAKE, "vacuumed", io.BytesIO(b"x"), 1)
    furnished.s3("maintainer").remove_object(LAKE, "vacuumed")
    assert root.get_object(LAKE, "vacuumed", version_id=stored.version_id).read() == b"x"

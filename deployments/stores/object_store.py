"""MinIO as it is to be: buckets that keep versions, the landing's events, a user per role with a policy each.

Invariant: every function may be called again at any time and writes only what differs. A user ends up with exactly
one policy, its role's, and with the secret it was given; a secret that changed is changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deployments.stores.plan import Credentials, ObjectStorePlan
from deployments.stores.steps import Step, Steps, outcome
from deployments.stores.waiting import minio_answers, wait_for
from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from minio import Minio
    from minio.lifecycleconfig import Rule
    from minio.minioadmin import MinioAdmin

POLICIES = PROJECT_ROOT / "deployments" / "minio" / "policies"
REGION = "us-east-1"
CREATED = "s3:ObjectCreated:*"
#: How long the lake keeps what maintenance deleted. Without an end, vacuum would never free a byte; the landing, which
#: is the record of what was received, has none.
OLD_VERSION_DAYS = 7

#: What the server answers to somebody whose key it does not know, or whose secret is another one.
_UNKNOWN_KEY, _WRONG_SECRET = "InvalidAccessKeyId", "SignatureDoesNotMatch"


class _Command(Enum):
    """Paths of the administration's API."""

    REVOKE_TOKENS = "revoke-tokens/builtin"


def bring_up(plan: ObjectStorePlan) -> Steps:
    """Wait for the server, then make or mend everything in the plan.

    Raises:
        ServiceError: The server does not answer or refuses.
    """
    wait_for(f"MinIO {plan.url}", lambda: minio_answers(plan.url))
    store = ObjectStore(plan.url, plan.root)
    for bucket in (plan.landing, plan.lake):
        yield store.ensure_bucket(bucket)
    yield store.ensure_expiry(plan.lake, OLD_VERSION_DAYS)
    yield store.ensure_events(plan.landing, plan.landing_events)
    for role, user in plan.users.items():
        yield store.ensure_policy(user.name, render_policy(role, plan.landing, plan.lake))
        yield store.ensure_user(user, policy=user.name)


def render_policy(role: str, landing: str, lake: str) -> dict[str, object]:
    """A role's policy for two buckets.

    Args:
        role: Name of a file in ``deployments/minio/policies``.
        landing: Bucket of the landing.
        lake: Bucket of the lake.
    """
    template = Template((POLICIES / f"{role}.json").read_text(encoding="utf-8"))
    policy: dict[str, object] = json.loads(template.substitute(landing=landing, lake=lake))
    return policy


def s3_client(url: str, who: Credentials) -> Minio:
    """An S3 client."""
    from minio import Minio

    parts = urlsplit(url)
    return Minio(
        parts.netloc, access_key=who.name, secret_key=who.secret, secure=parts.scheme == "https", region=REGION
    )


def admin_client(url: str, who: Credentials) -> MinioAdmin:
    """A client of the administration's API."""
    from minio.credentials.providers import StaticProvider
    from minio.minioadmin import MinioAdmin

    parts = urlsplit(url)
    provider = StaticProvider(who.name, who.secret)
    return MinioAdmin(endpoint=parts.netloc, credentials=provider, secure=parts.scheme == "https", region=REGION)


class ObjectStore:
    """A server, as its root."""

    def __init__(self, url: str, root: Credentials) -> None:
        self._url = url
        self._s3 = s3_client(url, root)
        self._admin = admin_client(url, root)

    def ensure_bucket(self, name: str) -> Step:
        """Make a bucket that keeps versions.

        Raises:
            ServiceError: The server refuses.
        """
        from minio.commonconfig import ENABLED
        from minio.versioningconfig import VersioningConfig

        with self._errors(f"bucket {name}"):
            # Not a HEAD of the bucket: its answer does not say what is wrong with a key.
            existed = name in {bucket.name for bucket in self._s3.list_buckets()}
            if not existed:
                self._s3.make_bucket(name)
            versioned = existed and self._s3.get_bucket_versioning(name).status == ENABLED
            if not versioned:
                self._s3.set_bucket_versioning(name, VersioningConfig(ENABLED))
        return Step(f"bucket {name}, keeps versions", outcome(existed=existed, changed=not versioned))

    def ensure_expiry(self, bucket: str, days: int) -> Step:
        """Let the versions of a bucket that were deleted or replaced go after some days, and nothing else.

        Raises:
            ServiceError: The server refuses.
        """
        from minio.commonconfig import ENABLED, Filter
        from minio.lifecycleconfig import Expiration, LifecycleConfig, NoncurrentVersionExpiration, Rule

        rule = Rule(
            ENABLED,
            rule_filter=Filter(prefix=""),
            rule_id="old-versions",
            noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=days),
            expiration=Expiration(expired_object_delete_marker=True),
        )
        with self._errors(f"expiry in {bucket}"):
            now = self._s3.get_bucket_lifecycle(bucket)
            rules = [_expiry(found) for found in now.rules] if now else []
            changed = rules != [_expiry(rule)]
            if changed:
                self._s3.set_bucket_lifecycle(bucket, LifecycleConfig([rule]))
        return Step(f"{bucket} forgets old versions after {days} days", outcome(existed=bool(rules), changed=changed))

    def ensure_events(self, bucket: str, target: str) -> Step:
        """Tell a target, and no other, of every object that is created in a bucket.

        Raises:
            ServiceError: The server refuses, for example because it was started without this target.
        """
        from minio.notificationconfig import NotificationConfig, QueueConfig

        with self._errors(f"events of {bucket} to {target}", expected="a server started with this webhook"):
            now = self._s3.get_bucket_notification(bucket)
            others = [*(now.cloud_func_config_list or ()), *(now.topic_config_list or ())]
            queues = [(queue.queue, list(queue.events)) for queue in now.queue_config_list or ()]
            wanted = not others and queues == [(target, [CREATED])]
            if not wanted:
                config = NotificationConfig(queue_config_list=[QueueConfig(queue=target, events=[CREATED])])
                self._s3.set_bucket_notification(bucket, config)
        return Step(f"events of {bucket} to {target}", outcome(existed=bool(others or queues), changed=not wanted))

    def ensure_policy(self, name: str, policy: Mapping[str, object]) -> Step:
        """Make a policy say this.

        Raises:
            ServiceError: The server refuses.
        """
        with self._errors(f"policy {name}"):
            now = self._policies().get(name)
            changed = now is None or _canonical(now) != _canonical(policy)
            if changed:
                self._admin.policy_add(name, policy=dict(policy))
        return Step(f"policy {name}", outcome(existed=now is not None, changed=changed))

    def ensure_user(self, user: Credentials, policy: str) -> Step:
        """Make a user with this secret and this policy alone.

        Raises:
            ServiceError: The server refuses.
        """
        with self._errors(f"user {user.name}"):
            now = json.loads(self._admin.user_list()).get(user.name)
            recognised = now is not None and self._recognises(user)
            attached = set(filter(None, (now or {}).get("policyName", "").split(",")))
            if not recognised:
                self._admin.user_add(user.name, user.secret)
            if now is not None and not recognised:
                self._revoke_temporary_keys(user)
            if policy not in attached:
                self._admin.attach_policy([policy], user=user.name)
            if attached - {policy}:
                self._admin.detach_policy(sorted(attached - {policy}), user=user.name)
        changed = not recognised or attached != {policy}
        return Step(f"user {user.name}", outcome(existed=now is not None, changed=changed))

    def _recognises(self, user: Credentials) -> bool:
        """Whether the server takes this secret of an enabled user; what the user may do is not asked."""
        from minio.error import S3Error

        try:
            s3_client(self._url, user).list_buckets()
        except S3Error as error:
            if error.code in {_UNKNOWN_KEY, _WRONG_SECRET}:
                return False
            if error.code != "AccessDenied":
                raise
        return True

    def _revoke_temporary_keys(self, user: Credentials) -> None:
        """End what was got with the old secret: it would live for up to a week, and no policy can refuse to give it."""
        query: dict[str, str | list[str] | tuple[str]] = {"user": user.name, "fullRevoke": "true"}
        # The client lacks this command of the server.
        self._admin._url_open(method="POST", command=_Command.REVOKE_TOKENS, query_params=query)  # type: ignore[arg-type]

    def _policies(self) -> dict[str, Any]:
        policies: dict[str, Any] = json.loads(self._admin.policy_list())
        return policies

    @contextmanager
    def _errors(self, what: str, expected: str | None = None) -> Iterator[None]:
        """Turn what the clients raise into ours. An answer of the administration is left out but for its code."""
        from minio.error import MinioAdminException, MinioException, S3Error
        from urllib3.exceptions import HTTPError

        got: str
        try:
            yield
            return
        except S3Error as error:
            got = f"{error.code}: {error.message}"
        except MinioAdminException as error:
            got = _admin_code(error)
        except (MinioException, HTTPError, ValueError) as error:
            got = type(error).__name__
        raise ServiceError(f"{what}: the server refuses", where=f"MinIO {self._url}", got=got, expected=expected)


def _expiry(rule: Rule) -> tuple[object, ...]:
    """What a rule does, as far as rules of ours do something."""
    old, current = rule.noncurrent_version_expiration, rule.expiration
    return (
        rule.rule_id,
        rule.status,
        old and old.noncurrent_days,
        current and (current.days, current.date, current.expired_object_delete_marker),
    )


def _canonical(policy: Mapping[str, Any]) -> str:
    """A policy in one spelling: the server sorts and reshapes lists."""

    def sorted_lists(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: sorted_lists(inner) for key, inner in sorted(value.items())}
        if isinstance(value, list):
            return sorted((sorted_lists(inner) for inner in value), key=lambda item: json.dumps(item, sort_keys=True))
        return value

    return json.dumps(sorted_lists(dict(policy)), sort_keys=True)


def _admin_code(error: Exception) -> str:
    status, body = error.args[0], getattr(error, "_body", "")
    try:
        return str(json.loads(body)["Code"])
    except (ValueError, KeyError, TypeError):
        return str(status).partition(", Body")[0]

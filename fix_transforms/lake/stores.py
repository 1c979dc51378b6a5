"""obstore clients for a ``Location``, and the one place where their errors become ours.

Invariant: no message of an error raised from here holds a credential: it names the place and the kind of
failure, and the library's own text stays in ``__cause__``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fix_transforms.errors import ObjectChangedError, StorageError

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

    from fix_transforms.lake.locations import Location, S3Access

#: Storage calls are tried again this often, with exponential back-off, before they count as failed.
MAX_RETRIES = 5
#: And for no longer than this in total.
RETRY_TIMEOUT = timedelta(seconds=60)


def open_store(location: Location) -> LocalStore | S3Store:
    """Build the client; keys are relative to the location. No I/O but making a missing local folder.

    Raises:
        StorageError: The folder cannot be made, or the options are refused.
    """
    from obstore.exceptions import BaseError
    from obstore.store import LocalStore

    try:
        if location.s3 is None:
            return LocalStore(location.path, mkdir=True)
        return _open_s3(location, location.s3)
    except (BaseError, OSError, ValueError) as error:
        raise StorageError("cannot be opened", where=location.uri, got=type(error).__name__) from error


def _open_s3(location: Location, access: S3Access) -> S3Store:
    from obstore.store import S3Store

    keys: dict[str, Any] = {}
    if access.access_key_id and access.secret_access_key:
        keys = {"access_key_id": access.access_key_id, "secret_access_key": access.secret_access_key}
    endpoint: dict[str, Any] = {"endpoint": access.endpoint} if access.endpoint else {}
    return S3Store(
        location.bucket,
        prefix=location.prefix or None,
        region=access.region,
        virtual_hosted_style_request=access.endpoint is None,
        client_options={"allow_http": access.plain_http},
        retry_config={"max_retries": MAX_RETRIES, "retry_timeout": RETRY_TIMEOUT},
        **endpoint,
        **keys,
    )


@contextmanager
def storage_errors(what: str, where: str) -> Iterator[None]:
    """Turn whatever obstore raises inside the block into ours.

    Raises:
        ObjectChangedError: The object is gone, or is no longer the version asked for.
        StorageError: Anything else.
    """
    from obstore.exceptions import BaseError, NotFoundError, PreconditionError

    try:
        yield
    except (PreconditionError, NotFoundError, FileNotFoundError) as error:
        raise ObjectChangedError(
            what, where=where, got="another version, or none", expected="the listed one"
        ) from error
    except (BaseError, OSError, ValueError) as error:
        raise StorageError(what, where=where, got=type(error).__name__) from error

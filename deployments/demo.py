"""A first landing to look at: simulated logs, uploaded with the uploader's key, as any client would.

Invariant: an object that is there already is left alone, so that a second start of the stack makes no second version
of anything. The uploader may not look what is there: the store itself refuses to replace it.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.lake.stores import open_store, storage_errors
from fix_transforms.simulate import simulate, write

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

LANDING = "s3://textfixlogs"
UPLOADER = "fixlake-uploader"
#: The same number of messages and seed give the same bytes.
MESSAGES = 20_000
SEED = 7


def main() -> None:
    """Upload to MinIO what is not there yet."""
    access = S3Access(
        endpoint=os.environ["FIXLAKE_MINIO_URL"],
        access_key_id=UPLOADER,
        secret_access_key=os.environ["FIXLAKE_UPLOADER_SECRET_KEY"],
    )
    uploaded, simulated = upload_demo(Location.parse(LANDING, access))
    print(f"demo: {uploaded} of {simulated} logs uploaded to {LANDING}, the others were there")


def upload_demo(landing: Location, messages: int = MESSAGES, seed: int = SEED) -> tuple[int, int]:
    """Simulate logs and upload those that are missing.

    Returns:
        How many were uploaded, and how many there are.

    Raises:
        StorageError: The landing cannot be written to.
    """
    store = open_store(landing)
    with TemporaryDirectory() as folder:
        paths = write(simulate(messages, seed), Path(folder))
        uploaded = sum(_create(store, path, path.relative_to(folder).as_posix(), landing.uri) for path in paths)
    return uploaded, len(paths)


def _create(store: LocalStore | S3Store, path: Path, key: str, uri: str) -> bool:
    import obstore
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    with storage_errors("demo cannot be uploaded", uri):
        try:
            obstore.put(store, key, path, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
    return True


if __name__ == "__main__":
    main()

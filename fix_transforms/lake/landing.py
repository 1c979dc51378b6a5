"""The landing: what objects there are, and the bytes of one of them, pinned to the version that was listed.

Invariant: a ``file_id`` names one version of one object for ever, and ``read`` returns that version's bytes
or raises. In a bucket the store sees to it (version id, or ``If-Match``). In a folder, a file that was
replaced or cut short is refused, before and after the read, and one that has grown since is read up to the
length it was listed with, so that a log that is being written can be followed.

Not taken for logs (``is_ignored``): names that start with a dot, the endings that transfer tools use for
unfinished files, and folder markers. Everything else is, whatever characters its key is made of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from fix_transforms.errors import ObjectChangedError, StorageError
from fix_transforms.lake.listing import list_any_key
from fix_transforms.lake.stores import open_store, storage_errors

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ObjectMeta

    from fix_transforms.lake.locations import Location

#: Bytes per piece of a streamed read.
CHUNK_BYTES = 4 * 1024 * 1024

#: A file or folder name that starts with a dot; an ending of unfinished transfers (rsync, browsers, WinSCP,
#: curl, ``#1`` of this program's own local uploads); a folder marker.
_IGNORED = re.compile(r"(^|/)\.|(\.part|\.partial|\.filepart|\.tmp|\.temp|\.swp|\.crdownload|~|#\d+|/)$", re.IGNORECASE)

#: Characters that obstore refuses in keys.
_UNSPELLABLE = frozenset(map(chr, (*range(0x20), 0x7F)))


@dataclass(frozen=True, slots=True)
class LandedObject:
    """One version of one object in the landing.

    Attributes:
        bucket: Bucket, or name of the landing folder.
        key: Key relative to the landing; any characters.
        version_id: Version, where it is known: listings do not tell it, reads do.
        etag: Entity tag as the store gives it; for a folder, made of inode, time and size.
        size: Stored size in bytes.
        last_modified: When it was written.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str | None
    size: int
    last_modified: datetime

    @property
    def file_id(self) -> str:
        """24 hex digits over bucket, key and what the listing tells of the version.

        The version id is left out, because listings do not tell it and the same version must get the same id
        however it was found; the time is in, so that going back to earlier content is a new version.
        """
        written = int(self.last_modified.timestamp() * 1_000_000)
        return digest("file", self.bucket, self.key, self.etag or "", str(self.size), str(written))

    @property
    def key_id(self) -> str:
        """24 hex digits over bucket and key: what all versions of the object share."""
        return digest("key", self.bucket, self.key)

    @property
    def key_text(self) -> str:
        """The key as text that any table can hold: bytes that are not UTF-8 are escaped."""
        return self.key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    @property
    def is_addressable(self) -> bool:
        """Whether the object store's client has a spelling for the key; listing finds some that it has not."""
        if any(character in _UNSPELLABLE or "\ud800" <= character <= "\udfff" for character in self.key):
            return False
        return not {"", ".", ".."} & set(self.key.split("/"))


def digest(*parts: str) -> str:
    """24 hex digits of a SHA-256 over the parts, each preceded by its length so that none can run into the next."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        sha.update(len(data).to_bytes(8, "big") + data)
    return sha.hexdigest()[:24]


def is_ignored(key: str) -> bool:
    """Whether the key is that of a hidden, temporary or folder-marking object."""
    return bool(_IGNORED.search(key))


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object whose read has begun.

    Attributes:
        landed: The object, with the version id that the store told.
        chunks: Its bytes; may raise ``StorageError`` or ``ObjectChangedError`` on the way.
    """

    landed: LandedObject
    chunks: Iterator[bytes]


class Landing:
    """One landing: a folder or an S3 prefix."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._store = open_store(location)

    def list(self) -> Iterator[LandedObject]:
        """Every object, in no particular order; one LIST request per thousand objects.

        Raises:
            StorageError: The landing cannot be listed.
        """
        from obstore.exceptions import InvalidPathError

        try:
            with storage_errors("cannot be listed", self.location.uri):
                found = list(self._list_with_obstore())
        except StorageError as error:
            if not isinstance(error.__cause__, InvalidPathError):
                raise
            # obstore gives up on the whole listing at the first key it has no spelling for.
            found = [self._landed(meta) for meta in list_any_key(self.location)]
        yield from (landed for landed in found if not is_ignored(landed.key))

    def find(self, key: str) -> LandedObject | None:
        """The object as it is now; none if it is gone. Sees what ``list`` would see.

        Raises:
            StorageError: The store cannot be asked.
        """
        import obstore

        with storage_errors("cannot be looked up", self.place(key)):
            for page in obstore.list(self._store, prefix=key.rpartition("/")[0] or None):
                for meta in page:
                    if meta["path"] == key:
                        return self._landed(meta)
        return None

    def read(self, landed: LandedObject, start: int = 0) -> Iterator[bytes]:
        """Stream the listed version from byte ``start`` on.

        Raises:
            ObjectChangedError: The object is gone or is another version now.
            StorageError: It cannot be read.
        """
        return self.open(landed, start).chunks

    def open(self, landed: LandedObject, start: int = 0) -> OpenObject:
        """Begin to read the listed version; by its version id if that is known, else if its tag still matches.

        Raises:
            ObjectChangedError: The object is gone or is another version now.
            StorageError: It cannot be read.
        """
        import obstore

        where = self.place(landed.key)
        if start >= landed.size:
            return OpenObject(landed, iter(()))
        if self.location.is_local:
            self._assert_only_appended(landed)
            return OpenObject(landed, self._pieces(landed, start))
        with storage_errors("cannot be read", where):
            result = obstore.get(self._store, landed.key, options=_pinned(landed, start))
            version = result.meta["version"]
        return OpenObject(replace(landed, version_id=version or landed.version_id), _stream(result, where))

    def place(self, key: str) -> str:
        """Where an object is, for messages."""
        return f"{self.location.uri}/{key}".encode("unicode_escape").decode("ascii")

    def _list_with_obstore(self) -> Iterator[LandedObject]:
        import obstore

        for page in obstore.list(self._store):
            for meta in page:
                yield self._landed(meta)

    def _landed(self, meta: ObjectMeta) -> LandedObject:
        return LandedObject(
            bucket=self.location.bucket,
            key=meta["path"],
            version_id=meta["version"],
            etag=meta["e_tag"],
            size=meta["size"],
            last_modified=meta["last_modified"],
        )

    def _pieces(self, landed: LandedObject, start: int) -> Iterator[bytes]:
        """A file in ranged reads: obstore's stream never ends when the file is cut short under it."""
        import obstore

        for position in range(start, landed.size, CHUNK_BYTES):
            end = min(position + CHUNK_BYTES, landed.size)
            try:
                with storage_errors("cannot be read", self.place(landed.key)):
                    piece = bytes(obstore.get_range(self._store, landed.key, start=position, end=end))
            except StorageError:
                self._assert_only_appended(landed)
                raise
            if len(piece) < end - position:
                break
            yield piece
        self._assert_only_appended(landed)

    def _assert_only_appended(self, landed: LandedObject) -> None:
        """A folder pins nothing. But a log that is being written only grows, and its listed bytes stay."""
        import obstore

        where = self.place(landed.key)
        if not (self.location.path / landed.key).is_file():
            # Looking at a pipe that took the file's place would wait for ever.
            raise ObjectChangedError("is no longer a file", where=where)
        with storage_errors("cannot be read", where):
            now = obstore.head(self._store, landed.key)
        if now["e_tag"] == landed.etag:
            return
        if _inode(now["e_tag"]) != _inode(landed.etag) or now["size"] < landed.size:
            raise ObjectChangedError("changed since it was listed", where=where, got=now["e_tag"], expected=landed.etag)


def _stream(result: GetResult, where: str) -> Iterator[bytes]:
    with storage_errors("stopped while being read", where):
        for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)


def _pinned(landed: LandedObject, start: int) -> GetOptions:
    options: GetOptions = {}
    if landed.version_id is not None:
        options["version"] = landed.version_id
    elif landed.etag is not None:
        options["if_match"] = landed.etag
    if start:
        options["range"] = {"offset": start}
    return options


def _inode(etag: str | None) -> str:
    return (etag or "").strip('"').partition("-")[0]

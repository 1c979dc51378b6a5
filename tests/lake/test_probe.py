import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fix_transforms.errors import StorageError, UnsafeStoreError
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.lake.probe import FOLDER, probe
from fix_transforms.workspace import Workspace


class CarelessStore(BaseHTTPRequestHandler):
    """Speaks as much S3 as the probe needs, and takes no notice of If-None-Match."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200)

    def do_GET(self) -> None:
        self._answer(200, self.objects[self.path])

    def do_DELETE(self) -> None:
        self._answer(204)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer(200, b"<DeleteResult></DeleteResult>")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("etag", '"x"')
        self.send_header("last-modified", "Tue, 02 Jan 2024 10:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def careless() -> Iterator[Location]:
    handler = type("Handler", (CarelessStore,), {"objects": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    access = S3Access(f"http://127.0.0.1:{server.server_port}", access_key_id="k", secret_access_key="s")
    try:
        yield Location.parse("s3://bucket", access)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_store_that_ignores_conditional_writes_is_found_out(careless: Location) -> None:
    with pytest.raises(UnsafeStoreError, match="ignores conditional writes"):
        probe(careless)


def test_local_folder_is_safe_and_left_clean(workspace: Workspace) -> None:
    probe(workspace.lake)
    assert list((workspace.lake.path / FOLDER).iterdir()) == []


def test_store_that_does_not_answer_is_not_called_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    monkeypatch.setattr("fix_transforms.lake.stores.MAX_RETRIES", 0)
    monkeypatch.setattr("fix_transforms.lake.stores.RETRY_TIMEOUT", timedelta(seconds=1))
    access = S3Access("http://127.0.0.1:9", access_key_id="k", secret_access_key="s")
    with pytest.raises(StorageError) as caught:
        probe(Location.parse("s3://bucket", access))
    assert not isinstance(caught.value, UnsafeStoreError)

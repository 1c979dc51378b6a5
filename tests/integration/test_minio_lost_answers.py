import http.client
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from fix_transforms.lake.apply import apply
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.workspace import Workspace

pytestmark = pytest.mark.integration

HOP = {"transfer-encoding", "connection", "content-length"}


@dataclass
class Faults:
    """Which answers get lost: those to the first successful PUT of a commit of each table."""

    kind: str = "none"
    hits: list[str] = field(default_factory=list)

    def loses(self, method: str, path: str, status: int) -> bool:
        commit = re.search(r"/(\w+)/_delta_log/\d{20}\.json", path)
        if self.kind == "none" or method != "PUT" or status != 200 or commit is None or commit[1] in self.hits:
            return False
        self.hits.append(commit[1])
        return True


class Proxy(BaseHTTPRequestHandler):
    """Hands everything on to the real server, and loses some of its answers."""

    protocol_version = "HTTP/1.1"
    upstream: str
    faults: Faults

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers.items()))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if self.faults.loses(self.command, self.path, answer.status):
            self.close_connection = True
            if self.faults.kind == "unavailable":
                self.send_response(503)
                self.send_header("content-length", "0")
                self.end_headers()
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else str(len(content))
        self.send_header("content-length", length or "0")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


for verb in ("GET", "PUT", "POST", "HEAD", "DELETE"):
    setattr(Proxy, f"do_{verb}", Proxy._forward)


@pytest.fixture
def faulty(s3_workspace: Workspace) -> Iterator[tuple[Workspace, Faults]]:
    access = s3_workspace.lake.s3
    assert access is not None
    assert access.endpoint is not None
    faults = Faults()
    handler = type("Handler", (Proxy,), {"upstream": urlsplit(access.endpoint).netloc, "faults": faults})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    through = replace(access, endpoint=f"http://127.0.0.1:{server.server_port}")
    try:
        yield replace(s3_workspace, lake=replace(s3_workspace.lake, s3=through)), faults
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("kind", ["unavailable", "dropped"])
def test_commit_whose_answer_is_lost_is_found_and_not_made_again(
    faulty: tuple[Workspace, Faults],
    s3_workspace: Workspace,
    fix_log: Callable[..., bytes],
    land: Callable[[Workspace, str, bytes], None],
    kind: str,
    assert_exactly_once: Callable[..., None],
) -> None:
    workspace, faults = faulty
    apply(Lake(s3_workspace.lake))
    land(workspace, "a.log", fix_log(3))
    land(workspace, "torn.log", fix_log(1, first=9) + b"8=FIX.4.4\x019=80\x0135=D\x01")
    faults.kind = kind

    report = ingest(workspace, discover(workspace))

    assert set(faults.hits) == {"ingested_files", "quarantine", "fix_group_fields", "fix_messages"}
    assert report.files == 2
    assert_exactly_once(s3_workspace, {"a.log": 3, "torn.log": 1})

"""``python -m deployments.site``: serve the docs folder until told to stop.

Invariant: everything it needs is in ``FIXLAKE_BIND``, ``FIXLAKE_SITE_PORT`` and ``FIXLAKE_DOCS``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Serve; returns the exit code."""
    import uvicorn

    from deployments.site.app import site

    docs, port = os.environ.get("FIXLAKE_DOCS"), os.environ.get("FIXLAKE_SITE_PORT", "8090")
    if not docs or not port.isdecimal():
        print("site: FIXLAKE_DOCS must name a folder and FIXLAKE_SITE_PORT be a number", file=sys.stderr)
        return 1
    host = os.environ.get("FIXLAKE_BIND", "127.0.0.1")
    print(f"site: {docs} on http://{host}:{port}/", flush=True)
    uvicorn.run(
        site(Path(docs)), host=host, port=int(port),
        log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m deployments.receiver``: serve until terminated."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import uvicorn

from deployments.receiver.app import build
from deployments.receiver.prefect_events import PrefectEvents


def main() -> int:
    """Read the environment and the secrets, and serve."""
    try:
        secrets = Path(os.environ["FIXLAKE_SECRETS"])
        url, port = os.environ["FIXLAKE_PREFECT_URL"], int(os.environ["FIXLAKE_RECEIVER_PORT"])
        auth_string, token = (_secret(secrets, name) for name in ("auth_string", "webhook_token"))
    except KeyError as error:
        print(f"receiver: {error.args[0]}: not set", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"receiver: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # It would log each request's address; ours say enough.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        build(PrefectEvents(url, auth_string), token),
        host=os.environ.get("FIXLAKE_BIND", "127.0.0.1"),
        port=port,
        access_log=False,
        server_header=False,
        log_config=None,
    )
    return 0


def _secret(folder: Path, name: str) -> str:
    value = (folder / name).read_text(encoding="utf-8").strip()
    if not value:
        raise ValueError(f"{folder / name}: empty; expected a secret")
    return value


if __name__ == "__main__":
    raise SystemExit(main())

"""The stack's secrets: made by the script that the containers use, kept in files that their owner alone may read.

Invariant: no value passes through here but the key for pseudonyms, which an operator may give as a setting.
"""

from __future__ import annotations

import subprocess

from deployments.stack.layout import Layout
from fix_transforms.errors import ServiceError
from fix_transforms.settings import PROJECT_ROOT, Settings

GENERATE = PROJECT_ROOT / "deployments" / "secrets" / "generate.sh"


def make_secrets(layout: Layout, lakehouse: Settings) -> None:
    """Make what is missing; what is there stays.

    Raises:
        ServiceError: They cannot be made.
    """
    done = subprocess.run(
        ("bash", GENERATE, layout.secrets), check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise ServiceError("cannot be made", where=f"secrets in {layout.secrets}", got=done.stderr.strip()[-1000:])
    if lakehouse.mask_key is not None:
        file = layout.secrets / "worker" / "mask_key"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(lakehouse.mask_key.get_secret_value(), encoding="utf-8")

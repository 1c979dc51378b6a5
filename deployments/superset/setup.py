"""Superset, brought up to what the files say: ``python -m deployments.superset.setup ASSETS``.

Invariant: one process, safe to run again at any time: the metadata's schema, the roles, the administrator with the
password of the secret file, and every asset. Ends with 0 only if all of it is in place; the files are checked before
anything is touched.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from deployments.superset.import_assets import checked_bundle, refuse, say
from deployments.superset.importer.bundle import Bundle, BundleError


def set_up(bundle: Bundle, password: str) -> None:
    """Everything, in one application.

    Raises:
        BundleError: Superset did not take an asset.
    """
    from flask_migrate import upgrade
    from superset.app import create_app

    from deployments.superset.importer.store import import_bundle
    from deployments.superset.roles import ADMIN, synchronise_admin, synchronise_roles, synchronise_viewer

    started = time.monotonic()

    def done(what: str) -> None:
        print(f"{time.monotonic() - started:5.1f} s: {what}", flush=True)

    with create_app().app_context():
        upgrade()
        done("the metadata has the schema of this release")
        synchronise_roles()
        done("roles are in place")
        done(f"the administrator was {synchronise_admin(password)}")
        report = import_bundle(bundle, ADMIN)
        done(f"viewers may see {synchronise_viewer()} datasets")
    say(report)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="setup", description="Set Superset up, or bring it up to date.")
    parser.add_argument("folder", type=Path, help="of the assets")
    folder = parser.parse_args().folder
    password = (Path(os.environ["FIXLAKE_SECRETS"]) / "admin_password").read_text(encoding="utf-8").strip()
    try:
        set_up(checked_bundle(folder, strict=False), password)
    except BundleError as error:
        return refuse(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())

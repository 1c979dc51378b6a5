"""SCRAM verifiers: what PostgreSQL keeps in place of a password, and what is sent to it to set one.

Invariant: a password itself is never part of a statement.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import Connection

    from deployments.stores.plan import Credentials

_MECHANISM = "SCRAM-SHA-256"


def verifier_of(connection: Connection[tuple[object, ...]], who: Credentials) -> str:
    """A new verifier of a password, made on this side of the connection."""
    made = connection.pgconn.encrypt_password(who.secret.encode(), who.name.encode(), b"scram-sha-256")
    return made.decode("ascii")


def is_verifier_of(verifier: str | None, password: str) -> bool:
    """Whether a stored verifier is of this password. False for any other kind of verifier.

    A password beyond ASCII is never recognised, for it would have to be normalised first; it is set again then.
    """
    try:
        mechanism, salted, keys = (verifier or "").split("$")
        iterations, salt = salted.split(":")
        stored_key = base64.b64decode(keys.split(":")[0], validate=True)
        rounds, salt_bytes = int(iterations), base64.b64decode(salt, validate=True)
    except (ValueError, binascii.Error):
        return False
    if mechanism != _MECHANISM:
        return False
    salted_password = hashlib.pbkdf2_hmac("sha256", password.encode(), salt_bytes, rounds)
    client_key = hmac.digest(salted_password, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored_key)

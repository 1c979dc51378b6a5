"""Where the services are and how to log in: all that the functions of this folder need to know of a stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Access:
    """Base URLs without a slash at the end, credentials, and a folder for screenshots."""

    screenshots: Path
    superset_url: str = ""
    superset_user: str = "admin"
    superset_password: str = field(default="", repr=False)
    prefect_url: str = ""
    prefect_auth: str = field(default="", repr=False)
    site_url: str = ""

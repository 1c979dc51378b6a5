"""The Prefect server's REST API as far as ``apply`` needs it, through Prefect's own client.

Invariant: address, password and CSRF token come from Prefect's settings, so that an authenticated server needs
nothing else. No answer of the server gets into an error: it may quote the document it refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fix_transforms.errors import ServiceError, SettingsError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

#: The tag of what is declared in our files.
MARK = "fixlake"
#: What the names of our blocks and limits begin with.
PREFIX = "fixlake-"

PAGE = 200

Action = Literal["created", "changed", "removed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one thing on the server, in words without secrets."""

    kind: str
    name: str
    action: Action
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.kind} {self.name}: {self.action}{note}"


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server."""

    url: str
    client: SyncPrefectClient

    def get(self, path: str) -> Any:
        """Read one thing."""
        return self._ask("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create a thing, or ask a question."""
        return self._ask("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change some of a thing."""
        return self._ask("PATCH", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Replace a thing."""
        return self._ask("PUT", path, body)

    def delete(self, path: str) -> None:
        """Remove a thing."""
        self._ask("DELETE", path)

    def all(self, path: str, body: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Every answer to a question, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.post(path, {**(body or {}), "limit": PAGE, "offset": len(found)})
            found += page
            if len(page) < PAGE:
                return found

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self.client.request(method, path, json=body)  # type: ignore[arg-type]
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def the_server() -> Iterator[Server]:
    """The server that Prefect's settings name.

    Raises:
        SettingsError: They name none.
        ServiceError: It could not be reached, or refused.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectException
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    if url is None:
        raise SettingsError(
            "not set", where="PREFECT_API_URL", expected="the server's address, which `fixlake serve` prints"
        )
    try:
        with get_client(sync_client=True) as client:
            yield Server(url, client)
    except (PrefectException, httpx.HTTPError, RuntimeError) as error:
        raise ServiceError(
            "refused or not there", where=url, got=_reason(error), expected="a Prefect server, and its password if any"
        ) from None


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return type(error).__name__ if status is None else f"status {status}"

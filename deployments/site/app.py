"""The static site as an ASGI application: a first page, three areas of the docs folder, a health check.

Invariant: answers GET and HEAD only, writes nothing, lists no folder, and looks at the docs folder anew for every
request. Every answer, errors included, carries the headers of ``policies``.
"""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.site import files
from deployments.site.contents import look
from deployments.site.front import STYLE, error_page, front_page
from deployments.site.policies import HEADERS, POLICIES


def site(docs: Path) -> ASGIApp:
    """The application for a docs folder, which need not exist yet."""

    def front(_request: Request) -> Response:
        return HTMLResponse(front_page(look(docs)))

    def area_file(request: Request) -> Response:
        area, path = request.path_params["area"], request.path_params["path"]
        if area not in POLICIES:
            raise HTTPException(404)
        return _answer(request, docs, area, path)

    application = Starlette(
        routes=[
            Route("/", front),
            Route("/index.html", _to_front),
            Route("/style.css", _style),
            Route("/health", _health),
            Route("/{area}", _to_area),
            Route("/{area}/{path:path}", area_file),
        ],
        exception_handlers={HTTPException: _error},
    )
    # Around everything: as a middleware it would be inside what answers for a failure of ours.
    return _Headers(application)


def _answer(request: Request, docs: Path, area: str, path: str) -> Response:
    inside = f"{area}/{path}"
    if inside.endswith("/"):
        page = files.read(docs, inside + files.INDEX)
    else:
        page = files.read(docs, inside)
        if page is None and files.is_folder(docs, inside):
            return RedirectResponse(quote(f"/{inside}/"), status_code=308)
    if page is None:
        raise HTTPException(404)
    headers = {
        "etag": page.tag,
        "last-modified": formatdate(page.modified, usegmt=True),
        "content-security-policy": POLICIES[area],
    }
    if _is_known(request, page):
        return Response(status_code=304, headers=headers)
    return Response(page.content, media_type=page.media_type, headers=headers)


def _is_known(request: Request, page: files.Page) -> bool:
    """Whether the browser has this very file. A tag says so for sure, and comes before a time, which is in seconds."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return page.tag in known or "*" in known
    try:
        since = parsedate_to_datetime(request.headers["if-modified-since"])
        return int(page.modified) <= since.timestamp()
    except (KeyError, ValueError, OverflowError):
        return False


def _to_front(_request: Request) -> Response:
    # Pages in the areas lead to the index that `fixlake docs` writes for readers without a server.
    return RedirectResponse("/", status_code=308)


def _to_area(request: Request) -> Response:
    area = request.path_params["area"]
    if area not in POLICIES:
        raise HTTPException(404)
    return RedirectResponse(f"/{area}/", status_code=308)


def _style(_request: Request) -> Response:
    return Response(STYLE, media_type=files.KINDS[".css"])


def _health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = {404: "Not there", 405: "Not allowed"}.get(error.status_code, "Error")
    return HTMLResponse(error_page(error.status_code, text), error.status_code, headers=error.headers)


class _Headers:
    """Puts the headers that every answer has on those that lack them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                missing = [
                    (name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in present
                ]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._app(scope, receive, send_with_headers)

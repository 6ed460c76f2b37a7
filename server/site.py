"""The applet's files and the pages around it, read once and served from memory: no path of a request ever
becomes a path of the disk."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.middleware import content_policy

APPLET: Final = Path(__file__).resolve().parent.parent / "client_applet"
OWN: Final = Path(__file__).resolve().parent / "assets"
# Page names by path; the files are made by the applet's build.
PAGES: Final = {
    "/p/{pool}": "directory",
    "/p/{pool}/expert": "expert",
    "/p/{pool}/expert/profile": "profile-editor",
    "/p/{pool}/expert/earnings": "earnings",
    "/p/{pool}/operator": "operator",
    "/p/{pool}/operator/people": "people",
    "/p/{pool}/operator/money": "money",
    "/p/{pool}/account": "account",
    "/sign-in": "sign-in",
    "/embed-demo": "embed-demo",
}
FRAMED: Final = {"directory", "embed-demo"}
_HASHED: Final = re.compile(r"-[A-Za-z0-9_-]{8}\.(js|css)(\.map)?$")
_FOREVER: Final = "public, max-age=31536000, immutable"
_SHORTLY: Final = "public, max-age=60"
# Host pages of other origins load the script and its chunks.
FOR_ALL: Final = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


@dataclass(frozen=True, slots=True)
class File:
    """One file in memory."""

    body: bytes
    kind: str
    etag: str
    caching: str


class Site:
    """Everything static. `assets` by name, `pages` by page name; the applet's are missing where it was not built."""

    def __init__(self, applet: Path = APPLET) -> None:
        files = [path for folder in (applet / "dist", OWN) for path in sorted(folder.glob("*.*"))]
        self.assets = {path.name: _file(path) for path in files if path.suffix != ".html"}
        self.pages = {path.stem: _file(path) for path in files if path.suffix == ".html"}

    def routes(self, pool: str) -> list[Route]:
        """The routes; `/` leads to `pool`'s directory when there is one."""
        pages = [Route(path, self._page(name), methods=["GET"]) for path, name in PAGES.items()]
        home = [Route("/", lambda _request: RedirectResponse(f"/p/{pool}"), methods=["GET"])] if pool else []
        return [*home, *pages, Route("/{name}", self.asset, methods=["GET"])]

    def asset(self, request: Request) -> Response:
        file = self.assets.get(request.path_params["name"])
        return _missing() if file is None else answer(request, file, FOR_ALL)

    def _page(self, name: str) -> "_Page":
        return _Page(self, name)


class _Page:
    """Serves one page, found anew each time so that a missing build is a 404 and not a crash at the start."""

    def __init__(self, site: Site, name: str) -> None:
        self._site = site
        self._name = name

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        file = self._site.pages.get(self._name)
        # Only what visitors see may stand in another site's frame.
        more = {} if self._name in FRAMED else {"content-security-policy": content_policy()}
        response = _missing() if file is None else answer(Request(scope), file, more)
        await response(scope, receive, send)


def answer(request: Request, file: File, more: Mapping[str, str]) -> Response:
    """The file, or 304 when the browser has it."""
    headers = {"etag": file.etag, "cache-control": file.caching, **more}
    if file.etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.kind, headers=headers)


def file_of(body: bytes, kind: str, caching: str) -> File:
    return File(body, kind, f'"{hashlib.sha256(body).hexdigest()[:24]}"', caching)


def _file(path: Path) -> File:
    lasting = _FOREVER if _HASHED.search(path.name) else _SHORTLY
    caching = "no-cache" if path.suffix == ".html" else lasting
    kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
    return file_of(path.read_bytes(), kind or "application/octet-stream", caching)


def _missing() -> Response:
    return Response("There is no such page here.\n", 404, media_type="text/plain")

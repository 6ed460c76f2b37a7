"""Photos over HTTP: uploaded by the expert or an operator, looked at by everybody."""

import asyncio
import re
from typing import Final, get_args

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from directory.photos import BYTES_MAX, KIND, Photos, Size
from ground.errors import Refusal
from server.house import House
from server.limits import Buckets, Rate
from server.site import FOR_ALL
from server.web.asking import answer, route
from server.web.editors import audited, done, editing, pool_named

UPLOADS: Final = 4
"""Uploads of one process in memory at a time: 8 MB each."""
UPLOAD_S: Final = 90.0
"""What a slow line needs for 8 MB."""
PER_EXPERT: Final = Rate(10, 0.1)
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")
_HEADERS: Final = {
    **FOR_ALL,  # the applet stands on pages of other origins
    "cache-control": "public, max-age=31536000, immutable",
    "content-disposition": 'attachment; filename="photo.webp"',
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}


def routes(house: House) -> list[Route]:
    """Put, take away, look at."""
    desk = _PhotoDesk(house)
    mine = "/v1/pools/{pool}/experts/{expert}/photo"
    return [
        route(mine, desk.put, "PUT"),
        route(mine, desk.remove, "DELETE"),
        route("/p/{pool}/photos/{digest}", desk.get, "GET"),
    ]


class _PhotoDesk:
    def __init__(self, house: House) -> None:
        self._house = house
        self._photos = Photos(house.database)
        self._rates = Buckets(PER_EXPERT)
        self._uploading: set[str] = set()

    async def put(self, request: Request) -> Response:
        """The body is the picture. Who sends it is known before a byte of it is read."""
        edit = await editing(request, self._house)
        whose = f"{edit.pool}/{edit.expert}"
        wait = self._rates.take(whose, asyncio.get_running_loop().time())
        # One at a time each, so that nobody takes all the places by sending slowly.
        if wait or whose in self._uploading or len(self._uploading) >= UPLOADS:
            raise Refusal("rate_limited")
        self._uploading.add(whose)
        try:
            request.state.more_time(UPLOAD_S)
            also = audited(self._house, edit, "set_photo")
            path = await self._photos.put(edit.pool, edit.expert, await _body(request), also)
        except ClientDisconnect:
            raise Refusal("malformed") from None
        finally:
            self._uploading.discard(whose)
        await done(self._house, edit)
        return answer({"photo": path})

    async def remove(self, request: Request) -> Response:
        edit = await editing(request, self._house)
        await self._photos.remove(edit.pool, edit.expert, audited(self._house, edit, "remove_photo"))
        await done(self._house, edit)
        return answer({})

    async def get(self, request: Request) -> Response:
        """One of the three sizes; the digest stands for the bytes, so a browser may keep them for ever."""
        size = request.query_params.get("size", "medium")
        digest = request.path_params["digest"]
        if size not in get_args(Size) or not _DIGEST.fullmatch(digest):
            raise Refusal("not_found")
        etag = f'"{digest}-{size}"'
        body = await self._photos.get(pool_named(request), digest, size)  # type: ignore[arg-type]
        if body is None:
            raise Refusal("not_found")
        headers = _HEADERS | {"etag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=KIND, headers=headers)


async def _body(request: Request) -> bytes:
    """What was sent, at most `BYTES_MAX`. Raises Refusal (`photo_too_large`)."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > BYTES_MAX:
            raise Refusal("photo_too_large")
    return bytes(read)

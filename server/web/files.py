"""Sent and fetched over HTTP with a ticket that the socket gave out: files of chats, transcripts, recordings.

The ticket comes in the header `Authorization: Bearer`, is good once and for a minute, and stands for nothing but its
one thing. No cookie counts here, so pages of the other allowed origins may ask as well. Operators, who come with their
cookie, may hear recordings; the audit says so.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import BinaryIO, Final
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ground.errors import Refusal
from server.house import House
from server.limits import Counted
from server.web.asking import Handler, answer, came, refused, route
from server.web.editors import operating, pool_named
from server.web.words import chosen
from sessions.fetching.tickets import Kind, Pass
from sessions.files.files import SEND_S, Files
from sessions.recording.keeping import MEDIA_TYPE, Opened

UPLOADS: Final = 8
"""Files that one process takes at a time."""
FETCHES: Final = 64
FETCHES_EACH: Final = 24
"""Of these, for one member: the pictures of a whole chat, and not everybody's places."""
SLOW_S: Final = 30.0
SLOWEST: Final = 40_000
"""Bytes in a second that a line has to carry, beside `SLOW_S` to begin with."""
PIECE: Final = 64 * 1024
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_KEPT: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}
"""What people sent is never shown by a browser as a page, whatever it says that it is."""
_log = structlog.get_logger("openline.files_http")


class Streamed(Response):
    """Bytes in pieces, to be taken within `seconds`; `close` runs in the end."""

    def __init__(
        self, chunks: AsyncIterator[bytes], size: int, kind: str, headers: dict[str, str], close: Callable[[], None],
        status: int = 200,
    ) -> None:  # fmt: skip
        super().__init__(status_code=status, headers={"content-length": str(size)} | headers, media_type=kind)
        self._chunks = chunks
        self._close = close
        self._seconds = SLOW_S + size / SLOWEST

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                await send(head)
                async for chunk in self._chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            _log.info("fetch_too_slow")  # what is left is never sent: the server hangs up
        finally:
            self._close()


def routes(house: House) -> list[Route]:
    """Send and fetch, with the questions that browsers ask before a page of another origin may."""
    desk = _FilesDesk(house)
    at = "/v1/pools/{pool}"
    shared = {
        f"{at}/files/{{file}}": desk.fetch_file,
        f"{at}/transcripts/{{session}}": desk.fetch_transcript,
        f"{at}/recordings/{{session}}": desk.fetch_recording,
    }
    return [
        *(route(path, desk.for_others(handler), "GET") for path, handler in shared.items()),
        *(route(path, desk.preflight, "OPTIONS") for path in shared),
        route(f"{at}/files/{{file}}", desk.for_others(desk.send_file), "PUT", foreign=True),
        route(f"{at}/sessions/{{session}}/recording", desk.operator_hears, "GET"),
    ]


class _FilesDesk:
    def __init__(self, house: House) -> None:
        self._house = house
        self._talk = house.talk
        self._uploads = Counted(UPLOADS)
        self._fetches, self._fetches_of = Counted(FETCHES), Counted(FETCHES_EACH)
        self._transcripts_of = Counted(1)
        self._sending: set[str] = set()

    # ------------------------------------------------------------ files

    async def send_file(self, request: Request) -> Response:
        """The body is the file, in the size that was announced. Refused `bad_token` before a byte of it is read, then
        `rate_limited`, and as `Files.receive`."""
        passed = self._look(request, "send_file", request.path_params["file"])
        files, length = self._files(), request.headers.get("content-length")
        whose = _whose(request, passed)
        if whose in self._sending or not self._uploads.enter(""):  # one at a time each: nobody takes all the places
            raise Refusal("rate_limited")
        self._sending.add(whose)
        try:
            request.state.more_time(min(SEND_S, SLOW_S + int(length or SEND_S * SLOWEST) / SLOWEST))
            async with aclosing(request.stream()) as body:
                facts = await files.receive(
                    pool_named(request), passed.thing, int(length) if length else None, body, self._now()
                )
        finally:
            self._sending.discard(whose)
            self._uploads.leave("")
        return answer({"file": facts.file, "name": facts.name, "type": facts.type, "size": facts.size})

    async def fetch_file(self, request: Request) -> Response:
        """Refused `bad_token`, `no_such_file`."""
        files = self._files()
        passed = await self._use(request, "file", request.path_params["file"])
        facts, file = await files.open(pool_named(request), passed.session, passed.thing)
        headers = _KEPT | {"content-disposition": attachment(facts.name)}
        return self._streamed(_whose(request, passed), _pieces(file), facts.size, facts.type, headers, file.close)

    # ------------------------------------------------------------ what is kept of sessions

    async def fetch_transcript(self, request: Request) -> Response:
        """In a language of the browser. Refused `bad_token`, `no_such_session`, `rate_limited`."""
        passed = await self._use(request, "transcript", request.path_params["session"])
        wanted = request.headers.get("accept-language", "")[:200].split(",")
        language = chosen(*(tag.partition(";")[0].strip() for tag in wanted))
        whose = _whose(request, passed)
        if not self._transcripts_of.enter(whose):  # one at a time each: they are whole in memory while they are sent
            raise Refusal("rate_limited")
        try:
            told = await self._talk.transcripts.of(
                pool_named(request), passed.session, passed.role, passed.member, language
            )  # fmt: skip
        except BaseException:
            self._transcripts_of.leave(whose)
            raise
        body, headers = told.text.encode(), _KEPT | {"content-disposition": attachment(f"{passed.session}.txt")}
        done = partial(self._transcripts_of.leave, whose)
        return self._streamed(whose, _parts(body), len(body), "text/plain; charset=utf-8", headers, done)

    async def fetch_recording(self, request: Request) -> Response:
        """Refused `bad_token`, `no_recording`."""
        recordings = self._talk.recordings
        if recordings is None:
            raise Refusal("no_recording")
        passed = await self._use(request, "recording", request.path_params["session"])
        opened = await recordings.open_for(
            pool_named(request), passed.session, passed.role, passed.member, now=self._now()
        )  # fmt: skip
        return self._heard(request, opened, passed.session, _whose(request, passed))

    async def operator_hears(self, request: Request) -> Response:
        """`?reason=` goes into the audit. Refused `not_signed_in`, `malformed` without a reason, `no_recording`."""
        who = await operating(request, self._house)
        reason, session = request.query_params.get("reason", "").strip(), request.path_params["session"]
        if not 0 < len(reason) <= 200:
            raise Refusal("malformed", "reason")
        recordings = self._talk.recordings
        if recordings is None:
            raise Refusal("no_recording")
        opened = await recordings.of_operator(who.pool, session, who.subject, reason=reason, now=self._now())
        return self._heard(request, opened, session, f"{who.pool}/operator:{who.subject}")

    def _heard(self, request: Request, opened: Opened, session: str, whose: str) -> Response:
        headers = _KEPT | {"accept-ranges": "bytes", "content-disposition": attachment(f"{session}.ogg")}
        start, stop = wanted(request.headers.get("range", ""), opened.size)
        if start >= stop and opened.size:
            opened.close()
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{opened.size}"})
        whole = (start, stop) == (0, opened.size)
        if not whole:
            headers["content-range"] = f"bytes {start}-{stop - 1}/{opened.size}"
        chunks = opened.chunks(start, stop)
        return self._streamed(whose, chunks, stop - start, MEDIA_TYPE, headers, opened.close, 200 if whole else 206)

    # ------------------------------------------------------------ what they share

    def _streamed(
        self, whose: str, chunks: AsyncIterator[bytes], size: int, kind: str, headers: dict[str, str],
        close: Callable[[], None], status: int = 200,
    ) -> Response:  # fmt: skip
        if not self._enter(whose):
            close()
            raise Refusal("rate_limited")

        def done() -> None:
            close()
            self._fetches.leave("")
            self._fetches_of.leave(whose)

        return Streamed(chunks, size, kind, headers, done, status)

    def _enter(self, whose: str) -> bool:
        if not self._fetches_of.enter(whose):
            return False
        if self._fetches.enter(""):
            return True
        self._fetches_of.leave(whose)
        return False

    def _files(self) -> Files:
        if self._talk.files is None:
            raise Refusal("no_files")
        return self._talk.files

    def _look(self, request: Request, kind: Kind, thing: str) -> Pass:
        return self._talk.tickets.look(_ticket(request), kind, pool_named(request), thing, now=self._now())

    async def _use(self, request: Request, kind: Kind, thing: str) -> Pass:
        return await self._talk.tickets.use(_ticket(request), kind, pool_named(request), thing, now=self._now())

    def _now(self) -> int:
        return self._house.clock.now_ms()

    # ------------------------------------------------------------ pages of other origins

    def for_others(self, handler: Handler) -> Handler:
        """`handler`, whose answers the allowed origins may read, refusals too."""

        async def share(request: Request) -> Response:
            try:
                told = await handler(request)
            except Refusal as refusal:
                told = refused(refusal.code, refusal.detail)
            told.headers.update(self._cross(request))
            return told

        return share

    async def preflight(self, request: Request) -> Response:
        allowed = {
            "access-control-allow-methods": "GET, PUT",
            "access-control-allow-headers": "authorization, content-type",
        }
        return Response(status_code=204, headers=self._cross(request) | allowed)

    def _cross(self, request: Request) -> dict[str, str]:
        origin = request.headers.get("origin", "")
        if origin == came(request).own_origin or origin not in self._house.config.origins:
            return {"vary": "Origin"}
        return {"access-control-allow-origin": origin, "vary": "Origin"}


def attachment(name: str) -> str:
    """A Content-Disposition that saves under `name`: in full for today's browsers (RFC 6266, 8187), in ASCII for
    others. Nothing of it can end the header."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def wanted(header: str, size: int) -> tuple[int, int]:
    """The part of `size` bytes that a Range header asks for, from and before: all of them where it asks for none or for
    several parts, an empty one where there is no such part (RFC 9110)."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or (not found[1] and not found[2]):
        return 0, size
    if not found[1]:
        return max(0, size - int(found[2])), size if int(found[2]) else 0
    start = int(found[1])
    stop = min(size, int(found[2]) + 1) if found[2] else size
    return (start, stop) if start < stop else (size, size)


def _whose(request: Request, passed: Pass) -> str:
    return f"{pool_named(request)}/{passed.role}:{passed.member}"


def _ticket(request: Request) -> str:
    scheme, _space, ticket = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not ticket:
        raise Refusal("bad_token")
    return ticket


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece


async def _parts(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), PIECE):
        yield body[at : at + PIECE]

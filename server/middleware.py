"""What every HTTP request passes before a page sees it: Host, Origin, size, headers of the answer, the log line."""

import re
import time
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ground.ids import new_id
from server.origins import Came, Gate, WrongHost, WrongOrigin

BODY_BYTES: Final = 64 * 1024
# What may send more: a photo and a chat's file, whose handlers look at who sends before they read.
_PHOTO: Final = re.compile(r"/v1/pools/[^/]+/experts/[^/]+/photo")
_FILE: Final = re.compile(r"/v1/pools/[^/]+/files/[^/]+")
PHOTO_BYTES: Final = 8 * 1024 * 1024
FILE_BYTES: Final = 100 * 1_000_000
"""The largest that a pool may allow (`PoolOptions.file_mb`); its own bound is the handler's."""
WEBHOOK: Final = "/v1/processor/webhook"
"""Where the card processor tells what happened: no browser asks there, and no cookie counts."""
# Asked by load balancers under any name.
_ANY_HOST: Final = ("/healthz", "/readyz", "/metrics")
_log = structlog.get_logger("openline.http")


class BodyTooLarge(Exception):
    """More came than this request may send."""


class Frontage:
    """Pure ASGI. The request's `Came` and `request_id` are in `scope["state"]`."""

    def __init__(self, app: ASGIApp, gate: Gate, frame_ancestors: tuple[str, ...] = ()) -> None:
        self._app = app
        self._gate = gate
        self._headers = security_headers(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _Asked(scope, receive, send, self._headers)
        structlog.contextvars.bind_contextvars(request_id=asked.request_id)
        try:
            await self._serve(scope, asked)
        except Exception as error:
            await asked.fail(error)
        finally:
            asked.write_log()
            structlog.contextvars.unbind_contextvars("request_id")

    async def _serve(self, scope: Scope, asked: "_Asked") -> None:
        headers = Headers(scope=scope)
        try:
            came = self._came(scope, headers)
            if scope["method"] not in ("GET", "HEAD", "OPTIONS") and scope["path"] != WEBHOOK:
                self._gate.check_origin(headers.getlist("origin"), came, needed=True)
        except WrongHost:
            await asked.refuse(421, "wrong_host")
            return
        except WrongOrigin:
            await asked.refuse(403, "wrong_origin")
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > asked.body_max:
            await asked.refuse(413, "too_large")
            return
        asked.secure = came.secure
        scope.setdefault("state", {}).update(came=came, request_id=asked.request_id)
        try:
            await self._app(scope, asked.receive, asked.send)
        except BodyTooLarge:
            await asked.refuse(413, "too_large")

    def _came(self, scope: Scope, headers: Headers) -> Came:
        peer = scope["client"][0] if scope.get("client") else ""
        tls = scope["scheme"] == "https"
        if scope["path"] in _ANY_HOST:
            return Came(peer, tls, "")
        forwarded, proto = headers.getlist("x-forwarded-for"), headers.getlist("x-forwarded-proto")
        return self._gate.came(peer, headers.getlist("host"), forwarded, proto, tls=tls)


class _Asked:
    """One request on its way: counts its body, adds to its answer, remembers what for the log."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]) -> None:
        self.request_id = new_id("r")
        self.secure = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = headers
        self.body_max = body_max(scope["method"], scope["path"])
        self._read = 0
        self._status = 0
        self._began = time.perf_counter()

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self.body_max:
            raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            if self.secure:
                headers["strict-transport-security"] = "max-age=31536000"
        await self._send(message)

    async def refuse(self, status: int, code: str) -> None:
        """Answer with a named refusal, if nothing was answered yet."""
        if not self._status:
            answer = JSONResponse({"code": code, "request_id": self.request_id}, status)
            await answer(self._scope, self._receive, self.send)

    async def fail(self, error: Exception) -> None:
        """Our fault: the log says what, the answer only where to look."""
        _log.error("request_failed", exc_info=error)
        await self.refuse(500, "internal")

    def write_log(self) -> None:
        ms = round((time.perf_counter() - self._began) * 1000, 1)
        path = self._scope["path"][:200]
        # Probes come every few seconds and say nothing new.
        write = _log.debug if path in _ANY_HOST and self._status < 400 else _log.info
        write("request", method=self._scope["method"], path=path, status=self._status, ms=ms)


def body_max(method: str, path: str) -> int:
    """The most bytes that a request's body may have."""
    if method != "PUT":
        return BODY_BYTES
    return PHOTO_BYTES if _PHOTO.fullmatch(path) else FILE_BYTES if _FILE.fullmatch(path) else BODY_BYTES


def security_headers(frame_ancestors: tuple[str, ...] = ()) -> dict[str, str]:
    """Of every answer that does not say otherwise. Pages run our own scripts and styles and nothing inline."""
    return {
        "content-security-policy": content_policy(frame_ancestors),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "permissions-policy": "microphone=(self), camera=(), geolocation=()",
        "cross-origin-opener-policy": "same-origin-allow-popups",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }


def content_policy(frame_ancestors: tuple[str, ...] = ()) -> str:
    """The Content-Security-Policy; `frame_ancestors`: origins that may show our pages in a frame, besides us."""
    rules: dict[str, Any] = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self' ws: wss:",
        "img-src": "'self' data: blob:",  # pictures of a chat are fetched with a ticket and shown from memory
        "media-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(("'self'", *frame_ancestors)),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())

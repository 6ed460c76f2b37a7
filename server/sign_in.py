"""Signing in and out of a browser, and the demo's ready-made users.

A link carries its token behind the #, so it reaches no log; the page posts it here, once, and gets an HttpOnly cookie.
Where to go next is our own map from role to page, never a word of the request.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ground.clock import Clock
from ground.errors import Refusal
from ground.ids import new_id
from identity import cookies
from identity.links import Links
from identity.tokens import Identity, Member, TokenRefused, Tokens
from server.limits import Bounds, Buckets, is_own_machine
from server.origins import Came
from wire.messages import Id

PAGE_OF: Final[dict[str, str]] = {"user": "/p/{pool}", "expert": "/p/{pool}/expert", "operator": "/p/{pool}/operator"}
_NAMES: Final = ("Robin", "Kim", "Alex", "Sam", "Noor", "Jona", "Mika", "Toni", "Sascha", "Eli", "Remy", "Luca")
SignOut = Callable[[str, str, str, str], Awaitable[None]]


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/sign-in`."""

    token: Annotated[str, msgspec.Meta(min_length=16, max_length=256)]


class Leaving(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/sign-out`."""

    pool: Id
    role: Member = "user"


class SignIns:
    """The three POSTs. `sign_out` closes the member's sockets; `demo_pool` may make users out of nothing ("": none)."""

    def __init__(
        self, tokens: Tokens, links: Links, sign_out: SignOut, clock: Clock, now_s: Callable[[], float], bounds: Bounds,
        demo_pool: str = "",
    ) -> None:  # fmt: skip
        self._tokens = tokens
        self._links = links
        self._sign_out = sign_out
        self._clock = clock
        self._now_s = now_s
        self._demo_pool = demo_pool
        self._rates = Buckets(bounds.sign_ins_per_address)

    def routes(self) -> list[Route]:
        return [
            Route("/v1/sign-in", self.sign_in, methods=["POST"]),
            Route("/v1/sign-out", self.sign_out, methods=["POST"]),
            Route("/v1/pools/{pool}/demo-user", self.demo_user, methods=["POST", "OPTIONS"]),
        ]

    async def sign_in(self, request: Request) -> Response:
        """A link's token for a cookie and the place to go."""
        if late := self._too_often(request):
            return late
        try:
            asked = msgspec.json.decode(await request.body(), type=SignIn)
            who = await self._links.redeem(asked.token, now=self._clock.now_ms())
        except msgspec.MsgspecError:
            return _refused(400, "malformed")
        except Refusal as refusal:
            return _refused(403, refusal.code)
        return self._welcome(who, _came(request), {"to": PAGE_OF[who.role].format(pool=who.pool)})

    async def sign_out(self, request: Request) -> Response:
        """Take the cookie away and close the member's sockets."""
        try:
            asked = msgspec.json.decode(await request.body(), type=Leaving)
        except msgspec.MsgspecError:
            return _refused(400, "malformed")
        secure, header = _came(request).secure, request.headers.get("cookie", "")
        try:
            now = self._clock.now_ms()
            who = cookies.read(self._tokens, header, asked.pool, [asked.role], now=now, secure=secure)
        except TokenRefused:
            who = None
        if who is not None:
            await self._sign_out(who.pool, who.role, who.subject, "signed_out")
        gone = cookies.sign_out(asked.pool, asked.role, secure=secure)
        return JSONResponse({}, headers={"set-cookie": gone})

    async def demo_user(self, request: Request) -> Response:
        """The demo only: a new user with a made-up name. Pages of allowed other origins get a token too, as no cookie
        of ours reaches them."""
        pool = request.path_params["pool"]
        if not self._demo_pool or pool != self._demo_pool:
            return _refused(404, "no_demo")
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_cross(request) | {"access-control-allow-methods": "POST"})
        if late := self._too_often(request):
            return late
        subject = new_id("u")
        name = f"{_NAMES[sum(subject.encode()) % len(_NAMES)]} {subject[-3:].upper()}"
        who = Identity(pool=pool, role="user", subject=subject, name=name, expires_at=0, token_id="")
        told = {"member": subject, "name": name}
        if _cross(request):
            told["token"] = self._tokens.issue(pool, "user", subject, name, now=self._clock.now_ms())
        answer = self._welcome(who, _came(request), told)
        answer.headers.update(_cross(request))
        return answer

    def _welcome(self, who: Identity, came: Came, told: dict[str, str]) -> Response:
        cookie = cookies.sign_in(self._tokens, who, now=self._clock.now_ms(), secure=came.secure)
        return JSONResponse(told, headers={"set-cookie": cookie})

    def _too_often(self, request: Request) -> Response | None:
        address = _came(request).network
        wait = 0.0 if is_own_machine(address) else self._rates.take(address, self._now_s())
        return _refused(429, "rate_limited", {"retry-after": str(int(wait) + 1)}) if wait else None


def _came(request: Request) -> Came:
    came: Came = request.state.came
    return came


def _cross(request: Request) -> dict[str, str]:
    """The CORS headers for a page of another origin; which ones may come was decided before (`middleware.py`)."""
    origin = request.headers.get("origin", "")
    if not origin or origin == _came(request).own_origin:
        return {}
    return {"access-control-allow-origin": origin, "access-control-allow-credentials": "true", "vary": "Origin"}


def _refused(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": code}, status, headers=headers)

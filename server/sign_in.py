"""Signing in and out of a browser.

A link carries its token behind the #, so it reaches no log; the page posts it here, once, and gets an HttpOnly cookie.
Where to go next is our own map from role to page, never a word of the request.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ground.errors import Refusal
from identity import cookies
from identity.sign_ins import Ended
from identity.tokens import Identity, Member
from server.adopting import adopt
from server.house import House
from server.limits import Bounds, Buckets, is_own_machine
from server.web.asking import Handler, came, route, sent
from wire.messages import Id

PAGE_OF: Final[dict[str, str]] = {"user": "/p/{pool}", "expert": "/p/{pool}/expert", "operator": "/p/{pool}/operator"}
DEVICE: Final = "openline-device"
"""The cookie by which the browser that asked for a sign-up is known again when the link is followed."""
RENEWED_S: Final = 1.0
"""Sockets of a sign-in that gave way to another come again this much later, when the browser has the new cookie."""


class FollowedLink(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/sign-in`."""

    token: Annotated[str, msgspec.Meta(min_length=16, max_length=256)]


class Leaving(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/sign-out`."""

    pool: Id
    role: Member = "user"


class Entrance:
    """Gives and takes cookies."""

    def __init__(self, house: House, now_s: Callable[[], float], bounds: Bounds) -> None:
        self._house = house
        self._now_s = now_s
        self._rates = Buckets(bounds.sign_ins_per_address)

    def routes(self) -> list[Route]:
        return [
            route("/v1/sign-in", self.limited(self.sign_in), "POST"),
            route("/v1/sign-out", self.sign_out, "POST"),
        ]

    async def sign_in(self, request: Request) -> Response:
        """A link's token for a cookie and the place to go."""
        asked = await sent(request, FollowedLink)
        device = request.cookies.get(_device_name(request), "")
        arrivals, now = self._house.arrivals, self._house.clock.now_ms()
        who = await arrivals.by_link(asked.token, now=now, agent=agent_of(request), device=device)
        return await self.welcome(request, who)

    async def sign_out(self, request: Request) -> Response:
        """End the sign-in of this browser and close its sockets; what else the member has open stays."""
        asked = await sent(request, Leaving)
        who = await self._holder(request, asked.pool, asked.role)
        if who is not None:
            now = self._house.clock.now_ms()
            await self.announce(await self._house.sign_ins.end(who, who.token_id, now), "signed_out")
        gone = cookies.sign_out(asked.pool, asked.role, secure=came(request).secure)
        return JSONResponse({}, headers={"set-cookie": gone})

    # ------------------------------------------------------------ what other handlers share

    async def welcome(self, request: Request, who: Identity, told: dict[str, str] | None = None) -> Response:
        """The answer that signs this browser in as `who`: as `enter`, with where to go next."""
        given, place = await self.enter(request, who)
        answer = JSONResponse(told or {"to": page_of(who, place)} | ({"place": place} if place else {}))
        for cookie in given:
            answer.headers.append("set-cookie", cookie)
        return answer

    async def enter(self, request: Request, who: Identity) -> tuple[list[str], str]:
        """The cookies that sign this browser in as `who`, whose sign-in has begun. The one that it had ends, so that no
        cookie of before is worth anything, and its sockets come again with the new one. What a visitor had in the lines
        goes over; the second part of the answer says what became of it (`server/adopting.py`)."""
        place = await self._replace(request, who)
        secure, now = came(request).secure, self._house.clock.now_ms()
        given = [cookies.sign_in(self._house.tokens, who, now=now, secure=secure)]
        if _device_name(request) in request.cookies:
            given.append(_device_header(request, "", 0))
        return given, place

    def limited(self, handler: Handler) -> Handler:
        """`handler` for addresses that do not ask too often; the others are refused `rate_limited`."""

        async def limit(request: Request) -> Response:
            address = came(request).network
            wait = 0.0 if is_own_machine(address) else self._rates.take(address, self._now_s())
            if wait:
                return JSONResponse({"code": "rate_limited"}, 429, headers={"retry-after": str(int(wait) + 1)})
            return await handler(request)

        return limit

    async def announce(self, ended: Ended, reason: str) -> None:
        """Close the sockets of sign-ins that have just ended."""
        for one in ended:
            await self._house.sign_out(one.pool, one.role, one.subject, reason, one.id)

    async def _replace(self, request: Request, who: Identity) -> str:
        before = await self._holder(request, who.pool, who.role)
        if before is None:
            # A visitor who has just grown into an account has no sign-in left, only the place under the old name.
            return await adopt(self._house, who, who)
        now = self._house.clock.now_ms()
        place = await adopt(self._house, before, who)
        ended = await self._house.sign_ins.end(before, before.token_id, now, "replaced")
        self._house.door.keep(self._announce_later(ended))
        return place

    async def _announce_later(self, ended: Ended) -> None:
        await asyncio.sleep(RENEWED_S)
        await self.announce(ended, "replaced")

    async def _holder(self, request: Request, pool: str, role: Member) -> Identity | None:
        """Whom the cookie of this browser stands for, if its sign-in holds."""
        header = request.headers.get("cookie", "")
        try:
            return await self._house.guard.of_cookie(header, pool, [role], secure=came(request).secure)
        except Refusal:  # blocked: all that they had has ended
            return None


def page_of(who: Identity, place: str = "") -> str:
    """Where `who` goes from here. A page that has to say that a visitor's place was not taken over reads it there."""
    page = PAGE_OF[who.role].format(pool=who.pool)
    return f"{page}#{place}" if place in ("already_in_line", "store_unavailable") else page


def agent_of(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")[:200]


def mark_device(request: Request, answer: Response) -> str:
    """Give this browser a new secret by which it is known again for an hour."""
    secret = secrets.token_urlsafe(24)
    answer.headers.append("set-cookie", _device_header(request, secret, 3600))
    return secret


def _device_name(request: Request) -> str:
    return f"{'__Host-' if came(request).secure else ''}{DEVICE}"


def _device_header(request: Request, secret: str, max_age: int) -> str:
    end = "; Secure" if came(request).secure else ""
    return f"{_device_name(request)}={secret}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{end}"

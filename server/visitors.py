"""Visitors: users without an account, where the pool lets them in.

On our own pages a cookie says who a visitor is. Pages of other origins get no cookie of ours: they keep a pass, for new
short-lived tokens and for the day on which the visitor turns out to be a user of the host.
"""

from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ground.errors import Refusal
from ground.ids import new_id
from identity.tokens import Identity, TokenRefused
from server.adopting import adopt
from server.house import House
from server.sign_in import Entrance, agent_of
from server.web.asking import Handler, answer, came, refused, route, sent
from server.web.editors import pool_named

PASS_S: Final = 86_400
_NAMES: Final = ("Robin", "Kim", "Alex", "Sam", "Noor", "Jona", "Mika", "Toni", "Sascha", "Eli", "Remy", "Luca")
Long = Annotated[str, msgspec.Meta(max_length=8192)]


class Coming(msgspec.Struct, forbid_unknown_fields=True, rename={"known": "pass"}):
    """The body of `POST …/visitor`: nothing, or the pass of who comes again."""

    known: Long = ""


class Growing(msgspec.Struct, forbid_unknown_fields=True, rename={"known": "pass"}):
    """The body of `POST …/adopt`: a visitor's pass, and the token of the user who the visitor is."""

    known: Long
    token: Long


class Pass(msgspec.Struct):
    """What a pass says: whose it is, and the id of the sign-in on which it stands."""

    subject: str
    name: str
    sign_in: str


class Visitors:
    """The handlers."""

    def __init__(self, house: House, entrance: Entrance) -> None:
        self._house = house
        self._entrance = entrance

    def routes(self) -> list[Route]:
        limited = self._entrance.limited
        at = "/v1/pools/{pool}"
        return [
            route(f"{at}/visitor", _preflight, "OPTIONS"),
            route(f"{at}/visitor", _shared(limited(self.come)), "POST", foreign=True),
            route(f"{at}/adopt", _preflight, "OPTIONS"),
            route(f"{at}/adopt", _shared(limited(self.grow)), "POST", foreign=True),
        ]

    async def come(self, request: Request) -> Response:
        """A new user with a made-up name; with a pass, the same one again. Refused `no_visitors`, `bad_token`."""
        pool = pool_named(request)
        page = await self._house.catalogue.open(pool)
        if not page.pool.options.visitors:
            raise Refusal("no_visitors")
        asked = await sent(request, Coming) if await request.body() else Coming()
        known = await self._holder(asked.known, pool) if asked.known else None
        if asked.known and known is None:
            raise Refusal("bad_token")
        who = known or await self._make(request, pool)
        told = {"member": who.subject, "name": who.name} | (self._for_others(who) if _cross(request) else {})
        return answer(told) if known else await self._entrance.welcome(request, who, told)

    async def grow(self, request: Request) -> Response:
        """What a visitor has in the lines goes over to the bearer of a token: `place` says what became of it. Refused
        `bad_token` when either is not good."""
        pool, asked = pool_named(request), await sent(request, Growing)
        visitor = await self._holder(asked.known, pool)
        who = await self._house.guard.of_token(asked.token, pool)
        if visitor is None or who.role != "user":
            raise Refusal("bad_token")
        place = await adopt(self._house, visitor, who)
        await self._house.sign_ins.end(visitor, visitor.token_id, self._house.clock.now_ms(), "replaced")
        await self._house.sign_out(pool, "user", visitor.subject, "replaced")
        return answer({"place": place})

    async def _make(self, request: Request, pool: str) -> Identity:
        subject = new_id("u")
        name = f"{_NAMES[sum(subject.encode()) % len(_NAMES)]} {subject[-3:].upper()}"
        made = Identity(pool=pool, role="user", subject=subject, name=name, expires_at=0, token_id="")
        now = self._house.clock.now_ms()
        return await self._house.arrivals.of(made, "visitor", now=now, agent=agent_of(request))

    def _for_others(self, who: Identity) -> dict[str, str]:
        """What a page of another origin needs in place of the cookie."""
        tokens, now = self._house.tokens, self._house.clock.now_ms()
        stands = msgspec.json.encode(Pass(subject=who.subject, name=who.name, sign_in=who.token_id)).decode()
        return {
            "token": tokens.issue(who.pool, "user", who.subject, who.name, now=now),
            "pass": tokens.seal(stands, _audience(who.pool), now=now, ttl_s=PASS_S),
        }

    async def _holder(self, known: str, pool: str) -> Identity | None:
        """Whose pass it is, while the sign-in holds and the visitor has not become anybody."""
        now = self._house.clock.now_ms()
        try:
            opened = self._house.tokens.unseal(known, _audience(pool), now=now)
            said = msgspec.json.decode(opened, type=Pass)
        except (TokenRefused, msgspec.MsgspecError):
            return None
        named = Identity(
            pool=pool, role="user", subject=said.subject, name=said.name, expires_at=0, token_id=said.sign_in
        )
        found = await self._house.sign_ins.check(named, now)
        return found if found and not found.account else None


def _audience(pool: str) -> str:
    return f"openline-visitor:{pool}"


def _shared(handler: Handler) -> Handler:
    """`handler`, whose answers pages of other origins may read, refusals too."""

    async def share(request: Request) -> Response:
        try:
            told = await handler(request)
        except Refusal as refusal:
            told = refused(refusal.code, refusal.detail)
        told.headers.update(_cross(request))
        return told

    return share


async def _preflight(request: Request) -> Response:
    allowed = {"access-control-allow-methods": "POST", "access-control-allow-headers": "content-type"}
    return Response(status_code=204, headers=_cross(request) | allowed)


def _cross(request: Request) -> dict[str, str]:
    """The CORS headers for a page of another origin; which ones may come was decided before (`middleware.py`)."""
    origin = request.headers.get("origin", "")
    if not origin or origin == came(request).own_origin:
        return {}
    return {"access-control-allow-origin": origin, "access-control-allow-credentials": "true", "vary": "Origin"}

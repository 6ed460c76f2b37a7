"""Signing in at a pool's OpenID provider: there and back. And what ways in a pool has.

Where somebody goes afterwards is our own map from role to page, never a word of a request.
"""

from hashlib import sha256
from typing import Final, get_args
from urllib.parse import urlencode

import msgspec
import structlog
from msgspec import convert
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ground.errors import Refusal
from identity.oidc import PENDING_S, Pending
from identity.tokens import Member, TokenRefused
from server.house import House
from server.sign_in import Entrance, agent_of, page_of
from server.web.asking import answer, came, route
from server.web.editors import pool_named

CALLBACK: Final = "/v1/oidc/callback"
AUDIENCE: Final = "openline-oidc"
_log = structlog.get_logger("openline.oidc")


class Options(msgspec.Struct):
    """What `GET …/sign-in-options` answers. `oidc` is the provider's name, "" for none."""

    oidc: str
    visitors: bool
    password: bool = True


class OidcPages:
    """The handlers."""

    def __init__(self, house: House, entrance: Entrance) -> None:
        self._house = house
        self._entrance = entrance

    def routes(self) -> list[Route]:
        limited = self._entrance.limited
        return [
            route("/v1/pools/{pool}/sign-in-options", self.options, "GET"),
            route("/v1/pools/{pool}/oidc/start", limited(self.start), "GET"),
            route(CALLBACK, limited(self.callback), "GET"),
        ]

    async def options(self, request: Request) -> Response:
        pool = pool_named(request)
        page = await self._house.catalogue.open(pool)
        provider = self._house.oidc.provider(pool)
        return answer(Options(oidc=provider.name if provider else "", visitors=page.pool.options.visitors))

    async def start(self, request: Request) -> Response:
        """To the provider, with what must come back in a cookie."""
        pool, role = pool_named(request), request.query_params.get("role", "user")
        if role not in get_args(Member):
            raise Refusal("malformed", "role")
        base, now = self._house.config.base_url or came(request).own_origin, self._house.clock.now_ms()
        try:
            url, pending = await self._house.oidc.start(pool, role, f"{base}{CALLBACK}", now=now)
        except Refusal as refusal:
            _log.warning("oidc_not_started", pool=pool, code=refusal.code, why=refusal.detail)
            return _failed(pool, refusal.code)
        sealed = self._house.tokens.seal(msgspec.json.encode(pending).decode(), AUDIENCE, now=now, ttl_s=PENDING_S)
        gone = RedirectResponse(url, 302)
        gone.headers.append("set-cookie", _cookie(request, pending.state, sealed, PENDING_S))
        return gone

    async def callback(self, request: Request) -> Response:
        """Back from the provider: signed in, or back at our own sign-in page with what went wrong."""
        pending = self._pending(request)
        if pending is None:
            return _failed("", "sign_in_failed")
        try:
            back = await self._finish(request, pending)
        except Refusal as refusal:
            _log.warning("oidc_failed", pool=pending.pool, code=refusal.code, why=refusal.detail)
            back = _failed(pending.pool, refusal.code)
        back.headers.append("set-cookie", _cookie(request, pending.state, "", 0))
        return back

    async def _finish(self, request: Request, pending: Pending) -> Response:
        house, now = self._house, self._house.clock.now_ms()
        await house.logins.use_state(pending.state, now=now)
        person = await house.oidc.finish(pending, request.query_params, now=now)
        provider = house.oidc.provider(pending.pool)
        if provider is None:
            raise Refusal("no_such_provider")
        role = convert(pending.role, Member)
        who = await house.logins.arrive(
            provider, pending.pool, role, person, now=now, agent=agent_of(request),
            visitor=await self._visitor(request, pending.pool) if role == "user" else "",
        )  # fmt: skip
        given, place = await self._entrance.enter(request, who)
        back = RedirectResponse(page_of(who, place), 303)
        for cookie in given:
            back.headers.append("set-cookie", cookie)
        return back

    def _pending(self, request: Request) -> Pending | None:
        """What this browser left with, when it comes back with that state."""
        state = request.query_params.get("state", "")
        sealed = request.cookies.get(_name(request, state), "")
        try:
            opened = self._house.tokens.unseal(sealed, AUDIENCE, now=self._house.clock.now_ms())
            return msgspec.json.decode(opened, type=Pending)
        except (TokenRefused, msgspec.MsgspecError):
            return None

    async def _visitor(self, request: Request, pool: str) -> str:
        """The subject of the user without an account that this browser is, or ""."""
        header = request.headers.get("cookie", "")
        who = await self._house.guard.of_cookie(header, pool, ["user"], secure=came(request).secure)
        return who.subject if who is not None and not who.account else ""


def _failed(pool: str, code: str) -> Response:
    return RedirectResponse(f"/sign-in?{urlencode({'pool': pool, 'problem': code})}", 303)


def _name(request: Request, state: str) -> str:
    """Each way there has a cookie of its own, so that two tabs may be on it at once."""
    digest = sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{'__Host-' if came(request).secure else ''}openline-oidc-{digest}"


def _cookie(request: Request, state: str, sealed: str, max_age: int) -> str:
    # Lax, for the provider sends the browser back from another site.
    end = "; Secure" if came(request).secure else ""
    return f"{_name(request, state)}={sealed}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{end}"

"""Accounts over HTTP: sign up, ask for a link, sign in with a password, look at one's own account and change it.

Whoever asks about an address learns nothing about it: sign-up and link requests are answered alike, whatever is known.
"""

from typing import Annotated, get_args

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ground.errors import Refusal
from identity.accounts import FRESH_MS, normalised
from identity.sign_ins import SignIn
from identity.tokens import Identity, Member
from server.house import House
from server.limits import Bounds, Buckets
from server.sign_in import Entrance, agent_of, mark_device
from server.sign_in_links import mails
from server.web.asking import answer, came, member, route, sent
from server.web.editors import pool_named
from wire.fields import Email, Language, Letters

Password = Annotated[str, Meta(max_length=1024)]
"""Longer ones than may be are refused by name; this keeps a body of megabytes from the hash."""


class SigningUp(Struct, forbid_unknown_fields=True):
    """The body of `POST …/sign-up`."""

    email: Email
    name: Letters
    password: Password = ""
    language: Language = ""


class AskingLink(Struct, forbid_unknown_fields=True):
    """The body of `POST …/sign-in-link`."""

    email: Email
    role: Member = "user"
    language: Language = ""


class WithPassword(Struct, forbid_unknown_fields=True):
    """The body of `POST …/password-sign-in`."""

    email: Email
    password: Password
    role: Member = "user"


class Renaming(Struct, forbid_unknown_fields=True):
    """The body of `PUT …/account`."""

    name: Letters


class NewPassword(Struct, forbid_unknown_fields=True):
    """The body of `PUT …/account/password`; `old` is needed unless the sign-in came by mail just now."""

    password: Password
    old: Password = ""


class OpenSignIn(Struct):
    """One browser that is signed in. Times in ms; `current`: the one that asks."""

    id: str
    role: str
    agent: str
    how: str
    created_at: int
    seen_at: int
    current: bool


class OwnAccount(Struct):
    """What `GET …/account` answers. Without an account (a visitor, a user of the host) `email` is ""."""

    role: str
    subject: str
    name: str
    email: str
    language: str
    has_password: bool
    has_account: bool
    sign_ins: list[OpenSignIn]


class Accounts:
    """The handlers."""

    def __init__(self, house: House, entrance: Entrance, bounds: Bounds) -> None:
        self._house = house
        self._entrance = entrance
        self._tries = Buckets(bounds.passwords_per_account)

    def routes(self) -> list[Route]:
        at, limited = "/v1/pools/{pool}", self._entrance.limited
        return [
            route(f"{at}/sign-up", limited(self.sign_up), "POST"),
            route(f"{at}/sign-in-link", limited(self.sign_in_link), "POST"),
            route(f"{at}/password-sign-in", limited(self.password_sign_in), "POST"),
            route(f"{at}/account", self.own, "GET"),
            route(f"{at}/account", self.rename, "PUT"),
            route(f"{at}/account/password", limited(self.set_password), "PUT"),
            route(f"{at}/account/sign-ins/end-others", self.end_others, "POST"),
            route(f"{at}/account/sign-ins/{{sign_in}}/end", self.end_one, "POST"),
        ]

    # ------------------------------------------------------------ strangers

    async def sign_up(self, request: Request) -> Response:
        asked = await sent(request, SigningUp)
        if not asked.name.strip():
            raise Refusal("empty_text", "name")
        house, pool = self._house, pool_named(request)
        write = mails(house.config, pool, await self._pool_name(pool), *_languages(request))
        told = answer({}, 202)
        device = mark_device(request, told)
        await house.accounts.sign_up(
            pool, asked.email, asked.name.strip(), write, now=house.clock.now_ms(), password=asked.password,
            device=device, language=asked.language, visitor=await self._visitor(request, pool),
        )  # fmt: skip
        return told

    async def sign_in_link(self, request: Request) -> Response:
        asked = await sent(request, AskingLink)
        house, pool = self._house, pool_named(request)
        write = mails(house.config, pool, await self._pool_name(pool), *_languages(request), role=asked.role)
        now = house.clock.now_ms()
        await house.accounts.ask_link(pool, asked.role, asked.email, write, now=now, language=asked.language)
        return answer({}, 202)

    async def password_sign_in(self, request: Request) -> Response:
        asked = await sent(request, WithPassword)
        pool = pool_named(request)
        await self._pool_name(pool)  # whoever has an account becomes a user of any pool, but of one that is there
        self._count_try(normalised(asked.email))
        who = await self._house.arrivals.by_password(
            pool, asked.role, asked.email, asked.password, now=self._house.clock.now_ms(), agent=agent_of(request)
        )
        return await self._entrance.welcome(request, who)

    # ------------------------------------------------------------ one's own

    async def own(self, request: Request) -> Response:
        who = await self._who(request)
        open_now = await self._house.sign_ins.of(who, self._house.clock.now_ms())
        told = OwnAccount(
            role=who.role, subject=who.subject, name=who.name, email="", language="", has_password=False,
            has_account=who.account != "", sign_ins=[_shown(one, who) for one in open_now],
        )  # fmt: skip
        if who.account:
            account = await self._house.accounts.of(who.account)
            told.email, told.name, told.language = account.email, account.name, account.language
            told.has_password = account.has_password
        return answer(told)

    async def rename(self, request: Request) -> Response:
        who, asked = await self._who(request), await sent(request, Renaming)
        await self._house.accounts.rename(who.account, asked.name)
        return answer({})

    async def set_password(self, request: Request) -> Response:
        who, asked = await self._who(request), await sent(request, NewPassword)
        self._count_try(who.account)
        now = self._house.clock.now_ms()
        how, at = await self._house.sign_ins.how(who.token_id)
        fresh = how in ("mail", "host") and now - at < FRESH_MS
        ended = await self._house.accounts.set_password(who, asked.password, asked.old, fresh=fresh, now=now)
        await self._entrance.announce(ended, "password_set")
        return answer({})

    async def end_one(self, request: Request) -> Response:
        who = await self._who(request)
        ended = await self._house.sign_ins.end(who, request.path_params["sign_in"], self._house.clock.now_ms())
        if not ended:
            raise Refusal("not_found")
        await self._entrance.announce(ended, "signed_out")
        return answer({})

    async def end_others(self, request: Request) -> Response:
        who = await self._who(request)
        ended = await self._house.sign_ins.end_others(who, self._house.clock.now_ms())
        await self._entrance.announce(ended, "signed_out")
        return answer({})

    # ------------------------------------------------------------

    async def _who(self, request: Request) -> Identity:
        role = request.query_params.get("role", "user")
        if role not in get_args(Member):
            raise Refusal("malformed", "role")
        return await member(request, self._house.guard, pool_named(request), [role])  # type: ignore[list-item]

    async def _visitor(self, request: Request, pool: str) -> str:
        """The subject of the user without an account that this browser is, or ""."""
        header = request.headers.get("cookie", "")
        who = await self._house.guard.of_cookie(header, pool, ["user"], secure=came(request).secure)
        return who.subject if who is not None and not who.account else ""

    async def _pool_name(self, pool: str) -> str:
        return (await self._house.catalogue.open(pool)).pool.name

    def _count_try(self, name: str) -> None:
        """Guesses are counted by whom they are about, known or not, in this process."""
        if self._tries.take(name, self._house.door.now()):
            raise Refusal("rate_limited")


def _languages(request: Request) -> list[str]:
    """What the browser wants to read, in its order."""
    accepted = request.headers.get("accept-language", "")[:200]
    return [part.partition(";")[0].strip() for part in accepted.split(",")]


def _shown(one: SignIn, who: Identity) -> OpenSignIn:
    named = {name: getattr(one, name) for name in OpenSignIn.__struct_fields__ if name != "current"}
    return OpenSignIn(**named, current=one.id == who.token_id)

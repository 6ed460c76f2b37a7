"""What operators do about people over HTTP: see who is a member, invite, block, and read what operators did."""

import contextlib
from typing import Annotated, get_args

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from directory.expert import Expert
from ground.errors import Refusal, StoreUnavailable
from identity import audit
from identity.accounts import normalised
from identity.tokens import Member
from server.house import House
from server.sign_in_links import mails
from server.web.asking import answer, route, sent
from server.web.editors import operating, pool_named
from wire.fields import Email, GivenReason, Language, Letters, MaybeId

AUDIT_PAGE = 100


class Inviting(Struct, forbid_unknown_fields=True):
    """The body of `POST …/people/invite`; `expert` names the profile that an expert is to keep."""

    role: Member
    email: Email
    name: Letters
    expert: MaybeId = ""
    language: Language = ""


class Blocking(Struct, forbid_unknown_fields=True):
    """The body of `POST …/people/block`; `blocked` false lets them in again."""

    role: Member
    subject: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    blocked: bool
    reason: GivenReason


class People:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        at = "/v1/pools/{pool}"
        return [
            route(f"{at}/people", self.page, "GET"),
            route(f"{at}/people/invite", self.invite, "POST"),
            route(f"{at}/people/block", self.block, "POST"),
            route(f"{at}/audit", self.audit, "GET"),
        ]

    async def page(self, request: Request) -> Response:
        who = await operating(request, self._house)
        role = request.query_params.get("role", "user")
        if role not in get_args(Member):
            raise Refusal("malformed", "role")
        people, more = await self._house.members.page(who.pool, role, before_of(request))  # type: ignore[arg-type]
        return answer({"people": people, "more": more})

    async def invite(self, request: Request) -> Response:
        who, asked = await operating(request, self._house), await sent(request, Inviting)
        house, pool = self._house, pool_named(request)
        if not asked.name.strip():
            raise Refusal("empty_text", "name")
        normalised(asked.email)  # refused before a profile is made for it
        if asked.role == "expert":
            await self._profile(pool, asked)
        write = mails(house.config, pool, (await house.catalogue.open(pool)).pool.name, role=asked.role)
        await house.accounts.invite(
            pool, asked.role, asked.email, asked.name.strip(), write, by=who.subject, now=house.clock.now_ms(),
            expert=asked.expert, language=asked.language,
        )  # fmt: skip
        return answer({}, 202)

    async def _profile(self, pool: str, asked: Inviting) -> None:
        """The profile that the invited expert is to keep: the one of that id, or a new one. Refused `bad_profile`,
        `pool_full`."""
        try:
            await self._house.profiles.expert(pool, asked.expert)
        except Refusal:
            made = Expert(expert=asked.expert, name=asked.name.strip(), email=asked.email)
            await self._house.profiles.put_experts(pool, [made])
            with contextlib.suppress(StoreUnavailable):  # the directory is read again every few seconds anyway
                await self._house.news.profile(pool, made.expert)

    async def block(self, request: Request) -> Response:
        who, asked = await operating(request, self._house), await sent(request, Blocking)
        house, now = self._house, self._house.clock.now_ms()
        if asked.blocked:
            await house.members.block(who.pool, asked.role, asked.subject, asked.reason, by=who, now=now)
            await house.sign_out(who.pool, asked.role, asked.subject, "blocked")
        else:
            await house.members.unblock(who.pool, asked.role, asked.subject, asked.reason, by=who, now=now)
        return answer({})

    async def audit(self, request: Request) -> Response:
        who = await operating(request, self._house)
        found = await audit.page(self._house.database, who.pool, before_of(request), AUDIT_PAGE + 1)
        return answer({"actions": found[:AUDIT_PAGE], "more": len(found) > AUDIT_PAGE})


def before_of(request: Request) -> int:
    """The time (ms) before which a page ends; 0: from now. Raises Refusal (`malformed`)."""
    before = request.query_params.get("before", "0")
    if not before.isascii() or not before.isdigit() or len(before) > 15:
        raise Refusal("malformed", "before")
    return int(before)

"""One's own data: all that is kept of somebody to take along, and to have it forgotten."""

from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing import leaving
from directory import wishes
from ground.errors import Refusal
from ground.sql import Tx
from identity import cookies
from identity.erasure import Erasures, Who
from identity.outside import store as outside
from identity.tokens import Identity, Member
from mail import outbox
from server.house import House
from server.sign_in import Entrance
from server.web.asking import came, route, sent
from server.web.editors import coming
from sessions.erasure import export_expert, export_user


class Erasing(Struct, forbid_unknown_fields=True):
    """The body of `POST …/account/erase`: one's address or name, as the account shows it. `forfeit`: money that is
    left goes to the pool."""

    confirm: Annotated[str, Meta(max_length=300)]
    forfeit: bool = False


class OwnData:
    """The handlers."""

    def __init__(self, house: House, entrance: Entrance) -> None:
        self._house = house
        self._entrance = entrance
        self._erasures = Erasures(house.database)

    def routes(self) -> list[Route]:
        limited = self._entrance.limited
        return [
            route("/v1/pools/{pool}/account/export", limited(self.export), "GET"),
            route("/v1/pools/{pool}/account/erase", limited(self.erase), "POST"),
        ]

    async def export(self, request: Request) -> Response:
        """A JSON file with everything; times are milliseconds since 1970."""
        who = await coming(request, self._house, get_args(Member))
        members = await self._erasures.members_of(who)
        told = await self._account(who, members)
        told["pools"] = [
            {"pool": pool, "role": role, "subject": subject} | await self._of_member(pool, role, subject)
            for pool, role, subject in members
        ]
        headers = {"content-disposition": 'attachment; filename="openline-export.json"'}
        return Response(msgspec.json.format(msgspec.json.encode(told)), headers=headers, media_type="application/json")

    async def erase(self, request: Request) -> Response:
        """Forget who asks. `done` is false when something is still to be forgotten: that goes on by itself.

        Refused `not_confirmed`; `in_session` while one is open; `money_left` while there is money to be refunded or
        paid out, unless it is forfeited; `wallet_frozen`, `refund_open`.
        """
        who = await coming(request, self._house, get_args(Member))
        asked = await sent(request, Erasing)
        await self._check_confirmed(who, asked.confirm)
        await self._check_free(await self._erasures.members_of(who))
        now = self._house.clock.now_ms()

        async def settle_up(tx: Tx, members: list[Who]) -> None:
            for pool, role, subject in members:
                await leaving.settle_up(tx, pool, role, subject, forfeit=asked.forfeit, now=now)

        erasure = await self._erasures.begin(who, now=now, first=settle_up)
        for pool, role, subject in erasure.members:
            await self._house.sign_out(pool, role, subject, "erased")
        answer = JSONResponse({"done": await self._house.eraser.finish(erasure)})
        gone = cookies.sign_out(who.pool, who.role, secure=came(request).secure)
        answer.headers.append("set-cookie", gone)
        return answer

    async def _account(self, who: Identity, members: list[Who]) -> dict[str, Any]:
        database = self._house.database
        account = await self._house.accounts.of(who.account) if who.account else None
        email = account.email if account else ""
        async with database.read() as tx:
            asked = await outside.asked_links(tx, email)
            entered = await outside.all_sign_ins(tx, who.account, members)
            logins = await outside.logins_of(tx, who.account) if who.account else []
        return {
            "exported_at": self._house.clock.now_ms(),
            "account": msgspec.to_builtins(account) if account else {"name": who.name},
            "sign_ins": entered,
            "sign_in_links": asked,
            "providers": [{name: login[name] for name in ("issuer", "subject", "at")} for login in logins],
            "mails": await outbox.export(database, email) if email else [],
            "wishes": await wishes.export(database, email) if email else [],
        }

    async def _of_member(self, pool: str, role: str, subject: str) -> dict[str, Any]:
        money = await leaving.export(self._house.database, pool, role, subject)
        if role == "expert":
            profile = msgspec.to_builtins(await self._house.profiles.expert(pool, subject))
            return {"profile": profile} | await export_expert(self._house.database, pool, subject) | money
        if role != "user":
            return {}
        ticket = (await self._house.fanout.open(pool)).mirror.ticket_of(subject)
        books = await export_user(self._house.database, pool, subject)
        return {"ticket": msgspec.to_builtins(ticket)} | books | money

    async def _check_confirmed(self, who: Identity, said: str) -> None:
        known = {who.name.strip().casefold()}
        if who.account:
            account = await self._house.accounts.of(who.account)
            known |= {account.email.casefold(), account.name.strip().casefold()}
        known -= {""}
        if said.strip().casefold() not in (known or {who.subject.casefold()}):
            raise Refusal("not_confirmed")

    async def _check_free(self, members: list[Who]) -> None:
        for pool, role, subject in members:
            if role != "operator" and (await self._house.fanout.open(pool)).mirror.session_of(role, subject):
                raise Refusal("in_session")

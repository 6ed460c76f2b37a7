"""A pool's options over HTTP: for its operators."""

from typing import Any

import msgspec
from babel.numbers import list_currencies
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing import ledger
from directory.editing import BadProfile
from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.sql import Also, Tx
from server.house import House
from server.web.asking import answer, route, sent
from server.web.editors import noting, operating
from sessions.phone.numbers import strangers


def routes(house: House) -> list[Route]:
    """Read and replace."""

    async def read(request: Request) -> Response:
        who = await operating(request, house)
        return answer((await house.profiles.pool(who.pool)).options)

    async def write(request: Request) -> Response:
        """Options that are not named stay as they are."""
        who = await operating(request, house)
        before = (await house.profiles.pool(who.pool)).options
        after = merged(before, await sent(request, dict[str, Any]))
        try:
            names = [name for name in after.__struct_fields__ if getattr(after, name) != getattr(before, name)]
            noted = noting(house, who, "set_options", f"pool:{who.pool}", ", ".join(names))
            made = await house.profiles.put_options(who.pool, after, all_of(noted, keeps_books(who.pool, after)))
        except BadProfile as bad:
            raise Refusal("malformed", bad.detail) from None
        return answer(made.options)

    return [route("/v1/pools/{pool}/options", read, "GET"), route("/v1/pools/{pool}/options", write, "PUT")]


def keeps_books(pool: str, after: PoolOptions) -> Also:
    """Refuses another currency once amounts are booked in one (`malformed`): they would mean something else."""

    async def also(tx: Tx) -> None:
        booked = await ledger.currency_of(tx, pool)
        if booked not in (None, after.currency):
            raise Refusal("malformed", f"currency: amounts are booked in {booked} here")

    return also


def all_of(*those: Also) -> Also:
    """One after the other."""

    async def also(tx: Tx) -> None:
        for one in those:
            await one(tx)

    return also


def merged(before: PoolOptions, wishes: dict[str, Any]) -> PoolOptions:
    """`before` with what is wished for. Raises Refusal (`malformed`, its detail says what is wrong)."""
    try:
        after = msgspec.convert(msgspec.to_builtins(before) | wishes, PoolOptions)
    except msgspec.ValidationError as wrong:
        raise Refusal("malformed", str(wrong)[:200]) from None
    if after.currency not in list_currencies():
        raise Refusal("malformed", f"{after.currency} is not a currency")
    if unknown := strangers(after.phone_regions):
        raise Refusal(
            "malformed", f"phone_regions: {', '.join(unknown)} is no country's code (the United Kingdom's is GB)"
        )
    if max(after.deposits) > after.deposit_max:
        raise Refusal("malformed", "deposits: an amount is above the largest deposit")
    return after

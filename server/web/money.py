"""What operators see and do about a pool's money: sums, freezing a wallet, goodwill."""

from typing import TypeVar

from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing import ledger, meter
from billing.booking import lock
from billing.deposits.disputes import make_good
from billing.statements import statements
from billing.store import account, command
from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.sql import Tx
from identity.members import is_member
from identity.tokens import Identity
from server.house import House
from server.web.asking import answer, route, sent
from server.web.editors import noting, operating
from wire.fields import Amount, GivenReason, Op

T = TypeVar("T")


class Why(Struct, forbid_unknown_fields=True):
    """The body of `POST …/freeze` and `…/unfreeze`."""

    reason: GivenReason


class Giving(Struct, forbid_unknown_fields=True):
    """The body of `POST …/credit`: goodwill, in minor units. The reason stands on the user's statement."""

    op: Op
    amount: Amount
    reason: GivenReason


class PoolMoney:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        at = "/v1/pools/{pool}"
        return [
            route(f"{at}/money", self.sums, "GET"),
            route(f"{at}/wallets/{{user}}/freeze", self.freeze, "POST"),
            route(f"{at}/wallets/{{user}}/unfreeze", self.unfreeze, "POST"),
            route(f"{at}/wallets/{{user}}/credit", self.credit, "POST"),
        ]

    async def sums(self, request: Request) -> Response:
        """The pool's money by kind of account, and the wallets that are frozen."""
        who = await operating(request, self._house)
        async with self._house.database.read() as tx:
            found = await statements.totals(tx, who.pool)
            currency = await statements.currency(tx, who.pool)
        currency = currency or (await self._options(who.pool)).currency
        return answer({"currency": currency} | structs.asdict(found))

    async def freeze(self, request: Request) -> Response:
        """Nothing goes out of a wallet any more; what is set aside already stands. Refused `not_found`."""
        who, asked, user = await self._about(request, Why)
        async with self._house.database.begin() as tx:
            currency = await self._wallet(tx, who.pool, user)
            now = self._house.clock.now_ms()
            found = await ledger.freeze(tx, who.pool, user, currency, reason=asked.reason, now=now)
            await noting(self._house, who, "freeze_wallet", f"user:{user}", asked.reason)(tx)
        await self._house.metering.wallet_changed(who.pool, user)
        return answer(_told(found))

    async def unfreeze(self, request: Request) -> Response:
        """End `freeze`. What the pool bore of payments that were taken back comes out of the wallet first."""
        who, asked, user = await self._about(request, Why)
        async with self._house.database.begin() as tx:
            currency = await self._wallet(tx, who.pool, user)
            await ledger.unfreeze(tx, who.pool, user, currency)
            now = self._house.clock.now_ms()
            if given := await make_good(tx, who.pool, user, currency, now):
                await noting(self._house, who, "chargeback_made_good", f"user:{user}", f"{given} {currency}")(tx)
            await meter.extend_open(tx, who.pool, user, now)
            found = await ledger.balance_of(tx, who.pool, user)
            await noting(self._house, who, "unfreeze_wallet", f"user:{user}", asked.reason)(tx)
        await self._house.metering.funded(who.pool, user)
        return answer(_told(found))

    async def credit(self, request: Request) -> Response:
        """Give a user goodwill out of the pool's fees, at most what may be deposited at once. Refused `bad_amount`,
        `not_found`, `op_reused`."""
        who, asked, user = await self._about(request, Giving)
        most = (await self._options(who.pool)).deposit_max
        if asked.amount > most:
            raise Refusal("bad_amount", f"at most {most}")
        async with self._house.database.begin() as tx:
            await self._give(tx, who, user, asked)
            found = await ledger.balance_of(tx, who.pool, user)
        await self._house.metering.funded(who.pool, user)
        return answer(_told(found))

    async def _give(self, tx: Tx, who: Identity, user: str, asked: Giving) -> None:
        currency, now, key = await self._wallet(tx, who.pool, user), self._house.clock.now_ms(), f"goodwill:{asked.op}"
        await lock(tx, who.pool, currency)  # what comes next is one step for everybody
        repeated = await command(tx, who.pool, key) is not None
        await ledger.goodwill(tx, who.pool, user, asked.amount, currency, key=key, now=now, memo=asked.reason)
        await meter.extend_open(tx, who.pool, user, now)
        if not repeated:
            told = f"{asked.amount} {currency}: {asked.reason}"
            await noting(self._house, who, "credit_wallet", f"user:{user}", told)(tx)

    async def _about(self, request: Request, kind: type[T]) -> tuple[Identity, T, str]:
        who = await operating(request, self._house)
        return who, await sent(request, kind), request.path_params["user"]

    async def _wallet(self, tx: Tx, pool: str, user: str) -> str:
        """The currency of a user's wallet, which may still have to be made. Refused `not_found`: there is no such
        user."""
        found = await account(tx, pool, "wallet", user)
        if found is None and not await is_member(tx, pool, "user", user):
            raise Refusal("not_found")
        return await statements.currency(tx, pool) or (await self._options(pool)).currency

    async def _options(self, pool: str) -> PoolOptions:
        return (await self._house.profiles.pool(pool)).options


def _told(found: ledger.Balance) -> dict[str, int | bool]:
    return {"balance": found.balance, "held": found.pending, "frozen": found.frozen}

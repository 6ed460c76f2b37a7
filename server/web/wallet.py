"""A user's own money over HTTP: the wallet, paying in, having it back, the card that is kept."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing import ledger
from billing.deposits.answers import Card
from billing.deposits.cards import Reload
from billing.deposits.checkout import Asked
from ground.errors import Refusal
from identity import sign_ins
from identity.tokens import Identity
from server.house import House
from server.paying import Paying
from server.web.asking import answer, route, sent
from server.web.editors import coming
from wire.fields import Amount, Op, ReturnTo

MINE: Final = "/v1/pools/{pool}"
AmountOrNone = Annotated[int, Meta(ge=0, le=10**12)]


class Depositing(Struct, forbid_unknown_fields=True):
    """The body of `POST …/deposits`."""

    op: Op
    amount: Amount
    back: ReturnTo = "account"
    keep_card: bool = False


class Returning(Struct, forbid_unknown_fields=True):
    """The body of `POST …/refunds`."""

    op: Op
    amount: Amount


class Reloading(Struct, forbid_unknown_fields=True):
    """The body of `PUT …/reload`."""

    on: bool
    threshold: AmountOrNone
    amount: AmountOrNone


class Wallets:
    """The handlers. Each is for users, about their own."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        return [
            route(f"{MINE}/wallet", self.read, "GET"),
            route(f"{MINE}/deposits", self.deposit, "POST"),
            route(f"{MINE}/refunds", self.refund, "POST"),
            route(f"{MINE}/reload", self.reload, "PUT"),
            route(f"{MINE}/card", self.drop_card, "DELETE"),
        ]

    async def read(self, request: Request) -> Response:
        """The wallet. Where the pool charges nothing (any more), `prepaid` is false and nothing is offered."""
        return answer(await self._wallet(await self._who(request)))

    async def deposit(self, request: Request) -> Response:
        """The address of the processor's page. Refused as the message `deposit`."""
        who, asked = await self._who(request), await sent(request, Depositing)
        wanted = Asked(asked.op, asked.amount, asked.back, asked.keep_card)
        return answer({"url": await self._paying.page(who.pool, who.subject, wanted)})

    async def refund(self, request: Request) -> Response:
        """What goes back. Refused `no_deposits`, `op_reused`, `refund_open`, `wallet_frozen`,
        `balance_too_low`, `bad_amount`, `nothing_to_refund`."""
        who, asked = await self._who(request), await sent(request, Returning)
        return answer(await self._paying.refund(who.pool, who.subject, asked.op, asked.amount), 202)

    async def reload(self, request: Request) -> Response:
        """The wishes as they are now. Refused `no_deposits`, `not_prepaid`, `no_account`, `no_card`, `bad_amount`."""
        who, asked = await self._who(request), await sent(request, Reloading)
        wish = Reload(on=asked.on, threshold=asked.threshold, amount=asked.amount)
        return answer((await self._paying.wish(who.pool, who.subject, wish)).reload)

    async def drop_card(self, request: Request) -> Response:
        """Refused `no_deposits`, `no_card`."""
        who = await self._who(request)
        await self._paying.drop_card(who.pool, who.subject)
        return answer({})

    # ------------------------------------------------------------ what they share

    @property
    def _paying(self) -> Paying:
        if self._house.paying is None:
            raise Refusal("no_deposits")
        return self._house.paying

    async def _who(self, request: Request) -> Identity:
        return await coming(request, self._house, ["user"])

    async def _wallet(self, who: Identity) -> dict[str, Any]:
        options = (await self._house.profiles.pool(who.pool)).options
        async with self._house.database.read() as tx:
            balance = await ledger.balance_of(tx, who.pool, who.subject)
            told = {
                "prepaid": options.prepaid,
                "currency": balance.currency or options.currency, "balance": balance.available,
                "held": balance.pending, "frozen": balance.frozen, "deposits": [], "deposit_max": options.deposit_max,
                "card": None, "reload": Reload(on=False, threshold=0, amount=0), "refundable": 0, "refunding": False,
            }  # fmt: skip
            if (paying := self._house.paying) is None:
                return told
            kept = await paying.kept(tx, who.pool, who.subject)
            may = options.prepaid and not await sign_ins.is_visitor(tx, who.pool, who.subject)
            left = await paying.refundable(tx, who.pool, who.subject, options.currency)
        return told | {
            "deposits": options.deposits if may else [], "card": kept.card and _shown(kept.card),
            "reload": kept.reload, "refundable": left, "refunding": kept.refunding,
        }  # fmt: skip


def _shown(card: Card) -> dict[str, str]:
    return {"brand": card.brand, "last4": card.last4, "exp": f"{card.exp_month:02d}/{card.exp_year % 100:02d}"}

"""Paying experts out over HTTP: where their money goes, who is owed what, batches, and files for the bank."""

from typing import Annotated, Final

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing.payouts import bank_accounts, bank_file, payouts
from billing.payouts.bank_accounts import POOL, BankAccount
from billing.payouts.payouts import Batch, Flag
from billing.statements import statements
from ground.sql import Tx
from identity.audit import Action, note
from identity.tokens import Identity
from server.house import House
from server.money_mails import MoneyMails
from server.sign_in_links import base_of
from server.web.asking import answer, route, sent
from server.web.editors import coming, noting, operating
from server.web.people import before_of
from wire.fields import Amount, Id, Op

NO_ACCOUNT: Final = BankAccount(name="", iban="", changed_at=0)


class BankDetails(Struct, forbid_unknown_fields=True):
    """The body of `PUT …/bank-account`: whose account it is, and its number as people write it."""

    name: Annotated[str, Meta(min_length=1, max_length=70, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
    iban: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class MakingBatch(Struct, forbid_unknown_fields=True):
    """The body of `POST …/payouts`: for `experts`, or for everybody (null), who is owed `minimum` or more."""

    op: Op
    experts: Annotated[list[Id], Meta(min_length=1, max_length=payouts.OWED_MAX)] | None = None
    minimum: Amount = 1


class ClosingBatch(Struct, forbid_unknown_fields=True):
    """The body of `POST …/paid` and `…/cancel`."""

    op: Op


class Due(Struct, kw_only=True, frozen=True):
    """`payouts.Owed` with the name that the expert's profile has."""

    expert: str
    name: str
    amount: int
    holder: str
    iban: str
    changed_at: int
    flags: list[Flag]
    batch: str


class Payouts:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._mails = MoneyMails(base_of(house.config))

    def routes(self) -> list[Route]:
        at = "/v1/pools/{pool}"
        return [
            route(f"{at}/bank-account", self.bank_account, "GET"),
            route(f"{at}/bank-account", self.put_bank_account, "PUT"),
            route(f"{at}/bank-account", self.delete_bank_account, "DELETE"),
            route(f"{at}/owed", self.owed, "GET"),
            route(f"{at}/payouts", self.batches, "GET"),
            route(f"{at}/payouts", self.make, "POST"),
            route(f"{at}/payouts/{{batch}}", self.batch, "GET"),
            route(f"{at}/payouts/{{batch}}/file.csv", self.table, "GET"),
            route(f"{at}/payouts/{{batch}}/file.xml", self.transfer, "GET"),
            route(f"{at}/payouts/{{batch}}/paid", self.paid, "POST"),
            route(f"{at}/payouts/{{batch}}/cancel", self.cancel, "POST"),
        ]

    # ------------------------------------------------------------ where money goes

    async def bank_account(self, request: Request) -> Response:
        """One's own, the number masked; as operator that which the pool pays from. Empty where there is none."""
        who = await self._holder(request)
        async with self._house.database.read() as tx:
            return answer(await bank_accounts.of(tx, who.pool, _owner(who)) or NO_ACCOUNT)

    async def put_bank_account(self, request: Request) -> Response:
        who, asked, now = await self._holder(request), await sent(request, BankDetails), self._house.clock.now_ms()
        async with self._house.database.begin() as tx:
            made = await bank_accounts.put(tx, who.pool, _owner(who), asked.name, asked.iban, now)
            await self._tell(tx, who, made.iban, now)
        self._house.mailer.hint()
        return answer(made)

    async def delete_bank_account(self, request: Request) -> Response:
        who, now = await self._holder(request), self._house.clock.now_ms()
        async with self._house.database.begin() as tx:
            if await bank_accounts.delete(tx, who.pool, _owner(who)):
                await self._tell(tx, who, "", now)
        self._house.mailer.hint()
        return answer(NO_ACCOUNT)

    async def _holder(self, request: Request) -> Identity:
        return await coming(request, self._house, ["expert", "operator"])

    async def _tell(self, tx: Tx, who: Identity, iban: str, now: int) -> None:
        """Put a change into the audit, and mail it to the expert whose it is."""
        thing = f"{who.role}:{who.subject}" if who.role == "expert" else f"pool:{who.pool}"
        done = Action(actor=who.subject, action="set_bank_account", object=thing, reason=iban)
        await note(tx, who.pool, now, done)
        if who.role == "expert":
            await self._mails.bank_details_changed(tx, who.pool, who.subject, iban, now)

    # ------------------------------------------------------------ who is paid

    async def owed(self, request: Request) -> Response:
        """Who is owed something, the most first; `total` counts all."""
        who = await operating(request, self._house)
        async with self._house.database.read() as tx:
            found, more = await payouts.owed(tx, who.pool, self._house.clock.now_ms())
            total = (await statements.totals(tx, who.pool)).owed
        profiles = (await self._house.catalogue.open(who.pool)).profiles
        names = {one.expert: profiles[one.expert].name for one in found if one.expert in profiles}
        told = [
            Due(name=names.get(one.expert, ""), **{name: getattr(one, name) for name in one.__struct_fields__})
            for one in found
        ]
        return answer({"currency": await self._currency(who.pool), "owed": told, "total": total.amount, "more": more})

    async def batches(self, request: Request) -> Response:
        """The newest made before the time `before` (ms), without their lines."""
        who = await operating(request, self._house)
        async with self._house.database.read() as tx:
            found, more = await payouts.batches(tx, who.pool, before_of(request))
        return answer({"batches": found, "more": more})

    async def batch(self, request: Request) -> Response:
        who = await operating(request, self._house)
        async with self._house.database.read() as tx:
            return answer(await payouts.batch(tx, who.pool, request.path_params["batch"]))

    async def make(self, request: Request) -> Response:
        """A batch of what is owed. Refused `nothing_owed`, `op_reused`."""
        who, asked = await operating(request, self._house), await sent(request, MakingBatch)
        currency = await self._currency(who.pool)
        async with self._house.database.begin() as tx:
            made, new = await payouts.make(
                tx, who.pool, currency, op=asked.op, now=self._house.clock.now_ms(), experts=asked.experts,
                minimum=asked.minimum,
            )  # fmt: skip
            await self._note(tx, who, "make_payouts", made, new=new)
        return answer(made)

    async def paid(self, request: Request) -> Response:
        """The bank has paid: book it and tell the experts. Refused `no_such_batch`, `batch_closed`, `op_reused`."""
        who, asked = await operating(request, self._house), await sent(request, ClosingBatch)
        now = self._house.clock.now_ms()
        async with self._house.database.begin() as tx:
            made, booked = await payouts.pay(tx, who.pool, request.path_params["batch"], op=asked.op, now=now)
            for line, key in booked:
                await self._mails.paid_out(
                    tx, who.pool, line.expert, line.amount, made.currency, line.iban, now, key=key
                )
            await self._note(tx, who, "payouts_paid", made, new=bool(booked))
        self._house.mailer.hint()
        return answer(made)

    async def cancel(self, request: Request) -> Response:
        """It will not be paid. Refused as `paid`."""
        who, asked = await operating(request, self._house), await sent(request, ClosingBatch)
        async with self._house.database.begin() as tx:
            made, new = await payouts.cancel(
                tx, who.pool, request.path_params["batch"], op=asked.op, now=self._house.clock.now_ms()
            )
            await self._note(tx, who, "payouts_cancelled", made, new=new)
        return answer(made)

    # ------------------------------------------------------------ what the bank is told

    async def table(self, request: Request) -> Response:
        """The batch as comma-separated values. These files hold whole numbers of accounts: who takes one is noted."""
        name, order = await self._order(request, sepa=False)
        return _file(bank_file.table(order), f"{name}.csv", "text/csv; charset=utf-8")

    async def transfer(self, request: Request) -> Response:
        """The batch in SEPA's form. Refused `bad_iban` (`pool`: say first which account pays; or the expert whose
        account is out of reach), `bad_amount` outside of euros, `batch_closed`, `no_such_batch`."""
        name, order = await self._order(request, sepa=True)
        return _file(bank_file.transfer(order), f"{name}.xml", "application/xml")

    async def _order(self, request: Request, *, sepa: bool) -> tuple[str, bank_file.Order]:
        who, name = await operating(request, self._house), request.path_params["batch"]
        about = (await self._house.profiles.pool(who.pool)).name
        async with self._house.database.begin() as tx:
            order = await payouts.order(tx, who.pool, name, about, sepa=sepa)
            await noting(self._house, who, "payouts_file", f"payouts:{name}", "sepa" if sepa else "table")(tx)
        return name, order

    async def _note(self, tx: Tx, who: Identity, action: str, batch: Batch, *, new: bool) -> None:
        """One line of the audit for what was done, none for its repeats."""
        if new:
            told = f"{batch.count}, {batch.amount} {batch.currency}"
            await noting(self._house, who, action, f"payouts:{batch.batch}", told)(tx)

    async def _currency(self, pool: str) -> str:
        async with self._house.database.read() as tx:
            found = await statements.currency(tx, pool)
        return found or (await self._house.profiles.pool(pool)).options.currency


def _owner(who: Identity) -> str:
    return who.subject if who.role == "expert" else POOL


def _file(body: bytes, name: str, kind: str) -> Response:
    """`name` is that of a batch, which we have made ourselves."""
    return Response(body, headers={"content-disposition": f'attachment; filename="{name}"'}, media_type=kind)

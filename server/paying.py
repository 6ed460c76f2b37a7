"""Paying in by card, in one server process: the rooms' doors tied to the pool's options, the live store and the pages.

All of it may be done by several processes at once, and go on in another where one has died.
"""

import asyncio
import random
from contextlib import suppress
from typing import Final

import structlog

from billing import ledger
from billing.deposits import cards, erasure, store
from billing.deposits.cards import Kept, Reload, Reloads
from billing.deposits.checkout import Asked, Checkout, Shop
from billing.deposits.disputes import Disputes
from billing.deposits.processor import STRIPE_API, Processor, Settings
from billing.deposits.refunds import Refunding, Refunds
from billing.deposits.tools import Tools
from billing.deposits.webhook import KEPT_MS, Webhook
from directory.expert import Pool
from ground.clock import Clock
from ground.currency import digits_of
from ground.errors import Refusal
from ground.sql import FAILURES, Database, Tx
from identity import audit, sign_ins
from server.catalogue import Catalogue
from server.config import Config
from server.metering import Metering
from server.money_mails import MoneyMails
from server.sign_in_links import base_of

LOOK_S: Final = 5.0
"""How often it is looked for what hangs: refunds to send, reloads of which nothing was heard."""
TIDY_MS: Final = 3_600_000
RETURNS: Final = {
    "panel": ("/p/{pool}/paid", "/p/{pool}/not-paid"),
    "session": ("/p/{pool}/paid", "/p/{pool}/not-paid"),
    "account": ("/p/{pool}/account?deposit=done", "/p/{pool}/account?deposit=cancelled"),
}
"""Where a page to pay at leads, once it is paid and when it is left: by the name that pages ask with."""
_log = structlog.get_logger("openline.paying")


class Paying:
    """Deposits, refunds, kept cards. `base` is where people reach the server."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, catalogue: Catalogue, metering: Metering, base: str
    ) -> None:
        self._processor = Processor(settings, lambda: clock.now_ms() / 1000)
        self._tools = Tools(database, self._processor, clock, MoneyMails(base), digits_of, _note)
        self._database = database
        self._clock = clock
        self._catalogue = catalogue
        self._metering = metering
        self._base = base
        self._checkout = Checkout(self._tools)
        self._reloads, self._refunds = Reloads(self._tools), Refunds(self._tools)
        self._webhook = Webhook(self._tools, self._reloads, self._refunds, Disputes(self._tools))
        self._wake = asyncio.Event()
        self._tidied_at = 0
        metering.on_minute.append(self.running_low)

    async def close(self) -> None:
        """Hang up."""
        await self._processor.close()

    # ------------------------------------------------------------ what users ask for

    async def page(self, pool: str, user: str, asked: Asked) -> str:
        """The address of the processor's page for a deposit. Refused `not_prepaid`, `no_account`, and as
        `Checkout.page`."""
        found = await self.payer(pool, user)
        options = found.options
        success, cancel = (self._base + path.format(pool=pool) for path in RETURNS[asked.back])
        shop = Shop(
            pool=pool, title=found.name, currency=options.currency, least=least(found), most=options.deposit_max,
            success=success, cancel=cancel,
        )  # fmt: skip
        return await self._checkout.page(user, asked, shop)

    async def refund(self, pool: str, user: str, op: str, amount: int) -> Refunding:
        """Give unused balance back, also where nothing is charged any more. Refused as `Refunds.ask`."""
        currency = (await self._catalogue.open(pool)).pool.options.currency
        made = await self._refunds.ask(pool, user, op, amount, currency)
        self._wake.set()
        await self._metering.wallet_changed(pool, user)
        return made

    async def wish(self, pool: str, user: str, wish: Reload) -> Kept:
        """Reload the balance by itself, or not. Refused `not_prepaid`, `no_account`, `no_card`, `bad_amount`."""
        found = await self.payer(pool, user)
        made = await self._reloads.wish(pool, user, wish, least(found), found.options.deposit_max)
        async with self._database.read() as tx:
            balance = (await ledger.balance_of(tx, pool, user)).balance
        if balance < wish.threshold:  # what a session has set aside is there until it is spent
            await self.running_low(pool, user)
        return made

    async def drop_card(self, pool: str, user: str) -> None:
        """Keep the card no longer. Refused `no_card`."""
        await self._reloads.drop_card(pool, user)

    async def kept(self, tx: Tx, pool: str, user: str) -> Kept:
        """A user's card and wishes."""
        return await cards.kept(tx, pool, user)

    async def refundable(self, tx: Tx, pool: str, user: str, currency: str) -> int:
        """The most that a user may have back now."""
        return await self._refunds.refundable(tx, pool, user, currency)

    async def payer(self, pool: str, user: str) -> Pool:
        """The pool, if this user may pay in here. Refused `not_prepaid`; `no_account` for a mere visitor, whose money
        would be lost with the browser's cookie."""
        found = await self._prepaid(pool)
        async with self._database.read() as tx:
            if await sign_ins.is_visitor(tx, pool, user):
                raise Refusal("no_account")
        return found

    async def _prepaid(self, pool: str) -> Pool:
        found = (await self._catalogue.open(pool)).pool
        if not found.options.prepaid:
            raise Refusal("not_prepaid")
        return found

    # ------------------------------------------------------------ what happens by itself

    async def take(self, body: bytes, signature: str) -> None:
        """Follow what the processor tells. Raises as `Webhook.take`."""
        if whose := await self._webhook.take(body, signature):
            await self._metering.funded(*whose)

    async def running_low(self, pool: str, user: str) -> None:
        """The balance of a user may be low: reload it, if they wish. Raises nothing."""
        try:
            options = (await self._catalogue.open(pool)).pool.options
            if options.prepaid:
                await self._reloads.look(pool, user, options.currency, options.deposit_max)
        except (Refusal, *FAILURES) as error:
            _log.warning("reload_not_looked_at", pool=pool, error=type(error).__name__)

    async def run(self) -> None:
        """Go on with what hangs, until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self._look()
            except FAILURES as error:
                _log.warning("deposits_not_read", error=type(error).__name__)
            # Not all processes at once: what one does the others need not.
            with suppress(TimeoutError):
                async with asyncio.timeout(random.uniform(LOOK_S / 2, LOOK_S)):  # noqa: S311 - a spread, not a secret
                    await self._wake.wait()

    async def _look(self) -> None:
        for whose in await self._refunds.resume():
            await self._metering.funded(*whose)
        await self._reloads.resume()
        await self._checkout.resume()
        await erasure.forget_at_processor(self._tools)
        now = self._clock.now_ms()
        if now - self._tidied_at > TIDY_MS:
            async with self._database.begin() as tx:
                await store.forget_events(tx, now - KEPT_MS)
            self._tidied_at = now


def paying_of(
    config: Config, database: Database, clock: Clock, catalogue: Catalogue, metering: Metering
) -> Paying | None:
    """What `config` asks for; None when it names no card processor."""
    settings = processor_of(config)
    if settings is None:
        return None
    return Paying(settings, database, clock, catalogue, metering, base_of(config))


def processor_of(config: Config) -> Settings | None:
    """How to reach the card processor that `config` names; None when it names none."""
    if not config.stripe_key:
        return None
    api = config.stripe_api or STRIPE_API
    return Settings(key=config.stripe_key, secret=config.stripe_webhook_secret, api=api)


def least(pool: Pool) -> int:
    """The smallest deposit: the smallest amount that is offered."""
    return min(*pool.options.deposits, pool.options.deposit_max)


async def _note(tx: Tx, pool: str, at: int, action: str, thing: str, reason: str) -> None:
    await audit.note(tx, pool, at, audit.Action(actor="processor", action=action, object=thing, reason=reason))

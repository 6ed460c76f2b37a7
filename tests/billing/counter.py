"""A counter where people pay in: the doors of deposits on a real database, before a real test processor that tells
them by HTTP what happens."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing import ledger
from billing.deposits import store
from billing.deposits.cards import Reloads
from billing.deposits.checkout import Asked, Checkout, Shop
from billing.deposits.disputes import Disputes, NotYet
from billing.deposits.processor import Processor, ProcessorDown, Settings
from billing.deposits.refunds import Refunds
from billing.deposits.tools import Tools
from billing.deposits.webhook import Webhook
from directory.profiles import Profiles
from ground.clock import Clock, SystemClock
from ground.currency import digits_of
from ground.sql import Database
from identity.accounts import Accounts
from mail import outbox
from server.money_mails import MoneyMails
from server.paying import _note
from tests import processor as tp
from tests.listening import listening

POOL = "demo"
USER = "uma"
BASE = "https://line.example"
SHOP = Shop(
    pool=POOL, title="The line", currency="EUR", least=500, most=50_000, success=f"{BASE}/p/demo/paid",
    cancel=f"{BASE}/p/demo/not-paid",
)  # fmt: skip


class Counter:
    """Everything of one process about deposits."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.processor = Processor(settings, time.time)  # whatever `clock` says: events are signed in real time
        self.tools = Tools(database, self.processor, clock, MoneyMails(BASE), digits_of, _note)
        self.checkout = Checkout(self.tools)
        self.reloads, self.refunds = Reloads(self.tools), Refunds(self.tools)
        self.webhook = Webhook(self.tools, self.reloads, self.refunds, Disputes(self.tools))

    async def page(self, op: str, amount: int = 2500, *, keep: bool = False, user: str = USER, **shop: Any) -> str:
        made = Shop(**({name: getattr(SHOP, name) for name in Shop.__struct_fields__} | shop))
        return await self.checkout.page(user, Asked(op, amount, "panel", keep), made)

    async def balance(self, user: str = USER) -> ledger.Balance:
        async with self.database.read() as tx:
            return await ledger.balance_of(tx, POOL, user)

    async def rows(self, kind: str = "deposits", user: str = USER) -> list[dict[str, Any]]:
        async with self.database.read() as tx:
            return (await store.all_of(tx, POOL, user))[kind]

    async def payer(self, user: str = USER) -> dict[str, Any]:
        async with self.database.read() as tx:
            return await store.payer(tx, POOL, user)

    async def letters(self, email: str = "uma@line.example") -> list[str]:
        """The kinds of mails that were written, sorted."""
        page, _more = await outbox.Outbox(self.database).page(POOL)
        return sorted(letter.kind for letter in page if letter.to == email)


class Hook:
    """The webhook's address. What comes is kept, and followed unless it is `shut`."""

    def __init__(self) -> None:
        self.counter: Counter | None = None
        self.shut = False
        self.came: list[tuple[bytes, str]] = []
        self.moved: list[tuple[str, str]] = []

    async def receive(self, request: Request) -> Response:
        body, signature = await request.body(), request.headers["stripe-signature"]
        self.came.append((body, signature))
        if self.shut or self.counter is None:
            return Response(status_code=503 if self.counter is None else 200)
        try:
            if whose := await self.counter.webhook.take(body, signature):
                self.moved.append(whose)
        except (ProcessorDown, NotYet):
            return Response(status_code=503)
        return Response()

    def kinds(self) -> list[str]:
        return [body.decode().partition('"type": "')[2].partition('"')[0] for body, _signature in self.came]

    async def replay(self, seed: int, copies: int = 5) -> None:
        """Everything that ever came again, so many times, in another order and three at once."""
        assert self.counter is not None
        again = self.came * copies
        random.Random(seed).shuffle(again)
        for n in range(0, len(again), 3):
            told = await asyncio.gather(*(self.counter.webhook.take(*one) for one in again[n : n + 3]))
            assert not any(told), f"something moved again, seed {seed}"


class Stand:
    """The counter with its processor."""

    def __init__(self, counter: Counter, hook: Hook, found: tp.Processor) -> None:
        self.counter = counter
        self.hook = hook
        self.found = found
        self.client = found.client()
        self.others: list[Counter] = []

    def another(self, settings: Settings | None = None) -> Counter:
        """Another process's counter on the same database."""
        made = Counter(self.counter.database, settings or settings_of(self.found), self.counter.clock)
        self.others.append(made)
        return made

    def without_processor(self) -> Counter:
        """One that the processor does not answer."""
        return self.another(Settings(key="sk_test_wrong", secret="whsec_wrong", api=self.found.api))

    async def pay(self, op: str, amount: int = 2500, number: str = tp.PAYS, **more: Any) -> tp.Paid:
        """Pay in, up to the processor's last word."""
        return await tp.pay(await self.counter.page(op, amount, **more), number)

    async def paid(self, op: str, amount: int = 2500, number: str = tp.PAYS, **more: Any) -> None:
        """Pay in, until it is credited."""
        before = (await self.counter.balance()).balance
        assert (await self.pay(op, amount, number, **more)).status == 303
        await self.until(lambda: self._has(before + amount))

    async def _has(self, amount: int) -> bool:
        return (await self.counter.balance()).balance == amount

    async def state(self, op: str, state: str) -> None:
        """Wait until the deposit of an operation is in a state."""

        async def is_there() -> bool:
            return any(row["op"] == op and row["state"] == state for row in await self.counter.rows())

        await self.until(is_there)

    async def until(self, holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not await holds():
                await asyncio.sleep(0.02)


def settings_of(found: tp.Processor) -> Settings:
    return Settings(key=found.key, secret=found.secret, api=found.api)


@contextlib.asynccontextmanager
async def standing(database: Database, clock: Clock | None = None, **more: Any) -> AsyncIterator[Stand]:
    """A counter that is open. `more` are settings of the processor."""
    await Profiles(database).create_pool(POOL, "The line")
    hook = Hook()
    app = Starlette(routes=[Route("/hook", hook.receive, methods=["POST"])])
    async with (
        listening(uvicorn.Config(app, log_config=None, lifespan="off")) as port,
        tp.processor(f"http://127.0.0.1:{port}/hook", **more) as found,
    ):
        hook.counter = Counter(database, settings_of(found), clock or SystemClock())
        stand = Stand(hook.counter, hook, found)
        try:
            yield stand
        finally:
            for counter in (hook.counter, *stand.others):
                await counter.processor.close()


async def with_account(database: Database, email: str = "uma@line.example") -> str:
    """A user whom mail reaches: their subject."""
    return await Accounts(database).open(POOL, "user", email, "Uma", now=SystemClock().now_ms())

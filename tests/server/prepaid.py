"""Money for the tests of the server: a pool that takes it, users who have some, time that passes at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from billing import ledger
from directory.expert import PoolOptions
from ground.sql import Database
from ground.store import Store
from tests.server.hall import EXPERTS, Hall, Page, conducted, hall
from wire import messages as m

RATE = 600
"""Minor units for a minute: ten a second."""
OPTIONS = PoolOptions(prepaid=True, fee_bps=2000, minimum_minutes=1, free_calls=3, currency="EUR")


@asynccontextmanager
async def till(
    store: Store, pool: str, folder: Path, options: PoolOptions = OPTIONS, *, database: str = "", **settings: int
) -> AsyncIterator[Hall]:
    """A house with a prepaid pool. Ada costs `RATE`, Eve ten times as much for audio, Bob nothing."""
    wide = {"ring_ms": 600_000, "connect_ms": 600_000, "wrap_up_ms": 1, "grace_ms": 600_000, "ready_after_ms": 600_000}
    async with hall(store, pool, folder, wide | settings, database) as house:
        await house.profiles.put_options(pool, options)
        rates: dict[str, dict[str, Any]] = {"ada": {"rate": RATE}, "eve": {"rate": RATE, "mode_rates": {"audio": 6000}}}
        priced = [msgspec.structs.replace(one, **rates.get(one.expert, {})) for one in EXPERTS]
        await house.profiles.put_experts(pool, priced)
        async with conducted(house):
            yield house


async def pay_in(db: Database, pool: str, user: str, amount: int, key: str = "first") -> None:
    """A deposit as the card processor's word makes it."""
    async with db.begin() as tx:
        await ledger.deposit(tx, pool, user, amount, "EUR", key=f"deposit:{user}:{key}", now=1)


async def balance(db: Database, pool: str, user: str) -> tuple[int, int]:
    """What is on a user's wallet, and what of it is set aside."""
    async with db.read() as tx:
        found = await ledger.balance_of(tx, pool, user)
    return found.balance, found.pending


class Call:
    """A session of two pages of one house, whose time passes as fast as the test wants: the pool's clock is moved, and
    the lease of the process with it."""

    def __init__(self, house: Hall, user: Page, expert: Page, session: str, at: int) -> None:
        self.house, self.user, self.expert, self.session = house, user, expert, session
        self.began = self.at = at

    async def passes(self, ms: int) -> None:
        """Both are there for `ms` more."""
        until = self.at + ms
        while self.at < until:
            self.at = min(until, self.at + 2_000)
            await self.house.presence.renew(self.house.pool, self.house.process, now=self.at)

    async def end(self, side: str = "user") -> None:
        """One side ends it, at the present moment exactly."""
        member = self.user.conn.member if side == "user" else self.expert.conn.member
        await self.house.line.end(self.house.pool, self.session, side, member, now=self.at)
        await self.house.line.run_due(self.house.pool, now=self.at + 100)  # the wrap-up is over, too

    async def billed(self, side: str = "user") -> m.Bill:
        page = self.user if side == "user" else self.expert
        return (await page.until(m.Billed, lambda said: said.bill.session == self.session)).bill


async def ringing(user: Page, expert: Page, name: str = "ada", mode: str = "chat") -> m.Offer:
    """The user has joined and the expert's console rings."""
    joined = await user.ask(m.Join, experts=[name], mode=mode)
    return await expert.until(m.Offer, lambda offer: offer.ticket == joined.ticket and offer.state == "ringing")


async def call(user: Page, expert: Page, name: str = "ada", mode: str = "chat") -> Call:
    """Both are connected from the call's `began` on."""
    house = user.hall
    offer = await ringing(user, expert, name, mode)
    await expert.ask(m.Accept, offer=offer.offer)
    said = await user.until(m.Session, lambda one: one.state == "connecting" and one.seq > offer.seq)
    at = max(house.clock.now_ms(), said.at) + 1_000
    await house.presence.renew(house.pool, house.process, now=at)
    for side, page in (("user", user), ("expert", expert)):
        await house.line.connected(house.pool, said.session, side, page.conn.member, now=at)
    return Call(house, user, expert, said.session, at)

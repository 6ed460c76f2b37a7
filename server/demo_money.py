"""What the demo's people cost, and money to try them with: prices, a first balance, a processor of test cards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import structs

from billing import ledger
from directory.expert import Expert, PoolOptions
from directory.profiles import Profiles
from ground.clock import SystemClock
from ground.sql import Database
from server.config import Config
from server.middleware import WEBHOOK
from server.test_processor.running import STATE_FILE, child, keys_of
from server.test_processor.settings import Settings, check_not_live

OPTIONS: Final = PoolOptions(visitors=True, prepaid=True, fee_bps=2000)
EARLIER: Final = (PoolOptions(), PoolOptions(visitors=True))
"""What demos of earlier releases had; who has set anything else keeps it."""
BALANCES: Final = {"uma": 2000, "viktor": 500}
"""First balances, in minor units: no minute has to be paid for before the first try."""
MEMO: Final = "Demo money"


async def price(profiles: Profiles, pool: str, listed: list[Expert]) -> None:
    """Make the pool prepaid, and give its experts the rates of the list, unless somebody has chosen otherwise."""
    if (await profiles.pool(pool)).options not in EARLIER:
        return
    rates = {one.expert: one.rate for one in listed}
    there = await profiles.experts(pool)
    unpriced = [one for one in there if not one.rate and not one.mode_rates and rates.get(one.expert)]
    await profiles.put_options(pool, OPTIONS)
    if unpriced:
        await profiles.put_experts(pool, [structs.replace(one, rate=rates[one.expert]) for one in unpriced])


async def endow(db: Database, pool: str) -> None:
    """Put the first balances on the users' accounts; once, however often the demo starts."""
    now = SystemClock().now_ms()
    async with db.begin() as tx:
        for user, amount in BALANCES.items():
            await ledger.deposit(tx, pool, user, amount, OPTIONS.currency, key=f"demo-{user}", now=now, memo=MEMO)


@contextmanager
def with_processor(config: Config) -> Iterator[Config]:
    """The settings with a test processor beside them for the block; as they are when they name a processor.

    Raises LiveKeys: nobody plays with real money.
    """
    check_not_live({}, config.stripe_key)
    if config.stripe_key:
        yield config
        return
    keys = keys_of(config.state_dir)
    settings = Settings(
        key=keys.key, secret=keys.secret, webhook=f"http://127.0.0.1:{config.port}{WEBHOOK}",
        state=str(config.state_dir / STATE_FILE), merchant="Openline demo",
    )  # fmt: skip
    with child(settings) as api:
        yield structs.replace(config, stripe_key=keys.key, stripe_webhook_secret=keys.secret, stripe_api=api)

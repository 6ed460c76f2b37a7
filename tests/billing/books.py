"""What tests of the ledger share: what is on the accounts, and the check that all of it adds up."""

import sqlalchemy as sa

from billing import ledger, meter
from billing.audit import audit
from ground.sql import Database

EUR, NOW = "EUR", 1_800_000_000_000
MINUTE = 60_000
_ACCOUNTS = sa.text("SELECT kind, owner, balance FROM ledger_accounts WHERE pool = :pool ORDER BY kind, owner")


async def totals(db: Database, pool: str = "p") -> dict[tuple[str, str], int]:
    """The balances of a pool's accounts."""
    async with db.read() as tx:
        return {(kind, owner): balance for kind, owner, balance in await tx.execute(_ACCOUNTS, {"pool": pool})}


async def check(db: Database) -> None:
    """The books are in balance."""
    report = await audit.examine(db)
    assert not report.drifts, report.drifts


async def drop(db: Database, pool: str, expert: str, amount: int, *, user: str = "uma", fee_bps: int = 0) -> None:
    """One session of `user` with `expert` that comes to `amount`."""
    key = f"{pool}-{user}-{expert}-{amount}"
    async with db.begin() as tx:
        await ledger.deposit(tx, pool, user, amount, EUR, key=f"deposit-{key}", now=NOW)
        await meter.reserve(
            tx, pool, f"o-{key}", user, expert, rate=amount, free_ms=0, cap_ms=MINUTE, minimum_ms=MINUTE,
            fee_bps=fee_bps, currency=EUR, now=NOW,
        )  # fmt: skip
        billed = await meter.settle(tx, pool, f"o-{key}", f"s-{key}", ran_ms=MINUTE, ended_by="user", ended_at=NOW)
    assert billed is not None and billed.amount == amount

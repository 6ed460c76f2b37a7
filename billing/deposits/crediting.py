"""A deposit is paid: credited once, in one transaction with all that follows from it."""

from typing import Any

from billing import ledger, meter
from billing.deposits import store
from billing.deposits.tools import Tools
from ground.sql import Tx


async def credit(tx: Tx, tools: Tools, row: store.Row, key: str, payment: str, **more: Any) -> bool:
    """Credit the deposit `row`, whose payer is locked; False when it was before. `key` is the processor's own name for
    what was paid: whatever else goes wrong, the ledger takes it once. Sessions of the user go on for longer."""
    if row["state"] == "paid":
        return False
    pool, user, amount, currency, now = row["pool"], row["user"], row["amount"], row["currency"], tools.clock.now_ms()
    await ledger.deposit(tx, pool, user, amount, currency, key=key, now=now, reference=row["deposit"])
    paid = {"state": "paid", "payment": payment, "reason": "", "changed_at": now}
    await store.set_deposit(tx, row["deposit"], **paid, **more)
    await meter.extend_open(tx, pool, user, now)
    balance = (await ledger.balance_of(tx, pool, user)).available
    await tools.letters.deposited(tx, pool, user, amount, currency, balance, now, key=row["deposit"])
    return True

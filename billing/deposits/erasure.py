"""What deposits keep of a person: to take along, and to forget. What was paid stays, under a name that says nothing."""

from typing import Any

import structlog

from billing.deposits import store
from billing.deposits.processor import ProcessorDown, ProcessorRefused
from billing.deposits.tools import Tools
from ground.errors import Refusal
from ground.sql import Tx

_EXPORTED = {
    "deposits": ("amount", "currency", "kind", "state", "reason", "returned", "created_at", "changed_at"),
    "refunds": ("amount", "currency", "state", "created_at", "changed_at"),
    "disputes": ("amount", "currency", "status", "reason", "created_at", "changed_at"),
    "payers": ("brand", "last4", "exp_month", "exp_year", "reload_on", "reload_threshold", "reload_amount"),
}
AT_ONCE = 20
_log = structlog.get_logger("openline.deposits")


async def export(tx: Tx, pool: str, user: str) -> dict[str, list[dict[str, Any]]]:
    """A user's deposits, refunds, disputes and kept card. Times in ms."""
    found = await store.all_of(tx, pool, user)
    shown = {kind: [{name: row[name] for name in _EXPORTED[kind]} for row in rows] for kind, rows in found.items()}
    shown["card"] = shown.pop("payers")
    return shown


async def check_free(tx: Tx, pool: str, user: str) -> None:
    """Raises Refusal (`refund_open`) while money of the user is on its way to the card."""
    if (await store.payer(tx, pool, user))["refunding"]:
        raise Refusal("refund_open")


async def forget(tx: Tx, pool: str, user: str, pseudonym: str) -> None:
    """Put `pseudonym` in the place of a user. Before the ledger is touched in this transaction: what comes in at the
    same time locks in that order."""
    await store.lock_known(tx, pool, user)
    await store.rename(tx, pool, user, pseudonym)


async def forget_at_processor(tools: Tools) -> None:
    """Have the processor forget the customers, with their cards, who are forgotten here, and close the pages at which
    they could still pay: it would be nobody's money. May be done twice."""
    async with tools.db.read() as tx:
        rows = await store.to_forget(tx, AT_ONCE)
    for row in rows:
        try:
            await _close_pages(tools, row)
            if row["customer"]:
                await tools.processor.forget_customer(row["customer"])
        except (ProcessorDown, ProcessorRefused) as error:
            _log.warning("customer_not_forgotten", error=type(error).__name__)
            continue
        async with tools.db.begin() as tx:
            await store.delete_payer(tx, row["pool"], row["user"])


async def _close_pages(tools: Tools, row: store.Row) -> None:
    async with tools.db.read() as tx:
        pages = await store.open_pages(tx, row["pool"], row["user"])
    for page in pages:
        try:
            await tools.processor.close_page(page)
        except ProcessorRefused as refused:  # it is over already
            _log.info("page_not_closed", code=refused.code)

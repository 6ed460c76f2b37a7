"""The door of statements: an account as it stands, its lines page by page, a pool's money in sums.

A line is one transfer. Its number is the cursor: within an account the numbers grow in the order in which the balances
changed, so a page is the same whenever it is asked for, and the balance on a line is exactly that after it.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

from msgspec import Struct

from billing import store as ledger
from billing.statements import store
from billing.store import Kind
from ground.sql import Database, Tx

PAGE: Final = 50
PAGE_MAX: Final = 200
STREAMED: Final = 1000
FROZEN_MAX: Final = 200
_BOOKED: Final = ("deposit", "refund", "chargeback", "payout")


class Line(Struct, kw_only=True, frozen=True):
    """One transfer, seen from one account. `amount` is signed, `balance` that after it; minor units, times in ms.

    Of a session: its id, how long both were connected, the rate a minute, what its user paid and what of it was the
    fee. `user` and `expert` are those of the session, `other` owns the account on the other side ("": the pool).
    """

    id: int
    at: int
    kind: str
    amount: int
    balance: int
    session: str
    ran_ms: int
    rate: int
    gross: int
    fee: int
    user: str
    expert: str
    other: str
    reference: str
    memo: str


class SetAside(Struct, kw_only=True, frozen=True):
    """A hold that is pending: `session` is "" until the two are together."""

    hold: str
    session: str
    expert: str
    amount: int
    rate: int
    at: int


class Statement(Struct, kw_only=True, frozen=True):
    """An account, and a page of its lines, newest first. `held` of a wallet is what `set_aside` lists."""

    currency: str
    balance: int
    held: int
    frozen: bool
    lines: list[Line]
    more: bool
    set_aside: list[SetAside]


class Sum(Struct, kw_only=True, frozen=True):
    """So many, and what they come to."""

    count: int
    amount: int


class Frozen(Struct, kw_only=True, frozen=True):
    """A wallet that is frozen."""

    user: str
    balance: int
    at: int
    reason: str


class Totals(Struct, kw_only=True, frozen=True):
    """A pool's money: the balance of each kind of account. The processor's is below 0 by what it holds for us."""

    wallets: Sum
    escrow: int
    owed: Sum
    fees: int
    processor: int
    world: int
    open_holds: Sum
    deposits: Sum
    refunds: Sum
    chargebacks: Sum
    payouts: Sum
    frozen: list[Frozen]


async def statement(
    tx: Tx, pool: str, kind: Kind, owner: str, *, before: int = 0, limit: int = PAGE
) -> Statement | None:
    """The lines before the line `before` (0: the newest). None when nothing was ever booked."""
    account = await ledger.account(tx, pool, kind, owner)
    if account is None:
        return None
    found = await store.lines(tx, account["account"], limit + 1, before=before)
    held = await ledger.pending_holds(tx, pool, wallet=account["account"]) if account["pending"] else []
    return Statement(
        currency=account["currency"], balance=account["balance"], held=account["pending"],
        frozen=account["frozen_at"] is not None, lines=[_line(row) for row in found[:limit]], more=len(found) > limit,
        set_aside=[_set_aside(row) for row in held],
    )  # fmt: skip


async def all_lines(db: Database, pool: str, kind: Kind, owner: str) -> AsyncIterator[list[Line]]:
    """Every line that there is now, oldest first, in pieces; what comes meanwhile is left out.

    Each piece is a transaction of its own, so that a slow reader holds nothing up.
    """
    async with db.read() as tx:
        account = await ledger.account(tx, pool, kind, owner)
        last = await store.last_line(tx, account["account"]) if account else 0
    after = 0
    while account and after < last:
        async with db.read() as tx:
            rows = await store.lines(tx, account["account"], STREAMED, after=after)
        after = rows[-1]["id"] if rows else last
        yield [_line(row) for row in rows if row["id"] <= last]


async def currency(tx: Tx, pool: str) -> str:
    """The currency of a pool's money, or "" while there is none."""
    return await ledger.any_currency(tx, pool) or ""


async def totals(tx: Tx, pool: str) -> Totals:
    """A pool's money in sums."""
    kinds = {row["kind"]: row for row in await store.totals(tx, pool)}
    frozen = await store.frozen_wallets(tx, pool, FROZEN_MAX)
    booked = await store.booked(tx, pool, _BOOKED)
    on = {kind: int(row["balance"]) for kind, row in kinds.items()}
    deposits, refunds, chargebacks, payouts = (_sum(booked.get(kind, (0, 0))) for kind in _BOOKED)
    return Totals(
        wallets=_people(kinds.get("wallet")), owed=_people(kinds.get("earnings")), escrow=on.get("escrow", 0),
        fees=on.get("fees", 0), processor=on.get("processor", 0), world=on.get("world", 0),
        open_holds=_sum(await store.open_holds(tx, pool)), deposits=deposits, refunds=refunds,
        chargebacks=chargebacks, payouts=payouts,
        frozen=[
            Frozen(user=row["owner"], balance=row["balance"], at=row["frozen_at"], reason=row["frozen_reason"])
            for row in frozen
        ],
    )  # fmt: skip


def _line(row: Any) -> Line:
    of_session = {name: row[name] or 0 for name in ("ran_ms", "rate", "gross", "fee")}
    return Line(
        id=row["id"], at=row["at"], kind=row["kind"], amount=row["amount"], balance=row["balance"],
        session=row["session"] or "", **of_session, user=row["user"] or "", expert=row["expert"] or "",
        other=row["other"], reference=row["reference"], memo=row["memo"],
    )  # fmt: skip


def _set_aside(row: Any) -> SetAside:
    named = {name: row[name] for name in ("hold", "expert", "amount", "rate")}
    return SetAside(**named, session=row["session"] or "", at=row["created_at"])


def _people(row: Any) -> Sum:
    return Sum(count=0, amount=0) if row is None else Sum(count=row["count"], amount=int(row["balance"]))


def _sum(found: tuple[int, int]) -> Sum:
    return Sum(count=found[0], amount=found[1])

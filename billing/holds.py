"""Holds: money of a wallet that is set aside for a session, until it is posted, voided or expires. Once.

A hold is no entry: it only lowers what is available, so one that ends without a charge leaves nothing on any account.
Posting moves wallet to escrow, and escrow to earnings and fees, in one transaction with the key `session:<session>`.
"""

from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from billing import store
from billing.booking import ESCROW, FEES, Account, Accounts, Leg, append, begin, lock, plan
from billing.price import needed
from ground.errors import Refusal
from ground.sql import Tx

KEPT_MS: Final = 24 * 3_600_000
"""A hold nobody ends expires so long after the longest session that it could be for. The books are read far sooner."""

Outcome = Literal["", "charged", "short", "free", "unpaid", "released"]


class Terms(Struct, frozen=True):
    """What a session costs: `rate` for a minute after `free_ms`, for at most `cap_ms`, of it `fee_bps` for the pool."""

    rate: int
    free_ms: int
    cap_ms: int
    fee_bps: int
    currency: str


class Hold(Struct, frozen=True):
    """A hold as the books have it. The live store knows of `told_amount` of it. `ended_at` is 0 until it ends."""

    hold: str
    user: str
    expert: str
    terms: Terms
    amount: int
    told_amount: int
    state: Literal["pending", "posted", "voided", "expired"]
    session: str
    created_at: int
    ended_at: int
    ran_ms: int
    posted: int
    fee: int
    outcome: Outcome
    ended_by: str


class Ending(Struct, frozen=True):
    """How a session ended for its hold: it ran `ran_ms`; `ended_by` is "user", "expert", "server" or ""
    for anything else."""

    session: str
    ran_ms: int
    ended_by: str
    at: int


class Opened(NamedTuple):
    """An open hold with its accounts, locked."""

    held: Hold
    accounts: Accounts


async def find(tx: Tx, pool: str, hold: str) -> Hold | None:
    row = await store.hold(tx, pool, hold)
    return None if row is None else from_row(row)


async def of_session(tx: Tx, pool: str, session: str) -> Hold | None:
    row = await store.hold_of_session(tx, pool, session)
    return None if row is None else from_row(row)


async def hold(tx: Tx, pool: str, hold: str, user: str, expert: str, terms: Terms, *, at_least: int, now: int) -> Hold:
    """Set aside what `terms` may come to, or what is available if that is less.

    A hold that is there and open is the answer to a repeat for the same two at the same rate, whatever else the repeat
    says. Raises Refusal("op_reused") for a repeat with others, Refusal("not_funded") when the hold has ended, and
    Refusal("wallet_frozen"), Refusal("balance_too_low") when less than `at_least` is available.
    """
    accounts = await lock(tx, pool, terms.currency, ("wallet", user), ("earnings", expert), FEES)
    if first := await find(tx, pool, hold):
        return _repeated(first, user, expert, terms)
    wallet, earnings = accounts["wallet", user], accounts["earnings", expert]
    if wallet.frozen:
        raise Refusal("wallet_frozen")
    amount = min(wallet.available, needed(terms.rate, terms.free_ms, terms.cap_ms))
    if amount < at_least:
        raise Refusal("balance_too_low")
    return await _add(tx, pool, hold, terms, wallet, earnings, amount, now)


async def extend(tx: Tx, pool: str, hold: str) -> Hold | None:
    """Grow an open hold with what is available, up to what its longest session may come to. None when it is not open.

    A frozen wallet gives nothing more.
    """
    found = await opened(tx, pool, hold)
    if found is None:
        return None
    held, accounts = found
    wallet, terms = accounts["wallet", held.user], held.terms
    amount = min(needed(terms.rate, terms.free_ms, terms.cap_ms), held.amount + wallet.available)
    if wallet.frozen or amount <= held.amount:
        return held
    await store.change_hold(tx, pool, hold, amount=amount)
    return replace(held, amount=amount)


async def bind(tx: Tx, pool: str, hold: str, session: str) -> bool:
    """Write down which session an open hold is for; False when it is not open, or for another."""
    found = await opened(tx, pool, hold)
    if found is None or found.held.session not in ("", session):
        return False
    if not found.held.session:
        await store.change_hold(tx, pool, hold, session=session)
    return True


async def opened(tx: Tx, pool: str, hold: str) -> Opened | None:
    """An open hold with its accounts, locked until the transaction ends; None when there is none or it has ended."""
    seen = await store.hold(tx, pool, hold)
    if seen is None or seen["state"] != "pending":
        return None
    accounts = await lock(tx, pool, seen["currency"], ("wallet", seen["user"]), ("earnings", seen["expert"]), FEES)
    held = await find(tx, pool, hold)  # another transaction may have ended it while this one waited at the gate
    return Opened(held, accounts) if held is not None and held.state == "pending" else None


async def post(tx: Tx, pool: str, of: Opened, ending: Ending, *, amount: int, fee: int) -> Hold:
    """End an open hold with a charge of `amount` (at most what is held), of which `fee` is the pool's, and give the
    rest free."""
    held, accounts = of
    assert 0 < amount <= held.amount and 0 <= fee <= amount
    # The hold ends first: the balance may never be less than what is pending.
    key = f"session:{ending.session}"
    made = await begin(tx, pool, "session", key, now=ending.at, reference=ending.session)
    posted = await _end(tx, pool, held, "posted", "charged", ending, posted=amount, fee=fee, transaction_id=made)
    accounts["wallet", held.user].pending -= held.amount
    await append(tx, made, plan(pool, accounts, _legs(held, amount, fee)))
    return posted


async def void(tx: Tx, pool: str, of: Opened, ending: Ending, outcome: Outcome) -> Hold:
    """End an open hold without a charge."""
    return await _end(tx, pool, of.held, "voided", outcome, ending)


async def are_due(tx: Tx, pool: str, now: int) -> bool:
    """Whether `expire_due` would find any: asked without the pool's gate, and without a lock on the database."""
    return bool(await store.due_holds(tx, pool, now))


async def expire_due(tx: Tx, pool: str, now: int) -> list[Hold]:
    """Give free what nobody has ended in time. The holds that expired now."""
    expired = []
    for row in await store.due_holds(tx, pool, now):
        if found := await opened(tx, pool, row["hold"]):
            outcome: Outcome = "unpaid" if found.held.session else "released"
            expired.append(await _end(tx, pool, found.held, "expired", outcome, Ending("", 0, "", now)))
    return expired


async def unpaid(tx: Tx, pool: str, hold: str, user: str, expert: str, terms: Terms, ending: Ending) -> Hold:
    """Write down a session for which nothing was set aside, with a hold of nothing that ends at once."""
    accounts = await lock(tx, pool, terms.currency, ("wallet", user), ("earnings", expert), FEES)
    made = await _add(tx, pool, hold, terms, accounts["wallet", user], accounts["earnings", expert], 0, ending.at)
    return await void(tx, pool, Opened(made, accounts), ending, "unpaid")


# ---------------------------------------------------------------- steps


async def _add(
    tx: Tx, pool: str, hold: str, terms: Terms, wallet: Account, earnings: Account, amount: int, now: int
) -> Hold:
    row: dict[str, Any] = {
        "pool": pool, "hold": hold, "wallet": wallet.account, "earnings": earnings.account, "currency": terms.currency,
        "rate": terms.rate, "free_ms": terms.free_ms, "cap_ms": terms.cap_ms, "fee_bps": terms.fee_bps,
        "amount": amount, "told_amount": amount, "state": "pending", "session": None, "created_at": now,
        "expires_at": now + terms.cap_ms + KEPT_MS, "ended_at": None, "ran_ms": 0, "posted": 0, "fee": 0,
        "outcome": "", "ended_by": "", "transaction_id": None,
    }  # fmt: skip
    await store.add_hold(tx, row)
    return from_row(row | {"user": wallet.owner, "expert": earnings.owner})


async def _end(
    tx: Tx, pool: str, held: Hold, state: Literal["posted", "voided", "expired"], outcome: Outcome, ending: Ending, *,
    posted: int = 0, fee: int = 0, transaction_id: int | None = None,
) -> Hold:  # fmt: skip
    session = ending.session or held.session
    await store.change_hold(
        tx, pool, held.hold, state=state, outcome=outcome, session=session or None, ended_at=ending.at,
        ran_ms=ending.ran_ms, ended_by=ending.ended_by, posted=posted, fee=fee, transaction_id=transaction_id,
    )  # fmt: skip
    return replace(
        held, state=state, outcome=outcome, session=session, ended_at=ending.at, ran_ms=ending.ran_ms,
        ended_by=ending.ended_by, posted=posted, fee=fee,
    )  # fmt: skip


def _legs(held: Hold, amount: int, fee: int) -> list[Leg]:
    legs = [Leg(("wallet", held.user), ESCROW, amount), Leg(ESCROW, ("earnings", held.expert), amount - fee)]
    return [leg for leg in (*legs, Leg(ESCROW, FEES, fee)) if leg.amount]


def _repeated(first: Hold, user: str, expert: str, terms: Terms) -> Hold:
    asked = (user, expert, terms.rate, terms.free_ms, terms.currency)
    if asked != (first.user, first.expert, first.terms.rate, first.terms.free_ms, first.terms.currency):
        raise Refusal("op_reused", first.hold)
    if first.state != "pending":
        raise Refusal("not_funded", first.hold)
    return first


def from_row(row: Any) -> Hold:
    """A hold from its row, as `store.hold` reads it."""
    terms = Terms(**{name: row[name] for name in Terms.__struct_fields__})
    own = ("hold", "user", "expert", "amount", "told_amount", "state", "created_at")
    ended = ("ran_ms", "posted", "fee", "outcome", "ended_by")
    plain = {name: row[name] for name in (*own, *ended)}
    return Hold(**plain, terms=terms, session=row["session"] or "", ended_at=row["ended_at"] or 0)

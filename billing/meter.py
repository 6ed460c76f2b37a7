"""What a session holds and what it comes to, in the caller's transaction. The rules of price are in `price.py`.

`reserve` when somebody accepts, `bind` when the match is known, `extend_open` after a deposit, `settle` when the
session has ended, `release` when the offer ended without one. A hold has the id of its offer.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog
from msgspec import Struct

from billing import holds, ledger, store
from billing.holds import Ending, Hold, Opened, Outcome, Terms
from billing.price import MINUTE_MS, SHORT_MS, buys_ms, cost, fee, needed
from ground.errors import Refusal
from ground.sql import Tx, is_about_data

DAY_MS: Final = 24 * 3_600_000
_LONGEST_MS: Final = 2**53
_log = structlog.get_logger("openline.meter")


class Quote(Struct, frozen=True):
    """What a balance buys: `enough_ms` of connection, at most the longest session; `enough` to be let in."""

    enough_ms: int
    enough: bool


class Reserved(Struct, frozen=True):
    """What is set aside for an offer, how long it lasts, and the pool's part."""

    amount: int
    budget_ms: int
    fee_bps: int


class Funded(NamedTuple):
    """An open hold as the live store has to know it: `budget_ms` for its session ("" while there is no match known)."""

    hold: str
    session: str
    budget_ms: int
    amount: int


class BillFacts(Struct, frozen=True):
    """What a session came to. `amount` = `fee` + `credit`, in minor units of `currency`; all 0 unless it was charged.

    `outcome`: charged; short (30.000 s or less); free (within the free minutes); unpaid (nothing was set aside).
    """

    session: str
    hold: str
    user: str
    expert: str
    outcome: Outcome
    ran_ms: int
    rate: int
    free_ms: int
    amount: int
    fee: int
    credit: int
    currency: str
    ended_at: int


def quote(available: int, rate: int, free_ms: int, cap_ms: int, minimum_ms: int) -> Quote:
    """Pure. What `available` buys at `rate` (more than 0) in a session of at most `cap_ms`.

    It is enough when it lasts for `minimum_ms`, or for the longest session where that is shorter.
    """
    enough_ms = _budget(min(max(0, available), needed(rate, free_ms, cap_ms)), rate, free_ms, cap_ms)
    return Quote(enough_ms, enough_ms >= min(minimum_ms, cap_ms))


async def reserve(
    tx: Tx, pool: str, offer: str, user: str, expert: str, *, rate: int, free_ms: int, cap_ms: int, minimum_ms: int,
    fee_bps: int, currency: str, now: int,
) -> Reserved:  # fmt: skip
    """Set aside for an offer what its longest session may come to, or all that is available.

    A repeat for the same offer gets the first answer (with what was added since). Raises Refusal("balance_too_low")
    when it would not last for `minimum_ms`, Refusal("wallet_frozen"), Refusal("not_funded") when the hold has ended
    already, Refusal("op_reused") when the offer's hold is for others or at another rate.
    """
    terms = Terms(rate, free_ms, cap_ms, fee_bps, currency)
    smallest = least(rate, free_ms, min(minimum_ms, cap_ms))
    held = await holds.hold(tx, pool, offer, user, expert, terms, at_least=smallest, now=now)
    return Reserved(held.amount, budget_of(held), held.terms.fee_bps)


async def bind(tx: Tx, pool: str, offer: str, session: str) -> bool:
    """Write down which session an offer's hold is for. False when there is no open hold."""
    return await holds.bind(tx, pool, offer, session)


async def release(tx: Tx, pool: str, offer: str, now: int) -> bool:
    """Give free what was set aside for an offer that came to nothing. False when nothing was; safe to repeat.

    A hold whose session is known is not released: it is settled."""
    found = await holds.opened(tx, pool, offer)
    if found is None or found.held.session:
        return False
    await holds.void(tx, pool, found, Ending("", 0, "", now), "released")
    return True


async def extend_open(tx: Tx, pool: str, user: str, now: int) -> list[Funded]:
    """Let the open holds of a user grow with what is available, the oldest first. Those that grew."""
    grown = []
    wallet = await store.account(tx, pool, "wallet", user)
    for row in await store.pending_holds(tx, pool, wallet=wallet["account"]) if wallet else ():
        held = await holds.extend(tx, pool, row["hold"])
        if held is not None and held.amount > row["amount"]:
            grown.append(_funded(held))
    return grown


async def untold(tx: Tx, pool: str) -> list[Funded]:
    """Open holds that have grown since the live store was told, and whose session is known."""
    found = [holds.from_row(row) for row in await store.untold_holds(tx, pool)]
    return [_funded(held) for held in found]


async def told(tx: Tx, pool: str, hold: str, amount: int) -> None:
    """Note that the live store knows of `amount` of a hold."""
    await store.set_told(tx, pool, hold, amount)


async def open_holds(tx: Tx, pool: str) -> list[Hold]:
    """All open holds of a pool, oldest first, for who looks whether the live store still knows what they are for."""
    return [holds.from_row(row) for row in await store.pending_holds(tx, pool)]


async def settle(
    tx: Tx, pool: str, offer: str, session: str, *, ran_ms: int, ended_by: str, ended_at: int,
    user: str = "", expert: str = "", rate: int = 0, free_ms: int = 0,
) -> BillFacts | None:  # fmt: skip
    """Charge a session that ended, once: a repeat gets the same bill.

    `ended_by` is "user", "expert" (also when the expert was lost), "server" (our fault) or "". A session without an
    open hold is `unpaid`: it is logged as an error, and written down when `user` and `expert` are given. It never
    raises for what it is given; None when there is nothing to bill at all. Errors of a database out of order come out.
    """
    by = ended_by if ended_by in ("user", "expert", "server") else ""
    ending = Ending(session, min(max(0, ran_ms), _LONGEST_MS), by, ended_at)
    try:
        async with tx.begin_nested():
            if found := await holds.opened(tx, pool, offer):
                return _bill(await _charge(tx, pool, found, ending))
    except Exception as error:
        if not (isinstance(error, Refusal) or is_about_data(error)):
            raise
        _log.exception("settling_failed", pool=pool, session=session, hold=offer)
    done = await bill(tx, pool, session)
    return done or await _write_off(tx, pool, offer, ending, user, expert, Terms(rate, free_ms, 0, 0, ""))


async def bill(tx: Tx, pool: str, session: str) -> BillFacts | None:
    """What a session came to; None before it is settled, or when it held nothing."""
    held = await holds.of_session(tx, pool, session)
    return None if held is None or held.state == "pending" else _bill(held)


async def bills(tx: Tx, pool: str, sessions: Sequence[str]) -> dict[str, BillFacts]:
    """The same of several, by session; those that have none are left out."""
    found = [_bill(holds.from_row(row)) for row in await store.holds_of_sessions(tx, pool, sessions)]
    return {bill.session: bill for bill in found}


async def balances(tx: Tx, pool: str, of: BillFacts) -> tuple[int, int]:
    """What the user of a bill may spend, and what its expert is owed, as it stands now."""
    wallet = await ledger.balance_of(tx, pool, of.user)
    return wallet.available, await ledger.owed_to(tx, pool, of.expert)


async def given_back(tx: Tx, pool: str, hold: str, ran_ms: int) -> int:
    """What of an open hold would be free again if its session ended after `ran_ms`; 0 when it is not open."""
    held = await holds.find(tx, pool, hold)
    if held is None or held.state != "pending":
        return 0
    return held.amount - min(held.amount, cost(held.terms.rate, held.terms.free_ms, ran_ms))


async def free_calls_today(tx: Tx, pool: str, user: str, expert: str, now: int) -> int:
    """Sessions of the two within the 24 hours before `now` that cost nothing, unless the expert or our fault ended
    them."""
    return await store.free_calls(tx, pool, user, expert, now - DAY_MS)


async def free_beginning(
    tx: Tx, pool: str, user: str, expert: str, *, free_ms: int, times: int, now: int
) -> int:  # fmt: skip
    """How much of the next session of the two is free: `free_ms`, in `times` sessions within 24 hours, then nothing.
    Else many short sessions, each a little longer than its free beginning, would cost next to nothing."""
    if not free_ms:
        return 0
    had = await store.free_calls(tx, pool, user, expert, now - DAY_MS, begun=True)
    return free_ms if had < times else 0


def budget_of(held: Hold) -> int:
    """How long what is set aside lasts (ms of connection)."""
    return _budget(held.amount, held.terms.rate, held.terms.free_ms, held.terms.cap_ms)


# ---------------------------------------------------------------- steps


async def _charge(tx: Tx, pool: str, found: Opened, ending: Ending) -> Hold:
    """Post or void an open hold."""
    terms = found.held.terms
    amount = min(cost(terms.rate, terms.free_ms, ending.ran_ms), found.held.amount)
    if amount:
        return await holds.post(tx, pool, found, ending, amount=amount, fee=fee(amount, terms.fee_bps))
    return await holds.void(tx, pool, found, ending, "short" if ending.ran_ms <= SHORT_MS else "free")


async def _write_off(
    tx: Tx, pool: str, offer: str, ending: Ending, user: str, expert: str, terms: Terms
) -> BillFacts | None:
    """Note that nothing was charged for a session that should have been."""
    _log.error("session_unpaid", pool=pool, session=ending.session, hold=offer, ran_ms=ending.ran_ms)
    try:
        async with tx.begin_nested():
            if found := await holds.opened(tx, pool, offer):
                return _bill(await holds.void(tx, pool, found, ending, "unpaid"))
            currency = await ledger.currency_of(tx, pool)
            if not (user and expert and currency):
                return None
            named = Terms(terms.rate, terms.free_ms, 0, 0, currency)
            made = await holds.unpaid(tx, pool, f"unpaid.{ending.session}", user, expert, named, ending)
            return _bill(made)
    except Exception as error:
        if not (isinstance(error, Refusal) or is_about_data(error)):
            raise
        _log.exception("writing_off_failed", pool=pool, session=ending.session, hold=offer)
        return None


def _budget(amount: int, rate: int, free_ms: int, cap_ms: int) -> int:
    return min(cap_ms, buys_ms(amount, rate, free_ms))


def least(rate: int, free_ms: int, ms: int) -> int:
    """The smallest amount that lasts for `ms`. It can be less than what is `needed`, for `buys_ms` rounds up."""
    paid_ms = ms - free_ms
    return rate * (paid_ms - 1) // MINUTE_MS + 1 if paid_ms > 0 else 0


def _funded(held: Hold) -> Funded:
    return Funded(held.hold, held.session, budget_of(held), held.amount)


def _bill(held: Hold) -> BillFacts:
    return BillFacts(
        session=held.session, hold=held.hold, user=held.user, expert=held.expert,
        outcome="unpaid" if held.outcome == "released" else held.outcome, ran_ms=held.ran_ms, rate=held.terms.rate,
        free_ms=held.terms.free_ms, amount=held.posted, fee=held.fee, credit=held.posted - held.fee,
        currency=held.terms.currency, ended_at=held.ended_at,
    )  # fmt: skip

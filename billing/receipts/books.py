"""Receipts in the books: what is noted while a ticket waits and a session lasts, and the receipt that is made of it.

All in the caller's transaction, which writes the journal's entries. A place is kept once for all who stand behind it:
a change in a line is one row, however long the line is. Positions are of the journal, and grow.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from billing import holds
from billing.holds import Hold
from billing.receipts import line, store
from billing.receipts.clock import Intervals, Looked
from billing.receipts.facts import (
    FACTS_MAX,
    ROUNDING,
    Accepted,
    AnyFact,
    Charged,
    Connected,
    Fact,
    Funded,
    Header,
    Joined,
    Matched,
)
from billing.receipts.receipt import sealed
from billing.receipts.signing import Signer
from billing.receipts.verify import verify
from ground.sql import Database, Tx

Kept = AnyFact | Looked
_decode: Final = msgspec.json.Decoder(Kept).decode
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_log = structlog.get_logger("openline.receipts")


class Settled(Struct, frozen=True, kw_only=True):
    """A session that is over: what the receipt's head says of it, and when it ended (ms)."""

    session: str
    ticket: str
    expert: str
    mode: str
    ended_at: int


async def note(
    tx: Tx, pool: str, ticket: str, expert: str, told: Iterable[tuple[int, Kept]], *, first: int = 0
) -> None:
    """Keep facts of a ticket in the line of `expert`, each with its position; `first` is the number of the first, where
    others are kept of the same position. Again, it changes nothing."""
    rows = [
        {"pool": pool, "ticket": ticket, "pos": pos, "n": n, "expert": expert, "body": _json(fact)}
        for n, (pos, fact) in enumerate(told, first)
    ]
    await store.add_facts(tx, rows)


async def note_line(tx: Tx, pool: str, ticket: str, expert: str) -> None:
    """Keep what happened in the line of `expert` while this ticket stood there: the last visit, which has ended.
    Nothing, when we can't vouch for it."""
    own = line.last_visit(await store.stays_of(tx, pool, expert, ticket))
    if not own or own[0]["by"] == store.UNKNOWN or await store.is_blind(tx, pool):
        return
    stays = await store.stays_since(tx, pool, expert, own[0]["came_pos"])
    others = [row for row in stays if row["ticket"] != ticket]
    # Behind the numbers of what else is noted at these positions.
    rows = [
        {"pool": pool, "ticket": ticket, "pos": one.pos, "n": 100 + n, "expert": expert, "body": _json(one.fact)}
        for n, one in enumerate(line.told(own, others))
    ]
    await store.add_facts(tx, rows)


async def seal(tx: Tx, pool: str, settled: Settled, signer: Signer) -> bool:
    """Make the receipt of a session that is settled. False when it held no money or, which is logged, when not all of
    it was seen."""
    held = await holds.of_session(tx, pool, settled.session)
    if held is None:
        return False
    rows = await store.facts_of(tx, pool, settled.ticket)
    await store.forget_facts(tx, pool, [settled.ticket])
    facts = list(_told([row for row in rows if row["expert"] == settled.expert]))
    whole = bool(facts) and isinstance(facts[0], Joined) and any(isinstance(fact, Matched) for fact in facts)
    if not whole or len(facts) >= FACTS_MAX:
        _log.warning("receipt_not_whole", pool=pool, session=settled.session, facts=len(facts))
        return False
    header = Header(
        pool=pool, session=settled.session, ticket=settled.ticket, expert=settled.expert, mode=settled.mode,
        currency=held.terms.currency,
    )  # fmt: skip
    made = sealed(header, [*facts, _charged(held, settled.ended_at)], signer)
    body = _json(made)
    if problem := verify(body.encode()).problem:  # a fault of ours: nobody gets a receipt that does not hold
        _log.error("receipt_does_not_hold", pool=pool, session=settled.session, problem=problem)
        return False
    await store.add_key(tx, signer.public, settled.ended_at)
    await store.add_receipt(tx, pool, settled.session, body, settled.ended_at)
    return True


async def receipt_of(db: Database, pool: str, session: str) -> bytes | None:
    """The receipt of a session as JSON. Whoever shows it checks that the reader is a party to it."""
    async with db.read() as tx:
        body = await store.receipt(tx, pool, session)
    return None if body is None else msgspec.json.format(body.encode())


async def published(db: Database, signer: Signer) -> list[str]:
    """Every key that has signed, the present one last."""
    async with db.read() as tx:
        used = [row["key"] for row in await store.all_keys(tx)]
    return [*(key for key in used if key != signer.public), signer.public]


def code(text: str) -> str:
    """`text` if it is a code of ours; what people typed is not for a receipt."""
    return text if _CODE.fullmatch(text) else ""


def _told(rows: Sequence[dict[str, Any]]) -> Iterator[AnyFact]:
    """The facts since the ticket last came to the line; yes and connected are said once, the clock by intervals."""
    kept = [_decode(row["body"]) for row in rows]
    began = max((n for n, fact in enumerate(kept) if isinstance(fact, Joined)), default=len(kept))
    said: set[object] = set()
    clock, budget_ms = Intervals(), 0
    for fact in kept[began:]:
        once = _once(fact)
        if isinstance(fact, Looked):
            yield from clock.take(fact)
        elif isinstance(fact, Funded) and fact.budget_ms <= budget_ms:
            continue
        elif once is None or once not in said:
            said.add(once)
            yield fact
        budget_ms = getattr(fact, "budget_ms", budget_ms)


def _once(fact: Fact) -> object:
    match fact:
        case Accepted():
            return fact.offer, fact.side
        case Connected():
            return fact.side
        case _:
            return None


def _charged(held: Hold, at: int) -> Charged:
    outcome = "unpaid" if held.outcome in ("", "released") else held.outcome
    return Charged(
        at=at, outcome=outcome, rate=held.terms.rate, free_ms=held.terms.free_ms, ran_ms=held.ran_ms, held=held.amount,
        fee_bps=held.terms.fee_bps, amount=held.posted, fee=held.fee, credit=held.posted - held.fee, rounding=ROUNDING,
    )  # fmt: skip


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

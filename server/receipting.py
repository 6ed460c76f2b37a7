"""From the journal to receipts: what entries say of places, offers and sessions, in the books' own transaction.

Places are kept for everybody, for whoever waits behind a free ticket may pay; the rest only where money is charged.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import structlog

from billing.receipts import books, store
from billing.receipts.books import Kept, Settled
from billing.receipts.clock import Looked
from billing.receipts.facts import Accepted, Connected, Ended, Funded, Matched, Offered, OfferOver, Overtaken
from billing.receipts.signing import Signer
from billing.receipts.store import NOWHERE
from ground.sql import FAILURES, Recorded, Stamp, Tx, is_about_data
from queueing.facts import OfferFacts, PoolSnapshot, SessionFacts, TicketFacts
from queueing.store import somebody_waits
from sessions.store import LoggedSession

EVENTS_MAX: Final = 1 << 16
"""Events of one entry that have a position of their own."""
PUT_BY: Final = {"moved": "operator", "transferred": "transfer"}
"""Who puts a ticket before those who came earlier, by the cause of its change."""
OVER: Final = frozenset({"declined", "missed", "not_ready", "withdrawn"})
Row = dict[str, Any]
Told = Sequence[Recorded]
_log = structlog.get_logger("openline.receipting")


class Unreceipted:
    """Where no receipts are made."""

    async def record(self, tx: Tx, pool: str, told: Told) -> None:
        """As in Receipting."""

    async def lost(self, tx: Tx, pool: str) -> None:
        """As in Receipting."""

    async def close_lost(
        self, tx: Tx, pool: str, logged: LoggedSession, ran_ms: int, ended_at: int, reason: str
    ) -> None:
        """As in Receipting."""

    async def tidy(self, tx: Tx, pool: str, snapshot: PoolSnapshot) -> None:
        """As in Receipting."""


class Receipting(Unreceipted):
    """Signs with the server's key. Call it after the sessions are settled. A pool in which nothing costs anything is
    left alone; from the first place that does, all are kept."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._kept: set[str] = set()

    async def record(self, tx: Tx, pool: str, told: Told) -> None:
        """Note what these entries say, and seal what is settled. No receipt stops the books: one that can't be made is
        logged."""
        try:
            if told and await self._keeps(tx, pool, told):
                async with tx.begin_nested():
                    await _Page(tx, pool, self._signer).write(told)
        except Exception as error:
            if isinstance(error, FAILURES) and not is_about_data(error):
                raise
            _log.exception("receipts_not_written", pool=pool)
            await self.lost(tx, pool)

    async def _keeps(self, tx: Tx, pool: str, told: Told) -> bool:
        """Whether the places of a pool are kept, from this page on if it is the first with one that costs something.
        Then whoever waits already was not seen to come."""
        if pool in self._kept:
            return True
        if await store.is_kept(tx, pool):
            self._kept.add(pool)
            return True
        if not any(_costs(event) for _stamp, events in told for event in events):
            return False
        await store.mark(tx, pool, seen=not await somebody_waits(tx, pool, told[0][0].at))
        return True

    async def lost(self, tx: Tx, pool: str) -> None:
        """Entries are missing before those to come: who stands where is not known any more."""
        await store.forget_places(tx, pool)

    async def close_lost(
        self, tx: Tx, pool: str, logged: LoggedSession, ran_ms: int, ended_at: int, reason: str
    ) -> None:
        """Seal a session that the live store lost, and that was settled as having run for `ran_ms`. As in `record`, one
        that can't be made is logged, and the books go on."""
        at = ended_at
        told: list[Kept] = [
            Looked(at=at, ran_ms=ran_ms, running_since=0, side=""),
            Ended(at=at, reason=reason, by="system", ran_ms=ran_ms),
        ]
        try:
            async with tx.begin_nested():
                await books.note(tx, pool, logged.ticket, logged.expert, [(NOWHERE, fact) for fact in told])
                await books.seal(tx, pool, _settled(logged, at), self._signer)
        except Exception as error:
            if isinstance(error, FAILURES) and not is_about_data(error):
                raise
            _log.exception("receipt_not_written", pool=pool, session=logged.session)

    async def tidy(self, tx: Tx, pool: str, snapshot: PoolSnapshot) -> None:
        """Forget what is kept of tickets that there are no more, and learn where those stand that we have not seen
        come. Whoever is in a line with one of them gets no receipt for this visit: we can't vouch for the place."""
        await store.forget_others(tx, pool, [facts.ticket for facts in snapshot.tickets])
        if not await store.is_kept(tx, pool):
            return
        await store.mark(tx, pool, seen=True)
        page = _Page(tx, pool, self._signer)
        if unseen := await page.learn(snapshot):
            await store.doubt(tx, pool, sorted(unseen))
            _log.info("places_learnt", pool=pool, lines=len(unseen))


class _Page:
    """Some entries of one pool. `_open` is where tickets stand, by ticket and line, as of the entry being read."""

    def __init__(self, tx: Tx, pool: str, signer: Signer) -> None:
        self._tx = tx
        self._pool = pool
        self._signer = signer
        self._open: dict[str, dict[str, Row]] = {}
        self._changed: dict[tuple[str, str, int], Row] = {}
        self._left: set[str] = set()
        self._done: set[str] = set()

    async def write(self, told: Told) -> None:
        await self._load(told)
        for stamp, events in told:
            for n, event in enumerate(events):
                pos = stamp.seq * EVENTS_MAX + min(n, EVENTS_MAX - 1)
                if isinstance(event, TicketFacts):
                    self._ticket(stamp.at, pos, event)
                elif isinstance(event, OfferFacts) and event.rate:
                    await self._note(event, [(pos, fact) for fact in _of_offer(stamp.at, event)])
                elif isinstance(event, SessionFacts):
                    await self._session(stamp.at, pos, event)
        await self._flush()
        if self._done:
            await store.forget_facts(self._tx, self._pool, sorted(self._done))
        if self._left:
            await store.forget_stays(self._tx, self._pool, sorted(self._left))

    async def learn(self, snapshot: PoolSnapshot) -> set[str]:
        """Put down places that are not kept yet; the lines in which they are."""
        await self._load([(Stamp(snapshot.epoch, snapshot.seq, snapshot.at), snapshot.tickets)])
        for facts in snapshot.tickets:
            self._ticket(snapshot.at, (snapshot.seq + 1) * EVENTS_MAX - 1, facts)
        learnt = {expert for expert, _ticket, _pos in self._changed}
        await self._flush()
        return learnt

    async def _load(self, told: Told) -> None:
        """The places of all tickets that these entries name."""
        named: set[str] = set()
        for _stamp, events in told:
            for event in events:
                if isinstance(event, TicketFacts):
                    named.add(event.ticket)
                elif isinstance(event, SessionFacts):
                    named |= {ticket for ticket, _reason in event.overtook}
        for row in await store.open_places(self._tx, self._pool, sorted(named)) if named else ():
            self._open.setdefault(row["ticket"], {})[row["expert"]] = row

    async def _flush(self) -> None:
        await store.put_places(self._tx, list(self._changed.values()))
        self._changed = {}

    # ------------------------------------------------------------ places

    def _ticket(self, at: int, pos: int, facts: TicketFacts) -> None:
        stands = self._open.setdefault(facts.ticket, {})
        now_in = dict(facts.lines)
        if facts.state == "done" and any(row["rate"] for row in stands.values()):
            self._done.add(facts.ticket)  # of one that was matched the end of the session sees to it
        terms = {expert: (rate, free_ms) for expert, rate, free_ms, _limit_ms in facts.terms}
        for expert, row in list(stands.items()):
            if now_in.get(expert) != row["ordinal"]:
                self._put(row | {"to_pos": pos, "to_ms": at, "why": _why(facts)})
                del stands[expert]
                if expert in now_in:
                    moved = {"from_pos": pos, "from_ms": at, "ordinal": now_in[expert], "by": "operator"}
                    stands[expert] = self._put(row | moved)
                else:
                    self._left.add(expert)
        for expert in now_in.keys() - stands.keys():
            rate, free_ms = terms.get(expert, (0, 0))
            stands[expert] = self._put({
                "pool": self._pool, "expert": expert, "ticket": facts.ticket, "from_pos": pos, "came_pos": pos,
                "to_pos": NOWHERE, "from_ms": at, "to_ms": 0, "ordinal": now_in[expert], "rate": rate,
                "free_ms": free_ms, "by": PUT_BY.get(facts.cause, "user"), "why": "",
            })  # fmt: skip

    def _put(self, row: Row) -> Row:
        self._changed[row["expert"], row["ticket"], row["from_pos"]] = row
        return row

    # ------------------------------------------------------------ sessions

    async def _session(self, at: int, pos: int, facts: SessionFacts) -> None:
        if facts.cause == "matched":
            await self._overtaken(at, pos, facts)
        if not facts.rate:
            return
        if facts.cause == "matched":
            await self._flush()
            await books.note_line(self._tx, self._pool, facts.ticket, facts.expert)
            if (matched := self._matched(at, facts)) is not None:
                await self._note(facts, [(pos, matched)])
        await self._note(facts, [(pos, fact) for fact in _of_session(at, facts)], first=1)
        if facts.state == "ended":
            await books.seal(self._tx, self._pool, _settled(facts, facts.ended_at), self._signer)

    def _matched(self, at: int, facts: SessionFacts) -> Matched | None:
        """None when somebody was overtaken of whom we don't know where they stand."""
        stands = [(self._open.get(ticket, {}).get(facts.expert), reason) for ticket, reason in facts.overtook]
        overtook = sorted((row["ordinal"], reason) for row, reason in stands if row is not None)
        if len(overtook) < len(stands):
            return None
        return Matched(at=at, offer=facts.offer, overtook=overtook, budget_ms=facts.budget_ms, fee_bps=facts.fee_bps)

    async def _overtaken(self, at: int, pos: int, facts: SessionFacts) -> None:
        """Who was overtaken by this match reads why, if they pay here."""
        for ticket, reason in facts.overtook:
            if self._open.get(ticket, {}).get(facts.expert, {}).get("rate"):
                fact = Overtaken(at=at, reason=reason)
                await books.note(self._tx, self._pool, ticket, facts.expert, [(pos, fact)])

    async def _note(self, facts: OfferFacts | SessionFacts, told: list[tuple[int, Kept]], first: int = 0) -> None:
        await books.note(self._tx, self._pool, facts.ticket, facts.expert, told, first=first)


def _costs(event: object) -> bool:
    return bool(event.terms) if isinstance(event, TicketFacts) else bool(getattr(event, "rate", 0))


def _settled(of: SessionFacts | LoggedSession, ended_at: int) -> Settled:
    return Settled(session=of.session, ticket=of.ticket, expert=of.expert, mode=of.mode, ended_at=ended_at)


def _of_offer(at: int, facts: OfferFacts) -> Iterator[Kept]:
    if facts.cause == "made":
        yield Offered(at=at, offer=facts.offer, rate=facts.rate, free_ms=facts.free_ms)
    if facts.cause in ("made", "accepted", "matched"):
        if facts.user_ok:
            yield Accepted(at=at, offer=facts.offer, side="user")
        if facts.expert_ok:
            yield Accepted(at=at, offer=facts.offer, side="expert")
    if facts.state in OVER:
        yield OfferOver(at=at, offer=facts.offer, state=facts.state)


def _of_session(at: int, facts: SessionFacts) -> Iterator[Kept]:
    if facts.user_on:
        yield Connected(at=at, side="user")
    if facts.expert_on:
        yield Connected(at=at, side="expert")
    yield Looked(at=at, ran_ms=facts.ran_ms, running_since=facts.running_since, side=facts.frozen)
    if facts.cause == "funded":
        yield Funded(at=at, budget_ms=facts.budget_ms)
    if facts.state == "ended":
        by = facts.by.partition(":")[0]
        reason = books.code(facts.reason) if by == "system" else ""
        yield Ended(at=at, reason=reason, by=by, ran_ms=facts.ran_ms)


def _why(facts: TicketFacts) -> str:
    """Why a ticket left a line, as far as it concerns others."""
    if facts.cause in ("matched", "moved"):
        return facts.cause
    return "left" if facts.cause in ("switched", "left") or facts.reason == "left" else "gone"

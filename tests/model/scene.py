"""A scene: one pool in the real store with a clock of its own, for examples that read like a story."""

from typing import Any

import pytest

from ground.errors import Refusal
from ground.journal import Journal
from ground.store import Store
from presence.presence import Presence
from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from queueing.line import Line
from queueing.settings import PoolSettings
from sessions.conversation import Conversation
from tests.model.compare import Facts, facts_of

START = 1_800_000_000_000
STEP_MS = 2_000


class Scene:
    """People act at `now`; `later` lets time pass with the server process alive."""

    def __init__(self, store: Store, pool: str) -> None:
        self.store, self.pool, self.now = store, pool, START
        self.presence, self.line, self.conversation = Presence(store), Line(store), Conversation(store)
        self.process = "p1"

    async def open(self, *experts: str, **settings: int) -> "Scene":
        """A pool in which these experts are here and online."""
        await self.line.configure(self.pool, PoolSettings(**settings), now=self.now)
        await self.presence.renew(self.pool, self.process, now=self.now)
        await self.presence.enrol(self.pool, list(experts), now=self.now)
        for expert in experts:
            await self.presence.attach(self.pool, self.process, "expert", expert, now=self.now)
            await self.presence.declare(self.pool, expert, "online", now=self.now)
        return self

    async def come(self, *users: str) -> None:
        for user in users:
            await self.presence.attach(self.pool, self.process, "user", user, now=self.now)

    async def go(self, side: str, member: str) -> None:
        await self.presence.detach(self.pool, self.process, side, member, now=self.now)

    async def declare(self, expert: str, status: str, **more: Any) -> dict[str, Any]:
        return await self.presence.declare(self.pool, expert, status, now=self.now, **more)

    async def join(self, user: str, *experts: str, **more: Any) -> dict[str, Any]:
        """The user comes and joins."""
        await self.come(user)
        return await self.line.join(self.pool, user, list(experts), now=self.now, **more)

    async def later(self, ms: int) -> None:
        """Time passes: the process renews its lease, and what is due is done when it is due."""
        end = self.now + ms
        while self.now < end:
            due = await self.line.run_due(self.pool, now=self.now)
            stops = [end, self.now + STEP_MS, *([due["next"]] if due["next"] > self.now else [])]
            self.now = min(stops)
            await self.presence.renew(self.pool, self.process, now=self.now)
        await self.line.run_due(self.pool, now=self.now)

    # ------------------------------------------------------------ both sides

    async def offered(self, expert: str) -> OfferFacts:
        """The offer that rings at the expert."""
        shot = await self.line.snapshot(self.pool, now=self.now)
        return next(offer for offer in shot.offers if offer.expert == expert)

    async def accept(self, expert: str, side: str = "expert", **more: Any) -> dict[str, Any]:
        offer = await self.offered(expert)
        who = expert if side == "expert" else offer.user
        return await self.line.accept(self.pool, offer.offer, side, who, now=self.now, **more)

    async def decline(self, expert: str, side: str = "expert") -> dict[str, Any]:
        offer = await self.offered(expert)
        who = expert if side == "expert" else offer.user
        return await self.line.decline(self.pool, offer.offer, side, who, now=self.now)

    async def meet(self, expert: str) -> SessionFacts:
        """The expert accepts and both sides connect: a live session."""
        await self.accept(expert)
        session = await self.session(expert)
        await self.line.connected(self.pool, session.session, "user", session.user, now=self.now)
        await self.line.connected(self.pool, session.session, "expert", expert, now=self.now)
        return await self.session(expert)

    async def end(self, expert: str, side: str = "expert") -> dict[str, Any]:
        session = await self.session(expert)
        who = {"expert": expert, "user": session.user, "operator": "olga"}[side]
        return await self.line.end(self.pool, session.session, side, who, "", now=self.now)

    # ------------------------------------------------------------ what is so

    async def light(self, expert: str) -> str:
        shot = await self.line.snapshot(self.pool, now=self.now)
        return next(fact.indicator for fact in shot.experts if fact.expert == expert)

    async def waiting(self, expert: str) -> list[str]:
        """The users in the line of the expert, in order."""
        shot = await self.line.snapshot(self.pool, now=self.now)
        places = [(ordinal, t.user) for t in shot.tickets for name, ordinal in t.lines if name == expert]
        return [user for _, user in sorted(places)]

    async def ringing(self, expert: str) -> str:
        """The user who is offered to the expert, or nothing."""
        shot = await self.line.snapshot(self.pool, now=self.now)
        return next((offer.user for offer in shot.offers if offer.expert == expert), "")

    async def ticket(self, user: str) -> TicketFacts | None:
        shot = await self.line.snapshot(self.pool, now=self.now)
        return next((t for t in shot.tickets if t.user == user and t.state != "done"), None)

    async def ticket_of(self, user: str) -> TicketFacts:
        """The user's ticket, which is there."""
        ticket = await self.ticket(user)
        assert ticket is not None, f"{user} has no ticket"
        return ticket

    async def facts(self) -> list[Facts]:
        """All that the journal tells, in order."""
        entries = await Journal(self.store).read(self.pool, 0, 10_000)
        return [fact for entry in entries for fact in facts_of(entry.events)]

    async def session(self, expert: str) -> SessionFacts:
        """The latest session of the expert, over or not."""
        told = [fact for fact in await self.facts() if isinstance(fact, SessionFacts) and fact.expert == expert]
        return told[-1]


async def refusal(answer: Any) -> str:
    """The code with which an awaited command is refused, or nothing."""
    try:
        await answer
    except Refusal as refused:
        return refused.code
    return ""


@pytest.fixture
def scene(store: Store, pool: str) -> Scene:
    """An empty pool; `open` puts experts into it."""
    return Scene(store, pool)

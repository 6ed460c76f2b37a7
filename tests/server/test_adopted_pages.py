"""A visitor becomes a user: the visitor's pages hear that the ticket went, the user's pages get it."""

from pathlib import Path

from ground.store import Store
from queueing.facts import TicketFacts
from server.fanout import LivePool
from tests.server.hall import hall
from wire import messages


async def test_the_pages_of_both_hear_of_it(store: Store, pool: str, tmp_path: Path) -> None:
    async with hall(store, pool, tmp_path) as house:
        ada = await house.expert()
        await ada.ask(messages.Declare, status="away", reason="")
        visitor = await house.page("user", "visitor")
        uma, vic = await house.page("user", "uma"), await house.page("user", "vic")
        for page in (uma, visitor):
            await page.ask(messages.Join, experts=["ada"], mode="chat")
        before = await visitor.until(messages.MyTicket, lambda told: bool(told.ticket))
        await house.line.adopt(pool, "visitor", "vic", name="Vic")

        gone = await visitor.until(messages.MyTicket, lambda told: told.state == "done" and bool(told.ticket))
        assert (gone.ticket, gone.reason, gone.places) == (before.ticket, "adopted", [])
        mine = await vic.until(messages.MyTicket, lambda told: bool(told.ticket))
        assert (mine.ticket, mine.joined_at) == (before.ticket, before.joined_at)
        assert [(place.expert, len(place.ahead), place.length) for place in mine.places] == [("ada", 1, 2)]
        queue = await ada.until(messages.QueueChange, lambda told: any(w.user == "vic" for w in told.changed))
        assert [waiter.name for waiter in queue.changed] == ["Vic"]
        live: LivePool = house.fanout.pool(pool)
        assert live.mirror.ticket_of("visitor") is None
        assert isinstance(live.mirror.ticket_of("vic"), TicketFacts)

        # From now on the user's pages follow the line, the visitor's no longer.
        for page in (visitor, vic):
            page.told.clear()
        await uma.ask(messages.Leave)
        moved = await vic.until(messages.LineChange)
        assert (moved.left, moved.length) == ([1], 1)
        assert not visitor.heard(messages.LineChange)


async def test_a_visitor_in_an_offer_and_a_session(store: Store, pool: str, tmp_path: Path) -> None:
    async with hall(store, pool, tmp_path) as house:
        ada = await house.expert()
        visitor, vic = await house.page("user", "visitor"), await house.page("user", "vic")
        await visitor.ask(messages.Connect, expert="ada", mode="chat")
        offer = await ada.until(messages.Offer)
        await house.line.adopt(pool, "visitor", "vic", name="Vic")
        over = await visitor.until(messages.Offer, lambda told: told.state == "withdrawn")
        assert (over.offer, over.reason) == (offer.offer, "adopted")
        assert (await vic.until(messages.Offer)).offer == offer.offer
        assert (await ada.until(messages.Offer, lambda told: told.partner == "Vic")).state == "ringing"

        await ada.ask(messages.Accept, offer=offer.offer)
        session = await vic.until(messages.Session)
        await house.line.adopt(pool, "vic", "victoria", name="Victoria")
        ended = await vic.until(messages.Session, lambda told: told.state == "ended")
        assert (ended.session, ended.reason) == (session.session, "adopted")
        later = await house.page("user", "victoria")
        assert (await later.until(messages.Session)).session == session.session
        back = await ada.until(messages.Session, lambda told: told.partner == "Victoria" and not told.gone_until)
        assert back.state == "connecting"

"""Who wanted to be called at their turn and was moved to a line that costs more: told by mail and by the page, and
called once they agree."""

from pathlib import Path

import msgspec
import pytest

from ground.store import Store
from identity.accounts import Accounts
from identity.passwords import Passwords
from mail.outbox import Outbox
from queueing.facts import TicketFacts
from tests.server.hall import Page
from tests.server.hall import until as comes
from tests.server.phones import VIC, Place, a_place_of_its_own, phones
from tests.server.prepaid import OPTIONS, RATE, pay_in
from tests.sessions.phone.peers import Phone, on
from wire import messages as m

DEAR = 3 * RATE


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_place_of_its_own(monkeypatch)


async def costs(place: Place, expert: str, rate: int) -> None:
    """Wait until a minute with the expert costs this."""
    house = place.house
    person = msgspec.structs.replace((await house.catalogue.open(house.pool)).experts[expert], rate=rate)
    await house.profiles.put_experts(house.pool, [person])
    await house.news.profile(house.pool, expert)

    async def told() -> bool:
        return (await house.catalogue.open(house.pool)).experts[expert].rate == rate

    await comes(told)


async def is_away(place: Place, expert: str) -> Page:
    page = await place.house.expert(expert)
    await page.ask(m.Declare, status="away")
    return page


def ticket_of(place: Place, user: str) -> TicketFacts:
    found = place.house.fanout.pool(place.house.pool).mirror.ticket_of(user)
    assert found
    return found


async def letters(place: Place) -> list[tuple[str, str, str]]:
    found, _more = await Outbox(place.house.db).page(place.house.pool)
    return [(one.to, one.kind, one.text) for one in found]


@pytest.mark.claim("A2", "A18")
@pytest.mark.baresip
async def test_whoever_is_moved_to_a_dearer_line_is_told_and_called_once_they_agree(
    store: Store, pool: str, tmp_path: Path
) -> None:
    options = msgspec.structs.replace(OPTIONS, phone_regions=["DE"])
    async with phones(store, pool, tmp_path, options, rate=RATE) as place:
        house = place.house
        vic = await Accounts(house.db, Passwords()).open(pool, "user", "vic@example.org", "Vic", now=1)
        await pay_in(house.db, pool, vic, 90_000)
        await is_away(place, "ada")
        bob = await is_away(place, "bob")
        page = await place.confirmed("user", vic, VIC)
        await page.ask(m.Join, experts=["ada"], mode="phone", rates=[RATE])
        await page.ask(m.CallMe, on=True, rate=RATE)
        await page.go()
        await costs(place, "bob", DEAR)

        olga = await house.page("operator", "olga")
        await olga.watch(lines=["bob"])
        await olga.ask(m.Move, ticket=ticket_of(place, vic).ticket, expert="bob", to="head", reason="sooner")
        row = (await olga.until(m.QueueChange, lambda said: said.expert == "bob" and bool(said.changed))).changed[0]
        assert not row.call_me and not row.connected, "staff see that this place is passed over"

        async def mailed() -> bool:
            return len(await letters(place)) == 1

        await comes(mailed)
        [(to, kind, text)] = await letters(place)
        assert (to, kind) == ("vic@example.org", "dearer_line") and "€18.00" in text

        async with on(phone := Phone(tmp_path / "phone")):
            place.exchange.lead(VIC, phone)
            back = await house.page("user", vic)
            told = await back.until(m.MyTicket, lambda said: [one.expert for one in said.places] == ["bob"])
            assert (told.call_me, told.agreed, told.places[0].rate) == (True, RATE, DEAR)
            await back.ask(m.CallMe, on=True, rate=DEAR)
            assert (await back.until(m.MyTicket, lambda said: said.agreed == DEAR)).call_me
            await back.go()
            await bob.ask(m.Declare, status="online")
            offer = await bob.until(m.Offer, lambda said: said.theirs and said.state == "ringing")
            assert place.exchange.called == [VIC]
            await bob.ask(m.Decline, offer=offer.offer)

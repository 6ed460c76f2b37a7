"""How long the wait can be at most: told to who stands in the line of a prepaid pool, and told anew when it grows."""

from pathlib import Path

from billing import ledger, meter
from ground.store import Store
from queueing import bound
from tests.server.hall import Page
from tests.server.prepaid import call, pay_in, till
from wire import messages as m


async def test_balances_ahead_bound_the_wait_and_a_deposit_ahead_raises_it(
    store: Store, pool: str, tmp_path: Path
) -> None:
    async with till(store, pool, tmp_path, ring_ms=30_000, wrap_up_ms=15_000, frozen_max_ms=60_000) as house:
        for user, amount in (("ann", 1_000), ("ben", 1_200), ("cem", 5_000)):
            await pay_in(house.db, pool, user, amount)
        ada = await house.expert("ada")
        ann, ben, cem = [await house.page("user", user) for user in ("ann", "ben", "cem")]
        await call(ann, ada)
        settings = ann.conn.view.live.mirror.settings

        # Ann's hundred seconds (the clock of this test begins in a second), her longest freeze, and the wrap-up.
        await ben.ask(m.Join, experts=["ada"])
        first = await _told(ben, 1, 176.1)
        assert first.bound > 165 and first.p80 <= first.bound
        await cem.ask(m.Join, experts=["ada"])
        second = await _told(cem, 2, 176.1 + bound.ticket_ms(settings, 120_000) / 1000)
        assert second.bound - first.bound > bound.ticket_ms(settings, 120_000) / 1000 - 10, "all that Ben can pay for"

        async with house.db.begin() as tx:
            await ledger.deposit(tx, pool, "ann", 600, "EUR", key="deposit:more", now=2)
            await meter.extend_open(tx, pool, "ann", 2)
        await house.metering.funded(pool, "ann")
        grown = await cem.until(m.Forecast, lambda said: said.places[1].bound > second.bound + 40)
        assert grown.places[1].bound < second.bound + 61, "somebody ahead has paid for another minute"


async def _told(page: Page, place: int, most: float) -> m.PlaceForecast:
    """The forecast of a place, once the server has seen all that lowers its bound below `most` seconds."""
    told = await page.until(m.Forecast, lambda said: len(said.places) > place and said.places[place - 1].bound <= most)
    return told.places[place - 1]

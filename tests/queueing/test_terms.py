"""What a place costs: locked when it is taken, asked again when it grows, and never without money set aside."""

import pytest

from queueing.facts import Terms, TicketFacts
from tests.model.scene import Scene, refusal

RATE, MINUTE = 120, 60_000


def terms(*experts: str, rate: int = RATE, free_ms: int = 0, limit_ms: int = MINUTE) -> dict[str, Terms]:
    return {expert: Terms(rate, free_ms, limit_ms) for expert in experts}


@pytest.mark.claim("A10")
async def test_terms_are_locked_with_the_place_and_told_with_the_offer(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy")
    await scene.declare("ada", "away")
    await scene.declare("bob", "away")
    await scene.declare("cy", "away")
    given = terms("ada", free_ms=10_000) | terms("cy", rate=5)
    await scene.join("uma", "ada", "bob", terms=given)
    assert (await scene.ticket_of("uma")).terms == [("ada", RATE, 10_000, MINUTE), ("bob", 0, 0, 0)]
    await scene.line.switch(scene.pool, "uma", "cy", leaving="bob", terms=terms("cy", rate=200), now=scene.now)
    assert (await scene.ticket_of("uma")).terms[1] == ("cy", 200, 0, MINUTE)
    await scene.line.fund_ticket(scene.pool, "uma", {"ada": 2 * MINUTE, "cy": 1, "bob": 5}, now=scene.now)
    ticket = await scene.ticket_of("uma")
    assert ticket.terms == [("ada", RATE, 10_000, 2 * MINUTE), ("cy", 200, 0, MINUTE)]
    await scene.declare("ada", "online")
    offer = await scene.offered("ada")
    assert (offer.rate, offer.free_ms, offer.budget_ms) == (RATE, 10_000, 0)
    ask = scene.line.offer(scene.pool, offer.offer, "user", "uma", now=scene.now)
    assert {**await ask, "seq": 0, "at": 0} == {
        "offer": offer.offer, "ticket": ticket.ticket, "user": "uma", "expert": "ada", "mode": "chat", "rate": RATE,
        "free_ms": 10_000, "seq": 0, "at": 0,
    }  # fmt: skip
    others = scene.line.offer(scene.pool, offer.offer, "expert", "bob", now=scene.now)
    assert await refusal(others) == "no_such_offer"
    await scene.decline("ada")
    assert (await scene.ticket_of("uma")).terms == ticket.terms
    await scene.line.leave(scene.pool, "uma", "ada", now=scene.now)
    await scene.line.switch(scene.pool, "uma", "bob", now=scene.now)
    assert (await scene.ticket_of("uma")).terms == []


async def test_nobody_pays_more_than_they_chose_without_another_yes(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy")
    for expert in ("ada", "bob", "cy"):
        await scene.declare(expert, "away")
    ticket = (await scene.join("uma", "ada", terms=terms("ada")))["ticket"]

    async def move(expert: str, rate: int) -> TicketFacts:
        dear, by = terms(expert, rate=rate), "operator:olga"
        await scene.line.move(scene.pool, ticket, expert, "head", "help", by, terms=dear, now=scene.now)
        return await scene.ticket_of("uma")

    assert not (await move("bob", RATE)).must_confirm
    assert (await move("cy", RATE + 1)).must_confirm
    assert (await move("bob", RATE + 1)).must_confirm
    await scene.line.come_back(scene.pool, "uma", now=scene.now)  # she is there, which is no yes
    assert (await scene.ticket_of("uma")).must_confirm
    await scene.declare("bob", "online")
    assert not (await scene.offered("bob")).user_ok
    await scene.accept("bob", budget_ms=MINUTE)
    await scene.accept("bob", "user", budget_ms=MINUTE)
    assert (await scene.session("bob")).rate == RATE + 1


@pytest.mark.claim("A17")
async def test_nobody_meets_for_money_that_is_not_set_aside(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada", terms=terms("ada"))
    before, offered = len(await scene.facts()), await scene.offered("ada")
    assert await refusal(scene.accept("ada")) == "not_funded"
    assert len(await scene.facts()) == before
    await scene.accept("ada", budget_ms=MINUTE, fee_bps=1_500)
    session = await scene.session("ada")
    assert (session.budget_ms, session.fee_bps, session.offer) == (MINUTE, 1_500, offered.offer)


async def test_the_larger_budget_and_the_first_fee_count(scene: Scene) -> None:
    await scene.open("ada", ready_after_ms=1)
    await scene.declare("ada", "away")
    await scene.join("uma", "ada", terms=terms("ada"))
    await scene.later(1_000)
    await scene.declare("ada", "online")
    await scene.accept("ada", budget_ms=MINUTE, fee_bps=1_500)
    assert (await scene.offered("ada")).budget_ms == MINUTE
    await scene.accept("ada", "user", budget_ms=2 * MINUTE, fee_bps=9_000)
    session = await scene.session("ada")
    assert (session.budget_ms, session.fee_bps) == (2 * MINUTE, 1_500)


async def test_who_cannot_pay_is_passed_over_once_and_drops_the_second_time(scene: Scene) -> None:
    await scene.open("ada", unready_pause_ms=10_000)
    await scene.join("uma", "ada", terms=terms("ada"))
    await scene.join("vic", "ada")
    offer = (await scene.offered("ada")).offer
    await scene.line.unfunded(scene.pool, offer, now=scene.now)
    ticket = await scene.ticket_of("uma")
    assert (ticket.pause_reason, ticket.reason, ticket.must_confirm) == ("balance_too_low", "", True)
    late = scene.line.accept(scene.pool, offer, "expert", "ada", budget_ms=MINUTE, now=scene.now)
    assert await refusal(late) == "no_such_offer"  # it came too late
    assert await refusal(scene.line.unfunded(scene.pool, offer, now=scene.now)) == "no_such_offer"
    assert await scene.ringing("ada") == "vic"
    await scene.meet("ada")
    assert (await scene.session("ada")).overtook == [(ticket.ticket, "balance_too_low")]
    await scene.end("ada")
    await scene.later(30_000)
    await scene.line.unfunded(scene.pool, (await scene.offered("ada")).offer, now=scene.now)
    assert await scene.ticket("uma") is None
    last = [fact for fact in await scene.facts() if isinstance(fact, TicketFacts) and fact.user == "uma"][-1]
    assert (last.cause, last.reason, last.by) == ("done", "balance_too_low", "system")

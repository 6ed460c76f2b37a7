"""The order of what happens in one step, told as stories: who is looked at first, and who came first."""

import pytest

from queueing.facts import OfferFacts
from tests.model.scene import Scene, scene

__all__ = ["scene"]


async def test_a_ticket_that_becomes_ready_goes_to_whom_its_user_named_first(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy")
    await scene.join("uma", "cy", "ada", "bob")
    assert await scene.ringing("cy") == "uma"
    await scene.decline("cy")
    assert await scene.ringing("ada") == "uma"


async def test_a_line_switched_to_comes_last(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy")
    for expert in ("ada", "bob", "cy"):
        await scene.declare(expert, "away", reason="tea")
    await scene.join("uma", "ada", "bob")
    await scene.line.step_away(scene.pool, "uma", 10, now=scene.now)
    await scene.line.switch(scene.pool, "uma", "cy", leaving="ada", now=scene.now)
    for expert in ("cy", "bob"):
        await scene.declare(expert, "online")
    await scene.line.come_back(scene.pool, "uma", now=scene.now)
    assert await scene.ringing("bob") == "uma"


async def test_a_late_look_dispatches_between_two_deadlines(scene: Scene) -> None:
    """Ada is offered at the first, closed at the second; one call runs both and Bob is offered as of the second."""
    await scene.open("ada", "bob")
    for expert in ("ada", "bob"):
        await scene.declare(expert, "away", reason="tea")
    await scene.join("uma", "ada", "bob")
    await scene.line.step_away(scene.pool, "uma", 5, now=scene.now)
    for expert in ("ada", "bob"):
        await scene.declare(expert, "online")
    start = scene.now
    await scene.presence.set_hours(scene.pool, "ada", [(start, start + 6_000)], now=start)
    await scene.line.run_due(scene.pool, now=start + 7_000)
    told = [(fact.expert, fact.cause) for fact in await scene.facts() if isinstance(fact, OfferFacts)]
    assert told == [("ada", "made"), ("ada", "withdrawn"), ("bob", "made")]
    assert (await scene.offered("bob")).made_at == start + 6_000


async def test_deadlines_of_one_instant_run_in_the_order_of_their_names(scene: Scene) -> None:
    """A lost user's grace and step-away end together: the grace is first, so nobody is asked any more."""
    await scene.open("ada", grace_ms=5_000)
    await scene.declare("ada", "away", reason="tea")
    await scene.join("uma", "ada")
    await scene.line.step_away(scene.pool, "uma", 20, now=scene.now)
    await scene.go("user", "uma")
    await scene.later(20_000)
    assert await scene.ticket("uma") is None
    causes = [(fact.cause, fact.reason) for fact in await scene.facts() if getattr(fact, "user", "") == "uma"]
    assert causes[-1] == ("done", "grace")


@pytest.mark.claim("B13")
async def test_who_is_moved_while_another_rings_is_overtaken_by_the_operators_hand(scene: Scene) -> None:
    """To the tail before the offer, to the head during it: earlier, ahead, ready, and explained all the same."""
    await scene.open("ada")
    await scene.declare("ada", "away", reason="tea")
    tickets = {user: (await scene.join(user, "ada"))["ticket"] for user in ("uma", "vic")}
    await scene.line.move(scene.pool, tickets["uma"], "ada", "tail", "urgent", "operator:olga", now=scene.now)
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == "vic"
    await scene.line.move(scene.pool, tickets["uma"], "ada", "head", "sorry", "operator:olga", now=scene.now)
    await scene.accept("ada")
    session = await scene.session("ada")
    assert session.overtook == [(tickets["uma"], "operator")]


async def test_who_is_enrolled_again_with_the_console_open_is_here(scene: Scene) -> None:
    await scene.open("ada")
    await scene.presence.retire(scene.pool, "ada", now=scene.now)
    await scene.presence.enrol(scene.pool, ["ada"], now=scene.now)
    await scene.declare("ada", "online")
    assert await scene.light("ada") == "free"

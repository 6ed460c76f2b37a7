"""First come, first served: the promise and the named exceptions."""

import pytest

from tests.model.scene import Scene, refusal

pytestmark = pytest.mark.claim("B13")


async def test_the_head_is_offered_as_soon_as_the_expert_is_free(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.meet("ada")
    await scene.join("vic", "ada")
    await scene.join("wei", "ada")
    await scene.end("ada")
    assert await scene.light("ada") == "wrap-up"
    await scene.later(30_000)
    assert await scene.ringing("ada") == "vic"


async def test_a_missed_offer_keeps_the_place_and_tells_the_expert(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.join("vic", "ada")
    await scene.later(30_000)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert [(e.declared, e.reason, e.indicator) for e in shot.experts] == [("away", "missed", "away")]
    assert await scene.waiting("ada") == ["uma", "vic"]
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == "uma"


async def test_a_ticket_passed_while_stepped_away_is_named_with_its_reason(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.join("vic", "ada")
    await scene.line.step_away(scene.pool, "uma", 120, now=scene.now)
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == "vic"
    uma = await scene.ticket_of("uma")
    await scene.accept("ada")
    assert (await scene.session("ada")).overtook == [(uma.ticket, "stepped_away")]


async def test_stepping_away_keeps_the_place_and_ends_by_itself(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.join("vic", "ada")
    await scene.line.step_away(scene.pool, "uma", 60, now=scene.now)
    await scene.later(60_000)
    await scene.declare("ada", "online")
    assert await scene.waiting("ada") == ["uma", "vic"]
    assert await scene.ringing("ada") == "uma"


async def test_coming_back_ends_the_pause_early(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.line.step_away(scene.pool, "uma", 600, now=scene.now)
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == ""
    await scene.line.come_back(scene.pool, "uma", now=scene.now)
    assert await scene.ringing("ada") == "uma"


async def test_who_waited_long_confirms_and_an_unready_head_is_passed_once_then_dropped(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.later(120_000)
    await scene.join("vic", "ada")
    await scene.declare("ada", "online")
    offer = await scene.offered("ada")
    assert (offer.user, offer.user_ok, offer.ready_until) == ("uma", False, scene.now + 20_000)
    await scene.later(20_000)
    assert await scene.ringing("ada") == "vic"
    assert await scene.waiting("ada") == ["uma", "vic"]
    await scene.line.leave(scene.pool, "vic", now=scene.now)
    await scene.later(60_000)
    offer = await scene.offered("ada")
    assert (offer.user, offer.user_ok) == ("uma", False)
    await scene.later(20_000)
    assert await scene.ticket("uma") is None


async def test_a_confirmed_ready_check_and_the_expert_make_the_match_in_either_order(scene: Scene) -> None:
    await scene.open("ada", "bob", ready_after_ms=1_000)
    for expert, first, second in (("ada", "user", "expert"), ("bob", "expert", "user")):
        await scene.declare(expert, "away")
        await scene.join(f"user-of-{expert}", expert)
        await scene.later(2_000)
        await scene.declare(expert, "online")
        await scene.accept(expert, first)
        assert await scene.light(expert) == "ringing"
        await scene.accept(expert, second)
        assert await scene.light(expert) == "busy"


async def test_a_declined_ticket_waits_for_the_same_expert_and_drops_at_the_limit(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.decline("ada")
    assert (await scene.light("ada"), await scene.ringing("ada")) == ("free", "")
    assert await scene.waiting("ada") == ["uma"]
    await scene.later(60_000)
    assert await scene.ringing("ada") == "uma"
    await scene.decline("ada")
    assert await scene.ticket("uma") is None


async def test_the_operators_move_is_an_explained_overtake(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away")
    for user in ("uma", "vic", "wei"):
        await scene.join(user, "ada")
    ids = {user: (await scene.ticket_of(user)).ticket for user in ("uma", "vic", "wei")}
    await scene.line.move(scene.pool, ids["wei"], "ada", "head", "urgent", "operator:olga", now=scene.now)
    assert await scene.waiting("ada") == ["wei", "uma", "vic"]
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == "wei"
    await scene.accept("ada")
    assert sorted((await scene.session("ada")).overtook) == [(ids["uma"], "operator"), (ids["vic"], "operator")]


async def test_the_operator_removes_a_ticket(scene: Scene) -> None:
    await scene.open("ada", "bob")
    for expert in ("ada", "bob"):
        await scene.declare(expert, "away")
    answer = await scene.join("uma", "ada", "bob")
    await scene.line.remove(scene.pool, answer["ticket"], "abuse", "operator:olga", now=scene.now)
    assert await scene.ticket("uma") is None
    assert await refusal(scene.line.remove(scene.pool, answer["ticket"], "abuse", "operator:olga", now=scene.now)) != ""


async def test_nobody_waits_longer_than_the_longest_wait(scene: Scene) -> None:
    await scene.open("ada", max_wait_ms=60_000)
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.later(59_999)
    assert await scene.ticket("uma") is not None
    await scene.later(1)
    assert await scene.ticket("uma") is None

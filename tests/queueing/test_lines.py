"""Joining, standing in several lines, leaving, connecting at once."""

import asyncio
from functools import partial

import pytest

from ground.errors import Refusal
from tests.model.scene import Scene, refusal


@pytest.mark.claim("B13")
@pytest.mark.claim("B39")
async def test_joining_is_refused_by_name(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy", "dee", line_limit=1, lines_per_ticket=2)
    await scene.declare("ada", "away")
    await scene.declare("bob", "offline")
    await scene.presence.set_hours(scene.pool, "cy", [], now=scene.now)
    await scene.join("uma", "ada")

    async def code(user: str, *experts: str) -> str:
        return await refusal(scene.line.join(scene.pool, user, list(experts), now=scene.now))

    assert await code("uma", "dee") == "already_in_line"
    assert await code("vic", "ada") == "line_full"
    assert await code("vic", "bob") == "expert_offline"
    assert await code("vic", "cy") == "line_closed"
    assert await code("vic", "nobody") == "unknown_expert"
    assert await code("vic", "dee", "dee") == "duplicate_expert"
    assert await code("vic", "dee", "ada", "bob") == "too_many_lines"
    assert await scene.ticket("vic") is None


@pytest.mark.claim("B13")
async def test_the_first_match_withdraws_the_other_places_in_the_same_step(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.declare("ada", "away")
    await scene.declare("bob", "away")
    await scene.join("uma", "ada", "bob")
    assert [await scene.waiting(expert) for expert in ("ada", "bob")] == [["uma"], ["uma"]]
    await scene.declare("bob", "online")
    before = (await scene.line.snapshot(scene.pool, now=scene.now)).seq
    await scene.accept("bob")
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert shot.seq == before + 1
    assert [ticket.lines for ticket in shot.tickets] == [[]]
    assert [session.expert for session in shot.sessions] == ["bob"]


async def test_leaving_one_line_keeps_the_others(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.declare("ada", "away")
    await scene.declare("bob", "away")
    await scene.join("uma", "ada", "bob")
    await scene.line.leave(scene.pool, "uma", "ada", now=scene.now)
    assert [await scene.waiting(expert) for expert in ("ada", "bob")] == [[], ["uma"]]
    assert await refusal(scene.line.leave(scene.pool, "uma", "ada", now=scene.now)) == "not_in_line"
    await scene.line.leave(scene.pool, "uma", now=scene.now)
    assert await scene.ticket("uma") is None


async def test_an_offer_is_withdrawn_when_its_user_leaves_and_the_next_is_offered(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.join("vic", "ada")
    await scene.line.leave(scene.pool, "uma", now=scene.now)
    assert await scene.ringing("ada") == "vic"


@pytest.mark.claim("A8")
async def test_connecting_to_a_busy_expert_is_refused_by_name(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.come("vic")
    for _ in ("ringing", "in session", "wrap-up"):
        assert await refusal(scene.line.connect(scene.pool, "vic", "ada", now=scene.now)) == "expert_busy"
        if await scene.ringing("ada"):
            await scene.meet("ada")
        else:
            await scene.end("ada") if await scene.light("ada") == "busy" else None
    assert await scene.light("ada") == "wrap-up"
    assert await scene.ticket("vic") is None
    await scene.join("vic", "ada")
    assert await scene.waiting("ada") == ["vic"]


@pytest.mark.claim("B38")
async def test_connecting_to_a_free_expert_rings_at_once(scene: Scene) -> None:
    await scene.open("ada")
    await scene.come("uma")
    await scene.line.connect(scene.pool, "uma", "ada", now=scene.now)
    assert (await scene.ringing("ada"), await scene.light("ada")) == ("uma", "ringing")


@pytest.mark.claim("A8")
async def test_connecting_to_who_is_away_offline_or_closed_is_refused_by_name(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy")
    await scene.declare("ada", "away")
    await scene.declare("bob", "offline")
    await scene.presence.set_hours(scene.pool, "cy", [], now=scene.now)
    await scene.come("uma")
    tries = [scene.line.connect(scene.pool, "uma", expert, now=scene.now) for expert in ("ada", "bob", "cy")]
    assert [await refusal(each) for each in tries] == ["expert_away", "expert_offline", "line_closed"]


async def test_fifty_who_connect_at_once_have_one_winner(scene: Scene) -> None:
    await scene.open("ada")
    users = [f"user-{n}" for n in range(50)]
    await scene.come(*users)
    tries = [scene.line.connect(scene.pool, user, "ada", now=scene.now) for user in users]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    lost = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert lost == ["expert_busy"] * 49


async def test_fifty_accepts_at_once_make_one_match(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    offer = await scene.offered("ada")
    before = (await scene.line.snapshot(scene.pool, now=scene.now)).seq
    accept = partial(scene.line.accept, scene.pool, offer.offer, "expert", "ada", now=scene.now)
    tries = [accept(op=f"accept-{n:04}") for n in range(50)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert len([answer for answer in answers if isinstance(answer, dict)]) == 1
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert (shot.seq, len(shot.sessions), shot.offers) == (before + 1, 1, [])


async def test_a_repeat_of_an_operation_is_answered_and_not_done_again(scene: Scene) -> None:
    await scene.open("ada")
    await scene.come("uma")
    first = await scene.line.join(scene.pool, "uma", ["ada"], op="join-0001", now=scene.now)
    before = await scene.line.snapshot(scene.pool, now=scene.now)
    again = await scene.line.join(scene.pool, "uma", ["ada"], op="join-0001", now=scene.now)
    assert again == first
    assert await scene.line.snapshot(scene.pool, now=scene.now) == before


async def test_somebody_elses_offer_does_not_exist_for_me(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.join("uma", "ada")
    offer = (await scene.offered("ada")).offer

    async def answer(offer: str, side: str, who: str) -> tuple[str, str]:
        with pytest.raises(Refusal) as refused:
            await scene.line.accept(scene.pool, offer, side, who, now=scene.now)
        return refused.value.code, refused.value.detail.replace(offer, "OFFER")

    nothing = await answer("o-none", "expert", "bob")
    assert await answer(offer, "expert", "bob") == nothing
    assert await answer(offer, "user", "vic") == await answer("o-none", "user", "vic") == nothing

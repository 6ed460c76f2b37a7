"""Switching lines: one step or nothing."""

import pytest

from tests.model.scene import Scene, refusal

pytestmark = [pytest.mark.claim("B14"), pytest.mark.claim("B40")]


async def away(scene: Scene, *experts: str, **settings: int) -> Scene:
    await scene.open(*experts, **settings)
    for expert in experts:
        await scene.declare(expert, "away")
    return scene


async def test_a_switch_moves_to_the_tail_of_the_new_line(scene: Scene) -> None:
    await away(scene, "ada", "bob")
    await scene.join("vic", "bob")
    await scene.join("uma", "ada")
    await scene.line.switch(scene.pool, "uma", "bob", now=scene.now)
    assert (await scene.waiting("ada"), await scene.waiting("bob")) == ([], ["vic", "uma"])


async def test_a_switch_to_a_free_expert_is_an_offer_at_once(scene: Scene) -> None:
    await away(scene, "ada", "bob")
    await scene.declare("bob", "online")
    await scene.join("uma", "ada")
    await scene.line.switch(scene.pool, "uma", "bob", now=scene.now)
    assert await scene.ringing("bob") == "uma"


@pytest.mark.parametrize("obstacle", ["line_full", "line_closed", "expert_offline", "unknown_expert", "same_line"])
async def test_a_refused_switch_keeps_the_old_place(scene: Scene, obstacle: str) -> None:
    await away(scene, "ada", "bob", line_limit=2)
    for user in ("uma", "vic"):
        await scene.join(user, "ada")
    if obstacle == "line_full":
        await scene.join("wei", "bob")
        await scene.join("xan", "bob")
    if obstacle == "line_closed":
        await scene.presence.set_hours(scene.pool, "bob", [], now=scene.now)
    if obstacle == "expert_offline":
        await scene.declare("bob", "offline")
    target = {"unknown_expert": "nobody", "same_line": "ada"}.get(obstacle, "bob")
    before = await scene.line.snapshot(scene.pool, now=scene.now)
    assert await refusal(scene.line.switch(scene.pool, "uma", target, now=scene.now)) == obstacle
    assert await scene.line.snapshot(scene.pool, now=scene.now) == before
    assert await scene.waiting("ada") == ["uma", "vic"]


async def test_a_switch_may_leave_one_line_of_several(scene: Scene) -> None:
    await away(scene, "ada", "bob", "cy")
    await scene.join("uma", "ada", "bob")
    await scene.line.switch(scene.pool, "uma", "cy", leaving="ada", now=scene.now)
    assert [await scene.waiting(expert) for expert in ("ada", "bob", "cy")] == [[], ["uma"], ["uma"]]


async def test_an_offer_the_user_has_accepted_can_not_be_switched_away_from(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.join("uma", "ada")
    assert await refusal(scene.line.switch(scene.pool, "uma", "bob", now=scene.now)) == "offer_open"
    assert await scene.ringing("ada") == "uma"


async def test_switching_away_withdraws_an_offer_not_yet_accepted(scene: Scene) -> None:
    await away(scene, "ada", "bob", ready_after_ms=1)
    await scene.join("uma", "ada")
    await scene.later(2_000)
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == "uma"
    await scene.line.switch(scene.pool, "uma", "bob", now=scene.now)
    assert (await scene.light("ada"), await scene.waiting("bob")) == ("free", ["uma"])


async def test_nobody_switches_out_of_a_session(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.join("uma", "ada")
    await scene.meet("ada")
    assert await refusal(scene.line.switch(scene.pool, "uma", "bob", now=scene.now)) == "in_session"

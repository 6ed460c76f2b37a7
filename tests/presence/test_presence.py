"""Who is here: leases, grace, declared status, hours."""

import pytest

from tests.model.scene import Scene


@pytest.mark.claim("B8")
async def test_the_light_follows_the_expert_through_a_session(scene: Scene) -> None:
    await scene.open("ada")
    seen = [await scene.light("ada")]
    await scene.join("uma", "ada")
    seen.append(await scene.light("ada"))
    await scene.meet("ada")
    seen.append(await scene.light("ada"))
    await scene.end("ada")
    seen.append(await scene.light("ada"))
    await scene.line.finish_wrap_up(scene.pool, "ada", now=scene.now)
    seen.append(await scene.light("ada"))
    assert seen == ["free", "ringing", "busy", "wrap-up", "free"]


@pytest.mark.claim("B8")
async def test_declared_away_and_offline_show(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away", reason="lunch")
    assert await scene.light("ada") == "away"
    await scene.declare("ada", "offline")
    assert await scene.light("ada") == "offline"


@pytest.mark.claim("B11")
async def test_every_change_of_state_has_the_time_it_began(scene: Scene) -> None:
    await scene.open("ada")
    await scene.later(5_000)
    await scene.declare("ada", "away", reason="lunch")
    changed = scene.now
    await scene.later(5_000)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert [(expert.since, expert.reason) for expert in shot.experts] == [(changed, "lunch")]


async def test_a_reload_changes_nothing(scene: Scene) -> None:
    await scene.open("ada")
    await scene.go("expert", "ada")
    await scene.later(4_999)
    assert await scene.light("ada") == "free"
    await scene.presence.attach(scene.pool, scene.process, "expert", "ada", now=scene.now)
    await scene.later(10_000)
    assert await scene.light("ada") == "free"


async def test_an_expert_who_does_not_come_back_is_offline_and_finds_the_status_again(scene: Scene) -> None:
    await scene.open("ada")
    await scene.go("expert", "ada")
    await scene.later(5_000)
    assert await scene.light("ada") == "offline"
    await scene.presence.attach(scene.pool, scene.process, "expert", "ada", now=scene.now)
    assert await scene.light("ada") == "free"


async def test_several_tabs_and_processes_are_one_presence(scene: Scene) -> None:
    await scene.open("ada")
    await scene.presence.renew(scene.pool, "p2", now=scene.now)
    await scene.presence.attach(scene.pool, "p2", "expert", "ada", now=scene.now)
    await scene.go("expert", "ada")
    await scene.presence.renew(scene.pool, "p2", now=scene.now)
    await scene.later(6_000)
    assert await scene.light("ada") == "free"


async def test_a_dead_process_takes_its_experts_within_the_lease(scene: Scene) -> None:
    await scene.open("ada", "bob")
    await scene.presence.renew(scene.pool, "p2", now=scene.now)
    await scene.go("expert", "bob")
    await scene.presence.attach(scene.pool, "p2", "expert", "bob", now=scene.now)
    await scene.later(7_999)
    assert await scene.light("bob") == "free"
    await scene.later(1)
    assert (await scene.light("ada"), await scene.light("bob")) == ("free", "offline")


async def test_a_lost_user_keeps_the_place_for_the_grace_time(scene: Scene) -> None:
    await scene.open("ada")
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.join("vic", "ada")
    await scene.go("user", "uma")
    await scene.later(59_999)
    assert await scene.waiting("ada") == ["uma", "vic"]
    await scene.come("uma")
    await scene.later(60_000)
    assert await scene.waiting("ada") == ["uma", "vic"]
    await scene.go("user", "uma")
    await scene.later(60_000)
    assert await scene.waiting("ada") == ["vic"]


async def test_a_lost_user_is_passed_and_offered_on_coming_back(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.go("user", "uma")
    assert (await scene.ringing("ada"), await scene.light("ada")) == ("", "free")
    await scene.come("uma")
    assert await scene.ringing("ada") == "uma"


async def test_an_offer_is_withdrawn_when_the_expert_goes(scene: Scene) -> None:
    await scene.open("ada", "bob", "cy")
    for expert, user in (("ada", "uma"), ("bob", "vic"), ("cy", "wei")):
        await scene.join(user, expert)
    await scene.declare("ada", "away")
    await scene.presence.set_hours(scene.pool, "bob", [], now=scene.now)
    await scene.go("expert", "cy")
    await scene.later(5_000)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert shot.offers == []
    assert {ticket.user: ticket.state for ticket in shot.tickets} == dict.fromkeys(("uma", "vic", "wei"), "waiting")


async def test_a_lost_side_may_come_back_to_its_session(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.meet("ada")
    await scene.go("user", "uma")
    lost = await scene.session("ada")
    assert (lost.state, lost.gone_side, lost.gone_until) == ("live", "user", scene.now + 60_000)
    await scene.later(59_000)
    await scene.come("uma")
    back = await scene.session("ada")
    assert (back.state, back.gone_side, back.gone_until) == ("live", "", 0)


@pytest.mark.parametrize("side", ["user", "expert"])
async def test_a_session_ends_when_a_lost_side_stays_away(scene: Scene, side: str) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.meet("ada")
    await scene.go(side, {"user": "uma", "expert": "ada"}[side])
    await scene.later(10_000)
    assert await scene.light("ada") == "busy"
    await scene.later(60_000)
    assert (await scene.session("ada")).reason == f"{side}_gone"
    assert await scene.ticket("uma") is None


async def test_a_session_ends_at_its_cap_and_when_nobody_connects(scene: Scene) -> None:
    await scene.open("ada", "bob", session_cap_ms=20_000)
    await scene.join("uma", "ada")
    await scene.join("vic", "bob")
    live = await scene.meet("ada")
    await scene.accept("bob")
    await scene.later(30_000)
    capped, never = await scene.session("ada"), await scene.session("bob")
    assert (capped.reason, capped.ended_at) == ("cap", live.live_at + 20_000)
    assert (never.reason, never.live_at, await scene.light("bob")) == ("not_connected", 0, "free")


async def test_closed_hours_open_by_themselves_and_close_again(scene: Scene) -> None:
    await scene.open("ada")
    begin, end = scene.now + 60_000, scene.now + 120_000
    await scene.presence.set_hours(scene.pool, "ada", [(begin, end)], now=scene.now)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert [(expert.indicator, expert.until) for expert in shot.experts] == [("closed", begin)]
    await scene.later(60_000)
    assert await scene.light("ada") == "free"
    await scene.later(60_000)
    assert await scene.light("ada") == "closed"


async def test_the_line_of_an_offline_expert_is_kept_and_then_dropped(scene: Scene) -> None:
    await scene.open("ada", "bob", line_keep_ms=60_000)
    await scene.declare("bob", "away")
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.join("vic", "ada", "bob")
    await scene.declare("ada", "offline")
    await scene.later(59_999)
    assert await scene.waiting("ada") == ["uma", "vic"]
    await scene.later(1)
    assert await scene.waiting("ada") == []
    assert await scene.ticket("uma") is None
    assert await scene.waiting("bob") == ["vic"]

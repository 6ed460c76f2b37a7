"""The clock of a session to the millisecond: what runs it, what stops it, and what money makes of it."""

from typing import Any

import msgspec
import pytest

from ground.keys import key
from queueing.facts import SessionFacts, Terms
from tests.model.scene import Scene, refusal

RATE, MINUTE = 120, 60_000


async def metered(scene: Scene, budget_ms: int, fee_bps: int = 2_000, **settings: int) -> SessionFacts:
    """Uma and Ada in a live session that is paid for; each is connected through a process of their own."""
    await scene.open("ada", **settings)
    await scene.presence.detach(scene.pool, scene.process, "expert", "ada", now=scene.now)
    await scene.presence.attach(scene.pool, "p2", "expert", "ada", now=scene.now)
    await scene.join("uma", "ada", terms={"ada": Terms(RATE)})
    await scene.accept("ada", budget_ms=budget_ms, fee_bps=fee_bps)
    session = await scene.session("ada")
    for side, who in (("user", "uma"), ("expert", "ada")):
        await scene.line.connected(scene.pool, session.session, side, who, now=scene.now)
    return await scene.session("ada")


async def later(scene: Scene, ms: int, *alive: str) -> None:
    """Time passes; these processes renew their leases every second, and nobody looks at anything else."""
    for left in range(ms, 0, -1_000):
        scene.now += min(left, 1_000)
        for process in alive or ("p1", "p2"):
            await scene.presence.renew(scene.pool, process, now=scene.now)


async def told(scene: Scene) -> list[tuple[str, str, int]]:
    """Of the session, since it is live: cause, frozen, and for how long the clock ran."""
    facts = [fact for fact in await scene.facts() if isinstance(fact, SessionFacts) and fact.live_at]
    return [(fact.cause, fact.frozen, fact.ran_ms) for fact in facts]


async def evidence(scene: Scene, side: str, process: str, silent_ms: int) -> dict[str, Any]:
    session = (await scene.session("ada")).session
    return await scene.line.evidence(scene.pool, session, side, process, silent_ms, now=scene.now)


# -------------------------------------------------------------------- the clock


@pytest.mark.claim("A17")
@pytest.mark.claim("A20")
@pytest.mark.parametrize("ms", [1, 30_000, 30_001])
async def test_a_session_runs_from_both_connected_to_the_end(scene: Scene, ms: int) -> None:
    session = await metered(scene, 5 * MINUTE)
    assert (session.rate, session.budget_ms, session.fee_bps) == (RATE, 5 * MINUTE, 2_000)
    assert (session.running_since, session.zero_at) == (scene.now, scene.now + 5 * MINUTE)
    await later(scene, ms)
    await scene.end("ada", "user")
    over = await scene.session("ada")
    assert (over.ran_ms, over.running_since, over.zero_at, over.frozen) == (ms, 0, 0, "")
    assert over.ended_at - over.live_at == ms


async def test_the_time_before_both_are_connected_is_not_counted(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    await scene.accept("ada")
    session = (await scene.session("ada")).session
    await scene.line.connected(scene.pool, session, "user", "uma", now=scene.now)
    await scene.later(7_000)
    await scene.line.connected(scene.pool, session, "expert", "ada", now=scene.now)
    await scene.later(2_500)
    await scene.end("ada")
    over = await scene.session("ada")
    assert (over.rate, over.budget_ms, over.ran_ms) == (0, 0, 2_500)  # one that is free has a clock as well


async def test_who_closes_the_page_stops_the_clock_at_the_last_sign_of_it(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 20_000)
    await scene.presence.detach(scene.pool, "p1", "user", "uma", silent_ms=1_234, now=scene.now)
    frozen = await scene.session("ada")
    assert (frozen.ran_ms, frozen.frozen, frozen.running_since, frozen.zero_at) == (18_766, "user", 0, 0)
    await later(scene, 10_000)
    await scene.come("uma")
    back = await scene.session("ada")
    assert (back.cause, back.frozen, back.running_since) == ("resumed", "", scene.now)
    assert back.zero_at == scene.now + 5 * MINUTE - 18_766
    assert [cause for cause, _, _ in await told(scene)] == ["live", "frozen", "lost", "back", "resumed"]


async def test_an_expert_who_reloads_stops_the_clock_at_once_and_is_not_lost(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await scene.presence.detach(scene.pool, "p2", "expert", "ada", now=scene.now)
    await later(scene, 4_000)
    await scene.presence.attach(scene.pool, "p2", "expert", "ada", now=scene.now)
    await later(scene, 5_000)
    await scene.end("ada")
    assert await told(scene) == [
        ("live", "", 0), ("frozen", "expert", 10_000), ("resumed", "", 10_000), ("ended", "", 15_000),
    ]  # fmt: skip


@pytest.mark.claim("A17")
async def test_silence_is_counted_back_and_only_the_word_of_who_holds_the_side_counts(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await scene.presence.attach(scene.pool, "p2", "user", "uma", now=scene.now)
    await later(scene, 10_000)
    assert (await evidence(scene, "user", "p3", 2_600))["frozen"] == ""  # holds nobody
    assert (await evidence(scene, "user", "p1", 2_600))["frozen"] == ""  # the other still hears her
    assert (await evidence(scene, "user", "p2", 4_000))["frozen"] == "user"
    assert (await scene.session("ada")).ran_ms == 7_400  # the later of the two
    await later(scene, 1_000)
    assert (await evidence(scene, "expert", "p2", 4_500))["frozen"] == "both"
    assert (await scene.session("ada")).ran_ms == 6_500  # the earlier of both sides, though it is found out later
    assert (await evidence(scene, "user", "p1", 0))["frozen"] == "expert"
    assert (await evidence(scene, "expert", "p2", 0))["frozen"] == ""
    before = len(await scene.facts())
    assert (await evidence(scene, "expert", "p2", 0))["frozen"] == ""
    assert len(await scene.facts()) == before


async def test_a_silence_never_takes_back_what_ran_before_the_clock_last_started(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await evidence(scene, "user", "p1", 2_000)
    await later(scene, 3_000)
    await evidence(scene, "user", "p1", 0)
    await later(scene, 1_000)
    await evidence(scene, "user", "p1", 60_000)
    assert (await scene.session("ada")).ran_ms == 8_000


# -------------------------------------------------------------------- processes that die


@pytest.mark.claim("A17")
async def test_a_process_that_dies_was_alive_when_it_last_renewed_its_lease(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await later(scene, 9_000, "p1")  # Ada's process has died
    frozen = await scene.session("ada")
    assert (frozen.cause, frozen.frozen, frozen.ran_ms, frozen.gone_side) == ("lost", "expert", 10_000, "expert")


@pytest.mark.claim("A17")
async def test_an_end_before_the_lease_lapses_counts_only_to_the_last_renewal(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await later(scene, 3_001, "p1")
    await scene.end("ada", "user")
    assert (await scene.session("ada")).ran_ms == 10_000


async def test_a_lease_that_is_only_a_little_late_is_trusted(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await later(scene, 3_000, "p1")
    await scene.end("ada", "user")
    assert (await scene.session("ada")).ran_ms == 13_000


@pytest.mark.parametrize(("away_ms", "counted"), [(3_000, 3_000), (3_001, 0), (5_000, 0)])
async def test_who_comes_back_through_another_process_was_away_since_the_renewal(
    scene: Scene, away_ms: int, counted: int
) -> None:
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await later(scene, away_ms, "p1")
    await scene.presence.attach(scene.pool, "p3", "expert", "ada", now=scene.now)
    back = await scene.session("ada")
    assert back.ran_ms + scene.now - back.running_since == 10_000 + counted
    await later(scene, 5_500, "p1", "p3")
    await scene.end("ada")
    over = await scene.session("ada")
    assert (over.ran_ms, over.ended_at - over.live_at) == (15_500 + counted, 15_500 + away_ms)


async def test_what_a_lapse_finds_out_late_corrects_a_clock_that_stands_already(scene: Scene) -> None:
    """Ada's process dies; Uma gives up four seconds later, before anybody knows."""
    await metered(scene, 5 * MINUTE)
    await later(scene, 10_000)
    await later(scene, 4_000, "p1")
    await scene.go("user", "uma")
    assert (await scene.session("ada")).ran_ms == 14_000
    await later(scene, 5_000, "p1")
    assert (await scene.session("ada")).ran_ms == 10_000


# -------------------------------------------------------------------- money's end


@pytest.mark.claim("A18")
async def test_at_zero_the_session_ends_whoever_looks_and_however_late(scene: Scene) -> None:
    session = await metered(scene, 40_000)
    await later(scene, 39_000)
    scene.now += 7_000
    await scene.line.run_due(scene.pool, now=scene.now)
    over = await scene.session("ada")
    assert (over.reason, over.by, over.ran_ms, over.ended_at) == ("balance_spent", "system", 40_000, session.zero_at)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    left = [name for name, _ in shot.deadlines if name.partition(":")[0] in ("zero", "minute", "frozen", "cap")]
    assert left == []


@pytest.mark.claim("A17")
async def test_zero_ends_a_session_whose_peer_may_be_dead_and_counts_to_the_last_renewal(scene: Scene) -> None:
    await metered(scene, 40_000)
    await later(scene, 36_000)
    await later(scene, 4_000, "p1")
    over = await scene.session("ada")
    assert (over.reason, over.ran_ms, over.ended_at - over.live_at) == ("balance_spent", 36_000, 40_000)


@pytest.mark.claim("A18")
async def test_money_that_comes_at_the_last_millisecond_goes_on_without_a_gap(scene: Scene) -> None:
    session = await metered(scene, 40_000)
    await later(scene, 39_999)
    fund, pool, name = scene.line.fund, scene.pool, session.session
    assert (await fund(pool, name, 30_000, now=scene.now))["budget_ms"] == 40_000  # never less
    before = len(await scene.facts())
    assert (await fund(pool, name, 40_000, now=scene.now))["budget_ms"] == 40_000
    assert len(await scene.facts()) == before
    assert (await fund(pool, name, 41_000, now=scene.now))["budget_ms"] == 41_000
    assert (await scene.session("ada")).zero_at == session.live_at + 41_000
    await later(scene, 1_001)
    assert (await scene.session("ada")).ran_ms == 41_000
    assert await refusal(fund(pool, name, 90_000, now=scene.now)) == "session_over"
    assert await refusal(fund(pool, "s-none", 90_000, now=scene.now)) == "no_such_session"


@pytest.mark.claim("A18")
async def test_both_are_warned_a_minute_before_the_end_and_again_after_a_deposit(scene: Scene) -> None:
    session = await metered(scene, MINUTE + 5_000)
    await later(scene, 4_999)
    assert not (await scene.session("ada")).minute_told
    await later(scene, 1)
    warned = await scene.session("ada")
    assert (warned.cause, warned.minute_told, warned.zero_at) == ("minute", True, scene.now + MINUTE)
    await scene.line.fund(scene.pool, session.session, MINUTE + 5_000 + 3_000, now=scene.now)
    assert not (await scene.session("ada")).minute_told
    await later(scene, 3_000)
    assert (await scene.session("ada")).cause == "minute"
    await later(scene, 2_000)
    await scene.line.fund(scene.pool, session.session, MINUTE + 10_000, now=scene.now)
    assert (await scene.session("ada")).minute_told  # a minute is left, and no more
    causes = [cause for cause, _, _ in await told(scene)]
    assert causes == ["live", "minute", "funded", "minute", "funded"]


@pytest.mark.claim("A18")
async def test_less_than_a_minute_is_told_at_once_and_the_longest_time_counts_as_well(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE, session_cap_ms=50_000)
    assert await told(scene) == [("live", "", 0), ("minute", "", 0)]
    await later(scene, 50_000)
    over = await scene.session("ada")
    assert (over.reason, over.ran_ms) == ("cap", 50_000)


async def test_the_clock_may_stand_still_only_so_long_in_all(scene: Scene) -> None:
    await metered(scene, 5 * MINUTE, frozen_max_ms=10_000)
    await later(scene, 5_000)
    await evidence(scene, "user", "p1", 1_000)
    await later(scene, 6_000)
    await evidence(scene, "user", "p1", 0)  # seven seconds of it are used
    await later(scene, 5_000)
    await evidence(scene, "user", "p1", 1_000)
    await later(scene, 1_999)
    assert (await scene.session("ada")).state == "live"
    await later(scene, 1)
    over = await scene.session("ada")
    assert (over.reason, over.ran_ms, over.ended_at - over.live_at) == ("frozen_too_long", 8_000, 18_000)


async def test_a_session_that_is_free_may_stand_still_and_has_no_end_by_money(scene: Scene) -> None:
    await scene.open("ada", frozen_max_ms=1_000)
    await scene.join("uma", "ada")
    session = await scene.meet("ada")
    await scene.line.fund(scene.pool, session.session, MINUTE, now=scene.now)
    await scene.later(5_000)
    await evidence(scene, "user", "p1", 2_000)
    await scene.later(20_000)
    now = await scene.session("ada")
    assert (now.cause, now.state, now.ran_ms, now.budget_ms) == ("frozen", "live", 3_000, 0)


async def test_a_visitor_who_becomes_a_user_takes_the_money_and_the_clock_along(scene: Scene) -> None:
    session = await metered(scene, MINUTE)
    await later(scene, 10_000)
    await scene.line.adopt(scene.pool, "uma", "user-uma", now=scene.now)
    now = await scene.session("ada")
    assert (now.user, now.ran_ms, now.frozen, now.budget_ms) == ("user-uma", 10_000, "user", MINUTE)
    await later(scene, 2_000)
    await scene.come("user-uma")
    assert (await scene.session("ada")).zero_at == session.zero_at + 2_000


# -------------------------------------------------------------------- beside an older release


async def test_a_session_of_an_older_release_has_no_clock_and_ends_as_it_always_did(scene: Scene) -> None:
    await scene.open("ada")
    await scene.join("uma", "ada")
    session = await scene.meet("ada")
    node, where = scene.store.nodes.node(scene.pool), key(scene.pool, "sessions")
    record = msgspec.msgpack.decode(await node.execute_command("HGET", where, session.session))
    older = {name: value for name, value in record.items() if name not in NEW_IN_RECORDS}
    await node.execute_command("HSET", where, session.session, msgspec.msgpack.encode(older))
    await evidence(scene, "user", "p1", 1_000)
    await scene.line.fund(scene.pool, session.session, MINUTE, now=scene.now)
    await scene.go("user", "uma")
    await scene.come("uma")
    await scene.end("ada")
    assert [cause for cause, _, _ in await told(scene)] == ["live", "lost", "back", "ended"]


async def test_an_end_by_an_older_release_leaves_no_deadline_that_does_harm(scene: Scene) -> None:
    session = await metered(scene, 40_000)
    await scene.end("ada")
    node, where = scene.store.nodes.node(scene.pool), key(scene.pool, "deadlines")
    for kind in ("zero", "minute", "frozen"):
        await node.execute_command("ZADD", where, scene.now + 1, f"{kind}:{session.session}")
    before = len(await scene.facts())
    assert (await scene.line.run_due(scene.pool, now=scene.now + 1))["ran"] == 3
    assert len(await scene.facts()) == before


NEW_IN_RECORDS = {
    "offer", "rate", "free_ms", "budget_ms", "fee_bps", "ran_ms", "running_since", "started_at", "frozen",
    "frozen_since", "minute_told", "cut", "seen", "silent",
}  # fmt: skip

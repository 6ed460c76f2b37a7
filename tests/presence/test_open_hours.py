"""Windows and "available now for": when a line is open, when that ends, and who is told."""

from typing import Any

import msgspec
import pytest

from ground import keys
from ground.store import Store
from presence.facts import ExpertFacts
from presence.presence import NEVER
from tests.model.scene import Scene, refusal

MINUTE = 60_000


async def expert(scene: Scene, name: str = "ada") -> ExpertFacts:
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    return next(facts for facts in shot.experts if facts.expert == name)


async def set_hours(scene: Scene, *minutes: tuple[int, int]) -> None:
    """Windows of Ada, in minutes from now."""
    windows = [(scene.now + a * MINUTE, scene.now + b * MINUTE) for a, b in minutes]
    await scene.presence.set_hours(scene.pool, "ada", windows, now=scene.now)


async def open_for(scene: Scene, minutes: int, **more: str) -> dict[str, int]:
    return await scene.presence.open_for(scene.pool, "ada", minutes, now=scene.now, **more)


async def told(scene: Scene) -> list[str]:
    return [fact.cause for fact in await scene.facts() if isinstance(fact, ExpertFacts)]


@pytest.mark.claim("A6")
async def test_an_expert_out_of_hours_is_available_for_one_sitting(scene: Scene) -> None:
    await scene.open("ada")
    await set_hours(scene)
    assert await refusal(scene.join("uma", "ada")) == "line_closed"
    answer = await open_for(scene, 30)
    until = scene.now + 30 * MINUTE
    assert (answer["open_until"], answer["closes"]) == (until, until)
    facts = await expert(scene)
    assert (facts.indicator, facts.open, facts.closes, facts.open_until) == ("free", True, until, until)
    await scene.join("uma", "ada")
    await scene.meet("ada")
    await scene.end("ada")
    await scene.later(30 * MINUTE)
    facts = await expert(scene)
    assert (facts.indicator, facts.open, facts.closes, facts.open_until) == ("closed", False, 0, 0)
    assert await refusal(scene.join("vic", "ada")) == "line_closed"


@pytest.mark.claim("A6")
async def test_it_is_over_though_nobody_was_awake_when_it_ended(scene: Scene) -> None:
    """Nothing runs between a minute before the end and one after; the next command finds it closed, as of the end."""
    await scene.open("ada", "bob", "cy")
    await scene.come("uma")
    await set_hours(scene)
    await open_for(scene, 1)
    end = scene.now + MINUTE
    await scene.presence.set_hours(scene.pool, "bob", [(scene.now, end)], now=scene.now)
    await scene.later(MINUTE - 3_000)
    assert (await scene.light("ada"), await scene.light("bob")) == ("free", "free")
    late = end + 3_000
    for name in ("ada", "bob"):
        assert await refusal(scene.line.join(scene.pool, "uma", ["cy", name], now=late)) == "line_closed"
        assert await refusal(scene.line.connect(scene.pool, "uma", name, now=late)) == "line_closed"
    closed = [fact.since for fact in await scene.facts() if isinstance(fact, ExpertFacts) and fact.cause == "closed"]
    assert closed[-2:] == [end, end]


async def test_it_puts_nobody_online(scene: Scene) -> None:
    await scene.open("ada")
    await set_hours(scene)
    await scene.declare("ada", "offline")
    await open_for(scene, 30)
    assert (await scene.light("ada"), await refusal(scene.join("uma", "ada"))) == ("offline", "expert_offline")
    await scene.declare("ada", "away")
    assert await scene.light("ada") == "away"
    await scene.join("uma", "ada")


async def test_it_ends_at_a_word_and_the_last_word_counts(scene: Scene) -> None:
    await scene.open("ada")
    await set_hours(scene)
    await open_for(scene, 60)
    await open_for(scene, 10)
    assert (await expert(scene)).open_until == scene.now + 10 * MINUTE
    answer = await open_for(scene, 0)
    assert (answer["open_until"], await scene.light("ada")) == (0, "closed")
    entries = len(await scene.facts())
    await open_for(scene, 0)
    assert len(await scene.facts()) == entries


async def test_it_is_refused_only_while_the_hours_alone_are_open_as_long(scene: Scene) -> None:
    await scene.open("ada")
    assert await refusal(open_for(scene, 30)) == "not_closed"
    await set_hours(scene, (-60, 30))
    assert await refusal(open_for(scene, 30)) == "not_closed"
    answer = await open_for(scene, 31)
    assert answer["closes"] == scene.now + 31 * MINUTE
    assert await refusal(open_for(scene, 1441)) == await refusal(open_for(scene, -1)) == "bad_field"
    assert await refusal(scene.presence.open_for(scene.pool, "nobody", 30, now=scene.now)) == "unknown_expert"


async def test_what_joins_on_is_one_opening(scene: Scene) -> None:
    """A lunch break that is worked through: the day ends when the afternoon does, and nothing closes between."""
    await scene.open("ada", line_keep_ms=1_000)
    await set_hours(scene, (-60, 10), (40, 120), (130, 180))
    begin = scene.now
    assert (await expert(scene)).closes == begin + 10 * MINUTE
    await open_for(scene, 40)
    assert (await expert(scene)).closes == begin + 120 * MINUTE
    await scene.declare("ada", "away")
    await scene.join("uma", "ada")
    await scene.later(119 * MINUTE)
    facts = await expert(scene)
    assert (facts.open, facts.open_until, await scene.waiting("ada")) == (True, 0, ["uma"])


@pytest.mark.claim("A6")
async def test_a_kept_line_goes_on_when_the_expert_stays_after_all(scene: Scene) -> None:
    await scene.open("ada", line_keep_ms=5 * MINUTE, closing_notice_ms=MINUTE)
    await scene.declare("ada", "away")
    await set_hours(scene, (-60, 10))
    await scene.join("uma", "ada")
    await scene.later(12 * MINUTE)
    assert (await scene.light("ada"), await scene.waiting("ada")) == ("closed", ["uma"])
    await open_for(scene, 10)
    await scene.later(9 * MINUTE)
    assert await scene.waiting("ada") == ["uma"]
    await scene.later(MINUTE)
    assert (await scene.light("ada"), await scene.waiting("ada")) == ("closed", ["uma"])
    await scene.later(5 * MINUTE)
    assert await scene.ticket("uma") is None
    last = (await scene.facts())[-1]
    assert (last.cause, getattr(last, "reason", "")) == ("done", "line_closed")


async def test_what_rings_is_withdrawn_at_the_end_and_a_session_goes_on(scene: Scene) -> None:
    await scene.open("ada")
    await set_hours(scene)
    await open_for(scene, 1)
    await scene.join("uma", "ada")
    await scene.later(40_000)
    await scene.declare("ada", "online")
    assert await scene.ringing("ada") == "uma"
    await open_for(scene, 0)
    assert (await scene.ringing("ada"), await scene.light("ada")) == ("", "closed")
    await open_for(scene, 1)
    await scene.meet("ada")
    await scene.later(2 * MINUTE)
    assert (await scene.light("ada"), (await expert(scene)).open) == ("busy", False)


# ------------------------------------------------------------ the end is told


async def test_the_end_is_told_once_in_time_and_again_when_it_is_another(scene: Scene) -> None:
    await scene.open("ada", closing_notice_ms=15 * MINUTE)
    await set_hours(scene, (-60, 60))
    await scene.later(45 * MINUTE - 1)
    assert "closing_soon" not in await told(scene)
    await scene.later(1)
    assert (await told(scene))[-1] == "closing_soon"
    await set_hours(scene, (-105, 15))
    await scene.later(5 * MINUTE)
    assert (await told(scene)).count("closing_soon") == 1
    await open_for(scene, 40)
    await scene.later(25 * MINUTE - 1)
    assert (await told(scene)).count("closing_soon") == 1
    await scene.later(1)
    assert (await told(scene))[-1] == "closing_soon"
    assert (await told(scene)).count("closing_soon") == 2


async def test_an_end_that_moves_and_moves_back_is_told_again(scene: Scene) -> None:
    await scene.open("ada", closing_notice_ms=15 * MINUTE)
    await set_hours(scene, (-60, 10))
    assert (await told(scene))[-2:] == ["opened", "closing_soon"]
    await open_for(scene, 60)
    await open_for(scene, 0)
    assert (await told(scene))[-3:] == ["opened", "opened", "closing_soon"]


async def test_no_end_is_told_of_what_has_none(scene: Scene) -> None:
    await scene.open("ada")
    await scene.presence.set_hours(scene.pool, "ada", [(scene.now - 1, NEVER)], now=scene.now)
    facts = await expert(scene)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert (facts.open, facts.closes) == (True, 0)
    assert not [name for name, _at in shot.deadlines if name.startswith(("hours:", "closing:"))]
    assert await refusal(open_for(scene, 30)) == "not_closed"


async def test_retiring_forgets_hours_and_override(scene: Scene) -> None:
    await scene.open("ada")
    await set_hours(scene, (-10, 60))
    await open_for(scene, 90)
    await scene.presence.retire(scene.pool, "ada", now=scene.now)
    shot = await scene.line.snapshot(scene.pool, now=scene.now)
    assert [name for name, _at in shot.deadlines if name.endswith(":ada")] == []
    await scene.presence.enrol(scene.pool, ["ada"], now=scene.now)
    facts = await expert(scene)
    assert (facts.open, facts.closes, facts.open_until) == (True, 0, 0)


async def test_the_same_operation_twice_is_one(scene: Scene) -> None:
    await scene.open("ada")
    await set_hours(scene)
    first = await open_for(scene, 30, op="operation-1")
    scene.now += MINUTE
    assert await open_for(scene, 30, op="operation-1") == first
    assert (await expert(scene)).open_until == first["open_until"]


@pytest.mark.parametrize("windows", [[], [(-60, 60)], [(30, 60)]])
async def test_records_of_an_older_release_go_on(scene: Scene, store: Store, windows: list[tuple[int, int]]) -> None:
    """They have no `closes`, no `open_until`, no `noticed`; their deadlines are those of the windows alone."""
    await scene.open("ada")
    await set_hours(scene, *windows)
    node: Any = store.nodes.node(scene.pool)
    at = keys.key(scene.pool, "experts")
    record = msgspec.msgpack.decode(await node.hget(at, "ada"))
    for name in ("closes", "open_until", "noticed"):
        del record[name]
    await node.hset(at, "ada", msgspec.msgpack.encode(record))
    await node.zrem(keys.key(scene.pool, "deadlines"), "closing:ada")
    facts = await expert(scene)
    assert (facts.closes, facts.open_until) == (0, 0)
    await scene.declare("ada", "away")
    await set_hours(scene, *windows)
    ends = {(-60, 60): scene.now + 60 * MINUTE}
    assert (await expert(scene)).closes == (ends.get(windows[0], 0) if windows else 0)
    await open_for(scene, 70)
    assert (await expert(scene)).closes == scene.now + 70 * MINUTE
    await scene.later(71 * MINUTE)
    assert (await scene.light("ada"), (await expert(scene)).closes) == ("closed", 0)

"""A stale snapshot with the entries after it is the same as a fresh snapshot, whatever happened meanwhile."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.errors import Refusal
from ground.journal import Journal
from ground.store import Store
from queueing.facts import PoolSnapshot
from server.changes import LineDelta
from server.mirror import Gap, Mirror, events_of
from server.translate import Translator
from tests.model.scene import Scene

EXPERTS = ["ada", "bob", "eve"]
USERS = ["u1", "u2", "u3", "u4"]
TOLD_BY_EVENTS_ONLY = {"cause", "reason", "by"}
"""What a ticket's, an offer's and an expert's last event said is no part of their state."""

acts = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(USERS), st.lists(st.sampled_from(EXPERTS), min_size=1, max_size=3)),
    st.tuples(st.just("switch"), st.sampled_from(USERS), st.sampled_from(EXPERTS)),
    st.tuples(st.just("leave"), st.sampled_from(USERS), st.sampled_from(["", *EXPERTS])),
    st.tuples(st.just("away"), st.sampled_from(USERS), st.integers(1, 100)),
    st.tuples(st.just("back"), st.sampled_from(USERS), st.none()),
    st.tuples(st.just("go"), st.sampled_from(USERS), st.none()),
    st.tuples(st.just("come"), st.sampled_from(USERS), st.none()),
    st.tuples(st.just("declare"), st.sampled_from(EXPERTS), st.sampled_from(["online", "away", "offline"])),
    st.tuples(st.just("meet"), st.sampled_from(EXPERTS), st.none()),
    st.tuples(st.just("decline"), st.sampled_from(EXPERTS), st.sampled_from(["user", "expert"])),
    st.tuples(st.just("end"), st.sampled_from(EXPERTS), st.none()),
    st.tuples(
        st.just("move"), st.sampled_from(USERS), st.tuples(st.sampled_from(EXPERTS), st.sampled_from(["head", "tail"]))
    ),
    st.tuples(st.just("remove"), st.sampled_from(USERS), st.none()),
    st.tuples(st.just("later"), st.integers(500, 90_000), st.none()),
)


async def act(scene: Scene, what: str, who: Any, with_: Any) -> None:
    line, pool, now = scene.line, scene.pool, scene.now
    if what in ("move", "remove"):
        ticket = (await scene.ticket_of(who)).ticket
        if with_ is None:
            await line.remove(pool, ticket, "because", "operator:olga", now=now)
        else:
            await line.move(pool, ticket, with_[0], with_[1], "because", "operator:olga", now=now)
        return
    doing: dict[str, Callable[[], Awaitable[Any]]] = {
        "join": lambda: scene.join(who, *with_),
        "switch": lambda: line.switch(pool, who, with_, now=now),
        "leave": lambda: line.leave(pool, who, with_, now=now),
        "away": lambda: line.step_away(pool, who, with_, now=now),
        "back": lambda: line.come_back(pool, who, now=now),
        "go": lambda: scene.go("user", who),
        "come": lambda: scene.come(who),
        "declare": lambda: scene.declare(who, with_),
        "meet": lambda: scene.meet(who),
        "decline": lambda: scene.decline(who, with_),
        "end": lambda: scene.end(who),
        "later": lambda: scene.later(who),
    }
    await doing[what]()


def shape(mirror: Mirror) -> dict[str, Any]:
    """Everything the mirror knows, comparable."""
    kinds: dict[str, Any] = {
        "experts": mirror.experts,
        "tickets": mirror.tickets,
        "offers": mirror.offers,
        "sessions": mirror.sessions,
    }
    return {
        "at": (mirror.epoch, mirror.seq, mirror.settings),
        "lines": {expert: mirror.ordinals(expert) for expert in EXPERTS},
        "users": {user: mirror.ticket_of(user) and mirror.ticket_of(user).ticket for user in USERS},
    } | {kind: {key: plain(facts) for key, facts in states.items()} for kind, states in kinds.items()}


def plain(facts: Any) -> dict[str, Any]:
    return {key: value for key, value in msgspec.to_builtins(facts).items() if key not in TOLD_BY_EVENTS_ONLY}


class Page:
    """A client that stands in one line and hears only the line's broadcasts, merged as the hub merges them."""

    def __init__(self, ordinals: list[int]) -> None:
        self.ordinals = set(ordinals)

    def hear(self, delta: LineDelta) -> None:
        told = delta.message()
        self.ordinals -= {*told.left, *(old for old, _ in told.moved)}
        self.ordinals |= {*told.joined, *(new for _, new in told.moved)}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(acts, max_size=12), after=st.lists(acts, min_size=1, max_size=25), merge=st.integers(1, 6))
async def test_a_stale_snapshot_with_the_entries_after_it_is_a_fresh_one(
    store: Store, before: list[Any], after: list[Any], merge: int
) -> None:
    scene = await Scene(store, f"m{next_number()}").open(*EXPERTS)
    for expert in EXPERTS[:2]:  # whose lines grow, while the third one's move on
        await scene.declare(expert, "away")
    await play(scene, [("join", user, EXPERTS) for user in USERS])
    await play(scene, before)
    stale = await scene.line.snapshot(scene.pool, now=scene.now)
    await play(scene, after)
    fresh = Mirror(await scene.line.snapshot(scene.pool, now=scene.now))
    mirror = Mirror(stale)
    pages = {expert: Page(mirror.ordinals(expert)) for expert in EXPERTS}
    deltas = await replay(scene, mirror)
    assert shape(mirror) == shape(fresh)
    for delta in merged(deltas, merge):
        pages[delta.expert].hear(delta)
    assert {expert: sorted(page.ordinals) for expert, page in pages.items()} == shape(fresh)["lines"]


async def play(scene: Scene, steps: list[Any]) -> None:
    for step in steps:
        try:
            await act(scene, *step)
        except (Refusal, StopIteration, IndexError, AssertionError, RuntimeError):
            continue  # a step that makes no sense now changes nothing


async def replay(scene: Scene, mirror: Mirror) -> list[LineDelta]:
    translator = Translator(mirror, str)
    deltas = []
    for entry in await Journal(scene.store).read(scene.pool, mirror.seq, 10_000):
        step = mirror.apply(entry.seq, entry.at, events_of(entry.events))
        deltas += [change for _topic, change in translator.translate(step) if isinstance(change, LineDelta)]
    return deltas


def merged(deltas: list[LineDelta], size: int) -> list[LineDelta]:
    """As the hub merges what waits: several changes of one line become one."""
    merged_: list[LineDelta] = []
    for expert in EXPERTS:
        own = [delta for delta in deltas if delta.expert == expert]
        for start in range(0, len(own), size):
            first, *later = own[start : start + size]
            for delta in later:
                first = first.merge(delta)
            merged_.append(first)
    return merged_


_numbers = iter(range(10**9))


def next_number() -> int:
    return next(_numbers)


EMPTY = PoolSnapshot(
    epoch="e", seq=4, at=0, settings={}, experts=[], tickets=[], offers=[], sessions=[], deadlines=[], stats={}
)


def test_a_gap_is_noticed() -> None:
    mirror = Mirror(EMPTY)
    with pytest.raises(Gap):
        mirror.apply(6, 0, [])


def test_events_of_a_newer_version_are_passed_over() -> None:
    packed = msgspec.msgpack.encode({"k": "balance", "amount": 5})
    assert events_of([packed]) == []

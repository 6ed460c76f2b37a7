"""A Hypothesis state machine drives the real functions in the real store beside the model.

`OPENLINE_HYPOTHESIS=deep` runs it for long.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ground.store import Store
from presence.presence import NEVER
from queueing.settings import PoolSettings
from tests.machines.pair import Pair
from tests.model.state import Offer

DEEP = os.environ.get("OPENLINE_HYPOTHESIS") == "deep"
EXPERTS, USERS, PROCESSES = ("ada", "bob", "cy"), ("uma", "vic", "wei", "xan"), ("p1", "p2")
experts, users, processes = st.sampled_from(EXPERTS), st.sampled_from(USERS), st.sampled_from(PROCESSES)
sides = st.sampled_from(["user", "expert"])
settings_of_pools = st.builds(
    PoolSettings,
    lines_per_ticket=st.just(2),
    line_limit=st.sampled_from([2, 3]),
    ring_ms=st.just(6_001),
    ready_after_ms=st.sampled_from([1_002, 20_002]),
    ready_ms=st.just(4_003),
    unready_pause_ms=st.just(9_004),
    decline_pause_ms=st.just(7_005),
    declines_max=st.just(2),
    grace_ms=st.just(12_006),
    presence_grace_ms=st.just(3_007),
    step_away_max_ms=st.just(20_008),
    wrap_up_ms=st.just(5_009),
    connect_ms=st.just(6_010),
    session_cap_ms=st.just(25_011),
    max_wait_ms=st.just(60_012),
    line_keep_ms=st.just(15_013),
    closing_notice_ms=st.just(4_014),
)


class PoolMachine(RuleBasedStateMachine):
    """Rules are the commands, and time."""

    store: Store
    loop: asyncio.AbstractEventLoop

    @initialize(rules=settings_of_pools, joined=st.booleans())
    def begin(self, rules: PoolSettings, joined: bool) -> None:
        self.pair = Pair(self.store, self.loop, rules)
        self.everybody_is_here()
        for user in USERS[:3] if joined else ():
            self.once("join", user, ["ada", "bob"], "chat")

    @rule()
    def everybody_is_here(self) -> None:
        """Both processes live, every expert is known and online, every user connected."""
        self.both("presence", "enrol", list(EXPERTS))
        for process in PROCESSES:
            self.both("presence", "renew", process)
        for user in USERS:
            self.both("presence", "attach", "p1", "user", user)
        for expert in EXPERTS:
            self.both("presence", "attach", "p1", "expert", expert)
            self.both("presence", "declare", expert, "online", "")

    def both(self, door: str, name: str, *args: Any) -> Any:
        """A command without an operation id in the store, and its namesake in the model."""
        pair = self.pair
        method = getattr(getattr(pair, door), name)

        def call(op: str) -> Awaitable[Any]:
            return method(pair.pool, *args, now=pair.now)  # type: ignore[no-any-return]

        return pair.both(call, lambda: getattr(pair.model, name)(pair.now, *args), once=False)

    def once(self, name: str, *args: Any, mirror: Callable[[], Any] | None = None, **more: Any) -> Any:
        """A command of the line with an operation id, and its namesake in the model."""
        pair = self.pair
        method = getattr(pair.line, name)

        def call(op: str) -> Awaitable[Any]:
            return method(pair.pool, *args, op=op, now=pair.now, **more)  # type: ignore[no-any-return]

        return pair.both(call, mirror or (lambda: getattr(pair.model, name)(pair.now, *args, **more)))

    # ------------------------------------------------------------ users

    @rule(user=users, some=st.lists(experts, min_size=1, max_size=3))
    def join(self, user: str, some: list[str]) -> None:
        self.once("join", user, some, "chat")

    @rule(user=users, some=st.lists(experts, min_size=1, max_size=2, unique=True))
    def join_properly(self, user: str, some: list[str]) -> None:
        self.once("join", user, some, "audio")

    @rule(user=users, expert=experts)
    def connect(self, user: str, expert: str) -> None:
        self.once("connect", user, expert, "chat")

    @rule(user=users, expert=experts, leaving=st.sampled_from(["", *EXPERTS]))
    def switch(self, user: str, expert: str, leaving: str) -> None:
        self.once("switch", user, expert, leaving=leaving)

    @rule(user=users, expert=st.sampled_from(["", *EXPERTS]))
    def leave(self, user: str, expert: str) -> None:
        self.once("leave", user, expert)

    @rule(user=users, seconds=st.sampled_from([1, 10, 20, 21]))
    def step_away(self, user: str, seconds: int) -> None:
        self.once("step_away", user, seconds)

    @rule(user=users)
    def come_back(self, user: str) -> None:
        self.once("come_back", user)

    @rule(visitor=users, user=users)
    def adopt(self, visitor: str, user: str) -> None:
        self.once("adopt", visitor, user)

    # ------------------------------------------------------------ both sides

    def _offer(self, name: str, offer: str, side: str, who: str) -> None:
        known = self.pair.offers.get(offer)
        self.once(
            name, offer, side, who, mirror=lambda: getattr(self.pair.model, name)(self.pair.now, known, side, who)
        )

    @precondition(lambda self: any(e.offer for e in self.pair.model.experts.values()))
    @rule(data=st.data(), side=sides, name=st.sampled_from(["accept", "accept", "accept", "decline"]))
    def answer_offer(self, data: st.DataObject, side: str, name: str) -> None:
        offer = data.draw(st.sampled_from([key for key, known in self.pair.offers.items() if self._rings(known)]))
        known = self.pair.offers[offer]
        self._offer(name, offer, side, known.user if side == "user" else known.expert)

    def _rings(self, known: Offer) -> bool:
        return any(expert.offer is known for expert in self.pair.model.experts.values())

    @precondition(lambda self: any(e.offer for e in self.pair.model.experts.values()))
    @rule(all_the_way=st.booleans())
    def meet(self, all_the_way: bool) -> None:
        """All who are offered accept on both sides, and perhaps connect."""
        pair = self.pair
        for key, known in list(pair.offers.items()):
            for side, who in (("user", known.user), ("expert", known.expert)):
                if self._rings(known):
                    self._offer("accept", key, side, who)
        for key, session in list(pair.sessions.items()) if all_the_way else ():
            for side, who in (("user", session.user), ("expert", session.expert)):
                if session.state == "connecting":
                    self._session("connected", key, side, who)

    @precondition(lambda self: self.pair.offers)
    @rule(
        data=st.data(), side=sides, who=st.sampled_from([*EXPERTS, *USERS]), name=st.sampled_from(["accept", "decline"])
    )
    def answer_any_offer(self, data: st.DataObject, side: str, who: str, name: str) -> None:
        self._offer(name, data.draw(st.sampled_from([*self.pair.offers, "o-none"])), side, who)

    def _session(self, name: str, session: str, side: str, who: str) -> None:
        pair = self.pair
        known = pair.sessions.get(session)

        def mirror() -> None:
            getattr(pair.model, name)(pair.now, known, side, who)

        if name == "connected":
            pair.both(lambda op: pair.line.connected(pair.pool, session, side, who, now=pair.now), mirror, once=False)
        else:
            self.once(name, session, side, who, mirror=mirror)

    @precondition(lambda self: any(e.session for e in self.pair.model.experts.values()))
    @rule(data=st.data(), side=st.sampled_from(["user", "expert"]), name=st.sampled_from(["connected"] * 3 + ["end"]))
    def in_session(self, data: st.DataObject, side: str, name: str) -> None:
        open_ = [key for key, session in self.pair.sessions.items() if session.state != "ended"]
        session = data.draw(st.sampled_from(open_))
        known = self.pair.sessions[session]
        self._session(name, session, side, known.user if side == "user" else known.expert)

    @precondition(lambda self: self.pair.sessions)
    @rule(
        data=st.data(),
        side=st.sampled_from(["user", "expert", "operator"]),
        who=st.sampled_from([*EXPERTS, *USERS, "olga"]),
        name=st.sampled_from(["connected", "end"]),
    )
    def in_any_session(self, data: st.DataObject, side: str, who: str, name: str) -> None:
        if side == "operator" and (name == "connected" or who != "olga"):
            return
        self._session(name, data.draw(st.sampled_from([*self.pair.sessions, "s-none"])), side, who)

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), side=sides)
    def say(self, data: st.DataObject, side: str) -> None:
        self.pair.say(data.draw(st.sampled_from(sorted(self.pair.sessions))), side)

    @rule(expert=experts)
    def finish_wrap_up(self, expert: str) -> None:
        self.once("finish_wrap_up", expert)

    # ------------------------------------------------------------ experts and operators

    @rule(
        expert=experts,
        status=st.sampled_from(["online", "online", "away", "offline"]),
        by=st.sampled_from(["", "operator:olga"]),
    )
    def declare(self, expert: str, status: str, by: str) -> None:
        pair = self.pair
        reason = "tea" if status == "away" else ""
        pair.both(
            lambda op: pair.presence.declare(pair.pool, expert, status, reason, by=by, op=op, now=pair.now),
            lambda: pair.model.declare(pair.now, expert, status, reason),
        )

    @rule(
        expert=experts,
        starts=st.lists(st.sampled_from([-5, 2, 9, 30, 60]), max_size=2),
        whole=st.booleans(),
        endless=st.booleans(),
    )
    def set_hours(self, expert: str, starts: list[int], whole: bool, endless: bool) -> None:
        now = self.pair.now
        windows = None if whole else [(now + start * 1000, now + (start + 6) * 1000) for start in sorted(set(starts))]
        if windows and endless:
            windows[-1] = (windows[-1][0], NEVER)
        self.both("presence", "set_hours", expert, windows)

    @rule(expert=experts, minutes=st.sampled_from([0, 1, 1, 2]))
    def open_for(self, expert: str, minutes: int) -> None:
        pair = self.pair
        pair.both(
            lambda op: pair.presence.open_for(pair.pool, expert, minutes, op=op, now=pair.now),
            lambda: pair.model.open_for(pair.now, expert, minutes),
        )

    @rule(expert=experts, closed=st.booleans())
    def open_for_a_minute_out_of_hours(self, expert: str, closed: bool) -> None:
        """As experts do: closed, or in the last moment of a shift, and the line goes on."""
        now = self.pair.now
        self.both("presence", "set_hours", expert, [] if closed else [(now - 1_000, now + 3_000)])
        self.open_for(expert, 1)

    @rule(expert=experts, back=st.booleans())
    def retire(self, expert: str, back: bool) -> None:
        """Out of the pool, and perhaps into it again while the console is still open."""
        self.both("presence", "retire", expert)
        if back:
            self.both("presence", "enrol", [expert])
            self.both("presence", "declare", expert, "online", "")

    @rule(user=users, expert=experts, to=st.sampled_from(["head", "tail"]))
    def move(self, user: str, expert: str, to: str) -> None:
        if user in self.pair.model.tickets:
            model = self.pair.model
            ticket = self._ticket_id(user)
            self.once(
                "move",
                ticket,
                expert,
                to,
                "urgent",
                "operator:olga",
                mirror=lambda: model.move(self.pair.now, user, expert, to),
            )

    @rule(user=users)
    def remove(self, user: str) -> None:
        if user in self.pair.model.tickets:
            ticket = self._ticket_id(user)
            self.once(
                "remove", ticket, "abuse", "operator:olga", mirror=lambda: self.pair.model.remove(self.pair.now, user)
            )

    def _ticket_id(self, user: str) -> str:
        return [ticket for ticket, owner in self.pair.tickets.items() if owner == user][-1]

    # ------------------------------------------------------------ connections

    @rule(process=processes, side=sides, data=st.data())
    def attach(self, process: str, side: str, data: st.DataObject) -> None:
        self.both("presence", "attach", process, side, data.draw(users if side == "user" else experts))

    @rule(process=processes, side=sides, data=st.data())
    def detach(self, process: str, side: str, data: st.DataObject) -> None:
        self.both("presence", "detach", process, side, data.draw(users if side == "user" else experts))

    @rule(process=processes)
    def renew(self, process: str) -> None:
        self.both("presence", "renew", process)

    @rule(process=processes)
    def release(self, process: str) -> None:
        self.both("presence", "release", process)

    # ------------------------------------------------------------ time

    def _go_to(self, now: int) -> None:
        pair = self.pair
        pair.now = max(pair.now, now)
        due: list[int] = []
        answer = pair.both(
            lambda op: pair.line.run_due(pair.pool, now=pair.now),
            lambda: due.append(pair.model.run_due(pair.now)),
            once=False,
        )
        assert answer["next"] == due[0]

    @rule(off=st.sampled_from([-1, 0, 0, 0, 1]))
    def to_the_next_deadline(self, off: int) -> None:
        if found := self.pair.model.deadlines():
            self._go_to(found[0][0] + off)

    @rule(ms=st.sampled_from([1, 500, 3_000]))
    def a_little_later(self, ms: int) -> None:
        self._go_to(self.pair.now + ms)

    @rule(ms=st.sampled_from([5_000, 6_500, 7_999]))
    def one_late_look(self, ms: int) -> None:
        """As late as the leases allow: several deadlines in one call."""
        for process in PROCESSES:
            self.both("presence", "renew", process)
        self._go_to(self.pair.now + ms)

    @rule(ms=st.sampled_from([9_000, 30_000, 120_000]))
    def much_later_all_processes_died(self, ms: int) -> None:
        self._go_to(self.pair.now + ms)

    @rule(steps=st.integers(1, 8), alive=st.sampled_from([("p1",), ("p1", "p2")]))
    def later_with_processes_alive(self, steps: int, alive: tuple[str, ...]) -> None:
        for _ in range(steps):
            self.pair.now += 4_000
            for process in alive:
                self.both("presence", "renew", process)

    @precondition(lambda self: self.pair.done)
    @rule(which=st.integers(0, 1000))
    def repeat(self, which: int) -> None:
        self.pair.repeat(which)


@pytest.fixture
def driver(store_url: str) -> Iterator[tuple[asyncio.AbstractEventLoop, Store]]:
    """A loop and a store that last through all examples."""
    loop = asyncio.new_event_loop()
    store = loop.run_until_complete(Store.open(store_url))
    yield loop, store
    loop.run_until_complete(store.close())
    loop.close()


@pytest.mark.timeout(0 if DEEP else 300)
@pytest.mark.claim("B14")
def test_the_store_does_what_the_text_says(driver: tuple[asyncio.AbstractEventLoop, Store]) -> None:
    loop, store = driver
    machine = type("Machine", (PoolMachine,), {"loop": loop, "store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5_000 if DEEP else 60,
            stateful_step_count=80 if DEEP else 40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )

"""What all machines do: commands to the store and to the model at once, sessions, evidence, connections, and time."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from ground.store import Store
from tests.machines.pair import Pair
from tests.machines.strategies import EXPERTS, PROCESSES, USERS, budgets, experts, processes, sides, users, workers
from tests.model.state import Offer

DEEP = os.environ.get("OPENLINE_HYPOTHESIS") == "deep"
Driver = tuple[asyncio.AbstractEventLoop, Store]


class Acting(RuleBasedStateMachine):
    """A machine has a pair from its first step on."""

    store: Store
    loop: asyncio.AbstractEventLoop
    pair: Pair

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

    def both(self, door: str, name: str, *args: Any, **more: Any) -> Any:
        """A command without an operation id in the store, and its namesake in the model."""
        pair = self.pair
        method = getattr(getattr(pair, door), name)

        def call(op: str) -> Awaitable[Any]:
            return method(pair.pool, *args, now=pair.now, **more)  # type: ignore[no-any-return]

        return pair.both(call, lambda: getattr(pair.model, name)(pair.now, *args, **more), once=False)

    def once(self, name: str, *args: Any, mirror: Callable[[], Any] | None = None, **more: Any) -> Any:
        """A command of the line with an operation id, and its namesake in the model; both get the terms."""
        pair = self.pair
        method = getattr(pair.line, name)

        def call(op: str) -> Awaitable[Any]:
            return method(pair.pool, *args, op=op, now=pair.now, **more)  # type: ignore[no-any-return]

        known = {key: plain(value) for key, value in more.items()}
        return pair.both(call, mirror or (lambda: getattr(pair.model, name)(pair.now, *args, **known)))

    # ------------------------------------------------------------ both sides

    def _offer(self, name: str, offer: str, side: str, who: str, **more: int) -> None:
        model, known = self.pair.model, self.pair.offers.get(offer)
        more = more if name == "accept" else {}

        def mirror() -> None:
            getattr(model, name)(self.pair.now, known, side, who, **more)

        self.once(name, offer, side, who, mirror=mirror, **more)

    def _rings(self, known: Offer) -> bool:
        return any(expert.offer is known for expert in self.pair.model.experts.values())

    @precondition(lambda self: any(e.offer for e in self.pair.model.experts.values()))
    @rule(all_the_way=st.booleans(), budget_ms=budgets)
    def meet(self, all_the_way: bool, budget_ms: int) -> None:
        """All who are offered accept on both sides, and perhaps connect."""
        pair = self.pair
        for key, known in list(pair.offers.items()):
            for side, who in (("user", known.user), ("expert", known.expert)):
                if self._rings(known):
                    self._offer("accept", key, side, who, budget_ms=budget_ms, fee_bps=1_000)
        for key, session in list(pair.sessions.items()) if all_the_way else ():
            if session.state == "connecting" and session.bridged and not session.worker:
                self.media("bridge", key, "m1", "", ["user"] if session.mode == "phone" else [])
            for side, who in (("user", session.user), ("expert", session.expert)):
                if session.state == "connecting" and session.bridged:
                    self.media("heard", key, side, session.worker, 0)
                elif session.state == "connecting":
                    self._session("connected", key, side, who)

    def _session(self, name: str, session: str, side: str, who: str) -> None:
        pair = self.pair
        known = pair.sessions.get(session)

        def mirror() -> None:
            getattr(pair.model, name)(pair.now, known, side, who)

        if name == "connected":
            method = getattr(pair.line, name)
            pair.both(lambda op: method(pair.pool, session, side, who, now=pair.now), mirror, once=False)
        else:
            self.once(name, session, side, who, mirror=mirror)

    @precondition(lambda self: any(e.session for e in self.pair.model.experts.values()))
    @rule(data=st.data(), side=sides, name=st.sampled_from(["connected"] * 3 + ["end"]))
    def in_session(self, data: st.DataObject, side: str, name: str) -> None:
        open_ = [key for key, session in self.pair.sessions.items() if session.state != "ended"]
        session = data.draw(st.sampled_from(open_))
        known = self.pair.sessions[session]
        self._session(name, session, side, known.user if side == "user" else known.expert)

    # ------------------------------------------------------------ media workers

    def media(self, name: str, session: str, *args: Any, **more: Any) -> None:
        """A word of the door `queueing/media.py` about a session, in the store and in the model."""
        pair, known = self.pair, self.pair.sessions.get(session)
        pair.both(
            lambda op: getattr(pair.media, name)(pair.pool, session, *args, now=pair.now, **more),
            lambda: getattr(pair.model, name)(pair.now, known, *args, **more),
            once=False,
        )

    def _recent(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([*list(self.pair.sessions)[-3:], "s-none"]))

    @precondition(lambda self: self.pair.sessions)
    @rule(
        data=st.data(), worker=workers, stale=st.booleans(), phones=st.sampled_from([[], ["user"], ["user", "expert"]])
    )
    def bridge(self, data: st.DataObject, worker: str, stale: bool, phones: list[str]) -> None:
        """A worker takes the session; `stale`: whoever asks knows of none, whoever there is."""
        session = self._recent(data)
        known = self.pair.sessions.get(session)
        self.media("bridge", session, worker, known.worker if known and not stale else "", phones)

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), side=sides, worker=workers, silent_ms=st.sampled_from([0, 0, 0, 2_100, 9_000]))
    def heard(self, data: st.DataObject, side: str, worker: str, silent_ms: int) -> None:
        self.media("heard", self._recent(data), side, worker, silent_ms)

    @rule(worker=workers, died=st.booleans())
    def worker_comes_or_goes(self, worker: str, died: bool) -> None:
        self.both("presence", "release" if died else "renew", worker)

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), side=sides, on=st.booleans())
    def record(self, data: st.DataObject, side: str, on: bool) -> None:
        session = self._recent(data)
        known = self.pair.sessions.get(session)
        who = "nobody" if known is None else known.user if side == "user" else known.expert
        self.media("record", session, side, who, on=on)

    # ------------------------------------------------------------ evidence and money

    @precondition(lambda self: self.pair.sessions)
    @rule(
        data=st.data(),
        side=sides,
        where=st.sampled_from([("p1",), ("p1",), ("p2",), ("p1", "p2")]),
        silent_ms=st.sampled_from([0, 0, 1, 2_600, 9_000]),
    )
    def evidence(self, data: st.DataObject, side: str, where: tuple[str, ...], silent_ms: int) -> None:
        """What processes say that they hear; the latest sessions are the ones that may go on."""
        session = data.draw(st.sampled_from([*list(self.pair.sessions)[-3:], "s-none"]))
        for process in where:
            self.told("evidence", session, side, process, silent_ms)

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), budget_ms=budgets)
    def fund(self, data: st.DataObject, budget_ms: int) -> None:
        session = data.draw(st.sampled_from([*list(self.pair.sessions)[-3:], "s-none"]))
        self.told("fund", session, budget_ms)

    def told(self, name: str, session: str, *args: Any) -> None:
        """What the server tells of a session, in the store and in the model."""
        pair, known = self.pair, self.pair.sessions.get(session)
        pair.both(
            lambda op: getattr(pair.line, name)(pair.pool, session, *args, now=pair.now),
            lambda: getattr(pair.model, name)(pair.now, known, *args),
            once=False,
        )

    # ------------------------------------------------------------ connections

    @rule(process=processes, side=sides, data=st.data())
    def attach(self, process: str, side: str, data: st.DataObject) -> None:
        self.both("presence", "attach", process, side, data.draw(users if side == "user" else experts))

    @rule(process=processes, side=sides, data=st.data(), silent_ms=st.sampled_from([0, 0, 1_200, 30_000]))
    def detach(self, process: str, side: str, data: st.DataObject, silent_ms: int) -> None:
        member = data.draw(users if side == "user" else experts)
        self.both("presence", "detach", process, side, member, silent_ms=silent_ms)

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


def plain(value: Any) -> Any:
    """Terms as the model has them."""
    if not isinstance(value, dict):
        return value
    return {expert: (each.rate, each.free_ms, each.limit_ms) for expert, each in value.items()}


@pytest.fixture
def driver(store_url: str) -> Iterator[Driver]:
    """A loop and a store that last through all examples."""
    loop = asyncio.new_event_loop()
    store = loop.run_until_complete(Store.open(store_url))
    yield loop, store
    loop.run_until_complete(store.close())
    loop.close()


def drive(machine: type[Acting], driver: Driver, examples: int) -> None:
    """Run the machine, for long with `OPENLINE_HYPOTHESIS=deep`."""
    loop, store = driver
    run_state_machine_as_test(
        type("Machine", (machine,), {"loop": loop, "store": store}),
        settings=settings(
            max_examples=5_000 if DEEP else examples,
            stateful_step_count=80 if DEEP else 40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )

"""Tabs that open, close and crash in any order at two processes: present is exactly who has a tab."""

import asyncio
import uuid
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ground import keys
from ground.store import Store
from presence.presence import Presence
from queueing.line import Line
from queueing.settings import PoolSettings
from server.attachments import Attachments, Member

LEASE_MS = 8_000
STEP_MS = 2_000
START = 1_800_000_000_000
SIDES = {"ada": "expert", "bob": "expert", "uma": "user"}
DOORS, MEMBERS = st.sampled_from(["left", "right"]), st.sampled_from(sorted(SIDES))


class Clocked:
    """The door of presence with the machine's time in every call."""

    def __init__(self, machine: "Tabs") -> None:
        self._machine = machine

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._machine.presence, name)
        return lambda *args, **more: method(*args, **more, now=self._machine.now)


class Process:
    """One server process: its name in leases, and how many tabs each member has open there."""

    def __init__(self, machine: "Tabs") -> None:
        self.name = f"w{uuid.uuid4().hex[:8]}"
        self.attachments = Attachments(Clocked(machine), self.name)  # type: ignore[arg-type]
        self.tabs: Counter[str] = Counter()
        self.renewed = 0


class Tabs(RuleBasedStateMachine):
    """The machine. `dead` are crashed processes with who was there and when their lease ends."""

    store: Store
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.now, self.pool = START, f"m{uuid.uuid4().hex[:10]}"
        self.presence, self.line = Presence(self.store), Line(self.store)
        self.processes = {"left": Process(self), "right": Process(self)}
        self.dead: list[tuple[str, set[str], int]] = []
        self.wait(self.line.configure(self.pool, PoolSettings(presence_grace_ms=1), now=self.now))
        self.wait(self.presence.enrol(self.pool, ["ada", "bob"], now=self.now))

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 10))

    def who(self, member: str) -> Member:
        return Member(self.pool, SIDES[member], member)

    async def change(self, door: str, member: str, opens: bool) -> None:
        process = self.processes[door]
        if opens:
            process.tabs[member] += 1
            await process.attachments.attach(self.who(member))
        elif process.tabs[member]:
            process.tabs[member] -= 1
            await process.attachments.detach(self.who(member), asyncio.get_running_loop().time())

    @rule(door=DOORS, member=MEMBERS, opens=st.booleans())
    def one_tab(self, door: str, member: str, opens: bool) -> None:
        self.wait(self.change(door, member, opens))

    @rule(changes=st.lists(st.tuples(DOORS, MEMBERS, st.booleans()), min_size=2, max_size=8))
    def many_tabs_at_once(self, changes: list[tuple[str, str, bool]]) -> None:
        async def work() -> None:
            await asyncio.gather(*(self.change(*change) for change in changes))

        self.wait(work())

    @rule(door=DOORS)
    def crash(self, door: str) -> None:
        process = self.processes[door]
        end = self.wait(self.presence.renew(self.pool, process.name, now=self.now))["until"]
        self.dead.append((process.name, {member for member, n in process.tabs.items() if n}, end))
        self.processes[door] = Process(self)

    @rule(door=DOORS)
    def stop_in_order(self, door: str) -> None:
        self.wait(self.processes[door].attachments.release())
        self.processes[door] = Process(self)

    @rule(steps=st.integers(1, 6))
    def time_passes(self, steps: int) -> None:
        for _ in range(steps):
            self.now += STEP_MS
            for process in self.processes.values():
                self.wait(self.round(process))

    async def round(self, process: Process) -> None:
        """What `Attachments.keep` does every two seconds."""
        if any(process.tabs.values()):
            await process.attachments._renew(self.pool)
            await process.attachments._settle_all(self.pool)

    @rule(door=DOORS)
    def the_lease_lapses_under_a_living_process(self, door: str) -> None:
        """A loop that hung for ten seconds: the store let everybody go; the next round brings them back."""
        other = next(process for name, process in self.processes.items() if name != door)
        for _ in range(5):
            self.now += STEP_MS
            self.wait(self.round(other))
        self.wait(self.line.run_due(self.pool, now=self.now))
        self.wait(self.round(self.processes[door]))

    @invariant()
    def present_is_who_has_a_tab(self) -> None:
        self.now += 2
        self.wait(self.line.run_due(self.pool, now=self.now))
        names = [(process.name, {m for m, n in process.tabs.items() if n}) for process in self.processes.values()]
        names += [(name, members) for name, members, end in self.dead if end > self.now]
        expected = {member for _, members in names for member in members}
        raw: Any = self.store.nodes.node(self.pool)
        held = self.wait(raw.hkeys(keys.key(self.pool, "present")))
        assert {name.decode().partition(":")[2] for name in held} == expected
        shot = self.wait(self.line.snapshot(self.pool, now=self.now))
        assert {facts.expert for facts in shot.experts if facts.present} == expected - {"uma"}


@pytest.mark.claim("B33")
def test_present_is_exactly_who_has_a_tab(store_url: str) -> None:
    loop = asyncio.new_event_loop()
    try:
        store = loop.run_until_complete(Store.open(store_url))
        kind = type("Machine", (Tabs,), {"store": store, "loop": loop})
        checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
        run_state_machine_as_test(
            kind,
            settings=settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=checks),
        )
        loop.run_until_complete(store.close())
    finally:
        loop.close()

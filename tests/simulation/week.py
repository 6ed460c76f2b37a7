"""The clockwork of the simulation: orders go to the real store in order of virtual time, the journal comes back.

All orders of a few virtual seconds go out as one pipeline; the journal is read after each.
The same seed gives the same week.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ground.errors import Refusal
from ground.journal import Journal
from ground.store import Store
from presence.presence import Presence
from queueing.line import Line
from queueing.media import Media
from queueing.settings import PoolSettings
from tests.machines.invariants import check_promises
from tests.model import compare
from tests.simulation.people import HOUR, MINUTE, PROCESSES, WORKERS, Order, People

START = 1_800_000_000_000 - 1_800_000_000_000 % 86_400_000
WINDOW = 14_000
RENEWALS = (0, 7_000)
"""When in a window the processes renew: often enough for a lease of 8 s."""
ONCE = {"join", "connect", "switch", "leave", "step_away", "come_back", "accept", "decline", "end", "move"}
ONCE |= {"declare", "open_for"}
REPEATED = 0.04
"""The share of the commands with an operation id that are given twice, as by a client who missed the answer."""
LATE = {
    "join": {"line_full", "expert_offline", "line_closed", "already_in_line"},
    "connect": {"expert_busy", "expert_away", "expert_offline", "line_closed", "line_full", "already_in_line"},
    "switch": {"no_ticket", "same_line", "line_full", "expert_offline", "line_closed", "offer_open", "in_session"},
    "leave": {"no_ticket", "in_session"},
    "step_away": {"no_ticket", "in_session", "offer_open"},
    "come_back": {"no_ticket", "in_session"},
    "accept": {"no_such_offer", "offer_over"},
    "unfunded": {"no_such_offer"},
    "decline": {"no_such_offer", "offer_over"},
    "connected": {"session_over"},
    "evidence": {"session_over"},
    "fund": {"session_over"},
    "end": {"session_over"},
    "finish_wrap_up": {"not_in_wrap_up"},
    "move": {"no_such_ticket", "offer_open", "in_session", "line_full"},
    "open_for": {"not_closed"},
    "call_me": {"no_ticket", "in_session"},
    "bridge": {"session_over"},
    "heard": {"session_over", "no_such_session"},
}
"""Refusals that somebody who acts on what they saw some seconds ago may meet. Any other fails the simulation."""


@dataclass
class Week:
    """One simulated stretch of time in one pool."""

    store: Store
    pool: str
    people: People
    calls: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    answers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = self.people.world
        self.doors: dict[str, Any] = {
            "line": Line(self.store),
            "media": Media(self.store),
            "presence": Presence(self.store),
        }
        self.journal = Journal(self.store)
        self.shots = self.repeats = 0

    async def run(self) -> None:
        people, now = self.people, self.people.start
        await self.doors["line"].configure(self.pool, self.world.settings, now=now)
        await self.doors["presence"].enrol(self.pool, people.experts, now=now)
        await self.listen()
        people.plan()
        while now < people.end:
            await self.window(now)
            now += WINDOW
            if (now - people.start) // HOUR != (now - people.start - WINDOW) // HOUR:
                await self.compare(now)
        assert not [order for order in people.orders if order.at < people.end]

    async def window(self, now: int) -> None:
        """Everything ordered for these seconds in one pipeline, then what the journal says of it."""
        orders = [made for order in self.people.due(now + WINDOW) for made in self.resolve(order, max(order.at, now))]
        orders += [self.renewal(now + after, name) for after in RENEWALS for name in PROCESSES + WORKERS]
        orders = [order for order in orders if self.alive(order)]
        orders.sort(key=lambda order: order[:2])
        answers = await self.calls_of(orders)
        for order, answer in zip(orders, answers, strict=True):
            self.answered(order, answer)
        await self.listen()
        await self.repeat([(order, answer) for order, answer in zip(orders, answers, strict=True) if order.op])

    async def calls_of(self, orders: list[Order]) -> list[Any]:
        self.calls += len(orders)
        return await asyncio.gather(*(self.call(order) for order in orders), return_exceptions=True)

    async def repeat(self, given: list[tuple[Order, Any]]) -> None:
        """The same operations once more: the same answers, and nothing in the journal."""
        if not given:
            return
        for (order, before), answer in zip(given, await self.calls_of([order for order, _ in given]), strict=True):
            assert _told(answer) == _told(before), f"{order}: {before}, repeated: {answer}"
        assert not await self.journal.read(self.pool, self.world.seq, 1), f"a repeat was journalled: {given}"
        self.repeats += len(given)

    @staticmethod
    def renewal(at: int, process: str) -> Order:
        return Order(at, 0, "presence", "renew", (process,))

    def alive(self, order: Order) -> bool:
        """A process that is dead renews nothing."""
        return order.command != "renew" or self.people.dead_until[order.args[0]] <= order.at

    def call(self, order: Order) -> Any:
        once = {"op": order.op} if order.op else {}
        method = getattr(self.doors[order.door], order.command)
        return method(self.pool, *order.args, now=order.at, **once, **order.more)

    async def listen(self) -> None:
        """Read the journal to its end and let people hear it."""
        while entries := await self.journal.read(self.pool, self.world.seq, 1000):
            for entry in entries:
                for fact in self.world.read(entry.seq, entry.at, entry.events):
                    self.people.hear(fact, entry.at)
            if len(entries) < 1000:
                return

    # ------------------------------------------------------------ orders

    def resolve(self, order: Order, at: int) -> list[Order]:
        """The commands for the store that an order comes to at `at`; an order of the world may come to none."""
        if order.door != "world":
            return [order._replace(at=at, op=self.op_of(order))]
        made = getattr(self, f"_world_{order.command}")(at, *order.args)
        return [Order(at, order.n, *each) for each in made]

    def op_of(self, order: Order) -> str:
        return f"op-{order.n}" if order.command in ONCE and self.people.repeat_dice.random() < REPEATED else ""

    def _world_arrive(self, at: int, user: str) -> list[tuple[Any, ...]]:
        self.people.choose(user, at + 1)
        return self._world_come(at, "user", user)

    def _world_come(self, at: int, side: str, member: str) -> list[tuple[Any, ...]]:
        if (side, member) in self.people.home:
            return []
        process = self.people.home[side, member] = self.people.process_for(at)
        return [("presence", "attach", (process, side, member))]

    def _world_go(self, at: int, side: str, member: str) -> list[tuple[Any, ...]]:
        process = self.people.home.pop((side, member), "")
        return [("presence", "detach", (process, side, member))] if process else []

    def _world_hears(self, at: int, side: str, member: str, session: str, silent_ms: int) -> list[tuple[Any, ...]]:
        process = self.people.home.get((side, member), "")
        return [("line", "evidence", (session, side, process, silent_ms))] if process else []

    def _world_deposit(self, at: int, user: str, more: int) -> list[tuple[Any, ...]]:
        purse = self.people.purses[user] = self.people.purse(user) + more
        return [("line", "fund_ticket", (user, dict.fromkeys(self.people.experts, purse)))]

    def _world_die(self, at: int, process: str) -> list[tuple[Any, ...]]:
        self.people.die(at, process)
        return []

    def _world_operate(self, at: int, user: str) -> list[tuple[Any, ...]]:
        tickets = [ticket for ticket in self.world.tickets.values() if ticket.user == user and ticket.lines]
        return [("line", "move", (t.ticket, t.lines[0][0], "head", "urgent", "operator:olga")) for t in tickets]

    def answered(self, order: Order, answer: Any) -> None:
        """A refusal is taken as people take it; what they could not have met fails."""
        if isinstance(answer, Refusal):
            assert answer.code in LATE.get(order.command, set()), f"{order} refused {answer}"
            self.refusals[f"{order.command} {answer.code}"] += 1
            if order.command in ("connect", "join"):
                self._try_again(order)
        elif isinstance(answer, BaseException):
            raise answer
        elif order.command in ("connect", "join"):
            self.people.settled(order.args[0], order.at)

    def _try_again(self, order: Order) -> None:
        user = order.args[0]
        if order.command == "connect" and isinstance(order.args[1], str):
            self.people.order(order.at + MINUTE // 6, "line", "join", user, [order.args[1]], "chat", **order.more)
        else:
            self.people.order(order.at + MINUTE // 6, "world", "go", "user", user)

    # ------------------------------------------------------------ the whole truth, now and then

    async def compare(self, now: int) -> None:
        """The store's snapshot is what the journal told, and keeps every promise; what was read may go."""
        shot = await self.doors["line"].snapshot(self.pool, now=now)
        await self.listen()
        shot = await self.doors["line"].snapshot(self.pool, now=now)
        users = {fact.ticket: fact.ticket for fact in shot.tickets}
        users |= {ticket: ticket for session in shot.sessions for ticket, _ in session.overtook}
        world = self.world
        told: list[compare.Facts] = [
            *world.experts.values(),
            *world.tickets.values(),
            *world.offers.values(),
            *world.sessions.values(),
        ]
        seen: list[compare.Facts] = [*shot.experts, *shot.tickets, *shot.offers, *shot.sessions]
        users |= {ticket: ticket for session in world.sessions.values() for ticket, _ in session.overtook}
        assert compare.of_facts(seen, users) == compare.of_facts(told, users)
        check_promises(shot)
        world.bounds.overdue(shot.at)
        self.shots += 1
        await self.journal.trim(self.pool, self.world.seq, 100)


def _told(answer: Any) -> Any:
    return (answer.code, answer.detail) if isinstance(answer, Refusal) else answer


def settings_of_the_week() -> PoolSettings:
    """Times as in a real pool, except that lines are shorter."""
    return PoolSettings(line_limit=30, session_cap_ms=30 * MINUTE, max_wait_ms=90 * MINUTE, line_keep_ms=5 * MINUTE)

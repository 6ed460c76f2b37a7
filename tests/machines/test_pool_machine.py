"""A Hypothesis state machine drives the real functions in the real store beside the model.

`OPENLINE_HYPOTHESIS=deep` runs it for long.
"""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from presence.presence import NEVER
from queueing.facts import Terms
from queueing.settings import PoolSettings
from tests.machines.acting import DEEP, Acting, Driver, drive, driver, plain
from tests.machines.pair import Pair
from tests.machines.strategies import (
    EXPERTS,
    PROCESSES,
    USERS,
    budgets,
    experts,
    modes,
    settings_of_pools,
    sides,
    terms_of_lines,
    users,
    workers,
)

__all__ = ["driver"]


class PoolMachine(Acting):
    """Rules are the commands, and time."""

    @initialize(rules=settings_of_pools, joined=st.booleans(), talking=st.booleans(), budget_ms=budgets)
    def begin(self, rules: PoolSettings, joined: bool, talking: bool, budget_ms: int) -> None:
        self.pair = Pair(self.store, self.loop, rules)
        self.everybody_is_here()
        for user in USERS[:3] if joined else ():
            self.join_for_money(user, ["ada", "bob"], {"ada": Terms(100, 0, 20_000)})
        if joined and talking:
            self.meet(True, budget_ms)

    # ------------------------------------------------------------ users

    @rule(user=users, some=st.lists(experts, min_size=1, max_size=3))
    def join(self, user: str, some: list[str]) -> None:
        self.once("join", user, some, "chat")

    @rule(user=users, some=st.lists(experts, min_size=1, max_size=2, unique=True), terms=terms_of_lines, mode=modes)
    def join_for_money(self, user: str, some: list[str], terms: dict[str, Terms], mode: str = "audio") -> None:
        self.once("join", user, some, mode, terms=terms)

    @rule(user=users, expert=experts, terms=terms_of_lines, mode=modes)
    def connect(self, user: str, expert: str, terms: dict[str, Terms], mode: str) -> None:
        self.once("connect", user, expert, mode, terms=terms)

    @rule(user=users, on=st.sampled_from([True, True, False]), rate=st.sampled_from([-1, -1, 0, 100, 250]))
    def call_me(self, user: str, on: bool, rate: int) -> None:
        self.once("call_me", user, on=on, rate=rate)

    @rule(user=users, expert=experts, away=st.booleans())
    def wait_for_a_call(self, user: str, expert: str, away: bool) -> None:
        """As people do who leave a number: join, ask to be called, close the page."""
        self.once("join", user, [expert], "phone")
        self.once("call_me", user, on=True)
        for process in PROCESSES if away else ():
            self.both("presence", "detach", process, "user", user)

    @rule(user=users, expert=experts, leaving=st.sampled_from(["", *EXPERTS]), terms=terms_of_lines)
    def switch(self, user: str, expert: str, leaving: str, terms: dict[str, Terms]) -> None:
        self.once("switch", user, expert, leaving=leaving, terms=terms)

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

    @precondition(lambda self: any(e.offer for e in self.pair.model.experts.values()))
    @rule(
        data=st.data(),
        side=sides,
        name=st.sampled_from(["accept", "accept", "accept", "decline", "unfunded"]),
        budget_ms=budgets,
    )
    def answer_offer(self, data: st.DataObject, side: str, name: str, budget_ms: int) -> None:
        offer = data.draw(st.sampled_from([key for key, known in self.pair.offers.items() if self._rings(known)]))
        known = self.pair.offers[offer]
        if name == "unfunded":
            self.once(name, offer, mirror=lambda: self.pair.model.unfunded(self.pair.now, known))
        else:
            who = known.user if side == "user" else known.expert
            self._offer(name, offer, side, who, budget_ms=budget_ms, fee_bps=budget_ms // 10)

    @precondition(lambda self: self.pair.offers)
    @rule(
        data=st.data(), side=sides, who=st.sampled_from([*EXPERTS, *USERS]), name=st.sampled_from(["accept", "decline"])
    )
    def answer_any_offer(self, data: st.DataObject, side: str, who: str, name: str) -> None:
        self._offer(name, data.draw(st.sampled_from([*self.pair.offers, "o-none"])), side, who)

    @precondition(lambda self: self.pair.sessions)
    @rule(
        data=st.data(),
        side=st.sampled_from(["user", "expert", "operator"]),
        who=st.sampled_from([*EXPERTS, *USERS, "olga"]),
        name=st.sampled_from(["connected", "end"]),
    )
    def in_any_session(self, data: st.DataObject, side: str, who: str, name: str) -> None:
        if side == "operator" and (name != "end" or who != "olga"):
            return
        self._session(name, data.draw(st.sampled_from([*self.pair.sessions, "s-none"])), side, who)

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), side=sides)
    def say(self, data: st.DataObject, side: str) -> None:
        self.pair.say(data.draw(st.sampled_from(sorted(self.pair.sessions))), side)

    @rule(user=users, limits=st.dictionaries(experts, st.sampled_from([10_000, 50_000, 90_000])))
    def fund_ticket(self, user: str, limits: dict[str, int]) -> None:
        self.both("line", "fund_ticket", user, limits)

    @rule(expert=experts)
    def finish_wrap_up(self, expert: str) -> None:
        self.once("finish_wrap_up", expert)

    # ------------------------------------------------------------ telephones and colleagues

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), side=sides, worker=workers, leg=st.sampled_from(["calling", "answered", "busy"]))
    def leg(self, data: st.DataObject, side: str, worker: str, leg: str) -> None:
        self.media("leg", self._recent(data), side, worker, leg)

    @precondition(lambda self: self.pair.sessions)
    @rule(data=st.data(), side=st.sampled_from(["user", "expert", None]), worker=workers)
    def hang_up(self, data: st.DataObject, side: str | None, worker: str) -> None:
        self.media("hang_up", self._recent(data), side, worker, "hung_up")

    @precondition(lambda self: self.pair.sessions)
    @rule(
        data=st.data(),
        to=st.sampled_from(["", *EXPERTS]),
        terms=terms_of_lines,
        answers=st.sampled_from(["", "yes", "yes", "no"]),
    )
    def transfer(self, data: st.DataObject, to: str, terms: dict[str, Terms], answers: str) -> None:
        """The expert proposes a colleague, and the user answers at once or not yet."""
        pair, session = self.pair, self._recent(data)
        known = pair.sessions.get(session)
        expert, user = (known.expert, known.user) if known else ("ada", "uma")
        self.media("propose_transfer", session, expert, to)
        if answers:
            pair.both(
                lambda op: pair.media.answer_transfer(
                    pair.pool, session, user, yes=answers == "yes", expert=to, terms=terms, op=op, now=pair.now
                ),
                lambda: pair.model.answer_transfer(pair.now, known, user, answers == "yes", to, plain(terms)),
            )

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

    @rule(user=users, expert=experts, to=st.sampled_from(["head", "tail"]), terms=terms_of_lines)
    def move(self, user: str, expert: str, to: str, terms: dict[str, Terms]) -> None:
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
                mirror=lambda: model.move(self.pair.now, user, expert, to, plain(terms)),
                terms=terms,
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

    @precondition(lambda self: self.pair.done)
    @rule(which=st.integers(0, 1000))
    def repeat(self, which: int) -> None:
        self.pair.repeat(which)


@pytest.mark.timeout(0 if DEEP else 300)
@pytest.mark.claim("B14")
def test_the_store_does_what_the_text_says(driver: Driver) -> None:
    drive(PoolMachine, driver, examples=60)

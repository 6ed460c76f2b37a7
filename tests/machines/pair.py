"""The store and the model side by side: every command goes to both, and after each both must say the same."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ground.errors import Refusal
from ground.journal import Journal
from ground.store import Store
from presence.presence import Presence
from queueing.facts import SessionFacts, TicketFacts
from queueing.line import Line
from queueing.media import Media
from queueing.settings import PoolSettings
from sessions.conversation import Conversation
from tests.machines.invariants import check_clock, check_model, check_snapshot
from tests.model import compare
from tests.model.commands import Refused
from tests.model.pool import Pool
from tests.model.state import Offer, Session

START = 1_800_000_000_000
T = TypeVar("T")
Call = Callable[[str], Awaitable[Any]]


class Pair:
    """One pool, twice. `now` is the time of both."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, settings: PoolSettings) -> None:
        self.loop, self.pool = loop, f"m{uuid.uuid4().hex[:12]}"
        self.presence, self.line, self.conversation = Presence(store), Line(store), Conversation(store)
        self.media = Media(store)
        self.journal = Journal(store)
        self.model = Pool(settings)
        self.now, self.ops, self.seq = START, 0, 0
        self.offers: dict[str, Offer] = {}
        self.sessions: dict[str, Session] = {}
        self.said: dict[str, int] = {}
        self.tickets: dict[str, str] = {}
        self.latest: dict[tuple[str, str], compare.Facts] = {}
        self.done: list[tuple[Call, str, Any]] = []
        self.wait(self.line.configure(self.pool, settings, now=self.now))

    def wait(self, answer: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(answer, 10))

    def both(self, call: Call, mirror: Callable[[], Any], once: bool = True) -> Any:
        """The same command in both, done `once` by its operation id. Returns the answer or the refusal's code."""
        self.ops += 1
        op = f"operation-{self.ops}"
        try:
            answer = self.wait(call(op))
        except Refusal as refusal:
            answer = refusal.code
        expected: set[str] = set()
        try:
            mirror()
        except Refused as refused:
            expected = refused.codes
        refused_by_store = isinstance(answer, str)
        assert refused_by_store == bool(expected), f"store: {answer}, model: {expected or 'done'}"
        assert not refused_by_store or answer in expected, f"store refuses {answer}, model {expected}"
        if once and not refused_by_store:
            self.done.append((call, op, answer))
        self.check()
        return answer

    def repeat(self, which: int) -> None:
        """A command of before once more, with its operation id: the same answer and nothing done."""
        call, op, answer = self.done[which % len(self.done)]
        self.model.run_due(self.now)
        self.wait(self.line.run_due(self.pool, now=self.now))
        self.check()
        seq = self.seq
        assert self.wait(call(op)) == answer
        self.check()
        assert self.seq == seq, "a repeat was journalled"

    def say(self, session: str, side: str) -> None:
        """One message: numbered in order, refused when the session is over."""
        known = self.sessions[session]
        who = known.user if side == "user" else known.expert

        def mirror() -> None:
            self.model.run_due(self.now)
            self.model.wrote(self.model.look_up_session(known, side, who), side, self.now)

        answer = self.both(
            lambda op: self.conversation.say(self.pool, session, side, who, "hello", op=op, now=self.now), mirror
        )
        if not isinstance(answer, str):
            self.said[session] = self.said.get(session, 0) + 1
            assert answer["n"] == self.said[session]

    # ------------------------------------------------------------ comparing

    def check(self) -> None:
        self.run_due_at_once()
        self.read_journal()
        shot = self.wait(self.line.snapshot(self.pool, now=self.now))
        facts = [*shot.experts, *shot.tickets, *shot.offers, *shot.sessions]
        users = self.tickets | {ticket.ticket: ticket.user for ticket in shot.tickets}
        truth = compare.of_model(self.model)
        same("the store's snapshot", compare.of_facts(facts, users), truth)
        same("the journal's replay", compare.of_facts(self.latest.values(), users), truth)
        assert shot.seq == self.seq
        check_model(self.model)
        check_snapshot(shot, self.model)
        self.meet_new_ones(shot)

    def run_due_at_once(self) -> None:
        """What a command has left to be done at its own instant is done by the next call, whichever it is."""
        if (found := self.model.deadlines()) and found[0][0] <= self.now:
            self.model.run_due(self.now)
            self.wait(self.line.run_due(self.pool, now=self.now))

    def read_journal(self) -> None:
        """What is new in the journal: contiguous, and the latest of each object wins."""
        for entry in self.wait(self.journal.read(self.pool, self.seq, 1000)):
            assert entry.seq == self.seq + 1, f"journal jumps from {self.seq} to {entry.seq}"
            assert entry.events, "an entry without an event"
            self.seq = entry.seq
            for fact in compare.facts_of(entry.events):
                assert self.latest.get(compare.name_of(fact)) != fact, f"an event without a change: {fact}"
                self.latest[compare.name_of(fact)] = fact
                if isinstance(fact, TicketFacts):
                    self.tickets.pop(fact.ticket, None)  # the latest word comes last: a ticket may get another user
                    self.tickets[fact.ticket] = fact.user

    def meet_new_ones(self, shot: Any) -> None:
        """Which offer and session of the store is which of the model."""
        for offer in shot.offers:
            if offer.offer not in self.offers:
                self.offers[offer.offer] = _there(self.model.experts[offer.expert].offer)
        for session in shot.sessions:
            if session.session not in self.sessions and session.state != "ended":
                self.sessions[session.session] = _there(self.model.experts[session.expert].session)
        ended = [s for s in self.latest.values() if isinstance(s, SessionFacts) and s.state == "ended"]
        assert len(ended) == self.model.served, "not as many sessions ended"
        for fact in ended:
            assert fact.ended_at > 0 and not fact.gone_side
            check_clock(fact, self.now)
            over = self.sessions[fact.session]
            told = compare.pick(fact, compare.CLOCK) | {"reason": fact.reason}
            truth = compare.clock_of(over) | {"reason": over.end_reason or "ended"}
            assert told == truth, f"{fact.session} ended with {told}, in the model with {truth}"


def _there(thing: T | None) -> T:
    assert thing is not None
    return thing


def same(what: str, found: compare.Shape, truth: compare.Shape) -> None:
    """Fails with the one thing that differs, rather than with two walls of text."""
    wrong = [
        f"{kind} {name}: {found[kind].get(name)} but the model says {truth[kind].get(name)}"
        for kind in truth
        for name in sorted({*truth[kind], *found[kind]})
        if found[kind].get(name) != truth[kind].get(name)
    ]
    assert not wrong, f"{what} differs:\n" + "\n".join(wrong)

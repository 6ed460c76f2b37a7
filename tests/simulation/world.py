"""What the journal tells, kept up and checked entry by entry: the cheap checks on what each entry touched."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from presence.facts import ExpertFacts
from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from queueing.settings import PoolSettings
from tests.machines.invariants import check_clock
from tests.model.compare import Facts, facts_of
from tests.simulation.bounds import Bounds

STEPS = {
    "": {"waiting", "offered", "done"},
    "waiting": {"waiting", "offered", "done"},
    "offered": {"offered", "waiting", "matched", "done"},
    "matched": {"matched", "in_session", "done"},
    "in_session": {"in_session", "done"},
    "done": set(),
}


@dataclass
class World:
    """The pool as a watcher of the journal knows it."""

    settings: PoolSettings
    seq: int = 0
    experts: dict[str, ExpertFacts] = field(default_factory=dict)
    tickets: dict[str, TicketFacts] = field(default_factory=dict)
    offers: dict[str, OfferFacts] = field(default_factory=dict)
    sessions: dict[str, SessionFacts] = field(default_factory=dict)
    lines: dict[str, dict[str, int]] = field(default_factory=dict)
    declined: dict[tuple[str, str], int] = field(default_factory=dict)
    """Until when an expert is not offered a ticket that they declined."""
    joined: int = 0
    served: int = 0
    left: int = 0
    overtakes: dict[str, int] = field(default_factory=dict)
    waits_ms: list[int] = field(default_factory=list)
    charged: Counter[str] = field(default_factory=Counter)
    """How metered sessions ended that were live."""
    ran_ms: int = 0
    """For how long the clocks of metered sessions ran in all."""
    causes: Counter[str] = field(default_factory=Counter)
    """How often the sessions changed for each cause."""
    called: int = 0
    """How many offers rang a user's telephone."""
    bounds: Bounds = field(default_factory=Bounds)

    def read(self, seq: int, at: int, events: Sequence[msgspec.Raw]) -> list[Facts]:
        """Take in one entry; raises AssertionError when it breaks a promise."""
        assert seq == self.seq + 1, f"the journal jumps from {self.seq} to {seq}"
        self.seq = seq
        facts = facts_of(events)
        for fact in facts:
            self._take(fact, at)
        self._check(facts, at)
        self.bounds.hear(self, facts, at)
        return facts

    def _take(self, fact: Facts, at: int) -> None:
        if isinstance(fact, ExpertFacts):
            self.experts[fact.expert] = fact
        elif isinstance(fact, TicketFacts):
            self._ticket(fact)
        elif isinstance(fact, OfferFacts):
            self._offer(fact, at)
        else:
            self._session(fact, at)

    def _ticket(self, fact: TicketFacts) -> None:
        before = self.tickets.get(fact.ticket)
        assert fact.state in STEPS[before.state if before else ""], f"{before} → {fact}"
        for expert, _ in before.lines if before else []:
            self.lines[expert].pop(fact.ticket, None)
        for expert, ordinal in fact.lines:
            self.lines.setdefault(expert, {})[fact.ticket] = ordinal
        self.tickets[fact.ticket] = fact
        self.joined += before is None
        if fact.state == "done":
            del self.tickets[fact.ticket]
            was_served = before is not None and before.state in ("matched", "in_session")
            self.served += was_served
            self.left += not was_served

    def _offer(self, fact: OfferFacts, at: int) -> None:
        self.called += fact.cause == "made" and fact.by_phone
        if fact.state == "ringing":
            self.offers[fact.offer] = fact
        else:
            self.offers.pop(fact.offer, None)
        if fact.state == "declined":
            self.declined[fact.ticket, fact.expert] = at + self.settings.decline_pause_ms

    def _session(self, fact: SessionFacts, at: int) -> None:
        self._clock(fact, self.sessions.get(fact.session), at)
        self.causes[fact.cause] += 1
        if fact.cause == "matched":
            self.waits_ms.append(fact.matched_at - fact.joined_at)
            for ticket, reason in fact.overtook:
                assert reason not in ("", "unexplained"), f"{fact.ticket} overtook {ticket}: {fact}"
                self.overtakes[reason] = self.overtakes.get(reason, 0) + 1
        if fact.state == "ended":
            self.sessions.pop(fact.session, None)
        else:
            self.sessions[fact.session] = fact

    def _clock(self, fact: SessionFacts, before: SessionFacts | None, at: int) -> None:
        """The clock never runs ahead, stands still while it stands still, and never outruns the money."""
        ran = fact.ran_ms - (before.ran_ms if before else 0)
        if before and before.running_since:
            assert 0 <= ran <= at - before.running_since, f"at {at}: {before} → {fact}"
        else:
            assert ran <= 0, f"at {at}: {before} → {fact}"
        assert not fact.rate or 0 <= fact.ran_ms <= fact.budget_ms, fact
        if fact.state == "ended":
            check_clock(fact, at)
        if fact.state == "ended" and fact.rate and fact.live_at:
            self.charged[fact.reason] += 1
            self.ran_ms += fact.ran_ms

    # ------------------------------------------------------------ promises

    def _check(self, facts: list[Facts], at: int) -> None:
        experts: dict[str, None] = {}
        for fact in facts:
            if isinstance(fact, TicketFacts):
                self._check_ticket(fact.ticket)
                experts |= dict.fromkeys(expert for expert, _ in fact.lines)
            else:
                experts[fact.expert] = None
        for expert in experts:
            self._check_expert(self.experts[expert], at)
        assert self.joined == len(self.tickets) + self.served + self.left

    def _check_ticket(self, name: str) -> None:
        ticket = self.tickets.get(name)
        if ticket is None:
            assert not any(offer.ticket == name for offer in self.offers.values()), f"{name} is over and offered"
            return
        assert (ticket.state == "offered") == (ticket.offer in self.offers), ticket
        assert (ticket.state in ("matched", "in_session")) == (ticket.session in self.sessions), ticket
        assert bool(ticket.lines) == (ticket.state in ("waiting", "offered")), ticket

    def _check_expert(self, expert: ExpertFacts, at: int) -> None:
        assert (expert.engagement == "ringing") == (expert.offer in self.offers), expert
        assert (expert.engagement == "in_session") == (expert.session in self.sessions), expert
        if expert.engagement == "in_session":
            assert self.sessions[expert.session].expert == expert.expert, expert
        if expert.indicator == "free":
            ready = [name for name in self.lines.get(expert.expert, {}) if self.is_ready(name, expert.expert, at)]
            assert not ready, f"{expert.expert} is free while {ready} are ready"

    def is_ready(self, name: str, expert: str, at: int) -> bool:
        ticket = self.tickets[name]
        reachable = ticket.connected or ticket.call_me
        fit = ticket.state == "waiting" and reachable and not ticket.paused_until
        return fit and self.declined.get((name, expert), 0) <= at

"""The truth of one pool in this process: a snapshot of the live store, carried on by the journal.

Pure: no waiting, no clock. Events hold whole states, so applying one is putting it in place of the one before; what is
over (a done ticket, an ended session, an offer that no longer rings, a retired expert) is forgotten.
A stale snapshot with the entries after it is the same as a fresh snapshot: a property of the tests.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from billing.facts import MoneyFacts
from directory.facts import ProfileChangedFacts
from identity.facts import SignedOutFacts
from presence.facts import ExpertFacts
from queueing.facts import OfferFacts, PoolFacts, PoolSnapshot, SessionFacts, TicketFacts
from queueing.settings import PoolSettings
from sessions.facts import DeliveredFacts, SaidFacts, WhisperFacts

Event = (
    ExpertFacts | TicketFacts | OfferFacts | SessionFacts | PoolFacts | SaidFacts | DeliveredFacts | WhisperFacts
    | SignedOutFacts | ProfileChangedFacts | MoneyFacts
)  # fmt: skip
State = TypeVar("State", ExpertFacts, TicketFacts, OfferFacts, SessionFacts)
ENDED_KEPT: Final = 1000
"""Ended sessions that are remembered, for the last delivery ticks."""
_KINDS: Final = msgspec.msgpack.Decoder(Event)


class Gap(Exception):
    """An entry is missing before this one: the mirror must be loaded afresh."""


class Step(Struct):
    """What one journal entry did: its events in order, and each object's state before and after it."""

    seq: int
    at: int
    events: list[Event]
    experts: dict[str, tuple[ExpertFacts | None, ExpertFacts]] = {}
    tickets: dict[str, tuple[TicketFacts | None, TicketFacts]] = {}
    offers: dict[str, tuple[OfferFacts | None, OfferFacts]] = {}
    sessions: dict[str, tuple[SessionFacts | None, SessionFacts]] = {}


def events_of(raws: Iterable[msgspec.Raw | bytes]) -> list[Event]:
    """The events that this version knows; those of a newer version beside us are passed over."""
    known = []
    for raw in raws:
        try:
            known.append(_KINDS.decode(raw))
        except msgspec.ValidationError:
            continue
    return known


class Mirror:
    """One pool: experts, tickets that are not done, offers that ring, sessions that have not ended."""

    def __init__(self, snapshot: PoolSnapshot) -> None:
        self.load(snapshot)

    def load(self, snapshot: PoolSnapshot) -> None:
        """Forget everything and begin from `snapshot`."""
        self.epoch: str = snapshot.epoch
        self.seq: int = snapshot.seq
        self.at: int = snapshot.at
        self.settings: PoolSettings = settings_of(snapshot.settings)
        self.experts: dict[str, ExpertFacts] = {facts.expert: facts for facts in snapshot.experts}
        self.tickets: dict[str, TicketFacts] = {}
        self.offers: dict[str, OfferFacts] = {facts.offer: facts for facts in snapshot.offers}
        self.sessions: dict[str, SessionFacts] = {facts.session: facts for facts in snapshot.sessions}
        self._ended: dict[str, SessionFacts] = {}
        self._lines: dict[str, dict[str, int]] = {}
        self._ticket_of: dict[str, str] = {}
        for facts in snapshot.tickets:
            self._put_ticket(facts)

    def apply(self, seq: int, at: int, events: Sequence[Event]) -> Step:
        """Carry the mirror on by one entry. Raises Gap when an entry before it is missing."""
        if seq != self.seq + 1:
            raise Gap(f"entry {seq} after {self.seq}")
        self.seq, self.at = seq, max(at, self.at)
        step = Step(seq=seq, at=at, events=list(events))
        for event in events:
            self._apply(event, step)
        return step

    def _apply(self, event: Event, step: Step) -> None:
        match event:
            case ExpertFacts():
                _note(step.experts, event.expert, self.experts.get(event.expert), event)
                _keep(self.experts, event.expert, event, event.cause != "retired")
            case TicketFacts():
                _note(step.tickets, event.ticket, self.tickets.get(event.ticket), event)
                self._put_ticket(event)
            case OfferFacts():
                _note(step.offers, event.offer, self.offers.get(event.offer), event)
                _keep(self.offers, event.offer, event, event.state == "ringing")
            case SessionFacts():
                _note(step.sessions, event.session, self.sessions.get(event.session), event)
                _keep(self.sessions, event.session, event, event.state != "ended")
                self._note_ended(event)
            case PoolFacts():
                self.settings = settings_of(event.settings)

    def _put_ticket(self, facts: TicketFacts) -> None:
        before = self.tickets.get(facts.ticket)
        if before and before.user != facts.user and self._ticket_of.get(before.user) == facts.ticket:
            del self._ticket_of[before.user]  # adopted: a visitor has become a user
        for expert, _ordinal in before.lines if before else ():
            line = self._lines[expert]
            del line[facts.ticket]
            if not line:
                del self._lines[expert]
        if facts.state == "done":
            self.tickets.pop(facts.ticket, None)
            if self._ticket_of.get(facts.user) == facts.ticket:
                del self._ticket_of[facts.user]
            return
        self.tickets[facts.ticket] = facts
        self._ticket_of[facts.user] = facts.ticket
        for expert, ordinal in facts.lines:
            self._lines.setdefault(expert, {})[facts.ticket] = ordinal

    def _note_ended(self, facts: SessionFacts) -> None:
        if facts.state == "ended":
            self._ended[facts.session] = facts
            if len(self._ended) > ENDED_KEPT:
                del self._ended[next(iter(self._ended))]

    def session(self, session: str) -> SessionFacts | None:
        """A session that is open or ended lately."""
        return self.sessions.get(session) or self._ended.get(session)

    def line(self, expert: str) -> list[TicketFacts]:
        """The tickets in the line of `expert`, first come first."""
        places = self._lines.get(expert, {})
        return [self.tickets[ticket] for ticket in sorted(places, key=places.__getitem__)]

    def ordinals(self, expert: str) -> list[int]:
        """The ordinals in the line of `expert`, ascending."""
        return sorted(self._lines.get(expert, {}).values())

    def length(self, expert: str) -> int:
        return len(self._lines.get(expert, ()))

    def ticket_of(self, user: str) -> TicketFacts | None:
        ticket = self._ticket_of.get(user)
        return self.tickets[ticket] if ticket else None

    def offer_of(self, side: str, member: str) -> OfferFacts | None:
        """The offer that rings for this side."""
        holder = self.experts.get(member) if side == "expert" else self.ticket_of(member)
        return self.offers.get(holder.offer) if holder else None

    def session_of(self, side: str, member: str) -> SessionFacts | None:
        """The session this side is in."""
        holder = self.experts.get(member) if side == "expert" else self.ticket_of(member)
        return self.sessions.get(holder.session) if holder else None


def settings_of(raw: dict[str, int]) -> PoolSettings:
    """A pool's settings; what it never set has its default, and what a newer version set is passed over."""
    return PoolSettings(**{name: raw[name] for name in PoolSettings.__struct_fields__ if name in raw})


def _note(diffs: dict[str, tuple[State | None, State]], key: str, before: State | None, after: State) -> None:
    """The state before the entry is the one before its first event."""
    diffs[key] = (diffs[key][0] if key in diffs else before, after)


def _keep(states: dict[str, State], key: str, after: State, alive: bool) -> None:
    if alive:
        states[key] = after
    else:
        states.pop(key, None)

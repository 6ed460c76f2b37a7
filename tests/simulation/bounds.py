"""Whether nobody waits longer than they were told at most: each promise is kept, or what voids it has happened."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from presence.facts import ExpertFacts
from queueing import bound
from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from tests.model.compare import Facts

if TYPE_CHECKING:
    from tests.simulation.world import World

SPARE_MS = 1
"""A deadline is a whole millisecond; the next step may be the one after it."""


@dataclass
class Bounds:
    """The bounds told to those who wait: by ticket and expert, the time by which the offer has to come."""

    open: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    kept: int = 0
    void: int = 0
    shares: list[float] = field(default_factory=list)
    """How much of its bound each wait took."""

    def hear(self, world: "World", facts: list[Facts], at: int) -> None:
        """Take in one entry that the world has taken in already."""
        for fact in facts:
            self._hear(world, fact)
        for fact in facts:
            if isinstance(fact, TicketFacts) and fact.cause in ("joined", "switched"):
                self._promise(world, fact.ticket, at)

    def overdue(self, now: int) -> None:
        """Raises AssertionError when a promise is broken by now."""
        late = {key: told for key, told in self.open.items() if told[1] + SPARE_MS < now}
        assert not late, f"told they would be offered by then, and still waiting at {now}: {late}"

    def _hear(self, world: "World", fact: Facts) -> None:
        match fact:
            case OfferFacts(cause="made"):
                self._offered(fact)
            case TicketFacts(cause="moved" | "funded"):
                self._forget(lambda _ticket, expert: expert in dict(fact.lines))
            case TicketFacts():
                ready = fact.connected and not fact.paused_until and fact.state in ("waiting", "offered")
                lines = dict(fact.lines) if ready else {}
                self._forget(lambda ticket, expert: ticket == fact.ticket and expert not in lines)
            case SessionFacts(cause="funded"):
                self._forget(lambda _ticket, expert: expert == fact.expert)
            case ExpertFacts() if not _serves(fact):
                self._forget(lambda _ticket, expert: expert == fact.expert)
            case _:
                return

    def _offered(self, fact: OfferFacts) -> None:
        if told := self.open.pop((fact.ticket, fact.expert), None):
            made, until = told
            assert fact.made_at <= until + SPARE_MS, f"{fact.ticket} offered {fact.made_at - until} ms after its bound"
            self.kept += 1
            self.shares.append((fact.made_at - made) / max(1, until - made))
        self._forget(lambda ticket, _expert: ticket == fact.ticket)  # elsewhere while this offer rings

    def _forget(self, which: object) -> None:
        assert callable(which)
        gone = [key for key in self.open if which(*key)]
        self.void += len(gone)
        for key in gone:
            del self.open[key]

    def _promise(self, world: "World", name: str, at: int) -> None:
        ticket = world.tickets.get(name)
        if ticket is None or ticket.state != "waiting" or not ticket.connected or ticket.paused_until:
            return
        for expert, ordinal in ticket.lines:
            facts = world.experts[expert]
            if _serves(facts):
                self.open[name, expert] = (at, at + _bound(world, facts, ordinal, at))


def _serves(expert: ExpertFacts) -> bool:
    return expert.present and expert.open and expert.declared == "online"


def _bound(world: "World", expert: ExpertFacts, ordinal: int, at: int) -> int:
    places = world.lines[expert.expert]
    line = [world.tickets[name] for name in sorted(places, key=places.__getitem__)]
    ahead = sum(other < ordinal for other in places.values())
    offer = world.offers.get(expert.offer)
    rung = world.tickets.get(offer.ticket) if offer else None
    settings = world.settings
    engaged = bound.engaged_ms(settings, expert, world.sessions.get(expert.session), offer, rung, at)
    most = bound.line_ms(settings, expert.expert, line, rung)
    return bound.bounds_ms(engaged, most, bound.ticket_ms(settings, 0), ahead + 1)[ahead]

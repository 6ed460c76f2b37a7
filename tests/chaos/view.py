"""What a page knows from what it was told, by the rules of the applet's `core/reduce.ts`, without any waiting."""

from dataclasses import dataclass, field
from typing import Any

from queueing.facts import PoolSnapshot
from wire import messages

UNCONFIRMED = -1


@dataclass
class Place:
    expert: str
    ordinal: int
    ahead: set[int]
    seq: int

    def apply(self, change: messages.LineChange) -> None:
        if change.expert != self.expert or change.seq <= self.seq:
            return
        self.seq = change.seq
        self.ordinal = next((new for old, new in change.moved if old == self.ordinal), self.ordinal)
        self.ahead -= {*change.left, *(old for old, _ in change.moved)}
        self.ahead |= {*change.joined, *(new for _, new in change.moved)}
        self.ahead = {ordinal for ordinal in self.ahead if ordinal < self.ordinal}


@dataclass
class View:
    """One page's view. `epoch` and `seq` are where to resume."""

    epoch: str = ""
    seq: int = 0
    settling: str = ""
    lights: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    ticket: str = ""
    state: str = ""
    ticket_seq: int = 0
    places: dict[str, Place] = field(default_factory=dict)
    changes: list[messages.LineChange] = field(default_factory=list)
    offers: dict[str, messages.Offer] = field(default_factory=dict)
    session: messages.Session | None = None
    session_seq: int = 0

    def take(self, message: Any) -> None:
        """Carry the view on by one message."""
        handler = getattr(self, f"_{type(message).__name__.lower()}", None)
        if handler is not None:
            handler(message)

    def _welcome(self, welcome: messages.Welcome) -> None:
        if welcome.resumed and welcome.epoch == self.epoch:
            self.settling = ""
            return
        self._start_afresh(welcome.epoch)

    def _start_afresh(self, epoch: str) -> None:
        self.epoch, self.seq, self.settling, self.changes = epoch, 0, "snapshot", []
        self.lights = {expert: (UNCONFIRMED, *light[1:]) for expert, light in self.lights.items()}
        self.ticket_seq = self.session_seq = UNCONFIRMED
        for place in self.places.values():
            place.seq = UNCONFIRMED
        self.offers = {}

    def _snapshot(self, shot: messages.Snapshot) -> None:
        if shot.epoch != self.epoch:
            self._start_afresh(shot.epoch)
        self.lights = {expert: light for expert, light in self.lights.items() if light[0] > shot.seq}
        for light in shot.lights:
            self.lights.setdefault(light.expert, (shot.seq, light.indicator, light.waiting))
        self.seq = max(self.seq, shot.seq)
        self.settling = "beat" if self.settling == "snapshot" else self.settling

    def _lights(self, told: messages.Lights) -> None:
        for light in told.lights:
            if told.seq > self.lights.get(light.expert, (UNCONFIRMED,))[0]:
                self.lights[light.expert] = (told.seq, light.indicator, light.waiting)

    def _linechange(self, change: messages.LineChange) -> None:
        self.changes = [*self.changes[-199:], change]
        for place in self.places.values():
            place.apply(change)

    def _joined(self, told: messages.Joined) -> None:
        self._own(told.seq, told.ticket, told.state, told.places)

    def _myticket(self, told: messages.MyTicket) -> None:
        self._own(told.seq, told.ticket, told.state, told.places)

    def _own(self, seq: int, ticket: str, state: str, places: list[messages.LinePlace]) -> None:
        if seq < self.ticket_seq:
            return
        known, self.places = self.places, {}
        self.ticket_seq, self.ticket, self.state = seq, ticket, state
        if not ticket or state == "done":
            self.ticket, self.state = "", ""
            return
        for told in places:
            before = known.get(told.expert)
            if before and before.seq > seq and before.ordinal == told.ordinal:
                self.places[told.expert] = before
                continue
            place = self.places[told.expert] = Place(told.expert, told.ordinal, set(told.ahead), seq)
            for change in self.changes:
                place.apply(change)

    def _offer(self, offer: messages.Offer) -> None:
        known = self.offers.get(offer.offer)
        if known is None or offer.seq > known.seq:
            self.offers[offer.offer] = offer

    def _session(self, session: messages.Session) -> None:
        if self.session is None or self.session.session != session.session or session.seq > self.session_seq:
            self.session, self.session_seq = session, session.seq

    def _notice(self, notice: messages.Notice) -> None:
        if notice.code == "lagging":
            self.seq = 0

    def _beat(self, beat: messages.Beat) -> None:
        self.seq = max(self.seq, beat.seq)
        if self.settling != "beat":
            return
        self.settling = ""
        if self.ticket_seq == UNCONFIRMED:
            self.ticket, self.state, self.places, self.ticket_seq = "", "", {}, 0
        if self.session_seq == UNCONFIRMED:
            self.session, self.session_seq = None, 0

    # ------------------------------------------------------------ what somebody would act on

    def offer(self) -> messages.Offer | None:
        return next((offer for offer in self.offers.values() if offer.state == "ringing"), None)

    def talk(self) -> messages.Session | None:
        return self.session if self.session and self.session.state != "ended" else None

    def differs(self, shot: PoolSnapshot, user: str = "") -> str:
        """What the view has wrong, compared with the store; "" when nothing. `user`: whose ticket it shows."""
        lines: dict[str, list[int]] = {}
        for ticket in shot.tickets:
            for expert, ordinal in ticket.lines:
                lines.setdefault(expert, []).append(ordinal)
        truth = {facts.expert: (facts.indicator, len(lines.get(facts.expert, ()))) for facts in shot.experts}
        seen = {expert: light[1:] for expert, light in self.lights.items()}
        if truth != seen:
            return f"lights: {sorted(set(truth.items()) ^ set(seen.items()))}"
        own = next((ticket for ticket in shot.tickets if ticket.user == user), None) if user else None
        if (self.ticket, self.state) != ((own.ticket, own.state) if own else ("", "")):
            return f"ticket: {self.ticket} {self.state} instead of {own}"
        places = {place.expert: len(place.ahead) for place in self.places.values()}
        ahead = {
            expert: sum(other < ordinal for other in lines[expert]) for expert, ordinal in (own.lines if own else ())
        }
        return f"places: {places} instead of {ahead}" if places != ahead else ""

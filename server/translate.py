"""From a journal entry to what each audience is told. Pure.

Topics: `lights` (who watches the whole pool), `light:<expert>`, `line:<expert>` (who stands in it), `queue:<expert>`
(the expert and operators), `forecast:<expert>` (who thinks of joining), `user:<id>` and `expert:<id>` (all pages of
one person), `operators`. A line's change is one broadcast however many stand in it; one's own ticket is told only when
that ticket changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from msgspec.structs import replace

from presence.facts import ExpertFacts
from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from server import views
from server.changes import Change, LightChange, LineDelta, QueueDelta, Whole
from server.mirror import Event, Mirror, Step
from server.views import Names
from sessions.facts import DeliveredFacts, SaidFacts, WhisperFacts
from wire import messages

Told = list[tuple[str, Change]]
Outlooks = Callable[[str], Sequence[messages.Outlook]]
"""Of an expert's line as it is now: for each place whether it is served before the hours end."""
Currency = Callable[[], str]
Of = TypeVar("Of", TicketFacts, OfferFacts, SessionFacts)
LIGHTS: Final = "lights"
OPERATORS: Final = "operators"
OWN_REASONS: Final = {"left", "switched", "served", "ended"}
"""A ticket that ends or leaves a line for one of these needs no words: its user did it or was there."""


def light_topic(expert: str) -> str:
    return f"light:{expert}"


def line_topic(expert: str) -> str:
    return f"line:{expert}"


def queue_topic(expert: str) -> str:
    return f"queue:{expert}"


def forecast_topic(expert: str) -> str:
    return f"forecast:{expert}"


def person_topic(side: str, member: str) -> str:
    return f"{side}:{member}"


@dataclass(slots=True)
class _Line:
    """What one entry did to one line."""

    joined: set[int] = field(default_factory=set)
    fate: dict[int, int | None] = field(default_factory=dict)
    waiters: dict[str, messages.Waiter | None] = field(default_factory=dict)


class Translator:
    """Says what an entry means to each audience; `mirror` stands after the entry."""

    def __init__(
        self,
        mirror: Mirror,
        names: Names,
        outlooks: Outlooks = lambda _expert: [],
        currency: Currency = lambda: "",
    ) -> None:
        self._mirror = mirror
        self._names = names
        self._outlooks = outlooks
        self._currency = currency
        self._signals = 0

    def translate(self, step: Step) -> Told:
        """All changes of one entry, in the order in which they should reach a person who hears several."""
        lines = self._lines(step)
        told = self._lights(step, lines)
        for expert, line in lines.items():
            told += self._line(step, expert, line)
        for _before, ticket in step.tickets.values():
            said = views.my_ticket(self._mirror, ticket)
            told.append((person_topic("user", ticket.user), Whole("my_ticket", said)))
        told += self._adopted(step) + self._statuses(step)
        told += self._offers(step)
        told += self._sessions(step)
        for event in step.events:
            told += self._said(event, step) + self._notices(event, step)
        return told

    def whisper(self, event: WhisperFacts) -> Told:
        """Typing and signalling go to the other side only."""
        session = self._mirror.sessions.get(event.session)
        if session is None:
            return []
        topic = _other(session, event.side)
        if event.kind == "typing":
            typing = messages.TypingNow(session=event.session, side=event.side)
            return [(topic, Whole(f"typing:{event.session}", typing))]
        self._signals += 1
        said = messages.Signalled(session=event.session, kind=event.kind, data=event.data)
        return [(topic, Whole(f"signal:{self._signals}", said))]

    def _lines(self, step: Step) -> dict[str, _Line]:
        lines: dict[str, _Line] = {}
        for before, after in step.tickets.values():
            was, now = dict(before.lines) if before else {}, _places(after)
            for expert in was.keys() | now.keys():
                _note(lines.setdefault(expert, _Line()), after, expert, was.get(expert), now.get(expert))
        return lines

    def _lights(self, step: Step, lines: dict[str, _Line]) -> Told:
        """An expert's light, when their state or the length of their line is another."""
        shown = {expert for expert, (before, after) in step.experts.items() if _looks(before) != _looks(after)}
        longer = {expert for expert, line in lines.items() if line.joined or None in line.fate.values()}
        told: Told = []
        for expert in sorted(shown | longer):
            facts = self._mirror.experts.get(expert)
            light = views.light(self._mirror, facts) if facts else views.retired(expert)
            change = LightChange(step.seq, step.at, light)
            told += [(LIGHTS, change), (light_topic(expert), change)]
        return told

    def _line(self, step: Step, expert: str, line: _Line) -> Told:
        told: Told = [(queue_topic(expert), QueueDelta(step.seq, step.at, expert, line.waiters))]
        if line.joined or line.fate:
            length = self._mirror.length(expert)
            delta = LineDelta(step.seq, step.at, expert, frozenset(line.joined), line.fate, length)
            told.append((line_topic(expert), delta))
        return told

    def _adopted(self, step: Step) -> Told:
        """To a visitor who has become a user: what was the visitor's is over."""
        told: Told = []
        for ticket in _others(step.tickets):
            gone = replace(views.my_ticket(self._mirror, None), ticket=ticket.ticket, reason="adopted")
            told.append((person_topic("user", ticket.user), Whole("my_ticket", gone)))
        for offer in _others(step.offers):
            withdrawn = replace(offer, state="withdrawn", reason="adopted")
            said = views.offer(self._mirror, withdrawn, "user", self._names)
            told.append((person_topic("user", offer.user), Whole(f"offer:{offer.offer}", said)))
        for session in _others(step.sessions):
            ended = replace(session, state="ended", ended_at=step.at, reason="adopted")
            over = views.session(self._mirror, ended, "user", self._names)
            told.append((person_topic("user", session.user), Whole(f"session:{session.session}", over)))
        return told

    def _statuses(self, step: Step) -> Told:
        return [
            (person_topic("expert", facts.expert), Whole("my_status", views.my_status(self._mirror, facts)))
            for _before, facts in step.experts.values()
        ]

    def _offers(self, step: Step) -> Told:
        told: Told = []
        for _before, facts in step.offers.values():
            for side, member in _sides(facts):
                said = views.offer(self._mirror, facts, side, self._names)
                told.append((person_topic(side, member), Whole(f"offer:{facts.offer}", said)))
        return told

    def _sessions(self, step: Step) -> Told:
        told: Told = []
        for before, facts in step.sessions.values():
            told += _media_moved(before, facts)
            for side, member in _sides(facts):
                said = views.session(self._mirror, facts, side, self._names)
                told.append((person_topic(side, member), Whole(f"session:{facts.session}", said)))
                if facts.rate:
                    meter = views.meter(self._mirror, facts, side, self._currency())
                    told.append((person_topic(side, member), Whole(f"meter:{facts.session}", meter)))
            info = views.session_info(self._mirror, facts)
            told.append((OPERATORS, Whole(f"session:{facts.session}", info)))
        return told

    def _said(self, event: Event, step: Step) -> Told:
        if isinstance(event, SaidFacts):
            line = views.chat_line(event)
            said: messages.ServerMessage = messages.Said(seq=step.seq, session=event.session, line=line)
            key = f"said:{event.session}:{event.n}"
        elif isinstance(event, DeliveredFacts):
            said = messages.DeliveredTo(session=event.session, side=event.side, n=event.n)
            key = f"delivered:{event.session}:{event.side}"
        else:
            return []
        session = self._mirror.session(event.session)
        return [(topic, Whole(key, said)) for topic in _both(session)] if session else []

    def _notices(self, event: Event, step: Step) -> Told:
        match event:
            case ExpertFacts(cause="closing_soon"):
                return self._closing(event.expert, step)
            case ExpertFacts(cause="missed"):
                return _notice(person_topic("expert", event.expert), "missed_offer", step, event.reason, event.expert)
            case ExpertFacts(cause="declared") if event.by.startswith("operator:"):
                return _notice(person_topic("expert", event.expert), "forced_status", step, event.reason, event.expert)
            case TicketFacts():
                return _ticket_notice(event, step, _left_line(event, step))
            case SessionFacts(cause="ended") if event.by.startswith("operator:"):
                return [
                    said
                    for topic in _both(event)
                    for said in _notice(topic, "session_ended_by_operator", step, event.reason, event.expert)
                ]
        return []

    def _closing(self, expert: str, step: Step) -> Told:
        """To everybody who waits in the line: whether they will be served before the hours end."""
        line = self._mirror.line(expert)
        outlooks = self._outlooks(expert) if line else []
        told: Told = []
        for place, ticket in enumerate(line):
            if ticket.state == "waiting":
                outlook = outlooks[place] if place < len(outlooks) else ""
                told += _notice(person_topic("user", ticket.user), "closing_soon", step, outlook or "unsure", expert)
        return told


def _media_moved(before: SessionFacts | None, facts: SessionFacts) -> Told:
    """To both sides: the sound of the session has lost its media worker, or goes through another."""
    if facts.state == "ended" or before is None or before.worker == facts.worker or not before.worker:
        return []
    said = messages.MediaMoved(session=facts.session, worker=facts.worker)
    return [(topic, Whole(f"media:{facts.session}", said)) for topic in _both(facts)]


def _left_line(event: TicketFacts, step: Step) -> str:
    """The one expert whose line the ticket left; "" when there were several or none."""
    before, _after = step.tickets.get(event.ticket, (None, None))
    left = {expert for expert, _ in before.lines} - set(_places(event)) if before else set()
    return left.pop() if len(left) == 1 else ""


def _ticket_notice(event: TicketFacts, step: Step, expert: str) -> Told:
    """A ticket that an operator moved or removed, or that dropped from a line for a reason that is not its user's."""
    topic = person_topic("user", event.user)
    by_operator = event.by.startswith("operator:")
    if event.cause == "moved":
        return _notice(topic, "moved_by_operator", step, event.reason)
    if event.cause == "done" and by_operator and not event.session:
        return _notice(topic, "removed_by_operator", step, event.reason)
    if event.cause in ("done", "left") and not event.session and event.reason not in OWN_REASONS:
        return _notice(topic, "dropped", step, event.reason, expert)
    return []


def _notice(topic: str, code: str, step: Step, detail: str, expert: str = "") -> Told:
    said = messages.Notice(code=code, at=step.at, detail=detail, expert=expert)
    return [(topic, Whole(f"notice:{code}:{expert}:{step.seq}", said))]


def _looks(facts: ExpertFacts | None) -> object:
    """What of an expert's state is to be seen in the light."""
    return facts and (facts.indicator, facts.since, facts.until, facts.closes, facts.reason, facts.cause == "retired")


def _places(facts: TicketFacts) -> dict[str, int]:
    return {} if facts.state == "done" else dict(facts.lines)


def _note(line: _Line, ticket: TicketFacts, expert: str, was: int | None, now: int | None) -> None:
    """One ticket's step in one line."""
    if was is None and now is not None:
        line.joined.add(now)
    elif was is not None and was != now:
        line.fate[was] = now
    line.waiters[ticket.ticket] = None if now is None else views.waiter(ticket, expert, now)


def _others(changed: dict[str, tuple[Of | None, Of]]) -> list[Of]:
    """The states before of what has another user now."""
    return [before for before, after in changed.values() if before and before.user != after.user]


def _sides(facts: OfferFacts | SessionFacts) -> tuple[tuple[messages.Side, str], tuple[messages.Side, str]]:
    return ("user", facts.user), ("expert", facts.expert)


def _both(session: SessionFacts) -> tuple[str, str]:
    return person_topic("user", session.user), person_topic("expert", session.expert)


def _other(session: SessionFacts, side: str) -> str:
    user, expert = _both(session)
    return expert if side == "user" else user

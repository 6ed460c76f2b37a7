"""One shape for the model, the store's snapshot and a replay of the journal, so that they can be compared.

Tickets are named by their user, offers and sessions by their expert: each has one at most.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from presence.facts import ExpertFacts
from queueing.facts import OfferFacts, PoolFacts, SessionFacts, TicketFacts
from sessions.facts import DeliveredFacts, SaidFacts
from tests.model.core import Core
from tests.model.state import Expert, Offer, Session, Ticket

Shape = dict[str, dict[str, Any]]
Facts = ExpertFacts | TicketFacts | OfferFacts | SessionFacts
_DECODER = msgspec.msgpack.Decoder(Facts | PoolFacts | SaidFacts | DeliveredFacts)


def of_model(pool: Core) -> Shape:
    """The model's state."""
    experts = pool.experts.values()
    return {
        "experts": {expert.name: _expert(pool, expert) for expert in experts},
        "tickets": {ticket.user: _ticket(ticket) for ticket in pool.tickets.values()},
        "lines": {e.name: [t.user for t in pool.line(e.name)] for e in experts if pool.line(e.name)},
        "offers": {expert.name: _offer(expert.offer) for expert in experts if expert.offer},
        "sessions": {expert.name: _session(expert.session) for expert in experts if expert.session},
    }


def _expert(pool: Core, expert: Expert) -> dict[str, Any]:
    return {
        "indicator": pool.indicator(expert),
        "declared": expert.declared,
        "reason": expert.reason,
        "present": pool.present(expert),
        "open": expert.open,
        "engagement": expert.engagement,
        "closes": expert.closes,
        "open_until": expert.open_until,
    }


def _ticket(ticket: Ticket) -> dict[str, Any]:
    return {
        "state": ticket.state,
        "mode": ticket.mode,
        "lines": set(ticket.lines),
        "joined_at": ticket.joined_at,
        "connected": ticket.connected,
        "paused_until": ticket.paused_until,
        "pause_reason": ticket.pause_reason,
        "must_confirm": ticket.must_confirm,
        "terms": _terms(ticket),
        "call_me": ticket.call_me,
        "agreed": ticket.agreed,
    }


def _terms(ticket: Ticket) -> dict[str, Any]:
    """Told for every line when one of them costs something."""
    told = any(ticket.rate(expert) for expert in ticket.lines)
    return {expert: ticket.terms.get(expert, (0, 0, 0)) for expert in ticket.lines} if told else {}


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "user": offer.user,
        "user_ok": offer.user_ok,
        "expert_ok": offer.expert_ok,
        "ring_until": offer.ring_until,
        "ready_until": offer.ready_until,
        "rate": offer.rate,
        "free_ms": offer.free_ms,
        "budget_ms": offer.budget_ms,
        "by_phone": offer.by_phone,
    }


def _session(session: Session) -> dict[str, Any]:
    return {
        "user": session.user,
        "state": session.state,
        "matched_at": session.matched_at,
        "live_at": session.live_at,
        "cap_until": session.cap_until,
        "on": session.on,
        "gone_until": min(session.lost.values(), default=0),
        "overtook": {ticket.user: reason for ticket, reason in session.overtook.items()},
        "mode": session.mode,
        "path": "bridged" if session.bridged else "" if session.mode == "chat" else "direct",
        "worker": session.worker,
        "user_leg": session.legs.get("user", ""),
        "expert_leg": session.legs.get("expert", ""),
        "expert_by_phone": session.needs_no_page("expert"),
        "recording": [side for side in ("user", "expert") if side in session.recording],
        "transfer_to": session.transfer_to,
        **clock_of(session),
    }


def clock_of(session: Session) -> dict[str, Any]:
    """The session's clock and money, also when it is over."""
    running_since = session.runs[-1][0] if session.running else 0
    return {
        "rate": session.rate,
        "free_ms": session.free_ms,
        "budget_ms": session.budget_ms,
        "fee_bps": session.fee_bps,
        "ran_ms": session.ran(running_since),
        "running_since": running_since,
        "frozen": session.frozen,
        "zero_at": session.ends_with_money(),
        "minute_told": session.minute_told,
    }


CLOCK = ("rate", "free_ms", "budget_ms", "fee_bps", "ran_ms", "running_since", "frozen", "zero_at", "minute_told")


def facts_of(events: Sequence[bytes | msgspec.Raw]) -> list[Facts]:
    """The events of a journal entry that tell of experts, tickets, offers and sessions."""
    decoded = (_DECODER.decode(event) for event in events)
    return [fact for fact in decoded if isinstance(fact, Facts)]


def name_of(fact: Facts) -> tuple[str, str]:
    """What the fact is about: its kind and the id of the object."""
    kind = type(fact).__name__.removesuffix("Facts").lower()
    return kind, str(getattr(fact, kind))


def of_facts(facts: Iterable[Facts], users: dict[str, str]) -> Shape:
    """The state that the latest facts of each object tell. What is over is left out.

    `users` says whose ticket each id is, for tickets that are over too.
    """
    shape: Shape = {"experts": {}, "tickets": {}, "lines": {}, "offers": {}, "sessions": {}}
    places: dict[str, list[tuple[int, str]]] = {}
    for fact in facts:
        if isinstance(fact, ExpertFacts):
            if fact.cause == "retired":
                continue
            shape["experts"][fact.expert] = pick(fact, _EXPERT)
        elif isinstance(fact, TicketFacts) and fact.state != "done":
            lines = {expert for expert, _ in fact.lines}
            terms = {expert: tuple(rest) for expert, *rest in fact.terms}
            shape["tickets"][fact.user] = pick(fact, _TICKET) | {"lines": lines, "terms": terms}
            for expert, ordinal in fact.lines:
                places.setdefault(expert, []).append((ordinal, fact.user))
        elif isinstance(fact, OfferFacts) and fact.state == "ringing":
            shape["offers"][fact.expert] = pick(fact, _OFFER)
        elif isinstance(fact, SessionFacts) and fact.state != "ended":
            on = {side for side, is_on in (("user", fact.user_on), ("expert", fact.expert_on)) if is_on}
            overtook = {users[ticket]: reason for ticket, reason in fact.overtook}
            shape["sessions"][fact.expert] = pick(fact, _SESSION + CLOCK) | {"on": on, "overtook": overtook}
    shape["lines"] = {expert: [user for _, user in sorted(inside)] for expert, inside in places.items()}
    return shape


def pick(fact: Facts, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in names}


_EXPERT = ("indicator", "declared", "reason", "present", "open", "engagement", "closes", "open_until")
_TICKET = (
    "state", "mode", "joined_at", "connected", "paused_until", "pause_reason", "must_confirm", "call_me", "agreed",
)  # fmt: skip
_OFFER = ("user", "user_ok", "expert_ok", "ring_until", "ready_until", "rate", "free_ms", "budget_ms", "by_phone")
_SESSION = (
    "user", "state", "matched_at", "live_at", "cap_until", "gone_until", "mode", "path", "worker", "user_leg",
    "expert_leg", "expert_by_phone", "recording", "transfer_to",
)  # fmt: skip

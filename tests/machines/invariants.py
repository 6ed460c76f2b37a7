"""What is never otherwise, looked at after every step."""

from collections import Counter
from typing import Any

from queueing.facts import SessionFacts
from tests.model.core import Core


def check_model(pool: Core) -> None:
    """The promises hold in the model, which has just been found equal to the store."""
    for expert in pool.experts.values():
        ready = [ticket.user for ticket in pool.ready(expert.name)]
        free = pool.indicator(expert) == "free"
        assert not (free and ready), f"{expert.name} is free while {ready} are ready"
        assert not (expert.offer and expert.session), f"{expert.name} rings in a session"
    assert pool.joined == len(pool.tickets) + pool.served + pool.left, "a ticket is lost"
    in_session = Counter(expert.session.user for expert in pool.experts.values() if expert.session)
    assert not [user for user, count in in_session.items() if count > 1], "a user in two sessions"


def check_snapshot(shot: Any, pool: Core) -> None:
    """The promises hold in the store's own words, and it will do what the model will, when the model will."""
    check_promises(shot)
    here = {(at, name) for at, name, _ in pool.deadlines()}
    there = {(at, name.removesuffix(shot.epoch)) for name, at in shot.deadlines}
    assert here == there, f"only the store is due {sorted(there - here)}, only the model {sorted(here - there)}"


def check_promises(shot: Any) -> None:
    """The promises hold in a snapshot of the store."""
    _one_state_each(shot)
    _one_thing_each(shot)
    _every_state_ends(shot)
    _overtakes_are_explained(shot)
    _money_runs_out_in_time(shot)


def _one_state_each(shot: Any) -> None:
    users = Counter(ticket.user for ticket in shot.tickets if ticket.state != "done")
    assert not [user for user, count in users.items() if count > 1], "a user with two tickets"
    offered = {offer.ticket: offer for offer in shot.offers}
    talking = {session.ticket: session for session in shot.sessions if session.state != "ended"}
    for ticket in shot.tickets:
        assert (ticket.state == "offered") == (ticket.ticket in offered), ticket
        assert (ticket.state in ("matched", "in_session")) == (ticket.ticket in talking), ticket
        assert bool(ticket.lines) == (ticket.state in ("waiting", "offered")), ticket


def _one_thing_each(shot: Any) -> None:
    ringing = Counter(offer.expert for offer in shot.offers)
    busy = Counter(session.expert for session in shot.sessions if session.state != "ended")
    for expert in shot.experts:
        assert ringing[expert.expert] == (expert.engagement == "ringing"), expert
        assert busy[expert.expert] == (expert.engagement == "in_session"), expert


def _every_state_ends(shot: Any) -> None:
    """Whatever can't stay for ever is named in the deadlines, by the id of its object."""
    due = {name.partition(":")[2].partition(":")[0] for name, _ in shot.deadlines}
    waiting = {ticket.ticket for ticket in shot.tickets if ticket.state == "waiting"}
    offers = {offer.offer for offer in shot.offers}
    sessions = {session.session for session in shot.sessions if session.state != "ended"}
    wrapping = {expert.expert for expert in shot.experts if expert.engagement == "wrap_up"}
    assert not (found := (waiting | offers | sessions | wrapping) - due), f"no deadline for {sorted(found)}"


def _overtakes_are_explained(shot: Any) -> None:
    told = [reason for session in shot.sessions for _, reason in session.overtook]
    assert "unexplained" not in told and all(told), f"overtaken without a reason: {told}"


def _money_runs_out_in_time(shot: Any) -> None:
    """Whatever is charged for ends when what was set aside for it is used up, or has stood still for too long."""
    due = dict(shot.deadlines)
    for session in shot.sessions:
        check_clock(session, shot.at)
        if session.rate and session.state == "live":
            kind, at = ("zero", session.zero_at) if session.running_since else ("frozen", 0)
            assert due[f"{kind}:{session.session}"] >= at, f"no end in sight: {session}"


def check_clock(session: SessionFacts, now: int) -> None:
    """The clock runs no longer than the session is live, and no longer than is paid for."""
    ran = session.ran_ms + (now - session.running_since if session.running_since else 0)
    lasted = (session.ended_at or now) - session.live_at if session.live_at else 0
    assert 0 <= session.ran_ms <= ran <= lasted, f"at {now} {session}"
    assert bool(session.running_since) == (session.state == "live" and not session.frozen), f"at {now} {session}"
    if session.rate:
        assert 0 < session.budget_ms >= ran, f"at {now} {session}"

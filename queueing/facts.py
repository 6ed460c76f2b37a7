"""What the journal says about tickets, offers and sessions: the whole state after each change.

Times are milliseconds since 1970, 0 where there is none.
"""

from typing import Literal

from msgspec import Struct

from presence.facts import ExpertFacts

TicketState = Literal["waiting", "offered", "matched", "in_session", "done"]
OfferState = Literal["ringing", "matched", "declined", "missed", "not_ready", "withdrawn"]
SessionState = Literal["connecting", "live", "ended"]
Mode = Literal["chat", "audio"]
Side = Literal["user", "expert"]


class TicketFacts(Struct, tag_field="k", tag="ticket", kw_only=True):
    """A ticket after a change. `lines` are pairs of an expert and the ticket's ordinal in that line.

    `cause`: joined, switched, left (one line of several), offered, passed (offer over, back at the old place),
    paused, resumed, disconnected, reconnected, moved, adopted (its visitor is now a user), matched, in_session, done.
    `reason` says why: expert_missed, expert_declined, not_ready, stepped_away, expert_gone, expert_offline, grace,
    waited_too_long, operator, left, served, ... `by` is "" for the user, else `operator:<id>`, `expert:<id>`, `system`.
    """

    cause: str
    ticket: str
    user: str
    name: str
    mode: Mode
    state: TicketState
    lines: list[tuple[str, int]]
    joined_at: int
    connected: bool
    paused_until: int
    pause_reason: str
    must_confirm: bool
    offer: str
    session: str
    reason: str
    by: str


class OfferFacts(Struct, tag_field="k", tag="offer", kw_only=True):
    """An offer after a change. `cause`: made, accepted, adopted, matched, declined, missed, not_ready, withdrawn."""

    cause: str
    offer: str
    expert: str
    ticket: str
    user: str
    name: str
    mode: Mode
    state: OfferState
    user_ok: bool
    expert_ok: bool
    made_at: int
    ring_until: int
    ready_until: int
    joined_at: int
    reason: str
    by: str


class SessionFacts(Struct, tag_field="k", tag="session", kw_only=True):
    """A session after a change. `cause`: matched, connected, live, lost, back, adopted, ended.

    `overtook` lists the earlier tickets of that line which were passed over, each with its reason
    (not_ready, stepped_away, disconnected, declined, elsewhere, operator; `unexplained` never happens).
    `gone_side` is the side whose connection is lost, which may come back until `gone_until`.
    """

    cause: str
    session: str
    expert: str
    user: str
    name: str
    ticket: str
    mode: Mode
    state: SessionState
    joined_at: int
    matched_at: int
    live_at: int
    ended_at: int
    cap_until: int
    user_on: bool
    expert_on: bool
    gone_side: str
    gone_until: int
    overtook: list[tuple[str, str]]
    reason: str
    by: str


class PoolFacts(Struct, tag_field="k", tag="pool", kw_only=True):
    """The pool's settings after they were set."""

    settings: dict[str, int]


class PoolSnapshot(Struct, kw_only=True):
    """A whole pool at the journal id `seq`: what a replay of the journal up to there gives.

    `deadlines` are pairs of "<kind>:<id>" and a time; `stats` counts joined, served, left and unexplained.
    """

    epoch: str
    seq: int
    at: int
    settings: dict[str, int]
    experts: list[ExpertFacts]
    tickets: list[TicketFacts]
    offers: list[OfferFacts]
    sessions: list[SessionFacts]
    deadlines: list[tuple[str, int]]
    stats: dict[str, int]

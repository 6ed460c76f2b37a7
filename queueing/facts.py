"""What the journal says about tickets, offers and sessions: the whole state after each change.

Times are milliseconds since 1970, 0 where there is none.
"""

from typing import Literal

from msgspec import Struct

from presence.facts import ExpertFacts

TicketState = Literal["waiting", "offered", "matched", "in_session", "done"]
OfferState = Literal["ringing", "matched", "declined", "missed", "not_ready", "withdrawn"]
SessionState = Literal["connecting", "live", "ended"]
Mode = Literal["chat", "audio", "phone"]
Side = Literal["user", "expert"]
Frozen = Literal["", "user", "expert", "both"]
MediaPath = Literal["", "direct", "bridged"]
Leg = Literal["", "calling", "ringing", "answered", "busy", "no_answer", "declined", "failed", "hung_up"]


class Terms(Struct, frozen=True):
    """What a place in a line costs: minor units for a minute after the first `free_ms`; rate 0 is free.

    `limit_ms` is how long what the user has would last in a session of this line.
    """

    rate: int
    free_ms: int = 0
    limit_ms: int = 0


class TicketFacts(Struct, tag_field="k", tag="ticket", kw_only=True):
    """A ticket after a change. `lines` are pairs of an expert and the ticket's ordinal in that line.

    `cause`: joined, switched, left (one line of several), offered, passed (offer over, back at the old place),
    paused, resumed, disconnected, reconnected, moved, funded (its limits grew), adopted (its visitor is now a user),
    transferred (into the line of a colleague), call_me, matched, in_session, done.
    `reason` says why: expert_missed, expert_declined, not_ready, balance_too_low,
    stepped_away, expert_gone, expert_offline, grace, waited_too_long, operator, left, served, ... `by` is "" for the
    user, else `operator:<id>`, `expert:<id>`, `system`.
    `terms` are those locked with each place, in the order of `lines`: expert, rate, free_ms, limit_ms (as in Terms);
    [] where every line is free. `agreed` is the highest rate that the user has said yes to. With `call_me` the user's
    phone rings at the turn (see `rings_at`); they need no page.
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
    terms: list[tuple[str, int, int, int]] = []
    call_me: bool = False
    agreed: int = 0

    def dearer(self) -> int:
        """The highest rate of a line that costs more than the user has agreed to; 0 where none does."""
        return max((rate for _expert, rate, _free, _limit in self.terms if rate > self.agreed), default=0)

    def rings_at(self, expert: str) -> bool:
        """Whether the turn with `expert` is announced by telephone: never at a rate that was not agreed to."""
        return self.call_me and all(rate <= self.agreed for one, rate, _free, _limit in self.terms if one == expert)


class OfferFacts(Struct, tag_field="k", tag="offer", kw_only=True):
    """An offer after a change. `cause`: made, accepted, adopted, matched, declined, missed, not_ready, withdrawn.

    `rate` and `free_ms` are the terms of the place; `budget_ms` is what has been set aside for the session lasts for.
    With `by_phone` the user's telephone rings, and picking it up is their acceptance.
    """

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
    rate: int = 0
    free_ms: int = 0
    budget_ms: int = 0
    by_phone: bool = False


class SessionFacts(Struct, tag_field="k", tag="session", kw_only=True):
    """A session after a change. `cause`: matched, connected, live, lost, back, adopted, frozen, resumed, funded, minute
    (the money or the time ends in a minute), bridged (`worker` carries its media), media_lost (none does any more),
    leg (a telephone), recording, transfer, ended.

    `path` is how its audio flows: a session that costs something, is recorded or has a telephone is bridged, and then
    the word of its media worker is the evidence of both sides, not that of the pages. `user_leg` and `expert_leg` are
    telephones ("": none is called yet, or the side has none); who has a session by telephone is on one, the expert
    where `expert_by_phone`. `recording` names the sides that allow it; with both it is recorded.
    `transfer_to` is the colleague whom the expert proposes, `went_to` the one with whom the user goes on.

    `overtook` lists the earlier tickets of that line which were passed over, each with its reason
    (not_ready, balance_too_low, stepped_away, disconnected, declined, elsewhere, operator; never `unexplained`).
    `gone_side` is the side whose connection is lost, which may come back until `gone_until`.

    The clock ran for `ran_ms` before `running_since`; where that is 0 it stands still, before the session is live,
    after its end, or because nothing is heard of a side (`frozen`). With a rate the session ends at `zero_at`, when
    `budget_ms` are used up; 0 while the clock stands still and where nothing is charged.
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
    offer: str = ""
    rate: int = 0
    free_ms: int = 0
    budget_ms: int = 0
    fee_bps: int = 0
    ran_ms: int = 0
    running_since: int = 0
    frozen: Frozen = ""
    zero_at: int = 0
    minute_told: bool = False
    path: MediaPath = ""
    worker: str = ""
    user_leg: Leg = ""
    expert_leg: Leg = ""
    expert_by_phone: bool = False
    recording: list[Side] = []
    transfer_to: str = ""
    went_to: str = ""


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

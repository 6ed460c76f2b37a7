"""The truth of the mirror in the words of the wire: one function per part that a page is told of. Pure."""

from collections.abc import Callable
from typing import Final, cast

from msgspec import structs

from directory.expert import PoolOptions
from presence.facts import ExpertFacts
from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from queueing.settings import PoolSettings
from server.mirror import Mirror
from sessions.facts import SaidFacts
from sessions.files.checking import TYPES
from wire import messages

SHUT: Final = {"offline": "expert_offline", "closed": "line_closed"}
Names = Callable[[str], str]
"""The display name of an expert."""


def rules(settings: PoolSettings, options: PoolOptions) -> messages.PoolRules:
    return messages.PoolRules(
        lines_per_ticket=settings.lines_per_ticket,
        line_limit=settings.line_limit,
        ring_s=settings.ring_ms / 1000,
        ready_s=settings.ready_ms / 1000,
        grace_s=settings.grace_ms / 1000,
        wrap_up_s=settings.wrap_up_ms / 1000,
        step_away_max_s=settings.step_away_max_ms / 1000,
        feedback_after_s=options.feedback_after_s,
        currency=options.currency,
        prepaid=options.prepaid,
        visitors=options.visitors,
        categories=options.categories,
        phone_regions=options.phone_regions,
        verify_numbers=options.verify_numbers,
        recording=options.recording,
        file_max_bytes=options.file_mb * 1_000_000,
        file_types=list(TYPES) if options.file_mb else [],
    )


def light(mirror: Mirror, facts: ExpertFacts) -> messages.Light:
    return messages.Light(
        expert=facts.expert,
        indicator=facts.indicator,
        since=facts.since,
        until=facts.until,
        closes=facts.closes,
        reason=facts.reason if facts.indicator == "away" and not facts.forced else "",
        waiting=mirror.length(facts.expert),
    )


def retired(expert: str) -> messages.Light:
    """The light of an expert who is no longer of this pool."""
    return messages.Light(expert=expert, indicator="offline", since=0, until=0, closes=0, reason="retired", waiting=0)


def unknown(expert: str) -> messages.Light:
    """The light of an expert whom the live store does not know yet."""
    return messages.Light(expert=expert, indicator="offline", since=0, until=0, closes=0, reason="", waiting=0)


def waiter(facts: TicketFacts, expert: str, ordinal: int) -> messages.Waiter:
    return messages.Waiter(
        ticket=facts.ticket,
        user=facts.user,
        name=facts.name,
        mode=facts.mode,
        state=facts.state,
        ordinal=ordinal,
        joined_at=facts.joined_at,
        connected=facts.connected,
        paused_until=facts.paused_until,
        pause_reason=cast(messages.PauseReason, facts.pause_reason),
        call_me=facts.rings_at(expert),
        lines=[expert for expert, _ordinal in facts.lines],
    )


def queue(mirror: Mirror, expert: str) -> messages.Queue:
    waiters = [waiter(facts, expert, dict(facts.lines)[expert]) for facts in mirror.line(expert)]
    return messages.Queue(seq=mirror.seq, at=mirror.at, expert=expert, waiters=waiters)


def place(mirror: Mirror, facts: TicketFacts, expert: str, ordinal: int) -> messages.LinePlace:
    ordinals = mirror.ordinals(expert)
    ahead = [other for other in ordinals if other < ordinal]
    rate = rates(facts).get(expert, 0)
    return messages.LinePlace(expert=expert, ordinal=ordinal, ahead=ahead, length=len(ordinals), rate=rate)


def rates(facts: TicketFacts) -> dict[str, int]:
    """What was locked for each line of the ticket that costs anything."""
    return {expert: rate for expert, rate, _free_ms, _limit_ms in facts.terms}


def my_ticket(mirror: Mirror, facts: TicketFacts | None) -> messages.MyTicket:
    """A user's own ticket, whole; without one, that there is none."""
    if facts is None:
        return messages.MyTicket(
            seq=mirror.seq,
            at=mirror.at,
            ticket="",
            state="done",
            mode="chat",
            joined_at=0,
            paused_until=0,
            pause_reason="",
            reason="",
            places=[],
            call_me=False,
            agreed=0,
        )
    return messages.MyTicket(
        seq=mirror.seq,
        at=mirror.at,
        ticket=facts.ticket,
        state=facts.state,
        mode=facts.mode,
        joined_at=facts.joined_at,
        paused_until=facts.paused_until,
        pause_reason=cast(messages.PauseReason, facts.pause_reason),
        reason=facts.reason or facts.cause,
        places=[] if facts.state == "done" else [place(mirror, facts, *line) for line in facts.lines],
        call_me=facts.call_me,
        agreed=facts.agreed,
    )


def my_status(mirror: Mirror, facts: ExpertFacts) -> messages.MyStatus:
    return messages.MyStatus(
        seq=mirror.seq, at=mirror.at, expert=facts.expert, declared=facts.declared, reason=facts.reason,
        open_until=facts.open_until,
    )  # fmt: skip


def offer(mirror: Mirror, facts: OfferFacts, side: messages.Side, names: Names) -> messages.Offer:
    is_user = side == "user"
    return messages.Offer(
        seq=mirror.seq,
        at=mirror.at,
        offer=facts.offer,
        side=side,
        expert=facts.expert,
        ticket=facts.ticket,
        partner=names(facts.expert) if is_user else facts.name,
        mode=facts.mode,
        state=facts.state,
        mine=facts.user_ok if is_user else facts.expert_ok,
        theirs=facts.expert_ok if is_user else facts.user_ok,
        ring_until=facts.ring_until,
        ready_until=facts.ready_until,
        joined_at=facts.joined_at,
        reason=facts.reason,
        by_phone=facts.by_phone,
    )


def session(mirror: Mirror, facts: SessionFacts, side: messages.Side, names: Names) -> messages.Session:
    is_user = side == "user"
    return messages.Session(
        seq=mirror.seq,
        at=mirror.at,
        session=facts.session,
        side=side,
        expert=facts.expert,
        user="" if is_user else facts.user,
        partner=names(facts.expert) if is_user else facts.name,
        mode=facts.mode,
        state=facts.state,
        matched_at=facts.matched_at,
        live_at=facts.live_at,
        ended_at=facts.ended_at,
        cap_until=facts.cap_until,
        mine=facts.user_on if is_user else facts.expert_on,
        theirs=facts.expert_on if is_user else facts.user_on,
        gone_until=facts.gone_until,
        reason=facts.reason,
        ended_by=facts.by if facts.state == "ended" else "",
        path=facts.path,
        my_leg=facts.user_leg if is_user else facts.expert_leg,
        their_leg=facts.expert_leg if is_user else facts.user_leg,
        recording=recording(facts, side),
        transfer=transfer(mirror, facts, names) if facts.transfer_to else None,
        went_to=facts.went_to,
    )


def recording(facts: SessionFacts, side: messages.Side) -> messages.Recording:
    """Whether a session is recorded, as one side of it sees that."""
    if len(facts.recording) == 2:
        return "on"
    return "off" if not facts.recording else "wanted" if facts.recording == [side] else "asked"


def transfer(mirror: Mirror, facts: SessionFacts, names: Names) -> messages.TransferOffer:
    """Where the expert would like to hand the session over to. What a minute costs there is for the page to ask."""
    light = mirror.experts.get(facts.transfer_to)
    shut = "unknown_expert" if light is None else SHUT.get(light.indicator, "")
    return messages.TransferOffer(expert=facts.transfer_to, name=names(facts.transfer_to), shut=shut)


def meter(mirror: Mirror, facts: SessionFacts, side: messages.Side, currency: str) -> messages.Meter:
    """The clock of a metered session, as of the mirror's latest entry."""
    since = facts.running_since
    ends = [at for at in (facts.zero_at, facts.cap_until) if at]
    return messages.Meter(
        seq=mirror.seq,
        at=mirror.at,
        session=facts.session,
        currency=currency,
        rate=facts.rate,
        free_ms=facts.free_ms,
        budget_ms=facts.budget_ms,
        ran_ms=facts.ran_ms + (max(0, mirror.at - since) if since else 0),
        running_since=since,
        frozen=facts.frozen,
        ends_at=min(ends) if since and ends else 0,
        fee_bps=facts.fee_bps if side == "expert" else 0,
    )


def chat_line(facts: SaidFacts) -> messages.ChatLine:
    shared = facts.file
    return messages.ChatLine(
        n=facts.n,
        side=facts.side,
        text=facts.text,
        at=facts.at,
        op=facts.op,
        edited_at=facts.edited_at,
        unsaid=facts.unsaid,
        file=None if shared is None else messages.SharedFile(**structs.asdict(shared)),
    )


def session_info(mirror: Mirror, facts: SessionFacts) -> messages.SessionInfo:
    return messages.SessionInfo(
        seq=mirror.seq,
        at=mirror.at,
        session=facts.session,
        expert=facts.expert,
        user=facts.user,
        name=facts.name,
        mode=facts.mode,
        state=facts.state,
        matched_at=facts.matched_at,
        live_at=facts.live_at,
        ended_at=facts.ended_at,
        reason=facts.reason,
    )

"""The longest that a wait can take: the sum of the deadlines that stand between a ticket and its offer. Pure.

It holds for a ticket that stays ready, in the line of an expert who stays in service, as long as no operator and no
colleague's transfer puts somebody else first and nobody ahead pays for more time; whoever waits is told a new bound
then. In a prepaid pool a session lasts no longer than its money, so the bound is a good deal shorter than the pool's
longest sessions would make it. All durations are milliseconds.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from presence.facts import ExpertFacts
from queueing.facts import Mode, OfferFacts, SessionFacts, TicketFacts
from queueing.settings import PoolSettings

UNREADY_MAX: Final = 2
"""How many offers a ticket may leave unanswered before it drops (`O.not_ready` in `queueing/lua/offer.lua`)."""


def offers_ms(settings: PoolSettings, mode: Mode = "chat") -> int:
    """The longest that all offers of one ticket ring, declined and unanswered ones: the expert's answer and the ready
    check, for which a telephone may ring, run side by side."""
    call_ms = settings.call_ms if mode == "phone" else 0
    return (settings.declines_max + UNREADY_MAX) * max(settings.ring_ms, settings.ready_ms, call_ms)


def connecting_ms(settings: PoolSettings, mode: Mode) -> int:
    """The longest until both sides are connected: telephones ring one after the other."""
    return settings.connect_ms + (2 * settings.call_ms if mode == "phone" else 0)


def session_ms(settings: PoolSettings, limit_ms: int, mode: Mode = "chat") -> int:
    """The longest that a session and its wrap-up take; `limit_ms` is what its user can pay for, 0 where it is free."""
    longest = min(settings.session_cap_ms, limit_ms + settings.frozen_max_ms) if limit_ms else settings.session_cap_ms
    return connecting_ms(settings, mode) + longest + settings.wrap_up_ms


def ticket_ms(settings: PoolSettings, limit_ms: int, mode: Mode = "chat") -> int:
    """The longest that a ticket ahead keeps the expert: all its offers, and its session."""
    return offers_ms(settings, mode) + session_ms(settings, limit_ms, mode)


def line_ms(settings: PoolSettings, expert: str, line: Sequence[TicketFacts], rung: TicketFacts | None) -> list[int]:
    """How long each ticket of a line may keep the expert, head first; the session of who is rung is `engaged_ms`'s."""
    return [
        offers_ms(settings, ticket.mode)
        if rung and ticket.ticket == rung.ticket
        else ticket_ms(settings, limit_of(ticket, expert), ticket.mode)
        for ticket in line
    ]


def limit_of(ticket: TicketFacts, expert: str) -> int:
    """How long the ticket's session with `expert` can be paid for; 0 where nothing is charged."""
    return next((limit for named, _rate, _free, limit in ticket.terms if named == expert), 0)


def engaged_ms(
    settings: PoolSettings,
    expert: ExpertFacts,
    session: SessionFacts | None,
    offer: OfferFacts | None,
    rung: TicketFacts | None,
    now: int,
) -> int:
    """The longest until the expert's present engagement is over, its wrap-up included.

    `session`, `offer` and `rung` (the ticket that is offered, with the session that may come of it) are those that
    `expert` is engaged with, if any.
    """
    if expert.engagement == "wrap_up":
        return max(0, expert.until - now)
    if session:
        return _session_left_ms(settings, session, now) + settings.wrap_up_ms
    if offer and rung:
        until = max(offer.ring_until, offer.ready_until)
        return max(0, until - now) + session_ms(settings, limit_of(rung, expert.expert), rung.mode)
    return 0


def bounds_ms(engaged: int, ahead: Sequence[int], each: int, places: int) -> list[int]:
    """The bound of places 1 to `places`: `ahead` is `ticket_ms` of each ticket in the line, head first; `each` counts
    for those who may yet come between."""
    known = [*ahead[:places], *[each] * (places - len(ahead))]
    return list(accumulate(known, initial=engaged))[:places]


def _session_left_ms(settings: PoolSettings, session: SessionFacts, now: int) -> int:
    if session.state == "connecting":
        till_live = max(0, session.matched_at + connecting_ms(settings, session.mode) - now)
        longest = session_ms(settings, session.budget_ms) - settings.connect_ms - settings.wrap_up_ms
        return till_live + longest
    left = max(0, session.cap_until - now)
    if not session.rate:
        return left
    ran = session.ran_ms + (max(0, now - session.running_since) if session.running_since else 0)
    stood = max(0, now - session.live_at - ran)
    return min(left, max(0, session.budget_ms - ran) + max(0, settings.frozen_max_ms - stood))

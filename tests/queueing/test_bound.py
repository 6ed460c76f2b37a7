"""The bound of a wait, term by term. That nobody waits longer is shown by the simulated week."""

from typing import Any, TypeVar

import msgspec
import pytest

from presence.facts import ExpertFacts
from queueing import bound
from queueing.facts import OfferFacts, SessionFacts, TicketFacts
from queueing.settings import PoolSettings

NOW = 1_800_000_000_000
MINUTE = 60_000
SETTINGS = PoolSettings(
    ring_ms=30_000, ready_ms=20_000, declines_max=2, connect_ms=30_000, wrap_up_ms=15_000,
    session_cap_ms=60 * MINUTE, frozen_max_ms=2 * MINUTE,
)  # fmt: skip
OFFERS = 4 * 30_000


T = TypeVar("T", bound=msgspec.Struct)


def made(kind: type[T], **values: Any) -> T:
    """Facts with what does not matter here left empty."""
    empty = {str: "", int: 0, bool: False, float: 0.0}
    fields = msgspec.structs.fields(kind)
    blank = {one.encode_name: empty.get(one.type, []) for one in fields if one.required}
    return kind(**(blank | values))


def expert(**values: Any) -> ExpertFacts:
    return made(ExpertFacts, **({"expert": "ada", "engagement": "idle"} | values))


def ticket(name: str, limit_ms: int = 0) -> TicketFacts:
    terms = [("ada", 100, 0, limit_ms)] if limit_ms else []
    return made(TicketFacts, ticket=name, lines=[("ada", 1)], terms=terms)


def test_a_ticket_ahead_may_use_all_its_offers_its_money_and_its_freezes() -> None:
    assert bound.ticket_ms(SETTINGS, 0) == OFFERS + 30_000 + 60 * MINUTE + 15_000
    assert bound.ticket_ms(SETTINGS, 5 * MINUTE) == OFFERS + 30_000 + 7 * MINUTE + 15_000
    assert bound.ticket_ms(SETTINGS, 90 * MINUTE) == bound.ticket_ms(SETTINGS, 0), "the pool's cap is the end of all"


def test_telephones_ring_as_long_as_the_pool_lets_them() -> None:
    offers, connecting = 4 * SETTINGS.call_ms, 30_000 + 2 * SETTINGS.call_ms
    assert bound.ticket_ms(SETTINGS, 0, "phone") == offers + connecting + 60 * MINUTE + 15_000
    busy, facts = expert(engagement="in_session"), made(SessionFacts, mode="phone", state="connecting", matched_at=NOW)
    assert bound.engaged_ms(SETTINGS, busy, facts, None, None, NOW) == connecting + 60 * MINUTE + 15_000


def test_bounds_add_up_from_place_to_place() -> None:
    assert bound.bounds_ms(7, [10, 20], 100, 4) == [7, 17, 37, 137]
    assert bound.bounds_ms(7, [10, 20], 100, 1) == [7]


@pytest.mark.parametrize(
    ("session", "left_ms"),
    [
        ({"state": "connecting", "matched_at": NOW - 10_000}, 20_000 + 60 * MINUTE),
        ({"state": "connecting", "matched_at": NOW, "rate": 100, "budget_ms": MINUTE}, 30_000 + 3 * MINUTE),
        ({"state": "live", "live_at": NOW - MINUTE, "cap_until": NOW + 59 * MINUTE}, 59 * MINUTE),
        (
            {
                "state": "live", "live_at": NOW - MINUTE, "cap_until": NOW + 59 * MINUTE, "rate": 100,
                "budget_ms": 3 * MINUTE, "ran_ms": 0, "running_since": NOW - MINUTE,
            },
            4 * MINUTE,
        ),
        (
            {
                "state": "live", "live_at": NOW - 2 * MINUTE, "cap_until": NOW + 58 * MINUTE, "rate": 100,
                "budget_ms": 3 * MINUTE, "ran_ms": MINUTE, "running_since": 0,
            },
            3 * MINUTE,
        ),
        (
            {
                "state": "live", "live_at": NOW - MINUTE, "cap_until": NOW + 1000, "rate": 100,
                "budget_ms": 3 * MINUTE, "running_since": NOW - MINUTE,
            },
            1000,
        ),
    ],
    ids=["connecting", "connecting-metered", "free", "running", "frozen-for-a-minute", "at-the-cap"],
)  # fmt: skip
def test_what_a_session_may_still_take(session: dict[str, Any], left_ms: int) -> None:
    facts = made(SessionFacts, session="s1", expert="ada", **session)
    busy = expert(engagement="in_session", session="s1")
    assert bound.engaged_ms(SETTINGS, busy, facts, None, None, NOW) == left_ms + 15_000


def test_who_is_rung_may_have_the_session_that_comes_of_it() -> None:
    offer = made(OfferFacts, offer="o1", ticket="t1", ring_until=NOW + 5000, ready_until=NOW + 9000)
    rung, other = ticket("t1", 5 * MINUTE), ticket("t2")
    ringing = expert(engagement="ringing", offer="o1")
    engaged = bound.engaged_ms(SETTINGS, ringing, None, offer, rung, NOW)
    assert engaged == 9000 + 30_000 + 7 * MINUTE + 15_000
    assert bound.line_ms(SETTINGS, "ada", [rung, other], rung) == [OFFERS, bound.ticket_ms(SETTINGS, 0)]


def test_wrap_up_ends_when_it_says() -> None:
    assert bound.engaged_ms(SETTINGS, expert(engagement="wrap_up", until=NOW + 4000), None, None, None, NOW) == 4000
    assert bound.engaged_ms(SETTINGS, expert(), None, None, None, NOW) == 0

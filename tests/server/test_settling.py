"""Who ended a session, as far as money asks: what nobody but we are to blame for is nobody's free call."""

import pytest

from server.settling import ended_by
from tests.sessions.logged import session


@pytest.mark.parametrize(
    ("reason", "by", "live", "came", "whose"),
    [
        ("ended", "user", True, True, "user"),
        ("ended", "expert:ada", True, True, "expert"),
        ("ended", "operator:op", True, True, ""),
        ("balance_spent", "system", True, True, ""),
        ("user_gone", "system", True, True, "user"),
        ("user_failed", "system", True, True, "user"),
        ("expert_gone", "system", True, True, "expert"),
        ("expert_failed", "system", True, True, "expert"),
        ("not_connected", "system", False, True, "user"),
        ("not_connected", "system", False, False, "expert"),
        ("expert_busy", "system", False, False, "expert"),
        ("media_lost", "system", True, True, "server"),
        ("media_lost", "system", False, False, "server"),
        ("user_failed", "system", False, True, "server"),
        ("user_no_answer", "system", False, True, ""),
        ("phone_full", "system", False, True, "server"),
        ("too_many_calls", "system", False, True, "server"),
        # What a side writes as its reason is its own word.
        ("media_lost", "user", True, True, "user"),
        ("user_gone", "expert:ada", True, True, "expert"),
        ("not_connected", "expert:ada", False, True, "expert"),
    ],
)
def test_whose_end_it_was(reason: str, by: str, live: bool, came: bool, whose: str) -> None:
    over = session("s1", reason=reason, by=by, live_at=300 if live else 0, user_on=live, expert_on=came)
    assert ended_by(over) == whose

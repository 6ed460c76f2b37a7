"""The telephones of a session: every order of news that an engine may bring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.phone.dialling import Answered, Call, Dialling, Effect, End, HangUp, Join, Tell
from sessions.phone.engine import CallNews, Ended

ENDS: list[Ended] = ["hung_up", "busy", "no_answer", "declined", "failed"]
RINGING, ANSWERED = CallNews("ringing"), CallNews("answered")


def over(ended: Ended) -> CallNews:
    return CallNews("ended", ended)


def test_the_users_telephone_then_the_experts() -> None:
    machine = Dialling(expert_by_phone=True)
    assert machine.begin() == [Tell("user", "calling"), Call("user")]
    assert machine.news("user", RINGING) == [Tell("user", "ringing")]
    assert machine.news("user", ANSWERED) == [
        Tell("user", "answered"), Answered("user"), Tell("expert", "calling"), Call("expert"),
    ]  # fmt: skip
    assert machine.news("expert", ANSWERED) == [Tell("expert", "answered"), Answered("expert"), Join()]
    assert machine.news("expert", over("hung_up")) == [
        Tell("expert", "hung_up"), HangUp("user"), End("expert", "expert_hung_up"),
    ]  # fmt: skip
    assert machine.news("user", over("hung_up")) == [] and machine.end() == []


def test_an_expert_at_the_console_is_not_called() -> None:
    machine = Dialling(expert_by_phone=False)
    machine.begin()
    assert machine.news("user", ANSWERED) == [Tell("user", "answered"), Answered("user")]
    assert machine.end() == [HangUp("user")]


def test_who_picked_up_at_the_turn_is_not_called_again() -> None:
    machine = Dialling(expert_by_phone=True, picked_up=True)
    assert machine.begin() == [Tell("user", "calling")]
    assert Call("expert") in machine.news("user", ANSWERED)


@pytest.mark.parametrize("ended", ENDS)
def test_whoever_is_not_reached_ends_the_session_by_name(ended: Ended) -> None:
    user = Dialling(expert_by_phone=True)
    user.begin()
    by = "user" if ended == "hung_up" else None
    assert user.news("user", over(ended)) == [Tell("user", ended), End(by, f"user_{ended}")]  # type: ignore[arg-type]
    expert = Dialling(expert_by_phone=True)
    expert.begin()
    expert.news("user", ANSWERED)
    told = expert.news("expert", over(ended))
    hang_up = HangUp("user") if by else HangUp("user", "unreached")
    assert told[1:] == [hang_up, End("expert" if by else None, f"expert_{ended}")]


def test_a_caller_who_leaves_stops_the_ringing() -> None:
    machine = Dialling(expert_by_phone=True)
    machine.begin()
    machine.news("user", ANSWERED)
    machine.news("expert", RINGING)
    assert machine.end() == [HangUp("user"), HangUp("expert")]
    assert machine.news("expert", ANSWERED) == []


@pytest.mark.parametrize("reason", ["balance_spent", "cap"])
def test_who_talks_hears_why_it_is_over_and_who_rings_rings_no_more(reason: str) -> None:
    machine = Dialling(expert_by_phone=True)
    machine.begin()
    machine.news("user", ANSWERED)
    machine.news("expert", RINGING)
    assert machine.end(reason) == [HangUp("user", reason), HangUp("expert")]  # type: ignore[arg-type]


def test_no_line_is_told_by_name() -> None:
    machine = Dialling(expert_by_phone=True)
    machine.begin()
    machine.news("user", ANSWERED)
    assert machine.no_line("expert", "phone_full") == [
        Tell("expert", "failed"), HangUp("user", "unreached"), End(None, "phone_full"),
    ]  # fmt: skip
    assert machine.no_line("expert", "failed") == []


_news = st.one_of(
    st.sampled_from([CallNews("calling"), RINGING, ANSWERED]), st.sampled_from(ENDS).map(over), st.just(None)
)


@given(st.booleans(), st.booleans(), st.lists(st.tuples(st.sampled_from(["user", "expert"]), _news), max_size=12))
def test_whatever_comes_it_ends_once_and_leaves_nobody_ringing(by_phone: bool, picked_up: bool, told: list) -> None:  # type: ignore[type-arg]
    machine = Dialling(expert_by_phone=by_phone, picked_up=picked_up)
    done: list[Effect] = machine.begin()
    for side, news in told:
        if side == "expert" and Call("expert") not in done:
            continue  # nobody rang it
        done += machine.end() if news is None else machine.news(side, news)
    assert sum(isinstance(each, End) for each in done) <= 1
    done += machine.end()
    called = {each.side for each in done if isinstance(each, Call)} | ({"user"} if picked_up else set())
    ended = {each.side for each in done if isinstance(each, HangUp)}
    ended |= {each.side for each in done if isinstance(each, Tell) and each.leg in ENDS}
    assert called <= ended
    assert [each for each in done if isinstance(each, Call)] == list(
        dict.fromkeys(c for c in done if isinstance(c, Call))
    )

"""The protocol of one connection without a socket: what may be said when."""

import pytest

from ground.errors import Refusal, StoreUnavailable
from server.connection import Connection, Stop, Who, refusal_of, refused_hello
from server.limits import Bounds, Buckets
from server.origins import Came
from wire import messages
from wire.codec import JSON

BOUNDS = Bounds()
MEMBERS = Buckets(BOUNDS.per_member)


def opened(role="", member="ann", expires_at=0):
    conn = Connection(JSON, BOUNDS, Came("1.2.3.4", True, "line.example"), ("user",), "openline-user-demo=x", 0.0)
    if role:
        conn.sign_in("demo", Who(role, member, "Ann", expires_at))
    return conn


def say(conn, text, now=1.0):
    return conn.receive(text if isinstance(text, bytes) else text.encode(), now, MEMBERS)


def test_a_good_message_passes():
    assert say(opened("user"), '{"t":"ping","id":3}') == messages.Ping(id=3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"t":"fly","id":3}', "unknown_message"),
        ('{"t":"ping","id":3,"more":1}', "unknown_field"),
        ('{"t":"ping","id":"x"}', "bad_field"),
        ('{"t":"say","id":3,"op":"op-12345678","session":"s-1","text":"' + "x" * 4001 + '"}', "too_long"),
        ("[1,2]", "malformed"),
        ("{", "malformed"),
        ("", "malformed"),
        (b"\xff\xfe", "malformed"),
        ("[" * 5000, "malformed"),
    ],
)
def test_a_bad_message_gets_a_named_refusal(text, code):
    answer = say(opened("user"), text)
    assert isinstance(answer, messages.Refused) and answer.code == code


def test_repeated_bad_messages_close_and_old_ones_are_forgiven():
    conn = opened("user")
    for n in range(4):
        assert isinstance(say(conn, "{", now=n * 1.0), messages.Refused)
    assert isinstance(say(conn, "{", now=70.0), messages.Refused)
    answers = [say(conn, "{", now=71.0 + n) for n in range(4)]
    assert isinstance(answers[3], Stop) and answers[3].close.name == "bad_messages"


def test_before_the_hello_nothing_else_is_heard():
    conn = opened()
    stop = conn.authorise(messages.Ping(id=3), 1.0)
    assert isinstance(stop, Stop) and stop.reply == messages.Refused(id=3, code="bad_message", detail="hello")
    assert conn.authorise(messages.Hello(id=1, pool="demo"), 1.0) is None
    assert isinstance(say(opened(), "{"), Stop)


def test_a_second_hello_is_refused():
    answer = opened("user").authorise(messages.Hello(id=2, pool="demo"), 1.0)
    assert answer == messages.Refused(id=2, code="bad_message", detail="hello")


def test_roles_may_only_what_is_theirs():
    move = messages.Move(id=2, op="op-12345678", ticket="t-1", expert="ada", reason="because")
    join = messages.Join(id=2, op="op-12345678", experts=["ada"])
    assert opened("operator", "olga").authorise(move, 1.0) is None
    assert opened("user").authorise(join, 1.0) is None
    assert opened("user").authorise(move, 1.0) == messages.Refused(id=2, code="not_allowed")
    assert opened("expert", "ada").authorise(join, 1.0) == messages.Refused(id=2, code="not_allowed")
    assert opened("guest", "").authorise(join, 1.0) == messages.Refused(id=2, code="not_signed_in")
    assert opened("guest", "").authorise(messages.Watch(id=2, all=True), 1.0) is None


def test_signing_in_forgets_the_cookie_and_knows_the_end():
    conn = opened("user", expires_at=5000)
    assert conn.cookies == "" and conn.key == "demo/user/ann"
    assert not conn.expired(4999) and conn.expired(5000)
    assert not opened("guest", "").expired(10**15)


def test_failures_are_named_without_their_inside():
    assert refusal_of(Refusal("line_full", "ada"), 7, "r-1") == messages.Refused(id=7, code="line_full", detail="ada")
    assert refusal_of(StoreUnavailable("unix:/secret"), 7, "r-1").detail == ""
    assert refusal_of(TimeoutError(), 7, "r-1").code == "store_unavailable"
    assert refusal_of(ValueError("secret"), 7, "r-1") == messages.Refused(id=7, code="internal", detail="r-1")


@pytest.mark.parametrize(
    ("code", "close"),
    [("bad_token", 4401), ("no_such_pool", 4404), ("store_unavailable", 4103), ("internal", 4100)],
)
def test_a_hello_that_failed_tells_whether_to_come_again(code, close):
    assert refused_hello(messages.Refused(id=1, code=code)).close.code == close

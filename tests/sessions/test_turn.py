"""What a browser is given for TURN: short-lived, of one call and side, and no secret in it."""

import base64
import hashlib
import hmac

import pytest

from sessions.turn import TurnProblem, credentials, turn_servers

NOW = 1_790_000_000_123
SECRET = "x" * 32
URLS = "turn:turn.example:3478?transport=udp, turns:turn.example:5349"


def test_a_credential_is_the_mac_of_a_name_that_says_when_it_ends() -> None:
    given = credentials(turn_servers(URLS, [SECRET]), "support", "s17", "user", now_ms=NOW, ttl_s=600)
    assert given.urls == ("turn:turn.example:3478?transport=udp", "turns:turn.example:5349")
    assert given.username == "1790000600:support/s17/user"
    assert given.until_ms == 1_790_000_600_000
    made = hmac.new(SECRET.encode(), given.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(given.credential) == made


def test_each_call_and_side_has_its_own_and_the_first_secret_signs() -> None:
    one = turn_servers(URLS, [SECRET, "y" * 40])
    other = turn_servers(URLS, ["y" * 40, SECRET])
    made = {
        (servers, session, side): credentials(servers, "support", session, side, now_ms=NOW).credential
        for servers in (one, other) for session in ("s1", "s2") for side in ("user", "expert")
    }  # fmt: skip
    assert len(set(made.values())) == 8
    alone = credentials(turn_servers(URLS, [SECRET]), "support", "s1", "user", now_ms=NOW)
    assert alone.credential == made[one, "s1", "user"]


def test_logs_hold_neither_secret_nor_credential() -> None:
    servers = turn_servers(URLS, [SECRET])
    given = credentials(servers, "support", "s17", "user", now_ms=NOW)
    assert SECRET not in repr(servers) and given.credential not in repr(given)
    with pytest.raises(TurnProblem) as short:
        turn_servers(URLS, ["too-short-to-be-one"])
    assert "too-short-to-be-one" not in str(short.value)


@pytest.mark.parametrize(
    "urls",
    [
        "", " , ", "stun:turn.example", "turn:", "turn:turn.example:0", "turn:turn.example:65536", "turn:a b",
        "turn:me@turn.example", "turn://turn.example", "turn:turn.example?transport=tls", "turn:turn.example\n",
        ",".join(["turn:turn.example"] * 9),
    ],
)  # fmt: skip
def test_addresses_that_are_none_are_refused(urls: str) -> None:
    with pytest.raises(TurnProblem):
        turn_servers(urls.replace("\n", "\nx"), [SECRET])


@pytest.mark.parametrize("url", ["turn:[2001:db8::1]:3478", "turns:10.0.0.7?transport=tcp", "turn:turn"])
def test_addresses_of_every_kind_are_taken(url: str) -> None:
    assert turn_servers(url, [SECRET]).urls == (url,)


@pytest.mark.parametrize("secrets", [[], [""], ["x" * 31], ["x" * 40, "short"], ["x" * 20 + " " + "x" * 20], ["x"] * 5])
def test_secrets_that_are_none_are_refused(secrets: list[str]) -> None:
    with pytest.raises(TurnProblem):
        turn_servers(URLS, secrets)

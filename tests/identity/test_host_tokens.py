"""Users of a host site: what of a token is believed, and how its keys are had."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ground.errors import Refusal
from identity.host_tokens import HostTokens, subject_of
from identity.outside.settings import HostSite
from identity.tokens import TokenRefused
from identity.web import DOCUMENT_MAX, Web
from identity.web_keys import AGAIN_MS, FRESH_MS, STALE_MAX_MS
from tests.identity.elsewhere import Key, Place, key, open_place

NOW = 1_800_000_000_000
AUDIENCE = "https://openline.shop.example"


def site(**more: Any) -> HostSite:
    given: dict[str, Any] = {
        "pool": "p", "issuer": "https://shop.example", "audience": AUDIENCE, "prefix": "shop", "algorithms": ["RS256"],
    }  # fmt: skip
    if not {"jwks_url", "jwks_file"} & more.keys():
        given["keys"] = [key().pem]
    return HostSite(**(given | more))


def claims(**more: Any) -> dict[str, Any]:
    made = {"iss": "https://shop.example", "aud": AUDIENCE, "sub": "77", "name": "Uma K."}
    made |= {"iat": NOW // 1000, "exp": NOW // 1000 + 600} | more
    return {name: value for name, value in made.items() if value is not None}


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    opened = Web()
    yield opened
    await opened.close()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with open_place(Place()) as opened:
        yield opened


async def why(hosts: HostTokens, token: str, now: int = NOW, pool: str = "p") -> str:
    """The code with which a token is refused, "" when it is good."""
    try:
        await hosts.verify(token, pool, now=now)
    except TokenRefused as refused:
        return refused.code
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_good_token_says_who_its_bearer_is(web: Web, algorithm: str) -> None:
    signer = key(algorithm)
    hosts = HostTokens([site(algorithms=[algorithm], keys=[signer.pem])], web)
    token = signer.sign(claims(jti="once"))
    assert hosts.knows(token, "p") and not hosts.knows(token, "other")
    who = await hosts.verify(token, "p", now=NOW)
    assert (who.pool, who.role, who.subject, who.name) == ("p", "user", "shop-77", "Uma K.")
    assert (who.expires_at, who.token_id, who.account) == (NOW + 600_000, "once", "")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"iss": "https://other.example"}, "wrong_issuer"),
        ({"aud": "https://else.example"}, "wrong_audience"),
        ({"aud": [AUDIENCE, "https://else.example"]}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"exp": None}, "bad_claims"),
        ({"iat": None}, "bad_claims"),
        ({"exp": "soon"}, "bad_claims"),
        ({"exp": True}, "bad_claims"),
        ({"exp": 1e300}, "bad_claims"),
        ({"exp": NOW // 1000}, "expired"),
        ({"iat": NOW // 1000 + 61, "exp": NOW // 1000 + 600}, "not_yet"),
        ({"nbf": NOW // 1000 + 61}, "not_yet"),
        ({"exp": NOW // 1000 + 901}, "lives_too_long"),
        ({"sub": None}, "bad_claims"),
        ({"sub": 7}, "bad_claims"),
        ({"sub": ""}, "bad_claims"),
        ({"sub": "x" * 256}, "bad_claims"),
        ({"jti": ["x"]}, "bad_claims"),
    ],
)
async def test_a_token_of_other_claims_is_refused(web: Web, more: dict[str, Any], code: str) -> None:
    assert await why(HostTokens([site()], web), key().sign(claims(**more))) == code


async def test_clocks_may_differ_by_a_minute_and_an_audience_may_be_a_list_of_one(web: Web) -> None:
    ahead = claims(iat=NOW // 1000 + 60, nbf=NOW // 1000 + 60, aud=[AUDIENCE])
    assert await why(HostTokens([site()], web), key().sign(ahead)) == ""


async def test_the_role_is_the_configured_one_unless_a_claim_is_mapped(web: Web) -> None:
    token = key().sign(claims(role="operator", desk="agent"))
    assert (await HostTokens([site()], web).verify(token, "p", now=NOW)).role == "user"
    mapped = HostTokens([site(role_claim="desk", roles={"agent": "expert"})], web)
    assert (await mapped.verify(token, "p", now=NOW)).role == "expert"
    for said in ("boss", ["agent"], {"agent": 1}, None):
        token = key().sign(claims(desk=said))
        assert (await mapped.verify(token, "p", now=NOW)).role == "user"


def test_subjects_of_all_kinds_become_ids_and_never_each_others() -> None:
    subjects = ["77", "auth0|77", "auth0-77", "ümlaut", "a b", "x" * 200, "h_77", "../..", "a\nb", "\ud800"]
    made = [subject_of("shop", subject) for subject in subjects]
    assert made[0] == "shop-77" and len(set(made)) == len(made)
    assert all(id_.startswith("shop-") and len(id_) <= 64 and id_.isascii() for id_ in made)
    assert subject_of("shop", made[1].removeprefix("shop-")) != made[1]


async def test_a_name_is_one_line_of_what_can_be_seen(web: Web) -> None:
    hosts = HostTokens([site()], web)
    for said, shown in ((None, ""), (7, ""), ("  Uma\n\u202eK \x00", "Uma K"), ("x" * 900, "x" * 100)):
        assert (await hosts.verify(key().sign(claims(name=said)), "p", now=NOW)).name == shown


# ---------------------------------------------------------------- keys


async def test_several_keys_need_a_name(web: Web) -> None:
    hosts = HostTokens([site(keys=[key().jwk, key(kid="k2").jwk])], web)
    assert await why(hosts, key(kid="k2").sign(claims())) == ""
    assert await why(hosts, key(kid="k2").sign(claims(), kid=None)) == "forged"
    assert await why(hosts, key(kid="k2").sign(claims(), kid="k1")) == "forged"
    alone = HostTokens([site(keys=[key().jwk])], web)
    assert await why(alone, key().sign(claims(), kid=None)) == ""
    assert await why(alone, key().sign(claims(), kid="k9")) == "forged"


async def test_published_keys_are_asked_for_once_and_after_a_rotation(web: Web, place: Place) -> None:
    hosts = HostTokens([site(jwks_url=f"{place.url}/jwks")], web)
    first = await asyncio.gather(*(why(hosts, key().sign(claims())) for _ in range(20)))
    assert set(first) == {""} and place.asked == 1
    place.keys = [key(kid="k2").jwk]
    rotated = key(kid="k2").sign(claims())
    assert await why(hosts, rotated, NOW + AGAIN_MS - 1) == "forged" and place.asked == 1
    answers = await asyncio.gather(*(why(hosts, rotated, NOW + AGAIN_MS) for _ in range(20)))
    assert set(answers) == {""} and place.asked == 2
    # What was taken out is no longer good, and invented names do not make us ask on and on.
    assert await why(hosts, key().sign(claims()), NOW + AGAIN_MS) == "forged"
    for n in range(50):
        assert await why(hosts, rotated.replace(rotated, key().sign(claims(), kid=f"../{n}")), NOW + 40_000) == "forged"
    assert place.asked == 2


async def test_keys_that_are_old_are_used_while_their_place_is_down_and_not_for_ever(web: Web, place: Place) -> None:
    hosts = HostTokens([site(jwks_url=f"{place.url}/jwks")], web)
    assert await why(hosts, key().sign(claims())) == ""
    place.status = 500

    def later(ms: int) -> tuple[str, int]:
        at = (NOW + ms) // 1000
        return key().sign(claims(iat=at, exp=at + 600)), NOW + ms

    assert await why(hosts, *later(FRESH_MS + 1)) == ""
    while place.asked == 1:  # asked beside the answer
        await asyncio.sleep(0.01)
    assert await why(hosts, *later(STALE_MAX_MS)) == ""
    assert await why(hosts, *later(STALE_MAX_MS + AGAIN_MS)) == "sign_in_unavailable"
    place.status = 200
    assert await why(hosts, *later(STALE_MAX_MS + 2 * AGAIN_MS)) == ""


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]}'),
        (200, b"<html>"),
        (200, b"[" * 20_000),
        (200, b" " * (DOCUMENT_MAX + 1)),
        (302, None),
        (404, None),
    ],
)
async def test_a_place_without_keys_makes_people_come_again(
    web: Web, place: Place, status: int, body: bytes | None
) -> None:
    place.status, place.body = status, body
    hosts = HostTokens([site(jwks_url=f"{place.url}/jwks")], web)
    assert await why(hosts, key().sign(claims())) == "sign_in_unavailable"


async def test_an_unreachable_place_too(web: Web) -> None:
    hosts = HostTokens([site(jwks_url="http://127.0.0.1:1/jwks")], web)
    assert await why(hosts, key().sign(claims())) == "sign_in_unavailable"


async def test_a_slow_place_stops_nobody_else(web: Web, place: Place) -> None:
    place.delay_s = 0.3
    slow = HostTokens([site(jwks_url=f"{place.url}/jwks")], web)
    waiting = asyncio.create_task(why(slow, key().sign(claims())))
    other = HostTokens([site()], web)
    while not place.asked:
        await asyncio.sleep(0.01)
    assert await why(other, key().sign(claims())) == ""
    assert not waiting.done()
    assert await waiting == ""


async def test_keys_in_a_file_are_read_again_too(web: Web, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [key().jwk]}))
    hosts = HostTokens([site(jwks_file=str(file))], web)
    assert await why(hosts, key().sign(claims())) == ""
    file.write_text(json.dumps({"keys": [key(kid="k2").jwk]}))
    assert await why(hosts, key(kid="k2").sign(claims()), NOW + AGAIN_MS) == ""


async def test_what_is_no_key_for_signatures_is_passed_over(web: Web, place: Place) -> None:
    weak = Key("EdDSA", "weak")
    weak.algorithm, weak.private = "RS256", rsa.generate_private_key(65537, 1024)
    numbers = jwt.get_algorithm_by_name("RS256").to_jwk(weak.private.public_key(), as_dict=True)
    place.keys = [7, {}, numbers | {"kid": "weak"}, key(kid="k2").jwk | {"use": "enc"}, key().jwk]
    hosts = HostTokens([site(jwks_url=f"{place.url}/jwks")], web)
    assert await why(hosts, key().sign(claims())) == ""
    assert await why(hosts, key(kid="k2").sign(claims()), NOW + 1) == "forged"

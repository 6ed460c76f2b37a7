"""Accounts over real HTTP: signing up, links, passwords, one's own sign-ins, and what operators do about people."""

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from directory.profiles import Profiles
from ground.clock import SystemClock
from ground.ids import new_id
from identity.accounts import Accounts
from identity.links import Links
from server.limits import Bounds, Rate
from tests.server.browsing import Browser, browsing, mailed, token_for
from tests.server.test_site import Site, serving

AT = "/v1/pools/demo"
WORD = "a horse of paper"


@pytest.fixture
async def site(store_url, tmp_path):
    async with serving(store_url, tmp_path) as running:
        yield running


@asynccontextmanager
async def socket_of(site: Site, browser: Browser, role: str = "user"):
    """An open socket with the browser's cookies; the second value is its welcome."""
    url, spoken = f"ws://127.0.0.1:{site.port}/v1/ws?as={role}", [Subprotocol("openline.v1.json")]
    async with websockets.connect(
        url, subprotocols=spoken, origin=Origin(site.origin), additional_headers={"Cookie": browser.cookie}
    ) as ws:
        await ws.send(json.dumps({"t": "hello", "id": 1, "pool": "demo"}))
        yield ws, json.loads(await ws.recv())


async def closed(ws: Any) -> int | None:
    async with asyncio.timeout(10):
        await ws.wait_closed()
    code: int | None = ws.close_code
    return code


async def signed_up(site: Site, browser: Browser, email: str, **more: str) -> None:
    asked = {"email": email, "name": "Uma"} | more
    assert (await browser.post(f"{AT}/sign-up", asked)).status_code == 202
    assert (await browser.follow(await token_for(site.database, "demo", email))).status_code == 200


async def operator(site: Site, browser: Browser) -> str:
    """Signs the browser in as an operator; their id."""
    now = SystemClock().now_ms()
    subject = await Accounts(site.database).open("demo", "operator", f"{new_id('o')}@line.example", "Olga", now=now)
    token = await Links(site.database).create("demo", "operator", subject, "Olga", now=now)
    assert (await browser.follow(token)).json() == {"to": "/p/demo/operator"}
    return subject


async def test_signing_up_by_mail_makes_a_user_with_one_s_own_name(site):
    async with browsing(site.origin) as uma:
        asked = {"email": "Uma@line.example", "name": "Uma 🙂", "language": "de"}
        answer = await uma.post(f"{AT}/sign-up", asked)
        assert (answer.status_code, answer.json()) == (202, {})
        ((kind, text),) = await mailed(site.database, "demo", "uma@line.example")
        assert kind == "sign_up" and "Guten Tag" in text and "The demo line" in text
        token = await token_for(site.database, "demo", "uma@line.example")
        assert (await uma.follow(token)).json() == {"to": "/p/demo"}
        assert (await uma.follow(token)).json()["code"] == "link_used"
        own = (await uma.get(f"{AT}/account")).json()
        assert (own["name"], own["email"], own["has_password"]) == ("Uma 🙂", "uma@line.example", False)
        assert [(one["agent"], one["current"], one["how"]) for one in own["sign_ins"]] == [("Browser", True, "mail")]
        async with socket_of(site, uma) as (_ws, welcome):
            assert (welcome["role"], welcome["member"], welcome["name"]) == ("user", own["subject"], "Uma 🙂")


async def test_a_password_chosen_at_sign_up_signs_in_elsewhere(site):
    async with browsing(site.origin) as uma, browsing(site.origin) as phone, browsing(site.origin) as mallory:
        await signed_up(site, uma, "uma@line.example", password=WORD)
        asked = {"email": "UMA@line.example", "password": WORD}
        assert (await phone.post(f"{AT}/password-sign-in", asked)).json() == {"to": "/p/demo"}
        wrong = await mallory.post(f"{AT}/password-sign-in", asked | {"password": "a horse of glass"})
        unknown = await mallory.post(f"{AT}/password-sign-in", asked | {"email": "no@line.example"})
        as_operator = await mallory.post(f"{AT}/password-sign-in", asked | {"role": "operator"})
        assert [one.status_code for one in (wrong, unknown, as_operator)] == [403] * 3
        assert {one.text for one in (wrong, unknown, as_operator)} == {'{"code":"wrong_password","detail":""}'}
        assert not mallory.cookie


async def test_passwords_that_will_not_do_are_refused_by_name(site):
    async with browsing(site.origin) as uma:
        for word, code in (
            ("short", "password_short"),
            ("x9" * 200, "password_long"),
            ("1234567890", "password_guessable"),
        ):
            answer = await uma.post(f"{AT}/sign-up", {"email": "u@line.example", "name": "Uma", "password": word})
            assert (answer.status_code, answer.json()["code"]) == (409, code)
        for body in ({}, {"email": "u@line.example"}, {"email": "u", "name": "U"}, {"email": "a@b\n.c", "name": "U"}):
            assert (await uma.post(f"{AT}/sign-up", body)).json()["code"] == "malformed"
        assert (await uma.post(f"{AT}/sign-up", {"email": "", "name": "U"})).json()["code"] == "bad_email"
        assert (await uma.post(f"{AT}/sign-up", {"email": "u@line.example", "name": " "})).json()[
            "code"
        ] == "empty_text"
        for pool in ("nowhere", "no%2Fwhere", "-"):
            assert (await uma.post(f"/v1/pools/{pool}/sign-in-link", {"email": "u@line.example"})).status_code == 404
        assert await mailed(site.database, "demo", "u@line.example") == []


async def test_signing_out_ends_one_device_and_not_the_other(site):
    async with browsing(site.origin) as laptop, browsing(site.origin) as phone:
        await signed_up(site, laptop, "uma@line.example", password=WORD)
        await phone.post(f"{AT}/password-sign-in", {"email": "uma@line.example", "password": WORD})
        stolen = laptop.cookie
        async with socket_of(site, laptop) as (here, _w), socket_of(site, phone) as (there, _w2):
            assert (await laptop.post("/v1/sign-out", {"pool": "demo"})).status_code == 200
            assert await closed(here) == 4402
            await there.send(json.dumps({"t": "ping", "id": 2}))
            assert json.loads(await there.recv())["t"] == "beat"
        assert (await site.hello(stolen, "?as=user"))["role"] == "guest", "a copy of the cookie is worth nothing"
        assert (await phone.get(f"{AT}/account")).status_code == 200
        assert (await laptop.get(f"{AT}/account")).status_code == 401


async def test_one_s_other_devices_are_ended_from_the_account_page(site):
    async with browsing(site.origin) as laptop, browsing(site.origin, "Phone") as phone, browsing(site.origin) as third:
        await signed_up(site, laptop, "uma@line.example", password=WORD)
        for other in (phone, third):
            await other.post(f"{AT}/password-sign-in", {"email": "uma@line.example", "password": WORD})
        open_now = (await laptop.get(f"{AT}/account")).json()["sign_ins"]
        (on_phone,) = [one["id"] for one in open_now if one["agent"] == "Phone"]
        async with socket_of(site, phone) as (there, _w), socket_of(site, third) as (other, _w2):
            assert (await laptop.post(f"{AT}/account/sign-ins/{on_phone}/end")).status_code == 200
            assert await closed(there) == 4402
            assert (await laptop.post(f"{AT}/account/sign-ins/{on_phone}/end")).status_code == 404
            assert (await laptop.post(f"{AT}/account/sign-ins/end-others")).status_code == 200
            assert await closed(other) == 4402
        assert [one["current"] for one in (await laptop.get(f"{AT}/account")).json()["sign_ins"]] == [True]


async def test_a_forgotten_password_is_reset_by_mail_and_ends_the_others(site):
    async with browsing(site.origin) as laptop, browsing(site.origin) as phone:
        await signed_up(site, laptop, "uma@line.example", password=WORD)
        await phone.post(f"{AT}/password-sign-in", {"email": "uma@line.example", "password": WORD})
        fresh = {"password": "another horse of paper"}
        assert (await phone.put(f"{AT}/account/password", fresh)).json()["code"] == "wrong_password"
        await laptop.post(f"{AT}/sign-in-link", {"email": "uma@line.example"})
        async with socket_of(site, phone) as (there, _w):
            await laptop.follow(await token_for(site.database, "demo", "uma@line.example"))
            assert (await laptop.put(f"{AT}/account/password", fresh)).status_code == 200
            assert await closed(there) == 4402
        asked = {"email": "uma@line.example", "password": WORD}
        assert (await phone.post(f"{AT}/password-sign-in", asked)).status_code == 403
        assert (await phone.post(f"{AT}/password-sign-in", asked | fresh)).status_code == 200


async def test_a_new_name_and_no_account_page_for_strangers(site):
    async with browsing(site.origin) as uma, browsing(site.origin) as visitor:
        await signed_up(site, uma, "uma@line.example")
        assert (await uma.put(f"{AT}/account", {"name": "Uma II"})).status_code == 200
        assert (await uma.get(f"{AT}/account")).json()["name"] == "Uma II"
        assert (await visitor.get(f"{AT}/account")).status_code == 401
        assert (await uma.get(f"{AT}/account", role="operator")).status_code == 401
        assert (await uma.get(f"{AT}/account", role="root")).status_code == 400
        await visitor.post(f"{AT}/visitor")
        own = (await visitor.get(f"{AT}/account")).json()
        assert (own["has_account"], own["email"]) == (False, "")
        assert (await visitor.put(f"{AT}/account", {"name": "Kim"})).json()["code"] == "no_account"


async def test_a_sign_in_replaces_the_one_that_the_browser_had(site):
    """Whatever somebody planted or copied before is worth nothing afterwards; the open page comes again."""
    async with browsing(site.origin) as browser:
        await signed_up(site, browser, "uma@line.example", password=WORD)
        before = browser.cookie
        async with socket_of(site, browser) as (ws, _welcome):
            await browser.post(f"{AT}/password-sign-in", {"email": "uma@line.example", "password": WORD})
            assert await closed(ws) == 4003, "come again at once, with the new cookie"
        assert browser.cookie != before
        assert (await site.hello(before, "?as=user"))["role"] == "guest"
        assert len((await browser.get(f"{AT}/account")).json()["sign_ins"]) == 1


async def test_passwords_are_guessed_so_often_and_not_oftener_whoever_guesses(store_url, tmp_path):
    rare = Bounds(passwords_per_account=Rate(3, 0.0001))
    async with (
        serving(store_url, tmp_path, rare) as site,
        browsing(site.origin) as mallory,
        browsing(site.origin) as uma,
    ):
        await signed_up(site, uma, "uma@line.example", password=WORD)
        for email in ("uma@line.example", "nobody@line.example"):
            seen = []
            for spelled in (email, email.upper(), f" {email.title()}".strip(), email):
                asked = {"email": spelled, "password": "guess after guess"}
                seen.append((await mallory.post(f"{AT}/password-sign-in", asked)).json()["code"])
            assert seen == ["wrong_password"] * 3 + ["rate_limited"]
        await uma.post(f"{AT}/sign-in-link", {"email": "uma@line.example"})
        assert (await uma.follow(await token_for(site.database, "demo", "uma@line.example"))).status_code == 200


async def test_operators_invite_experts_by_mail(site):
    async with browsing(site.origin) as olga, browsing(site.origin) as ada, browsing(site.origin) as uma:
        subject = await operator(site, olga)
        asked = {"role": "expert", "email": "ada@line.example", "name": "Ada", "expert": "ada", "language": "es"}
        assert (await olga.post(f"{AT}/people/invite", asked | {"expert": "no body"})).json()["code"] == "malformed"
        dora = {"email": "dora@line.example", "name": "Dora", "expert": "dora"}
        assert (await olga.post(f"{AT}/people/invite", asked | dora)).status_code == 202
        assert (await Profiles(site.database).expert("demo", "dora")).email == "dora@line.example"
        assert (await olga.post(f"{AT}/people/invite", asked)).status_code == 202
        answer = await ada.follow(await token_for(site.database, "demo", "ada@line.example"))
        assert answer.json() == {"to": "/p/demo/expert"}
        async with socket_of(site, ada, "expert") as (_ws, welcome):
            assert (welcome["role"], welcome["member"]) == ("expert", "ada")
        other = asked | {"email": "eve@line.example"}
        assert (await olga.post(f"{AT}/people/invite", other)).json()["code"] == "expert_has_account"
        people = (await olga.get(f"{AT}/people", role="expert")).json()
        assert [(one["subject"], one["email"]) for one in people["people"]] == [("ada", "ada@line.example")]
        actions = (await olga.get(f"{AT}/audit")).json()["actions"]
        assert [(one["actor"], one["action"], one["object"]) for one in actions] == [
            (subject, "invite", "expert:ada"),
            (subject, "invite", "expert:dora"),
        ]
        await signed_up(site, uma, "uma@line.example")
        for path in (f"{AT}/people", f"{AT}/audit"):
            assert (await uma.get(path)).status_code == 401
        assert (await uma.post(f"{AT}/people/invite", asked)).status_code == 401
        for bad in ({"before": "x"}, {"before": "-1"}, {"role": "root"}):
            assert (await olga.get(f"{AT}/people", **bad)).status_code == 400


async def test_whoever_is_blocked_is_out_at_once_and_comes_in_by_no_door(site):
    async with browsing(site.origin) as olga, browsing(site.origin) as uma:
        me = await operator(site, olga)
        await signed_up(site, uma, "uma@line.example", password=WORD)
        subject = (await uma.get(f"{AT}/account")).json()["subject"]
        asked = {"role": "user", "subject": subject, "blocked": True, "reason": "threats"}
        async with socket_of(site, uma) as (ws, _welcome):
            assert (await olga.post(f"{AT}/people/block", asked)).status_code == 200
            assert json.loads(await ws.recv()) == {"t": "signed_out", "reason": "blocked"}
            assert await closed(ws) == 4403
        async with socket_of(site, uma) as (again, refusal):
            assert refusal["code"] == "blocked" and await closed(again) == 4403
        assert (await uma.get(f"{AT}/account")).status_code == 403
        by_word = await uma.post(f"{AT}/password-sign-in", {"email": "uma@line.example", "password": WORD})
        assert (by_word.status_code, by_word.json()["code"]) == (403, "blocked")
        await uma.post(f"{AT}/sign-in-link", {"email": "uma@line.example"})
        by_mail = await uma.follow(await token_for(site.database, "demo", "uma@line.example"))
        assert by_mail.json()["code"] == "blocked"
        (person,) = (await olga.get(f"{AT}/people")).json()["people"]
        assert (person["blocked"], person["blocked_reason"]) == (True, "threats")
        oneself = asked | {"role": "operator", "subject": me}
        assert (await olga.post(f"{AT}/people/block", oneself)).json()["code"] == "not_allowed"
        assert (await olga.post(f"{AT}/people/block", asked | {"blocked": False})).status_code == 200
        await uma.post("/v1/sign-out", {"pool": "demo"})
        await uma.post(f"{AT}/sign-in-link", {"email": "uma@line.example"})
        assert (await uma.follow(await token_for(site.database, "demo", "uma@line.example"))).status_code == 200
        said = [one["action"] for one in (await olga.get(f"{AT}/audit")).json()["actions"]]
        assert said == ["unblock", "block"]


async def test_every_change_needs_our_own_origin(site):
    async with browsing(site.origin) as olga:
        await operator(site, olga)
        # The shop may embed the pop-up and open sockets; the operator's cookie is none of its business.
        for origin in ("https://evil.example", "null", "https://shop.example"):
            for path in ("sign-up", "sign-in-link", "password-sign-in", "people/block", "account/sign-ins/end-others"):
                answer = await olga.post(f"{AT}/{path}", {}, origin=origin)
                assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")

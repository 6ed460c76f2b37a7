"""Mail through the whole server: from the pop-up's socket to a real mail server, and what operators see of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ground.sql import Database
from identity import audit
from identity.tokens import Secret, Tokens
from mail import outbox
from mail.letter import Letter
from mail.outbox import Outbox
from server.web import mails as web
from tests.mail.post import Post, post_office
from tests.server.people_site import NOW, POOL, Browser, PeopleSite, people_site
from tests.stories.talker import Talker, talking
from wire import messages as m

MAILS = f"/v1/pools/{POOL}/mails"
BASE = "https://line.example"


@contextlib.asynccontextmanager
async def site(store_url: str, folder: Path, post: Post | None = None, **more: Any) -> AsyncIterator[PeopleSite]:
    """The server, sending to `post`."""
    mail = {"smtp": f"smtp://127.0.0.1:{post.port}", "mail_from": "no-reply@line.example"} if post else {}
    async with people_site(store_url, f"sqlite:///{folder}/books.db", folder, base_url=BASE, **mail, **more) as made:
        yield made


async def leave(guest: Talker, **changed: str) -> Any:
    given = {"expert": "ada", "name": "Zoë Guest", "email": "zoe@mail.example", "text": "My landlord\nwants money"}
    return await guest.ask(m.LeaveMessage, **(given | changed))


async def listed(browser: Browser) -> list[dict[str, Any]]:
    answer = await browser.get(MAILS)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["mails"]
    return found


async def until(browser: Browser, state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while not (those := [mail for mail in await listed(browser) if mail["state"] == state]):
            await asyncio.sleep(0.02)
    return those[0]


@pytest.mark.claim("A9")
async def test_a_message_left_in_the_pop_up_reaches_the_expert_and_the_answer_the_user(
    store_url: str, tmp_path: Path
) -> None:
    async with post_office() as post, site(store_url, tmp_path, post) as made, talking(made.port, POOL) as guest:
        assert isinstance(await leave(guest), m.Ok)
        (mail,) = await post.until(1)
        operator = await made.signed_in(("operator", "olga"))
        await until(operator, "sent")
        told = str(guest.told)
    assert post.envelopes[0].rcpt_tos == ["ada@line.example"]
    assert mail["Reply-To"].addresses[0].addr_spec == "zoe@mail.example"
    assert mail["Reply-To"].addresses[0].display_name == "Zoë Guest"
    assert str(mail["Subject"]) == "A message from Zoë Guest through The demo line"
    assert "> My landlord\n> wants money" in post.texts[0]
    assert f"{BASE}/p/{POOL}/expert" in post.texts[0]
    assert "ada@line.example" not in told, "the expert's address is nobody's business"


@pytest.mark.claim("A3")
async def test_who_asked_is_told_by_mail_when_the_expert_is_free(store_url: str, tmp_path: Path) -> None:
    async with post_office() as post, site(store_url, tmp_path, post) as made:
        token = Tokens([Secret(kid="k", value=b"s" * 32)]).issue(POOL, "expert", "ada", now=NOW())
        async with talking(made.port, POOL) as guest, talking(made.port, POOL, token) as console:
            await console.ask(m.OpenFor, minutes=60)
            await console.ask(m.Declare, status="away")
            await guest.light("ada", "away")
            assert isinstance(await guest.ask(m.TellMe, expert="ada", email="zoe@mail.example", language="de"), m.Ok)
            await console.ask(m.Declare, status="online")
            (mail,) = await post.until(1)
    assert (str(mail["To"]), str(mail["Subject"])) == ("zoe@mail.example", "Ada Quill ist jetzt frei")
    assert f"{BASE}/p/{POOL}/x/ada" in post.texts[0]


async def test_operators_see_the_outbox_and_nobody_else_does(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(store_url, tmp_path) as made, talking(made.port, POOL) as guest:
        await leave(guest)
        await _put(made.database, secret=True, kind="sign_in", text="https://line.example/sign-in#token")
        await _put(made.database, pool="else", text="of another pool")
        for who in (made.guest, await made.signed_in(("user", "uma"), ("expert", "ada"))):
            for method, path in (("GET", MAILS), ("POST", f"{MAILS}/mail-1/again")):
                refused = await who.ask(method, path)
                assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
        operator = await made.signed_in(("operator", "olga"))
        answer = (await operator.get(MAILS)).json()
        assert (answer["sending"], answer["more"]) == (False, False)
        link, message = answer["mails"]
        assert (link["kind"], link["text"], link["state"], link["secret"]) == ("sign_in", web.HIDDEN, "waiting", True)
        assert (message["kind"], message["to"], message["attempts"]) == ("message", "ada@line.example", 0)
        assert "> My landlord" in message["text"]
        assert (await operator.get(f"{MAILS}?before={link['at']}")).json()["mails"] == [message]
        for wrong in ("x", "-1", "9" * 30, "\uff11"):
            assert (await operator.get(MAILS, params={"before": wrong})).json()["code"] == "malformed"


async def test_only_the_demo_shows_its_operator_the_links(store_url: str, tmp_path: Path) -> None:
    async with site(store_url, tmp_path, demo=True) as made:
        await _put(made.database, secret=True, kind="sign_in", text="https://line.example/sign-in#token")
        (link,) = await listed(await made.signed_in(("operator", "olga")))
        assert link["text"] == "https://line.example/sign-in#token"


async def test_an_operator_sends_again_and_it_is_in_the_audit(store_url: str, tmp_path: Path) -> None:
    async with post_office() as post, site(store_url, tmp_path, post) as made, talking(made.port, POOL) as guest:
        post.data.append("drop")
        await leave(guest)
        operator = await made.signed_in(("operator", "olga"))
        mail = (await until(operator, "uncertain"))["mail"]
        assert (await operator.ask("POST", f"{MAILS}/{mail}/again")).status_code == 200
        await until(operator, "sent")
        for one in (mail, "mail-none"):
            refused = await operator.ask("POST", f"{MAILS}/{one}/again")
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        done = [entry for entry in await audit.page(made.database, POOL) if entry.action == "mail_again"]
        assert [(entry.actor, entry.object) for entry in done] == [("olga", f"mail:{mail}")]
    assert len(post.mails) == 2


async def _put(db: Database, **changed: Any) -> None:
    given: dict[str, Any] = {
        "kind": "message",
        "pool": POOL,
        "to": "a@line.example",
        "subject": "S",
        "text": "T",
        "secret": False,
    }
    # A moment after whatever came before, so that the order is known.
    at = max([NOW(), *(kept.at + 1 for kept in (await Outbox(db).page(POOL))[0])])
    async with db.begin() as tx:
        await outbox.put(tx, Letter(**(given | changed)), at)

"""A user takes their data along, and has it forgotten: through the real server, looked for in everything it keeps."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from directory.expert import PoolOptions
from directory.profiles import Profiles
from ground.clock import SystemClock
from identity.accounts import Accounts
from identity.tokens import Secret, Tokens
from mail import outbox
from mail.letter import Letter
from tests.server.test_adopting import Browser, Socket, account, keys_of_demo, site

__all__ = ["site"]

EMAIL, NAME = "viktor.quince@mail.example", "Viktor Quince"
WORDS = ("marmalade", "tangerine", "persimmon")
ORIGINS = (EMAIL, "viktor", "quince", *WORDS)


class Person:
    """Viktor, who came as a visitor, signed in, was served by Ada, and did all there is to do."""

    def __init__(self, site: Any, subject: str, browser: Browser) -> None:
        self.site, self.subject, self.browser = site, subject, browser
        self.session = ""

    async def export(self) -> dict[str, Any]:
        told = await self.browser.http.get("/v1/pools/demo/account/export")
        assert told.status_code == 200, told.text
        assert told.headers["content-disposition"] == 'attachment; filename="openline-export.json"'
        return told.json()  # type: ignore[no-any-return]

    async def erase(self, confirm: str = EMAIL) -> Any:
        return await self.browser.http.post("/v1/pools/demo/account/erase", json={"confirm": confirm})


async def talk(ada: Socket, user: Socket, words: str) -> str:
    await ada.command("declare", status="online", reason="")
    await user.command("join", experts=["ada"], mode="chat")
    offer = await ada.until(lambda told: told["t"] == "offer" and told["state"] == "ringing")
    await ada.command("accept", offer=offer["offer"])
    session = (await user.until(lambda told: told["t"] == "session"))["session"]
    for socket in (user, ada):
        await socket.ask("connected", session=session)
    await user.command("say", session=session, text=f"My {words} is burnt.")
    await ada.command("say", session=session, text=f"Then make the {words} anew.")
    return str(session)


@pytest.fixture
async def ada(site: Any) -> AsyncIterator[Socket]:
    await Profiles(site.database).put_options("demo", PoolOptions(visitors=True, feedback_after_s=0))
    console = Browser(site)
    await console.follow_link("expert", "ada")
    async with console.socket("expert") as socket:
        yield socket


@pytest.fixture
async def viktor(site: Any, ada: Socket) -> Person:
    subject = await account(site, EMAIL, NAME)
    browser = Browser(site)
    person = Person(site, subject, browser)
    await browser.visit()
    async with browser.socket() as visitor:
        session = await talk(ada, visitor, WORDS[0])
        await ada.command("end", session=session, reason="")
        await ada.command("finish_wrap_up")
    ada.told.clear()
    await browser.follow_link("user", subject)
    async with browser.socket() as user:
        person.session = await talk(ada, user, WORDS[1])
    return person


async def end(ada: Socket, person: Person) -> None:
    assert (await ada.command("end", session=person.session, reason=""))["t"] == "ok"


def dump(folder: Path) -> str:
    """Every row of every table, in lower case."""
    with sqlite3.connect(folder / "openline.db") as books:
        tables = [name for (name,) in books.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(
            f"{table}: {row}" for table in tables for row in books.execute(f'SELECT * FROM "{table}"')
        ).lower()


async def live(store_url: str) -> str:
    """Everything in the live store that is no list of people who are here."""
    reads: dict[str, tuple[Any, ...]] = {
        "hash": ("HGETALL",), "stream": ("XRANGE", "-", "+"), "list": ("LRANGE", 0, -1), "string": ("GET",),
        "set": ("SMEMBERS",),
    }  # fmt: skip
    found = []
    async with redis.asyncio.Redis.from_url(store_url) as client:
        for key in await keys_of_demo(client):
            name = (await client.type(key)).decode()
            if name in reads:
                command, *more = reads[name]
                found.append(f"{key!r} {await client.execute_command(command, key, *more)!r}")
    return "\n".join(found).lower()


async def books_have(folder: Path, word: str) -> None:
    async with asyncio.timeout(20):
        while word not in dump(folder):
            await asyncio.sleep(0.05)


async def write_to(person: Person, secret: bool) -> None:
    letter = Letter(
        pool="demo", kind="sign_in" if secret else "news", to=EMAIL, subject=f"For {NAME}", text="a text", secret=secret
    )
    async with person.site.database.begin() as tx:
        await outbox.put(tx, letter, SystemClock().now_ms())


async def test_the_export_holds_everything(site: Any, ada: Socket, viktor: Person, tmp_path: Path) -> None:
    await end(ada, viktor)
    for secret in (False, True):
        await write_to(viktor, secret)
    await books_have(tmp_path, f"then make the {WORDS[1]}")
    told = await viktor.export()
    assert (told["account"]["email"], told["account"]["name"]) == (EMAIL, NAME)
    assert [one["how"] for one in told["sign_ins"]] == ["visitor", "link"]
    mails = [(mail["subject"], mail["text"]) for mail in told["mails"]]
    assert mails == [(f"For {NAME}", "a text"), (f"For {NAME}", "")]
    said = {line["text"] for pool in told["pools"] for line in pool["messages"]}
    assert said == {text.format(w) for w in WORDS[:2] for text in ("My {} is burnt.", "Then make the {} anew.")}
    assert [len(pool["sessions"]) for pool in told["pools"]] == [1, 1]
    assert viktor.subject in [pool["subject"] for pool in told["pools"]]
    assert (await Browser(site).http.get("/v1/pools/demo/account/export")).status_code == 401


async def test_nobody_is_forgotten_by_a_slip_or_in_a_session(ada: Socket, viktor: Person) -> None:
    wrong = await viktor.erase("uma@mail.example")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_confirmed")
    assert (await viktor.erase("")).json()["code"] == "not_confirmed"
    assert (await viktor.erase()).json()["code"] == "in_session"
    assert (await viktor.export())["account"]["email"] == EMAIL


async def test_nothing_is_left_of_who_was_forgotten(
    site: Any, ada: Socket, viktor: Person, tmp_path: Path, store_url: str
) -> None:
    await ada.command("declare", status="away", reason="")
    await end(ada, viktor)
    await ada.command("finish_wrap_up")
    async with viktor.browser.socket() as page, Browser(site).socket() as watching:
        await page.command("join", experts=["ada"], mode="chat")
        given = {"session": viktor.session, "stars": 1, "text": "So-so.", "may_teach": True}
        assert (await page.command("give_feedback", **given))["t"] == "ok"
        wished = await page.command("tell_me", expert="bruno", language="en")
        assert wished["t"] == "ok", wished
        for secret in (False, True):
            await write_to(viktor, secret)
        await books_have(tmp_path, f"then make the {WORDS[1]}")
        assert set(ORIGINS[:5]) <= {word for word in ORIGINS if word in dump(tmp_path)}
        assert WORDS[1] in await live(store_url)

        erased = await viktor.erase(NAME.upper())
        assert (erased.status_code, erased.json()) == (200, {"done": True})
        assert "Max-Age=0" in erased.headers["set-cookie"]
        assert await page.close_code() in (4401, 4402, 4403)
        assert (await watching.ask("watch", all=True))["t"] == "ok"
    left = dump(tmp_path)
    assert not [word for word in ORIGINS if word in left]
    assert "so-so." in left  # feedback stays, and is nobody's
    there = await live(store_url)
    assert not [word for word in ORIGINS if word in there]
    # Nor on the disk, once the write-ahead log is folded into the file.
    with sqlite3.connect(tmp_path / "openline.db") as books:
        books.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("openline.db*")).lower()
    assert not [word for word in ORIGINS if word.encode() in kept]
    # Signed out everywhere, and the address is free again.
    assert (await viktor.browser.http.get("/v1/pools/demo/account")).status_code == 401
    again = await Accounts(site.database).open("demo", "user", EMAIL, "Another", now=SystemClock().now_ms())
    assert again != viktor.subject


async def test_a_hosts_own_user_comes_with_a_token(site: Any, ada: Socket) -> None:
    token = Tokens((Secret(kid="k", value=b"s" * 32),)).issue(
        "demo", "user", "shop-77", "Viktor Quince", now=SystemClock().now_ms()
    )
    browser = Browser(site)
    browser.http.headers["authorization"] = f"Bearer {token}"
    async with browser.socket(token=token) as user:
        session = await talk(ada, user, WORDS[2])
        await ada.command("end", session=session, reason="")
    told = (await browser.http.get("/v1/pools/demo/account/export")).json()
    assert told["account"] == {"name": NAME} and [pool["subject"] for pool in told["pools"]] == ["shop-77"]
    erased = await browser.http.post("/v1/pools/demo/account/erase", json={"confirm": NAME})
    assert erased.json() == {"done": True}
    empty = (await browser.http.get("/v1/pools/demo/account/export")).json()["pools"][0]
    assert (empty["sessions"], empty["messages"], empty["waits"]) == ([], [], [])

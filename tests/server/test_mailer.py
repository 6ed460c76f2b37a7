"""Who sends the mails: killed at any step it loses nothing and sends nothing twice, and several get along."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from ground.clock import SystemClock
from ground.sql import Database
from mail import outbox
from mail.letter import Letter
from mail.outbox import Kept, Outbox
from mail.relay import parse_relay
from mail.sender import Sender
from server.mailer import Mailer
from tests.databases import database, database_url, postgres_server
from tests.mail.letters import SENDER
from tests.mail.post import Post, post_office
from tests.mail.sender_process import Ahead
from tests.repo.house import ROOT

__all__ = ["database", "database_url", "postgres_server"]
LATER_MS = outbox.HANDING_MS + 60_000
"""So late every lease of a killed process is over."""


async def write(db: Database, *texts: str) -> None:
    async with db.begin() as tx:
        for text in texts:
            one = Letter(kind="message", pool="acme", to="ada@line.example", subject="S", text=text, secret=False)
            await outbox.put(tx, one, SystemClock().now_ms())


async def kept(db: Database) -> dict[str, Kept]:
    letters, _more = await Outbox(db).page("acme", limit=200)
    return {letter.text: letter for letter in letters}


async def until(db: Database, holds: Callable[[dict[str, Kept]], bool]) -> dict[str, Kept]:
    async with asyncio.timeout(30):
        while not holds(letters := await kept(db)):
            await asyncio.sleep(0.02)
    return letters


@contextlib.asynccontextmanager
async def sending(url: str, post: Post) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that sends, until the end of the block."""
    arguments = ["-m", "tests.mail.sender_process", url, f"smtp://127.0.0.1:{post.port}"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def all_sent(count: int) -> Callable[[dict[str, Kept]], bool]:
    return lambda letters: sum(letter.state == "sent" for letter in letters.values()) == count


@contextlib.asynccontextmanager
async def sending_here(db: Database, post: Post, ahead: int = 0) -> AsyncIterator[asyncio.Task[None]]:
    """The same in this process, with a clock that runs so many milliseconds ahead."""
    box, clock = Outbox(db), Ahead(ahead)
    sender = Sender(box, parse_relay(f"smtp://127.0.0.1:{post.port}"), SENDER, clock)
    task = asyncio.create_task(Mailer(box, sender, clock).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.claim("A9")
@pytest.mark.parametrize(
    ("step", "arrived", "state"),
    [
        ("on_rcpt", 1, "sent"),  # claimed, nothing handed over: it is sent later
        ("on_data", 0, "uncertain"),  # written down, the text not gone
        ("on_text", 1, "uncertain"),  # the text gone, its answer never read
    ],
)
async def test_killed_at_any_step_nothing_is_lost_and_nothing_goes_twice(
    database: Database, database_url: str, step: str, arrived: int, state: str
) -> None:
    await write(database, "First")
    async with post_office() as post:
        async with sending(database_url, post) as first:

            def kill() -> None:
                setattr(post, step, lambda: None)
                os.kill(first.pid, signal.SIGKILL)

            setattr(post, step, kill)
            await first.wait()
        await write(database, "Second")
        async with sending_here(database, post, LATER_MS):
            letters = await until(
                database, lambda found: found["Second"].state == "sent" and found["First"].state == state
            )
        assert Counter(post.texts) == +Counter({"First\n": arrived, "Second\n": 1})
        if state == "uncertain":  # an operator who finds that it did not arrive sends it again
            async with database.begin() as tx:
                await Outbox(database).again(tx, "acme", letters["First"].mail, SystemClock().now_ms())
            async with sending_here(database, post):
                await until(database, all_sent(2))
            assert Counter(post.texts)["First\n"] == arrived + 1


async def test_two_processes_send_each_letter_once(database: Database, database_url: str) -> None:
    texts = [f"Letter {n}" for n in range(30)]
    await write(database, *texts)
    async with post_office() as post, sending(database_url, post), sending_here(database, post):
        await until(database, all_sent(30))
        assert Counter(post.texts) == Counter(f"{text}\n" for text in texts)


async def test_a_server_that_stops_finishes_what_is_on_its_way(database: Database) -> None:
    await write(database, "First")
    async with post_office() as post:
        handed = asyncio.Event()
        post.on_text = handed.set
        async with sending_here(database, post):
            await handed.wait()
    assert (await kept(database))["First"].state == "sent"


async def test_a_letter_of_another_process_is_sent_without_being_asked(database: Database) -> None:
    async with post_office() as post, sending_here(database, post):
        await write(database, "First")
        await post.until(1)
        await until(database, all_sent(1))


async def test_without_a_mail_server_letters_are_kept_and_links_forgotten_in_time(database: Database) -> None:
    now = SystemClock().now_ms()
    async with database.begin() as tx:
        for key, expires_at in (("old", now - 1), ("open", now + 3_600_000)):
            link = Letter(
                kind="sign_in", pool="acme", to="a@b.example", subject="S", text=key, key=key, expires_at=expires_at
            )
            await outbox.put(tx, link, now - 2)
    keeper = Mailer(Outbox(database), None, SystemClock())
    assert not keeper.sends
    task = asyncio.create_task(keeper.run())
    letters = await until(database, lambda found: "" in found)
    assert (letters[""].state, letters["open"].state) == ("expired", "waiting")
    task.cancel()
    await asyncio.wait([task])

"""Letters handed to a real mail server, in good days and bad ones."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ground.clock import SetClock
from ground.sql import Database
from mail import outbox
from mail.letter import Letter
from mail.outbox import Kept, Outbox
from mail.relay import parse_relay
from mail.sender import Sender, greet
from tests.databases import open_migrated
from tests.mail.letters import NOW, SENDER
from tests.mail.post import PASSWORD, USER, Post, certificate, post_office

SIGNED_IN = f"{quote(USER)}:{quote(PASSWORD, safe='')}@"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite: what a mail server does is the same before every database."""
    opened = await open_migrated(f"sqlite:///{tmp_path / 'openline.db'}")
    yield opened
    await opened.close()


class Desk:
    """A sender with its outbox and clock."""

    def __init__(self, db: Database, url: str, **more: object) -> None:
        self.db, self.box, self.clock = db, Outbox(db), SetClock(NOW)
        self.sender = Sender(self.box, parse_relay(url), SENDER, self.clock, **more)  # type: ignore[arg-type]

    async def write(self, **changed: object) -> None:
        given = {
            "kind": "message",
            "pool": "acme",
            "to": "ada@line.example",
            "subject": "Hello",
            "text": "Come",
            "secret": False,
        }
        async with self.db.begin() as tx:
            await outbox.put(tx, Letter(**(given | changed)), self.clock.now_ms())  # type: ignore[arg-type]

    async def deliver(self) -> int:
        letters = await self.box.claim(self.clock.now_ms(), 10)
        for letter in letters:
            await self.sender.deliver(letter)
        return len(letters)

    async def kept(self) -> Kept:
        ((kept,), _more) = await self.box.page("acme")
        return kept


async def test_a_letter_arrives_and_answers_go_to_the_user(database: Database) -> None:
    async with post_office() as post:
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}")
        await desk.write(reply_to="bob@mail.example", reply_name="Bob", text="Hello\n.\n..two\nGrüße")
        assert await desk.deliver() == 1
    (mail,), (envelope,) = post.mails, post.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@line.example", ["ada@line.example"])
    assert (str(mail["Reply-To"]), mail["Subject"]) == ("Bob <bob@mail.example>", "Hello")
    assert post.texts == ["Hello\n.\n..two\nGrüße\n"]
    assert ((await desk.kept()).state, post.tls) == ("sent", [False])
    assert await desk.deliver() == 0


async def test_starttls_protects_the_password_and_the_text(database: Database, tmp_path: Path) -> None:
    shown, believed = certificate(tmp_path)
    async with post_office(shown, auth=True) as post:
        desk = Desk(database, f"smtp://{SIGNED_IN}localhost:{post.port}?starttls=always", tls=believed)
        await desk.write()
        await desk.deliver()
    assert ((await desk.kept()).state, post.tls, post.users) == ("sent", [True], [USER])


async def test_tls_from_the_first_byte(database: Database, tmp_path: Path) -> None:
    shown, believed = certificate(tmp_path)
    async with post_office(shown, smtps=True) as post:
        desk = Desk(database, f"smtps://localhost:{post.port}", tls=believed)
        await desk.write()
        await desk.deliver()
    assert ((await desk.kept()).state, len(post.mails)) == ("sent", 1)


@pytest.mark.parametrize("url", ["smtp://localhost:{port}?starttls=always", "smtps://localhost:{port}"])
async def test_a_stranger_who_answers_in_its_place_gets_nothing(database: Database, tmp_path: Path, url: str) -> None:
    """A certificate that nobody vouches for, and then one of another name."""
    for tries, name in enumerate(("localhost", "other.example")):
        shown, believed = certificate(tmp_path, name)
        async with post_office(shown, smtps=url.startswith("smtps")) as post:
            desk = Desk(database, url.format(port=post.port), tls=None if name == "localhost" else believed)
            await desk.write(key="one")
            desk.clock.advance(tries * outbox.LONGEST_PAUSE_MS)
            assert await desk.deliver() == 1
        kept = await desk.kept()
        assert (kept.state, post.mails) == ("waiting", [])
        assert "certificate" in kept.error.lower()


async def test_a_server_that_hides_starttls_gets_nothing(database: Database) -> None:
    async with post_office() as post:
        desk = Desk(database, f"smtp://localhost:{post.port}?starttls=always")
        await desk.write()
        await desk.deliver()
    assert ((await desk.kept()).state, post.mails) == ("waiting", [])


async def test_a_wrong_password_is_for_the_operator_to_put_right(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with post_office(auth=True) as post:
        desk = Desk(database, f"smtp://me:s3cret@127.0.0.1:{post.port}")
        await desk.write()
        await desk.deliver()
        kept = await desk.kept()
        assert (kept.state, kept.error[:4], post.mails) == ("waiting", "535 ", [])
        printed = capsys.readouterr()
        assert "s3cret" not in kept.error + printed.out + printed.err
        with pytest.raises(OSError, match="535"):
            await greet(parse_relay(f"smtp://me:s3cret@127.0.0.1:{post.port}"), 5)
        await greet(parse_relay(f"smtp://{SIGNED_IN}127.0.0.1:{post.port}"), 5)


@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_a_lasting_no_ends_it_with_the_servers_words(database: Database, where: str) -> None:
    async with post_office() as post:
        getattr(post, where).append("550 5.1.1 nobody of that name")
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}")
        await desk.write()
        await desk.deliver()
    kept = await desk.kept()
    assert (kept.state, kept.error, post.mails) == ("refused", "550 5.1.1 nobody of that name", [])


@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_a_passing_no_comes_again(database: Database, where: str) -> None:
    async with post_office() as post:
        getattr(post, where).append("451 greylisted")
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}")
        await desk.write()
        await desk.deliver()
        assert ((await desk.kept()).state, (await desk.kept()).error) == ("waiting", "451 greylisted")
        assert await desk.deliver() == 0, "not before the pause is over"
        desk.clock.advance(outbox.FIRST_PAUSE_MS)
        await desk.deliver()
    kept = await desk.kept()
    assert (kept.state, kept.attempts, len(post.mails)) == ("sent", 2, 1)


async def test_a_line_cut_after_the_text_is_never_tried_again_by_itself(database: Database) -> None:
    async with post_office() as post:
        post.data.append("drop")
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}")
        await desk.write()
        await desk.deliver()
        assert (await desk.kept()).state == "uncertain"
        desk.clock.advance(outbox.GIVE_UP_MS)
        assert await desk.deliver() == 0
        assert len(post.mails) == 1
        async with database.begin() as tx:
            await desk.box.again(tx, "acme", (await desk.kept()).mail, desk.clock.now_ms())
        await desk.deliver()
        first, second = post.mails
        assert first["Message-ID"] == second["Message-ID"], "a mailbox can tell that they are one"


async def test_a_line_cut_before_the_text_comes_again(database: Database) -> None:
    async with post_office() as post:
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}")
        await desk.write()
        post.rcpt.append("421 going down")
        await desk.deliver()
        desk.clock.advance(outbox.FIRST_PAUSE_MS)
        await desk.deliver()
    assert ((await desk.kept()).state, len(post.mails)) == ("sent", 1)


@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_a_server_that_goes_silent_is_left_in_time(database: Database, where: str) -> None:
    async with post_office() as post:
        getattr(post, where).append("hang")
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}", answer_s=0.3, taking_s=0.3)
        await desk.write()
        await desk.deliver()
    assert (await desk.kept()).state == ("waiting" if where == "rcpt" else "uncertain")


async def test_a_black_hole_and_a_dead_port_are_left_in_time(database: Database) -> None:
    hole = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = hole.sockets[0].getsockname()[1]
    desk = Desk(database, f"smtp://127.0.0.1:{port}", answer_s=0.3)
    await desk.write()
    await desk.deliver()
    assert (await desk.kept()).state == "waiting"
    hole.close()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        dead = probe.getsockname()[1]
    desk = Desk(database, f"smtp://127.0.0.1:{dead}", answer_s=0.3)
    desk.clock.advance(outbox.FIRST_PAUSE_MS)
    assert await desk.deliver() == 1
    kept = await desk.kept()
    assert (kept.state, kept.attempts) == ("waiting", 2)


async def test_a_letter_that_no_mail_can_be_made_of_ends_there(database: Database) -> None:
    async with post_office() as post:
        desk = Desk(database, f"smtp://127.0.0.1:{post.port}")
        await desk.write(subject="Hello\r\nBcc: eve@mail.example")
        await desk.deliver()
    kept = await desk.kept()
    assert (kept.state, kept.error, post.mails) == ("refused", "not to be sent: Subject", [])
    assert isinstance(post, Post)
